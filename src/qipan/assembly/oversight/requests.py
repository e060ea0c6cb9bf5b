"""Residents' requests about their data, as the data-protection officer deals with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qipan.foundation.interface.pages import staff
from qipan.foundation.journal import queries as history
from qipan.foundation.journal.forms import attempt
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.refusals import Invalid, Refusal
from qipan.foundation.vault import access, operations, queries
from qipan.foundation.vault.models import Card, Request
from qipan.foundation.vault.rules import NEXT, REQUESTS, State

CHECKS = [
    ("id_shown", _("Identity card shown in person")),
    ("called_back", _("Called back at the number held")),
    ("signed_letter", _("Signed letter with a copy of the card")),
    ("agent", _("Agent with a power of attorney")),
]
SEARCHES = [("phone", _("Phone number")), ("id", _("ID-card number")), ("name", _("Name"))]


class NewRequest(forms.Form):
    kind = forms.ChoiceField(label=_("What is asked"), choices=Request.Kind.choices)
    name = forms.CharField(label=_("Name"), max_length=200)
    phone = forms.CharField(label=_("Phone number"), max_length=40)
    id_number = forms.CharField(label=_("ID-card number"), max_length=40, required=False)
    text = forms.CharField(
        label=_("In the resident's words"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class Search(forms.Form):
    by = forms.ChoiceField(label=_("Find by"), choices=SEARCHES)
    value = forms.CharField(label=_("Exact value"), max_length=200)


class Correction(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    phone = forms.CharField(label=_("Phone number"), max_length=40, required=False)
    id_number = forms.CharField(label=_("ID-card number"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=500, required=False)


@require_GET
@staff(REQUESTS)
def page(request: Acting) -> HttpResponse:
    viewer = request.post
    open_only = request.GET.get("show") != "all"
    found = list(queries.requests(viewer=viewer, open_only=open_only)[:500])
    masks = queries.masked([each.asker_card_id for each in found])
    rows = [
        {
            "request": each,
            "asker": masks.get(each.asker_card_id, {}),
            "open": bool(NEXT[State(each.state)]),
        }
        for each in found
    ]
    return render(request, "oversight/requests.html", {"rows": rows, "open_only": open_only})


@require_http_methods(["GET", "POST"])
@staff(REQUESTS)
def new(request: Acting) -> HttpResponse:
    viewer = request.post
    form = NewRequest(request.POST or None)

    def work(at: datetime) -> Request:
        given = form.cleaned_data
        fields = {name: given[name] for name in ("name", "phone", "id_number") if given[name]}
        return operations.open_request(
            district_id=viewer.district_id, kind=given["kind"], fields=fields, text=given["text"], by=viewer, at=at
        )

    if made := attempt(request, form, "vault.open_request", work):
        return redirect("data_request", made["id"])
    return render(request, "oversight/request_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@staff(REQUESTS)
def detail(request: Acting, request_id: UUID) -> HttpResponse:
    viewer = request.post
    return _detail(request, _get(request_id, viewer))


@require_POST
@staff(REQUESTS)
def find(request: Acting, request_id: UUID) -> HttpResponse:
    """What is held of the asker, by an exact value; the search is journalled with the request's number."""
    viewer = request.post
    asked = _get(request_id, viewer)
    form = Search(request.POST)
    found: list[Card] = []
    if form.is_valid():
        try:
            found = queries.find(
                kind=form.cleaned_data["by"],
                value=form.cleaned_data["value"],
                viewer=viewer,
                at=timezone.now(),
                reason=asked.number,
            )
        except Invalid as refusal:
            form.add_error("value", refusal.message)
    cards = [card for card in found if card.id != asked.asker_card_id]
    code = 422 if form.errors else 200
    return _detail(request, asked, search=form, cards=cards, searched=form.is_valid(), status=code)


@require_POST
@staff(REQUESTS)
def step(request: Acting, request_id: UUID, action: str) -> HttpResponse:
    viewer = request.post
    asked, now = _get(request_id, viewer), timezone.now()
    chosen = _chosen(request)
    correction = Correction(request.POST if action == "correct" else None)
    try:
        if action == "check":
            how = dict(CHECKS).get(request.POST.get("how", ""), CHECKS[0][1])
            operations.check_identity(request_id=asked.id, how=str(how), by=viewer, at=now)
        elif action == "access":
            held = operations.answer_access(request_id=asked.id, card_ids=chosen, by=viewer, at=now)
            cards = {card.id: card for card in Card.objects.filter(id__in=chosen)}
            papers = [_paper(cards[card_id], fields) for card_id, fields in zip(chosen, held, strict=True)]
            answer = render(request, "oversight/request_copy.html", {"asked": _get(asked.id, viewer), "papers": papers})
            answer.headers["Cache-Control"] = "no-store"
            return answer
        elif action == "correct":
            correction.is_valid()
            fields = {name: value for name, value in correction.cleaned_data.items() if value}
            operations.correct(request_id=asked.id, card_ids=chosen, fields=fields, by=viewer, at=now)
        elif action == "delete":
            operations.delete(request_id=asked.id, card_ids=chosen, by=viewer, at=now)
        elif action == "refuse":
            operations.refuse(request_id=asked.id, reason=request.POST.get("reason", ""), by=viewer, at=now)
        else:
            operations.withdraw(request_id=asked.id, by=viewer, at=now)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        cards_again = list(Card.objects.filter(id__in=chosen, district_id=viewer.district_id))
        return _detail(
            request,
            _get(request_id, viewer),
            cards=cards_again,
            searched=bool(cards_again),
            correction=correction,
            problem=refusal,
            status=refusal.status,
        )
    messages.success(request, gettext("Done and recorded."))
    return redirect("data_request", request_id)


def _detail(
    request: HttpRequest,
    asked: Request,
    *,
    search: Search | None = None,
    cards: list[Card] | None = None,
    searched: bool = False,
    correction: Correction | None = None,
    problem: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    entries = history.history("request", asked.id)
    timeline = [
        {"title": entry.kind_text, "at": entry.at, "who": entry.by_text, "reason": entry.reason}
        for entry in reversed(entries)
    ]
    context = {
        "asked": asked,
        "asker": queries.masked([asked.asker_card_id]).get(asked.asker_card_id, {}),
        "open": bool(NEXT[State(asked.state)]),
        "checked": asked.state == State.CHECKED,
        "timeline": timeline,
        "checks": CHECKS,
        "search": search or Search(),
        "searched": searched,
        "cards": [_row(card) for card in cards or []],
        "correction": correction or Correction(),
        "problem": problem,
    }
    return render(request, "oversight/request.html", context, status=status)


def _row(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "masked": card.masked,
        "matter": history.label(card.about_kind, card.about_id) or card.purpose,
        "purpose": card.purpose,
        "created_at": card.created_at,
        "erase_after": card.erase_after,
    }


def _paper(card: Card, fields: dict[str, str]) -> dict[str, Any]:
    words = {
        "name": _("Name"),
        "id_number": _("ID-card number"),
        "phone": _("Phone number"),
        "address": _("Address"),
        "text": _("Private text"),
        "other": _("Other"),
    }
    return _row(card) | {"fields": [(words.get(name, name), value) for name, value in fields.items()]}


def _get(request_id: UUID, viewer: Any) -> Request:
    found = access.visible(viewer=viewer).filter(id=request_id).first()
    if found is None:
        raise access.NoSuchRequest
    return found


def _chosen(request: HttpRequest) -> list[UUID]:
    chosen = []
    for text in request.POST.getlist("card"):
        try:
            chosen.append(UUID(text))
        except ValueError:
            continue
    return list(dict.fromkeys(chosen))
