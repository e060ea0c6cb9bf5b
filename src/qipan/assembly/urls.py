from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from qipan.assembly import problems, shell, style_page
from qipan.assembly.api import api
from qipan.incidents.api import open311

handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("", shell.home, name="home"),
    path("", include("qipan.foundation.duties.urls")),
    path("accounts/", include("qipan.foundation.posts.accounts.urls")),
    path("api/v1/", api.urls),
    path("", include("qipan.foundation.devices.urls")),
    path("", include("qipan.foundation.posts.urls")),
    path("messages/", include("qipan.foundation.outbox.urls")),
    path("", include("qipan.foundation.areas.urls")),
    path("open311/v2/", include(open311.urls())),
    path("", include("qipan.incidents.pages.urls")),
    path("", include("qipan.workflows.pages.urls")),
    path("field/", include("qipan.workflows.field.urls")),
    path("", include("qipan.live.urls")),
    path("", include("qipan.assembly.oversight.urls")),
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
