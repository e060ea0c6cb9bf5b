"""The vault's keys: their age, what is sealed with them, every copy that exists, and who holds the shares."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.vault import operations, queries
from qipan.foundation.vault.keystore import KeysUnreachable
from qipan.foundation.vault.rules import REQUESTS, SEE_KEYS

PURPOSES = {
    "blind-index": _("Exact look-up (blind index)"),
    "vault.request": _("Requests about personal data"),
    "incidents.reporter": _("Who reported incidents"),
    "incidents.words": _("Texts with personal data in them"),
    "incidents.private": _("Private matters"),
    "incidents.photos": _("Private photos"),
    "volunteer": _("Names of volunteers"),
    "call": _("Who called"),
}
RENEW_AFTER = timedelta(days=365)  # [ours]


@require_GET
@staff(SEE_KEYS)
def page(request: Acting) -> HttpResponse:
    viewer = request.post
    now, reachable = timezone.now(), True
    try:
        operations.account(at=now)
    except KeysUnreachable:
        reachable = False
    rows = queries.keys(viewer=viewer)
    for row in rows:
        row["words"] = PURPOSES.get(row["purpose"], row["purpose"])
        row["age"] = (now - row["created_at"]).days
        row["old"] = not row["retired_at"] and not row["destroyed_at"] and now - row["created_at"] > RENEW_AFTER
    current = [row for row in rows if not row["retired_at"] and not row["destroyed_at"]]
    shares = queries.shares()
    figures = [
        {"label": gettext("Keys in use"), "value": len(current)},
        {
            "label": gettext("To be renewed"),
            "value": sum(row["old"] for row in current),
            "note": gettext("older than a year"),
        },
        {"label": gettext("Copies in all"), "value": sum(len(row["copies"]) for row in rows)},
        {"label": gettext("Escrow shares"), "value": len(shares)},
    ]
    context = {
        "rows": rows,
        "shares": shares,
        "figures": figures,
        "reachable": reachable,
        "may_end": viewer.may(REQUESTS),
    }
    return render(request, "oversight/keys.html", context)


@require_POST
@staff(REQUESTS)
def end_copy(request: Acting, copy_id: UUID) -> HttpResponse:
    """The data-protection officer enters that somebody destroyed a copy."""
    viewer = request.post
    how = request.POST.get("how", "").strip()
    operations.end_copy(copy_id=copy_id, by=viewer, at=timezone.now(), how=how)
    messages.success(request, gettext("Done and recorded."))
    return redirect("vault_keys")
