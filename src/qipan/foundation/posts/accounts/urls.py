"""Everything below /accounts/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from qipan.foundation.posts.accounts import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("demo/", pages.demo, name="posts_demo"),
    path("post/", pages.switch, name="posts_switch"),
    re_path(
        r"^(?:signup|email|confirm-email|password/reset|password/set|login/code|inactive)/",
        csrf_exempt(pages.not_offered),
    ),
    path("", include("allauth.account.urls")),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("3rdparty/", include("allauth.socialaccount.urls")),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
