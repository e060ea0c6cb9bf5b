"""Addresses of the pages of incidents."""

from __future__ import annotations

from django.urls import path

from qipan.incidents.pages import (
    caps,
    exports,
    file,
    lists,
    new_category,
    papers,
    public,
    reports,
    routing_rules,
    scoreboard,
    settings,
    watch,
)

urlpatterns = [
    path("incidents/", lists.page, name="incidents"),
    path("incidents/export/", exports.export, name="incidents_export"),
    path("incidents/views/", exports.save, name="incidents_save_view"),
    path("incidents/views/<uuid:view_id>/forget/", exports.forget, name="incidents_forget_view"),
    path("incidents/batch/", lists.batch, name="incidents_batch"),
    path("incidents/new/", reports.new, name="incident_new"),
    path("incidents/new/categories/", reports.find_category, name="incident_find_category"),
    path("incidents/new/premises/", reports.find_premises, name="incident_find_premises"),
    path("incidents/new/outline.json", reports.outline, name="incident_outline"),
    path("incidents/supervisions/", watch.supervisions, name="supervisions"),
    path("incidents/scores/", scoreboard.page, name="incident_scores"),
    path("incidents/checks/", watch.checks, name="incident_checks"),
    path("incidents/call-backs/", watch.call_backs, name="incident_call_backs"),
    path("incidents/rules/categories/", settings.categories, name="incident_categories"),
    path("incidents/rules/categories/new/", new_category.new_category, name="incident_new_category"),
    path("incidents/rules/categories/<uuid:category_id>/", settings.category, name="incident_category"),
    path("incidents/rules/routing/", routing_rules.rules, name="incident_rules"),
    path("incidents/rules/routing/<uuid:rule_id>/end/", routing_rules.end_rule, name="incident_end_rule"),
    path("incidents/rules/caps/", caps.caps, name="incident_caps"),
    path("incidents/<uuid:incident_id>/", file.page, name="incident"),
    path("incidents/<uuid:incident_id>/papers/", papers.index, name="incident_papers"),
    path("incidents/<uuid:incident_id>/papers/order/", papers.order, name="incident_order"),
    path("incidents/<uuid:incident_id>/papers/receipt/", papers.receipt, name="incident_receipt"),
    path(
        "incidents/<uuid:incident_id>/papers/supervision/<uuid:supervision_id>/",
        papers.supervision,
        name="incident_supervision_paper",
    ),
    path("incidents/<uuid:incident_id>/draft/", reports.draft, name="incident_draft"),
    path("incidents/<uuid:incident_id>/reveal/<uuid:card_id>/", file.reveal, name="incident_reveal"),
    path("incidents/<uuid:incident_id>/photos/<uuid:photo_id>/", file.photo, name="incident_photo"),
    path("incidents/<uuid:incident_id>/do/<slug:name>/", file.act, name="incident_act"),
    path("incidents/<uuid:incident_id>/do/<slug:name>/<uuid:target>/", file.act, name="incident_act_on"),
    path("public/", public.start, name="public"),
    path("public/track/", public.track, name="public_track"),
    path("public/track/rate/", public.rate, name="public_rate"),
    path("public/track/remind/", public.remind, name="public_remind"),
    path("public/<slug:district>/report/", public.report, name="public_report"),
    path("public/<slug:district>/outline.json", public.outline, name="public_outline"),
]
