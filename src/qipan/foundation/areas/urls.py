"""Addresses of the pages of areas, premises and imports."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from qipan.foundation.areas.pages import areas, imports, moves, premises

urlpatterns: list[URLPattern | URLResolver] = [
    path("areas/", areas.listed, name="areas_list"),
    path("areas/<int:area_id>/", areas.one, name="area"),
    path("areas/<int:area_id>/outline.json", areas.outline, name="area_outline"),
    path("areas/<int:area_id>/change/", areas.change, name="area_change"),
    path("areas/<int:area_id>/move/", moves.move, name="area_move"),
    path("areas/<int:area_id>/close/", areas.close, name="area_close"),
    path("premises/", premises.listed, name="premises_list"),
    path("premises/<uuid:premises_id>/", premises.one, name="premises"),
    path("premises/<uuid:premises_id>/change/", premises.change, name="premises_change"),
    path("premises/<uuid:premises_id>/close/", premises.close, name="premises_close"),
    path("imports/", imports.listed, name="imports_list"),
    path("imports/new/", imports.new, name="import_new"),
    path("imports/<uuid:import_id>/", imports.one, name="import"),
    path("imports/<uuid:import_id>/load/", imports.load, name="import_load"),
    path("imports/<uuid:import_id>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:import_id>/errors.csv", imports.errors, name="import_errors"),
]
