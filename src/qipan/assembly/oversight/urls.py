from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from qipan.assembly import navigation
from qipan.assembly.oversight import journal, keys, requests
from qipan.foundation.journal.rules import SEE
from qipan.foundation.vault.rules import REQUESTS, SEE_KEYS

urlpatterns = [
    path("journal/", journal.page, name="journal_list"),
    path("journal/of/<str:about_kind>/<uuid:about_id>/", journal.thing, name="journal_thing"),
    path("journal/export.csv", journal.export, {"form": "csv"}, name="journal_csv"),
    path("journal/export.xlsx", journal.export, {"form": "xlsx"}, name="journal_xlsx"),
    path("journal/verify/", journal.verify, name="journal_verify"),
    path("data-requests/", requests.page, name="data_requests"),
    path("data-requests/new/", requests.new, name="data_request_new"),
    path("data-requests/<uuid:request_id>/", requests.detail, name="data_request"),
    path("data-requests/<uuid:request_id>/find/", requests.find, name="data_request_find"),
    *(
        path(
            f"data-requests/<uuid:request_id>/{action}/",
            requests.step,
            {"action": action},
            name=f"data_request_{action}",
        )
        for action in ("check", "access", "correct", "delete", "refuse", "withdraw")
    ),
    path("keys/", keys.page, name="vault_keys"),
    path("keys/copies/<uuid:copy_id>/end/", keys.end_copy, name="vault_end_copy"),
]

navigation.register(_("Journal"), "journal_list", ability=SEE, group="oversight", order=10, icon="book")
navigation.register(_("Data requests"), "data_requests", ability=REQUESTS, group="oversight", order=20, icon="inbox")
navigation.register(_("Keys"), "vault_keys", ability=SEE_KEYS, group="oversight", order=30, icon="key")
