from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from qipan.assembly import shell, style_page
from qipan.incidents.api import open311

handler400 = shell.bad_request
handler403 = shell.forbidden
handler404 = shell.not_found
handler500 = shell.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("", shell.home, name="home"),
    path("accounts/", include("qipan.foundation.posts.accounts.urls")),
    path("open311/v2/", include(open311.urls())),
    path("language/", shell.choose_language, name="choose_language"),
]

if settings.MODE != "production":
    urlpatterns += [
        path("style/", style_page.page, name="style"),
        path("style/outline.json", style_page.outline, name="style_outline"),
        path("style/refused/", style_page.refused, name="style_refused"),
        path("style/stream/", style_page.stream, name="style_stream"),
        path("style/paper/", style_page.paper, name="style_paper"),
    ]
