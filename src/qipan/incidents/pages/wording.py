"""Words for what stands in rows: status in the class's words, sources, flags, requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from qipan.foundation.posts.models import Unit
from qipan.incidents.models import Ask, Incident, Supervision
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import DISPUTE_NAMES, STATUS_NAMES, Status

SOURCES: dict[str, Any] = {
    "staff": _("Staff"),
    "phone": _("Telephone"),
    "resident": _("A member of the public"),
    "public": _("A member of the public"),
    "hotline": _("Hotline 12345"),
    "api": _("Interface"),
    "open311": _("Open311"),
    "import": _("Import"),
    "inspection": _("Inspection"),
    "device": _("Device"),
}
FLAGS: dict[str, tuple[Any, Any]] = {
    "mass-last-minute": (
        _("Many at the last minute"),
        _("The unit reported back at least five files within half an hour, each just before its deadline."),
    ),
    "photo-again": (_("Photo seen before"), _("The same picture was sent with another report or answer.")),
    "photo-elsewhere": (
        _("Photo taken elsewhere"),
        _("The camera was farther from the place than the district allows."),
    ),
}
ASK_STATES: dict[str, Any] = {
    "asked": _("waits for a decision"),
    "approved": _("granted"),
    "refused": _("refused"),
    "withdrawn": _("withdrawn"),
    "lapsed": _("lapsed: the incident ended first"),
}
FIELDS: dict[str, Any] = {
    "name": _("Name"),
    "id_number": _("ID-card number"),
    "phone": _("Telephone"),
    "address": _("Address"),
    "text": _("Words"),
    "answer": _("Answer"),
    "other": _("Other"),
}
KINDS_OF_BADGES = {
    Status.DRAFT: "waiting", Status.REPORTED: "waiting", Status.AWAITING: "waiting", Status.FILED: "waiting",
    Status.DISPATCHED: "waiting", Status.ANSWERED: "waiting", Status.VERIFYING: "waiting", Status.SIGNED: "active",
    Status.HANDLING: "active", Status.CLOSED: "done", Status.RATED: "done", Status.DECLINED: "void",
    Status.VOID: "void", Status.MERGED: "done",
}  # fmt: skip


def status_name(status: str, klass: str) -> str:
    """Where it stands, in the words of its class."""
    names = DISPUTE_NAMES if klass == Klass.DISPUTE else STATUS_NAMES
    return str(names[Status(status)])


def status_kind(status: str) -> str:
    return KINDS_OF_BADGES[Status(status)]


def class_name(klass: str) -> str:
    return str(CLASSES[Klass(klass)].name)


def category_name(row: dict[str, Any]) -> str:
    """The category's name of a list's row, in the page's language."""
    english = (get_language() or "").startswith("en")
    return str(row["category_name_en"] if english and row["category_name_en"] else row["category_name"])


def source_name(source: str) -> str:
    return str(SOURCES.get(source, source))


def flags(names: Iterable[str]) -> list[tuple[str, str]]:
    """Each flag with its explanation."""
    return [(str(FLAGS[name][0]), str(FLAGS[name][1])) if name in FLAGS else (name, "") for name in names]


def ask_facts(ask: Ask) -> str:
    """For how long, or by whom."""
    parts = []
    if days := ask.detail.get("days"):
        parts.append(gettext("%(days)s days") % {"days": days})
    if unit := ask.detail.get("unit"):
        parts.append(Unit.objects.filter(pk=unit).values_list("name", flat=True).first() or "")
    return " · ".join(part for part in parts if part)


def about(incident: Incident, target: UUID | None) -> dict[str, Any]:
    """What a step about a side thing answers: {title, words, by, at}; empty for a step of the incident itself."""
    if target is None:
        return {}
    if ask := incident.asks.select_related("asked_by__person").filter(pk=target).first():
        facts = " · ".join(part for part in (ask.get_kind_display(), ask_facts(ask)) if part)
        return {"title": facts, "words": ask.reason, "by": ask.asked_by.person, "at": ask.asked_at}
    if one := incident.supervisions.select_related("issued_by__person").filter(pk=target).first():
        answer = {"answer": one.answer} if one.answer else {}
        return {"title": one.number, "words": one.question, "by": one.issued_by.person, "at": one.issued_at, **answer}
    if rating := incident.ratings.filter(pk=target).first():
        return {"stars": rating.stars, "words": rating.comment, "at": rating.at}
    return {"title": gettext("Answer"), "words": incident.answer} if incident.answer else {}


def supervision_state(one: Supervision, *, now: datetime) -> tuple[str, str]:
    """A badge's words and kind."""
    if one.ended_at:
        return gettext("lifted"), "done"
    if one.answered_at:
        return gettext("answered"), "waiting"
    return (gettext("not answered"), "active")


def revealed(fields: dict[str, str]) -> list[dict[str, str]]:
    """What was behind the mask, in order, with words for each field."""
    return [
        {"key": key, "label": str(FIELDS.get(key, key)), "value": fields[key].replace("\x1e", "\n").strip()}
        for key in (*FIELDS, *sorted(set(fields) - set(FIELDS)))
        if fields.get(key, "").strip()
    ]
