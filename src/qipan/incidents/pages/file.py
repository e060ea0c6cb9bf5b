"""One incident: its page, and the pages on which its steps are taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.interface.forms import put, status
from qipan.foundation.interface.pages import hurried, moved, staff
from qipan.foundation.journal.forms import attempt
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid, Refusal
from qipan.foundation.vault import operations as vault
from qipan.incidents import access, operations, queries
from qipan.incidents.models import Incident
from qipan.incidents.pages import actions, drawing, forms, history, wording
from qipan.incidents.queries import file
from qipan.incidents.rules.steps import Status
from qipan.kernels import clock

KINDS_OF_BUTTONS = ("primary", "plain", "danger")


@staff()
@require_GET
def page(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident with its whole history, its clock, and what may come next."""
    post, now = viewer(request), timezone.now()
    incident = access.get(incident_id, viewer=post)
    offers = actions.offers(incident, viewer=post, at=now)
    people, words = file.people(incident)
    attachments = list(incident.attachments.select_related("added_by__person").order_by("added_at"))
    duty = file.own_duty(incident, viewer=post)
    asks, supervisions = _asks(incident, post, now), _supervisions(incident, post, now)
    ratings, checks = _ratings(incident, post, now), _checks(incident, post, now)
    beside = [one for rows in (asks, supervisions, ratings, checks) for row in rows for one in row["offers"]]
    area, shape, near = file.outlines(incident, now=now)
    context = {
        "incident": incident,
        "status_name": wording.status_name(incident.status, incident.klass),
        "status_kind": wording.status_kind(incident.status),
        "source_name": wording.source_name(incident.source),
        "legs": (bars := legs(incident, now=now)),
        "running": next((leg for leg in bars if leg.get("due") and leg["due"] == incident.due_at), {}),
        "ways": sorted(
            (one for one in offers if one.action.kind in KINDS_OF_BUTTONS),
            key=lambda one: KINDS_OF_BUTTONS.index(one.action.kind),
        ),
        "aside": [one for one in offers if one.action.kind == "aside"],
        "dialogs": [*offers, *beside],
        "people": people,
        "words": words,
        "duty": duty,
        "look": forms.Look(auto_id="look_%s"),
        "photos": [_photo(one, incident) for one in attachments],
        "asks": asks,
        "supervisions": supervisions,
        "ratings": ratings,
        "checks": checks,
        "assistance": list(incident.assistance.select_related("unit", "answered_by__person").order_by("asked_at")),
        "reminders": list(incident.reminders.select_related("by__person").order_by("-at")[:20]),
        "merged": list(incident.merged.order_by("reported_at").values("id", "number", "title", "reported_at")),
        "nearby": _nearby(incident, post),
        "may_merge": any(one.action.name == "merge" for one in offers),
        "map": drawing.small_map(shape, near, incident.longitude, incident.latitude) if shape is not None else None,
        "map_area": area,
        "neighbours": [name for name, _shape in near],
        "flags": wording.flags(incident.flags),
        "entries": history.entries(
            file.history(incident, viewer=post, more=[("photo", one.card) for one in attachments if one.card])
        ),
        "is_draft": incident.status == Status.DRAFT,
    }
    return render(request, "incidents/file.html", context)


@staff()
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, incident_id: UUID, name: str, target: UUID | None = None) -> HttpResponse:
    """The form of one step, and its being taken. Works as a page; in a dialog the same form is replaced in place."""
    post, now = viewer(request), timezone.now()
    action = actions.ACTIONS.get(name)
    incident = access.get(incident_id, viewer=post)
    if action is None or (action.kind == "target") != (target is not None):
        raise Http404
    context = {
        "incident": incident,
        "status_name": wording.status_name(incident.status, incident.klass),
        "action": action,
        "url": actions.address(name, incident.pk, target),
        "about": wording.about(incident, target),
    }
    key = f"{name}-{target}" if target else name
    if request.method == "GET":
        if not actions.allowed(name, incident, viewer=post, at=now, target=target):
            return moved(request, reverse("incident", args=[incident.pk]))
        form = actions.form_of(action, incident, viewer=post, at=now, auto_id=f"{key}_%s")
        for field, value in request.GET.items():
            if field in form.fields:
                form.initial[field] = value
        return render(request, "incidents/act.html", {**context, "form": form})
    form = actions.form_of(
        action, incident, viewer=post, at=now, data=request.POST, files=request.FILES, auto_id=f"{key}_%s"
    )

    def work(at: datetime) -> dict[str, Any]:
        return _take(action, actions.Call(incident, form, post, at, target))

    if attempt(request, form, f"incidents.{name} {target or incident.pk}", work):
        messages.success(request, str(action.done))
        here = access.visible(viewer=post).filter(pk=incident.pk).exists()  # a step may take it out of one's sight
        return moved(request, reverse("incident", args=[incident.pk]) if here else reverse("incidents"))
    code = 422 if hurried(request) else status(form)
    return render(request, "incidents/act.html", {**context, "form": form}, status=code)


def _take(action: actions.Action, call: actions.Call) -> dict[str, Any]:
    if call.target is not None:
        _belongs(call.incident, call.target)
    action.work(call)
    return {"id": str(call.incident.pk)}


def _belongs(incident: Incident, target: UUID) -> None:
    """A request, supervision, rating or check of this incident and no other."""
    tables: tuple[Any, ...] = (incident.asks, incident.supervisions, incident.ratings, incident.spot_checks)
    if not any(table.filter(pk=target).exists() for table in tables):
        raise Http404


@staff()
@require_POST
def reveal(request: HttpRequest, incident_id: UUID, card_id: UUID) -> HttpResponse:
    """Look behind a mask: with an own open duty at once, otherwise with a reason. Never kept by the browser."""
    post, now = viewer(request), timezone.now()
    incident = access.get(incident_id, viewer=post)
    cards = set(incident.reporters.values_list("card", flat=True)) | {incident.text_card}
    if card_id not in cards:
        raise Http404
    form = forms.Look(request.POST, auto_id="look_%s")
    duty = file.own_duty(incident, viewer=post)
    reason = request.POST.get("reason", "")
    context: dict[str, Any] = {"incident": incident, "card": card_id, "form": form, "words": {}}
    code = 200
    try:
        if duty is None and not form.is_valid():
            raise vault.ReasonNeeded(field="reason")
        context["words"] = wording.revealed(
            vault.reveal(card_id=card_id, by=post, at=now, duty_id=duty.pk if duty else None, reason=reason)
        )
    except Refusal as refusal:
        if refusal.status in {403, 404}:
            raise
        if not form.errors:
            form.is_valid()
        form.errors.pop("reason", None)
        put(form, refusal)
        code = 422 if isinstance(refusal, Invalid) or hurried(request) else refusal.status
    return render(request, "incidents/revealed.html", {**context, "part": hurried(request)}, status=code)


@staff()
@require_http_methods(["GET", "POST"])
def photo(request: HttpRequest, incident_id: UUID, photo_id: UUID) -> HttpResponse:
    """A photo. A sealed one is looked at by POST, like everything behind a mask."""
    post, now = viewer(request), timezone.now()
    incident = access.get(incident_id, viewer=post)
    found = incident.attachments.filter(pk=photo_id).first()
    if found is None:
        raise Http404
    duty = file.own_duty(incident, viewer=post) if found.sealed else None
    if found.sealed and request.method == "GET":
        context = {"incident": incident, "photo": found, "duty": duty, "form": forms.Look(auto_id="look_%s")}
        return render(request, "incidents/photo.html", context)
    try:
        content, kind = operations.look(
            attachment_id=photo_id, viewer=post, at=now, duty_id=duty.pk if duty else None,
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.status in {403, 404}:
            raise
        form = forms.Look(request.POST, auto_id="look_%s")
        form.is_valid()
        form.errors.pop("reason", None)
        put(form, refusal)
        context = {"incident": incident, "photo": found, "duty": duty, "form": form}
        return render(request, "incidents/photo.html", context, status=refusal.status)
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = "inline"
    answer["X-Content-Type-Options"] = "nosniff"
    if not found.sealed:
        answer["Cache-Control"] = "private, max-age=3600"
    return answer


def legs(incident: Incident, *, now: datetime) -> list[dict[str, Any]]:
    """The legs of the clock as the part `clock_bar` takes them, each with the address that explains it."""
    language = get_language() or "zh-hans"
    return [_leg(row, now, language) for row in file.legs(incident, now=now)]


def _leg(row: file.LegRow, now: datetime, language: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": row.name,
        "state": "waiting",
        "limit": row.whole,
        "used": 0,
        "limit_text": clock.text.limit(row.limit, language=language) if row.limit else "",
    }
    if row.duty is None:
        return found
    duty = row.duty
    who = duty.post.person.name if duty.post else ""
    names = [str(duty.unit) if duty.unit else "", who]
    if row.rounds > 1:
        names.append(ngettext("%(n)s time", "%(n)s times", row.rounds) % {"n": row.rounds})
    state = {"open": "running", "paused": "paused", "ended": "done"}[duty.state]
    found |= {
        "state": state, "note": " · ".join(name for name in names if name), "used": row.used, "paused": row.paused,
        "due": duty.due_at, "warn": duty.warn_at, "start": duty.starts_at, "provisional": duty.provisional,
        "explain": reverse("duty_explain", args=[duty.pk]),
    }  # fmt: skip
    if row.limit and row.limit.clock is clock.Clock.WORKING_HOURS:
        found["used_text"] = clock.text.limit(clock.Limit.working(minutes=max(1, round(row.used))), language=language)
    return found


def _photo(one: Any, incident: Incident) -> dict[str, Any]:
    return {
        "id": one.pk,
        "url": reverse("incident_photo", args=[incident.pk, one.pk]),
        "stage": {"report": _("with the report"), "answer": _("with the answer"), "verify": _("at verification")}.get(
            one.stage, one.stage
        ),
        "at": one.added_at,
        "by": one.added_by.person.name if one.added_by else "",
        "sealed": one.sealed,
        "metres": one.metres_from_place,
    }


def _offered(names: list[str], incident: Incident, post: Post, now: datetime, target: UUID) -> list[actions.Offer]:
    return [actions.offer(actions.ACTIONS[name], incident, viewer=post, at=now, target=target) for name in names]


def _asks(incident: Incident, post: Post, now: datetime) -> list[dict[str, Any]]:
    rows = incident.asks.select_related("asked_by__person", "asked_by__area", "asked_by__unit", "decided_by__person")
    return [
        {
            "ask": ask,
            "facts": wording.ask_facts(ask),
            "state": wording.ASK_STATES.get(ask.state, ask.state),
            "offers": _offered(actions.on_ask(ask, viewer=post), incident, post, now, ask.pk),
        }
        for ask in rows.order_by("-asked_at")
    ]


def _supervisions(incident: Incident, post: Post, now: datetime) -> list[dict[str, Any]]:
    rows = incident.supervisions.select_related(
        "unit", "issued_by__person", "issued_by__area", "issued_by__unit", "answered_by__person", "ended_by__person"
    )
    return [
        {
            "one": one,
            "state": wording.supervision_state(one, now=now),
            "offers": _offered(actions.on_supervision(one, viewer=post), incident, post, now, one.pk),
        }
        for one in rows.order_by("-issued_at")
    ]


def _ratings(incident: Incident, post: Post, now: datetime) -> list[dict[str, Any]]:
    rows = incident.ratings.select_related("called_back_by__person").order_by("-at")
    return [
        {"one": one, "offers": _offered(actions.on_rating(one, viewer=post), incident, post, now, one.pk)}
        for one in rows
    ]


def _checks(incident: Incident, post: Post, now: datetime) -> list[dict[str, Any]]:
    rows = incident.spot_checks.select_related("checked_by__person").order_by("-drawn_at")
    return [
        {"one": one, "offers": _offered(actions.on_check(one, incident, viewer=post), incident, post, now, one.pk)}
        for one in rows
    ]


def _nearby(incident: Incident, post: Post) -> list[dict[str, Any]]:
    if incident.ended or not post.may("incidents.merge"):
        return []
    rows = queries.nearby(incident, viewer=post)
    return [{**row, "status_name": wording.status_name(row["status"], row["klass"])} for row in rows]
