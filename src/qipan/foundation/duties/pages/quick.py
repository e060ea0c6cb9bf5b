"""Calls in one tap, relief, and duties handed over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from qipan.foundation.duties import access, operations, queries
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations.moves import may_hand_over
from qipan.foundation.duties.rules import CALL, RELIEF, SEE, State
from qipan.foundation.interface.pages import command_id, onward, staff, uuid_of
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals import NotFound, Refusal
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault import queries as vaults

MOST = 500  # duties handed over at once


@require_POST
@staff("duties.take_call")
def take_call(request: Acting) -> HttpResponse:
    """The form of the top bar."""
    duty = operations.take_call(
        line=request.POST.get("line", "").replace("\0", "")[:500],
        by=request.post,
        at=timezone.now(),
        command_id=command_id(request),
    )
    messages.success(request, _("The call is noted as your duty."))
    return redirect("duty_call", duty.pk)


@staff(SEE)
def call(request: Acting, duty_id: UUID) -> HttpResponse:
    """One call: who called (masked, shown in one tap to whom it is owed by), what is left, done."""
    duty = _of_kind(duty_id, CALL, request.post)
    card = duty.call.caller_card
    shown: dict[str, str] = {}
    if request.method == "POST" and request.POST.get("step") == "show" and card:
        shown = vault.reveal(card_id=card, by=request.post, at=timezone.now(), duty_id=duty.pk)
    elif request.method == "POST":
        operations.finish(
            duty_id=duty.pk,
            by=request.post,
            at=timezone.now(),
            note=request.POST.get("note", "").replace("\0", "")[:300],
            command_id=command_id(request),
        )
        messages.success(request, _("The call is done."))
        return redirect("my_work")
    mine = Duty.objects.filter(access.owed_by(request.post), pk=duty.pk).exists()
    found = {
        "duty": duty,
        "row": queries.described([duty], now=timezone.now(), viewer=request.post)[0],
        "masked": vaults.masked([card]).get(card, {}) if card else {},
        "shown": shown,
        "mine": mine,
        "ended": duty.state == State.ENDED,
    }
    return render(request, "duties/call.html", found)


def _of_kind(duty_id: UUID, kind: str, viewer: Post) -> Duty:
    duty = access.get(duty_id, viewer=viewer)
    if duty.kind != kind:
        raise NotFound
    return duty


@require_POST
@staff("duties.ask_relief")
def ask_relief(request: Acting) -> HttpResponse:
    """家有急事, from my work."""
    try:
        operations.ask_relief(by=request.post, at=timezone.now(), command_id=command_id(request))
    except Refusal as refusal:
        if refusal.status not in (409,):
            raise
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Your head has been told. You will be relieved within two hours."))
    return redirect("my_work")


@require_POST
@staff("duties.ask_relief")
def withdraw_relief(request: Acting) -> HttpResponse:
    """The worker stays after all."""
    if operations.withdraw_relief(by=request.post, at=timezone.now()):
        messages.success(request, _("Your request is withdrawn."))
    return redirect("my_work")


@staff(SEE)
def relief(request: Acting, duty_id: UUID) -> HttpResponse:
    """Who asks to be relieved, what they owe, and who takes it over. For the head it is addressed to."""
    duty = _of_kind(duty_id, RELIEF, request.post)
    if duty.post_id not in access.posts_of(request.post):
        raise NotFound
    now = timezone.now()
    asked = duty.relief
    if request.method == "POST":
        taker = _post(request.POST.get("taker", ""), request.post, now)
        try:
            moved = operations.relieve(
                duty_id=duty.pk,
                taker=taker,
                by=request.post,
                at=now,
                duties=[uuid_of(one) for one in request.POST.getlist("duty")[:MOST]],
                command_id=command_id(request),
            )
        except Refusal as refusal:
            if refusal.status not in (409, 422):
                raise
            messages.error(request, refusal.message)
            return redirect("duty_relief", duty.pk)
        text = ngettext("Relieved: {count} duty handed over.", "Relieved: {count} duties handed over.", moved)
        messages.success(request, text.format(count=moved))
        return redirect("my_work")
    owed = queries.owed(post=asked.post)
    found = {
        "duty": duty,
        "asked": asked,
        "rows": queries.described(owed, now=now, viewer=request.post),
        "takers": [one for one in takers(request.post, duty.unit, now) if one.person_id != asked.post.person_id],
        "ended": duty.state == State.ENDED,
    }
    return render(request, "duties/relief.html", found)


def takers(viewer: Post, unit: Unit | None, now: Any) -> list[Post]:
    """Who can take something over: the people of the unit, else of the viewer's own area."""
    rows = posts.holders(at=now, unit=unit) if unit else posts.holders(at=now, area=viewer.area)
    return sorted((one for one in rows if one.district_id == viewer.district_id), key=lambda one: str(one.person))


def _post(text: str, viewer: Post, now: Any) -> Post | None:
    """The post in a form's choice, of the viewer's own district; None where nothing was chosen."""
    if not text:
        return None
    found = posts.one_in_force(uuid_of(text), now)
    if found is None or found.district_id != viewer.district_id:
        raise NotFound
    return found


@staff("duties.hand_over")
def hand_over(request: Acting) -> HttpResponse:
    """Several duties to somebody else: choose, look, confirm."""
    now, viewer = timezone.now(), request.post
    source = request.POST if request.method == "POST" else request.GET
    unit = _unit(source.get("unit", ""), viewer, now)
    giver = _post(source.get("post", ""), viewer, now)
    rows = queries.to_hand_over(viewer=viewer, giver=giver, unit=unit)[:MOST]
    rows = [row for row in rows if may_hand_over(row, by=viewer)]
    place = unit or (giver.unit if giver else None) or viewer.unit
    found: dict[str, Any] = {
        "unit": unit,
        "giver": giver,
        "rows": queries.described(rows, now=now, viewer=viewer),
        "units": posts.units(viewer=viewer, at=now),
        "takers": takers(viewer, place, now),
        "place": place,
        "next": onward(request, "/my-work/") if request.method == "POST" else request.GET.get("next", "/my-work/"),
    }
    if request.method == "GET":
        return render(request, "duties/hand_over.html", found)
    chosen = {uuid_of(one) for one in request.POST.getlist("duty")[:MOST]}
    kind, _sep, key = request.POST.get("to", "").partition(":")
    to_unit = _unit(key, viewer, now) if kind == "unit" else None
    to_post = _post(key, viewer, now) if kind == "post" else None
    found |= {
        "chosen": chosen,
        "to": request.POST.get("to", ""),
        "to_name": str(to_post.person) if to_post else str(to_unit or ""),
        "reason": request.POST.get("reason", "").replace("\0", "").strip()[:300],
        "error": "",
    }
    if not chosen:
        found["error"] = _("Choose at least one duty.")
    elif to_unit is None and to_post is None:
        found["error"] = _("Choose who takes them over.")
    elif request.POST.get("step") == "confirm":
        try:
            moved = operations.hand_over_once(
                duties=chosen,
                unit=to_unit,
                post=to_post,
                by=viewer,
                at=now,
                reason=found["reason"],
                command_id=command_id(request),
            )
        except Refusal as refusal:
            if refusal.status in (404,):
                raise
            found["error"] = refusal.message
        else:
            text = ngettext("{count} duty handed over.", "{count} duties handed over.", moved)
            messages.success(request, text.format(count=moved))
            return redirect(found["next"])
    if found["error"]:
        return render(request, "duties/hand_over.html", found, status=422)
    found["rows"] = [row for row in found["rows"] if row.duty.pk in chosen]
    found["overdue"] = sum(row.urgency == 0 for row in found["rows"])
    if to_post is not None:
        found["taker_owes"] = operations.count_owed(giver=to_post)
    return render(request, "duties/hand_over_preview.html", found)


def _unit(text: str, viewer: Post, now: Any) -> Unit | None:
    if not text:
        return None
    found = next((one for one in posts.units(viewer=viewer, at=now) if str(one.pk) == text), None)
    if found is None:
        raise NotFound
    return found
