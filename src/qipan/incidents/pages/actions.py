"""What a viewer may do with an incident now: the steps of the table and the side tracks, each with its form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Level
from qipan.foundation.posts import access as posts
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid, NotFound
from qipan.incidents import access, operations, queries
from qipan.incidents.models import ASKS, Ask, Incident, Rating, SpotCheck, Supervision
from qipan.incidents.pages import forms
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.classes import Klass
from qipan.incidents.rules.steps import WITH_UNIT, Status
from qipan.kernels.clock import Limit

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One carrying-out: on which incident, with what, by whom, when, and which side thing it is about."""

    incident: Incident
    form: forms.StepForm
    by: Post
    at: datetime
    target: UUID | None

    @property
    def data(self) -> Data:
        return self.form.cleaned_data

    def on(self) -> dict[str, Any]:
        return {"incident_id": self.incident.pk, "by": self.by, "at": self.at}


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: primary (the way on), plain, danger (cannot be taken back), aside (in the menu of further steps)."""

    name: str
    label: str | Promise
    form: type[forms.StepForm]
    work: Callable[[Call], Any]
    done: str | Promise
    kind: str = "plain"
    help: str | Promise = ""
    send: str | Promise = ""  # on the button of the form, where it is not the label


class NoSuchNumber(Invalid):
    """There is no file of this number that you may see."""


def _photos(call: Call, stage: str) -> None:
    if files := call.data.get("photos"):
        operations.add_photos(files=files, stage=stage, **call.on())


def _accept(call: Call) -> None:
    operations.accept(category=call.form.chosen(), urgent=call.data["urgent"],  # type: ignore[attr-defined]
                      victim_cannot_act=call.data["victim_cannot_act"], **call.on())  # fmt: skip


def _dispatch(call: Call) -> None:
    unit = call.form.chosen()  # type: ignore[attr-defined]
    chosen = call.data.get("chosen_by_victim", False)
    operations.dispatch(unit=unit, note=call.data["note"], chosen_by_victim=chosen, **call.on())


def _refer(call: Call) -> None:
    chosen = call.data.get("chosen_by_victim", False)
    operations.refer(receipt=call.data["receipt"], chosen_by_victim=chosen, **call.on())


def _merge(call: Call) -> None:
    into = access.visible(viewer=call.by).filter(number=call.data["number"].strip().upper()).first()
    if into is None:
        raise NoSuchNumber(field="number")
    operations.merge(into_id=into.pk, reason=call.data["reason"], **call.on())


def _answer(call: Call) -> None:
    _photos(call, "answer")
    operations.answer(text=call.data["text"], **call.on())


def _verify(call: Call) -> None:
    _photos(call, "verify")
    operations.verify(note=call.data["note"], **call.on())


def _check_back(call: Call) -> None:
    chosen = call.data.get("verifier")
    verifier = posts.post(UUID(chosen), viewer=call.by) if chosen else None
    operations.check_back(verifier=verifier, **call.on())


def _settle(call: Call) -> None:
    _photos(call, "answer")
    operations.settle(text=call.data["text"], **call.on())


def _ask(call: Call) -> None:
    data, helper = call.data, call.form.helper() if "unit" in call.form.fields else None  # type: ignore[attr-defined]
    operations.ask(kind=data["kind"], reason=data["reason"], days=data.get("days"), unit=helper, **call.on())


def _target(call: Call) -> UUID:
    if call.target is None:
        raise NotFound
    return call.target


def _decide(call: Call) -> None:
    operations.decide(ask_id=_target(call), approve=call.data["decision"] == "yes", reason=call.data["reason"],
                      by=call.by, at=call.at)  # fmt: skip


def _supervise(call: Call) -> None:
    operations.supervise(question=call.data["question"], limit=Limit.working_days(call.data["days"]),
                         listed=bool(call.data.get("listed")), **call.on())  # fmt: skip


def _check_again(call: Call) -> None:
    operations.check_again(spot_check_id=_target(call), confirmed=call.data["confirmed"] == "yes",
                           note=call.data["note"], by=call.by, at=call.at)  # fmt: skip


def _reason(operation: Callable[..., Any], name: str = "reason") -> Callable[[Call], Any]:
    return lambda call: operation(**{name: call.data[name]}, **call.on())


ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("submit", _("Report"), forms.Nothing,
               lambda call: operations.submit(**call.on()),
               _("Reported."), "primary"),
        Action("settle", _("Settled on the spot"), forms.Answer, _settle, _("Closed as settled on the spot."),
               help=_("For what you found and put right at once. A share of these is checked afterwards.")),
        Action("accept", _("Accept and file"), forms.Accept, _accept, _("Accepted and filed."), "primary"),
        Action("dispatch", _("Dispatch"), forms.Dispatch, _dispatch, _("Dispatched."), "primary"),
        Action("sign", _("Sign for it"), forms.Nothing, lambda call: operations.sign(**call.on()), _("Signed for."),
               "primary", help=_("You become the handler; the clock of handling is yours.")),
        Action("start", _("Start handling"), forms.Nothing, lambda call: operations.start(**call.on()),
               _("Handling begun.")),
        Action("answer", _("Report back"), forms.Answer, _answer, _("Reported back."), "primary"),
        Action("check-back", _("Send for verification"), forms.CheckBack, _check_back, _("Sent for verification."),
               "primary"),
        Action("verify", _("Verified: close"), forms.Verified, _verify, _("Verified and closed."), "primary"),
        Action("close", _("Close after a call back"), forms.CallNote, _reason(operations.close, "note"),
               _("Closed."), "primary"),
        Action("rework", _("Not solved: back to the handler"), forms.Reason, _reason(operations.rework),
               _("Sent back to the handler.")),
        Action("refer", _("Refer to the police"), forms.Refer, _refer, _("Referred to the police."), "primary"),
        Action("victim", _("The victim cannot act"), forms.Nothing, lambda call: operations.mark_victim(**call.on()),
               _("Marked: it is for the police only."), "danger",
               help=_("For a minor, or somebody who cannot act: from now on it is for the police only, and no unit has "
                      "it any more. This cannot be taken back.")),
        Action("reopen", _("Reopen"), forms.Reason, _reason(operations.reopen), _("Reopened."), "plain"),
        Action("decline", _("Decline"), forms.ToldReason, _reason(operations.decline), _("Declined."), "danger"),
        Action("void", _("Declare void"), forms.ToldReason, _reason(operations.void), _("Declared void."), "danger"),
        Action("merge", _("Merge"), forms.Merge, _merge, _("Merged."), "aside",
               help=_("The file keeps the earlier clock, and every reporter is told.")),
        Action("unmerge", _("Undo the merge"), forms.Reason,
               _reason(operations.unmerge), _("Taken out of the file again.")),
        Action("ask", _("Ask for …"), forms.Ask, _ask, _("Asked for. The desk decides."), "aside",
               help=_("Somebody else decides. The clock runs on until then."), send=_("Send the request")),
        Action("report-up", _("Report upward"), forms.ReportUp,
               lambda call: operations.report_up(note_text=call.data["note"], **call.on()), _("Reported upward."),
               "primary", help=_("The law gives each level two hours; then the next one owes it.")),
        Action("remind", _("Remind"), forms.Note,
               lambda call: operations.remind(note_text=call.data["note"], **call.on()), _("Reminded."), "aside",
               help=_("It is counted and shown to whoever has it now; no clock changes.")),
        Action("photos", _("Add photos"), forms.MorePhotos, lambda call: _photos(call, "report"), _("Photos added."),
               "aside"),
        Action("supervise", _("Put under supervision"), forms.Supervise, _supervise, _("Put under supervision."),
               "aside"),
        Action("assist-answer", _("Answer as the assisting unit"), forms.AssistAnswer,
               lambda call: operations.answer_assistance(text=call.data["text"], **call.on()), _("Answered."),
               "primary"),
        Action("decide", _("Decide"), forms.Decide, _decide, _("Decided."), "target"),
        Action("withdraw", _("Withdraw"), forms.Nothing,
               lambda call: operations.withdraw(ask_id=_target(call), by=call.by, at=call.at), _("Withdrawn."),
               "target"),
        Action("supervision-answer", _("Answer the supervision"), forms.SuperviseAnswer,
               lambda call: operations.answer_supervision(supervision_id=_target(call), text=call.data["text"],
                                                          by=call.by, at=call.at), _("Answered."), "target"),
        Action("supervision-end", _("End the supervision"), forms.Note,
               lambda call: operations.end_supervision(supervision_id=_target(call), note_text=call.data["note"],
                                                       by=call.by, at=call.at), _("Supervision ended."), "target"),
        Action("call-back", _("Note the call back"), forms.CallNote,
               lambda call: operations.call_back(rating_id=_target(call), note=call.data["note"], by=call.by,
                                                 at=call.at),
               _("Call back noted."), "target"),
        Action("check", _("Enter the second check"), forms.Check, _check_again, _("Second check entered."), "target"),
    )
}  # fmt: skip
ORDER = list(ACTIONS)


@dataclass(slots=True)
class Offer:
    """An action that may be taken now, with its form not yet filled in."""

    action: Action
    form: forms.StepForm
    url: str
    id: str
    label: str


def form_of(
    action: Action, incident: Incident, *, viewer: Post, at: datetime, data: Any = None, files: Any = None,
    auto_id: str = "",
) -> forms.StepForm:  # fmt: skip
    """The form of an action; its choices are those of this incident and viewer."""
    form = action.form(data, files, incident=incident, viewer=viewer, at=at, auto_id=auto_id or f"{action.name}_%s")
    if isinstance(form, forms.Ask):
        form.offer(ask_kinds(incident))
    return form


def offers(incident: Incident, *, viewer: Post, at: datetime) -> list[Offer]:
    """The incident's own actions for this viewer, the way on first."""
    names = {move.step.value for move in queries.next_steps(incident, viewer=viewer)} & set(ACTIONS)
    if operations.owed_by(incident, viewer=viewer):
        names.add("report-up")
    if operations.may_mark_victim(incident, viewer=viewer):
        names.add("victim")
    over = incident.ended or incident.status == Status.DRAFT
    if not over:
        names |= {name for name in ("remind", "supervise") if viewer.may(f"incidents.{name}")}
        if viewer.may("incidents.ask") and ask_kinds(incident):
            names.add("ask")
        if viewer.may("incidents.report") and incident.attachments.count() < caps_of(incident.district_id).attachments:
            names.add("photos")
        if viewer.unit_id and incident.assistance.filter(unit=viewer.unit_id, answered_at=None).exists():
            names.add("assist-answer")
    return [offer(ACTIONS[name], incident, viewer=viewer, at=at) for name in ORDER if name in names]


def offer(action: Action, incident: Incident, *, viewer: Post, at: datetime, target: UUID | None = None) -> Offer:
    key = f"{action.name}-{target}" if target else action.name
    form = form_of(action, incident, viewer=viewer, at=at, auto_id=f"{key}_%s")
    label = str(action.label)
    if action.name in {"accept", "answer", "start"} and incident.klass == Klass.DISPUTE:
        label = str(DISPUTE_LABELS[action.name])
    return Offer(action, form, address(action.name, incident.pk, target), f"do-{key}", label)


# Nobody "handles" people.
DISPUTE_LABELS = {
    "accept": _("Accept the dispute"),
    "start": _("Begin mediation"),
    "answer": _("Report the agreement"),
}


def address(name: str, incident_id: UUID, target: UUID | None = None) -> str:
    if target:
        return reverse("incident_act_on", args=[incident_id, name, target])
    return reverse("incident_act", args=[incident_id, name])


def ask_kinds(incident: Incident) -> list[tuple[str, Any]]:
    """The side tracks that make sense where the incident stands, without those that wait for a decision already."""
    with_unit = incident.status in WITH_UNIT
    sense = {
        "return": with_unit,
        "extension": with_unit,
        "hold": with_unit,
        "assist": with_unit,
        "escalate": incident.level > Level.DISTRICT,
        "send-down": incident.level < (Level.TOWNSHIP if incident.hidden_from_village else Level.VILLAGE),
        "major": incident.klass == Klass.HAZARD and incident.major != "confirmed",
    }
    waiting = set(incident.asks.filter(state="asked").values_list("kind", flat=True))
    return [(name, label) for name, label in ASKS if sense[name] and name not in waiting]


# On what of the incident's an action may be taken by whom


def on_ask(ask: Ask, *, viewer: Post) -> list[str]:
    if ask.state != "asked":
        return []
    asker = ask.asked_by
    if asker.pk == viewer.pk:
        return ["withdraw"]
    return ["decide"] if viewer.may("incidents.decide") and asker.person_id != viewer.person_id else []


def on_supervision(one: Supervision, *, viewer: Post) -> list[str]:
    if one.ended_at:
        return []
    found = []
    if not one.answered_at and viewer.unit_id and one.unit_id == viewer.unit_id:
        found.append("supervision-answer")
    if one.answered_at and viewer.may("incidents.supervise"):
        found.append("supervision-end")
    return found


def on_rating(rating: Rating, *, viewer: Post) -> list[str]:
    waits = rating.stars <= queries.UNHAPPY and not rating.called_back_at
    return ["call-back"] if waits and viewer.may("incidents.call-back") else []


def on_check(check: SpotCheck, incident: Incident, *, viewer: Post) -> list[str]:
    had_a_part = {post.person_id for post in (incident.handler, incident.verifier, incident.reported_by) if post}
    may = viewer.may("incidents.check") and viewer.person_id not in had_a_part
    return ["check"] if may and not check.checked_at else []


def allowed(name: str, incident: Incident, *, viewer: Post, at: datetime, target: UUID | None) -> bool:
    """Whether the page of an action is for this viewer at all; the operation decides for good."""
    if target is None:
        return any(one.action.name == name for one in offers(incident, viewer=viewer, at=at))
    if found := incident.asks.select_related("asked_by").filter(pk=target).first():
        return name in on_ask(found, viewer=viewer)
    if supervision := incident.supervisions.filter(pk=target).first():
        return name in on_supervision(supervision, viewer=viewer)
    if rating := incident.ratings.filter(pk=target).first():
        return name in on_rating(rating, viewer=viewer)
    if check := incident.spot_checks.filter(pk=target).first():
        return name in on_check(check, incident, viewer=viewer)
    return False
