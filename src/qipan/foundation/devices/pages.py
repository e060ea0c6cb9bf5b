"""Phones of the own account, and those of a whole area for administrators."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from qipan.foundation.devices import access, operations
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import onward, staff, turned
from qipan.foundation.journal.forms import pressed
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.rules import SEE

SHOWN = 50
NAVIGATION = [
    {
        "label": gettext_lazy("Phones"),
        "url_name": "devices_list",
        "group": "system",
        "order": 15,
        "icon": "phone",
        "ability": "posts.administer",
    },
]


@staff(SEE)
def own(request: Acting) -> HttpResponse:
    rows = access.visible(viewer=request.post).filter(post__person=request.post.person_id)
    return _listed(request, rows, "devices/own.html")


@staff("posts.administer")
def listed(request: Acting) -> HttpResponse:
    return _listed(request, access.visible(viewer=request.post), "devices/list.html")


def _listed(request: Acting, rows: object, template: str) -> HttpResponse:
    found = keyset(
        rows.select_related(*access.NAMES),  # type: ignore[attr-defined]
        order=("-bound_at", "id"), after=turned(request), limit=SHOWN,
    )  # fmt: skip
    page_of = {"next": found.next, "previous": found.previous, "shown": len(found.items)}
    return render(request, template, {"rows": found.items, "page": page_of})


@staff(SEE)
@require_POST
def revoke(request: Acting, device_id: UUID) -> HttpResponse:
    by = request.post
    pressed(
        request,
        f"devices.revoke:{device_id}",
        lambda at: operations.revoke(device_id=device_id, by=by, at=at),
        said=_("The phone is revoked."),
    )
    return redirect(onward(request, "/me/devices/"))
