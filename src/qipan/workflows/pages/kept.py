"""Steps that phones sent in sealed and that were not carried out: an administrator decides about each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from qipan.foundation.devices.models import Kept
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.journal import kinds
from qipan.foundation.journal.forms import pressed
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Post
from qipan.incidents import access
from qipan.kernels.identity import mask_text
from qipan.workflows.field import sealed

SHOWN = 50
REASONS = {
    "person-disabled": gettext_lazy("The account was disabled when it arrived."),
    "post-not-in-force": gettext_lazy("The post was not in force when it was done."),
    "arrived-late": gettext_lazy("It arrived more than three days after the phone was revoked or the post ended."),
    "device-revoked": gettext_lazy("The phone had been revoked when it was done."),
    "changed-meanwhile": gettext_lazy("Somebody else had done something about it meanwhile."),
    "depends": gettext_lazy("It builds on another step that was not carried out."),
    "wrong-step": gettext_lazy("It was not the next step as things stood when it arrived."),
    "not-found": gettext_lazy("What it is about was not in the sight of the post."),
}
STEPS = {  # what the journal calls what a step does
    "report": "incidents.reported", "sign": "incidents.signed", "start": "incidents.started",
    "answer": "incidents.answered", "verify": "incidents.verified", "rework": "incidents.sent_back",
    "extend": "incidents.asked", "visit": "inspections.visited", "shift_on": "posts.shift_opened",
    "shift_off": "posts.shift_closed", "photo": "incidents.photo_added",
}  # fmt: skip
WORDS = ("text", "note", "reason")  # what a person wrote in a step


def any_waiting(post: Post) -> bool:
    """Whether there is something to decide about in the area of an administrator."""
    return sealed.waiting(viewer=post).exists()


@staff("posts.administer")
@require_GET
def listed(request: Acting) -> HttpResponse:
    found = keyset(
        sealed.waiting(viewer=request.post), order=("corrected_time", "id"), after=turned(request), limit=SHOWN
    )
    context = {"rows": shown(found.items, viewer=request.post), "page": found}
    return render(request, "workflows/kept.html", context)


def shown(rows: Sequence[Kept], *, viewer: Post) -> list[dict[str, Any]]:
    """What is told of each step: never a contact, and words only about an incident in the viewer's sight, masked."""
    told = {row.pk: sealed.told(row) for row in rows}
    wanted = {command.about for command in told.values() if command.about}
    seen = {one.pk: one for one in access.visible(viewer=viewer).filter(pk__in=wanted)} if wanted else {}
    found = []
    for row in rows:
        command = told[row.pk]
        about = seen.get(command.about) if command.about else None
        words = next((str(command.body[key]) for key in WORDS if command.body.get(key)), "") if about else ""
        rule = _("The rules did not allow it: %(code)s") % {"code": row.why}
        found.append({
            "kept": row, "step": kinds.text(STEPS[row.step]) if row.step in STEPS else row.step,
            "why": REASONS.get(row.why, rule), "about": about, "hidden": bool(command.about and not about),
            "words": mask_text(words).text[:200], "own": row.device.post.person_id == viewer.person_id,
        })  # fmt: skip
    return found


@staff("posts.administer")
@require_POST
def decide(request: Acting, kept_id: UUID) -> HttpResponse:
    by, apply, reason = request.post, request.POST.get("apply") == "yes", request.POST.get("reason", "")
    pressed(
        request,
        f"field.decide:{kept_id}",
        lambda at: sealed.decide(kept_id=kept_id, apply=apply, reason=reason, by=by, at=at),
        said=_("The step is carried out.") if apply else _("The step is laid aside."),
    )
    return redirect("field_kept")
