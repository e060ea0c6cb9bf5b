"""Pages of messages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from qipan.foundation.outbox import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.inbox, name="inbox"),
    path("read/", pages.read, name="inbox_read"),
    path("open/<uuid:message_id>/", pages.follow, name="inbox_open"),
    path("sent/", pages.sent, name="outbox_sent"),
    path("sent/<uuid:message_id>/<slug:what>/", pages.act, name="outbox_act"),
    path("settings/", pages.settings, name="outbox_settings"),
    path("settings/gateway/", pages.gateway, name="outbox_gateway"),
    path("settings/gateway/<int:gateway_id>/", pages.gateway, name="outbox_gateway_one"),
    path("settings/wording/<str:template>/<slug:language>/", pages.wording, name="outbox_wording"),
]
