from __future__ import annotations

from django.urls import path

from qipan.workflows.pages import inspections, kept, reporting

urlpatterns = [
    path("devices/kept/", kept.listed, name="field_kept"),
    path("devices/kept/<uuid:kept_id>/", kept.decide, name="field_decide"),
    path("inspections/", inspections.visits, name="inspections"),
    path("inspections/visits/<uuid:visit_id>/", inspections.visit, name="inspection_visit"),
    path("inspections/visits/<uuid:visit_id>/cancel/", inspections.cancel, name="inspection_cancel"),
    path("inspections/plans/", inspections.plans, name="inspection_plans"),
    path("inspections/plans/<uuid:plan_id>/end/", inspections.end_plan, name="inspection_end_plan"),
    path("inspections/checklists/<slug:kind>/", inspections.checklist, name="inspection_checklist"),
    path("inspections/zeros/", inspections.zeros, name="three_zeros"),
    path("reporting/forms/", reporting.index, name="forms"),
    path("reporting/forms/<uuid:form_id>/", reporting.form, name="form"),
    path("reporting/forms/<uuid:form_id>/cells/", reporting.add_cell, name="form_add_cell"),
    path("reporting/forms/<uuid:form_id>/cells/drop/", reporting.drop_cell, name="form_drop_cell"),
    path("reporting/forms/<uuid:form_id>/daily/", reporting.daily, name="form_daily"),
    path("reporting/forms/<uuid:form_id>/fill/", reporting.fill, name="form_fill"),
    path("reporting/forms/<uuid:form_id>/end/", reporting.end, name="form_end"),
    path("reporting/fillings/<uuid:filling_id>/", reporting.download, name="form_download"),
]
