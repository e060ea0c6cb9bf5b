from __future__ import annotations

from django.urls import path

from qipan.workflows.field import pages

urlpatterns = [
    path("", pages.app, name="field"),
    path("sw.js", pages.service_worker, name="field_worker"),
    path("manifest.webmanifest", pages.manifest, name="field_manifest"),
]
