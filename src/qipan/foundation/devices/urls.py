"""Pages of phones."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from qipan.foundation.devices import pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("me/devices/", pages.own, name="devices_own"),
    path("devices/", pages.listed, name="devices_list"),
    path("devices/<uuid:device_id>/revoke/", pages.revoke, name="devices_revoke"),
]
