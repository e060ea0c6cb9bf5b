"""A district full of things, and everybody who has no business with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from qipan.foundation.areas.imports import runs
from qipan.foundation.areas.models import Premises
from qipan.foundation.devices import boxes
from qipan.foundation.devices import operations as devices
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.operations import years
from qipan.foundation.outbox.models import Gateway, Message
from qipan.foundation.posts import operations as posts
from qipan.foundation.posts.models import Post, Volunteer
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault import operations as vault
from qipan.foundation.vault.models import Card, KeyCopy
from qipan.incidents import operations
from qipan.incidents.models import Incident, Reporter, SavedView, SpotCheck
from qipan.incidents.operations.report import Place, code_digest
from qipan.inspections import defaults as inspections
from qipan.inspections.models import Checklist, Plan, Visit
from qipan.kernels.ids import new_id
from qipan.reporting.models import Filling, Form
from qipan.workflows.field.commands import Command
from tests import factories
from tests.incidents.conftest import Town, make_town
from tests.kernels.test_photos import with_metadata

NAME = "密云岭区"  # a name that stands nowhere else
MARK = "密云岭"
TITLE = "密云岭路面塌陷"


@dataclass
class World:
    """`town` has everything; `strangers` are posts of every role in another district, `neighbours` in another township
    of the same district. `things` names what stands in the town's own township, by the name routes give its id."""

    town: Town
    strangers: list[Post]
    neighbours: list[Post]
    things: dict[str, Any] = field(default_factory=dict)
    clients: dict[Any, Client] = field(default_factory=dict)


def make_world() -> World:
    town = make_town(NAME)
    town.at = datetime.now(UTC) - timedelta(hours=20)
    elsewhere = factories.tree("青河区")
    next_door = factories.below(town.district, 2, 1)
    world = World(town, list(_everybody(elsewhere)), list(_everybody(next_door)))
    fill(world)
    for post in (*world.strangers, *world.neighbours):
        browser = Client(raise_request_exception=False, headers={"accept-language": "en"})
        world.clients[post.pk] = factories.sign_in(browser, post)
    return world


def _everybody(area: Any) -> Iterable[Post]:
    unit = factories.unit(area=area)
    return [factories.post(role, area, unit) for role in Role]


def fill(world: World) -> None:
    """One of everything that has an id in some route."""
    town, things = world.town, world.things
    incident = town.dispatched(title=TITLE, text=TITLE)
    [photo] = operations.add_photos(
        incident_id=incident.id, stage="report", files=[with_metadata()], by=town.grid_worker, at=town.later()
    )
    asked = operations.ask(incident_id=incident.id, kind="return", reason=TITLE, by=town.handler, at=town.later())
    supervision = operations.supervise(incident_id=incident.id, question=TITLE, by=town.commander, at=town.later())
    rating, rated = _rated(town)
    draft, _code = operations.report(
        category=town.category("rubbish"), title=TITLE, text="", source="staff", by=town.grid_worker, at=town.later(),
        place=Place(area=town.cell), draft=True,
    )  # fmt: skip
    check = SpotCheck.objects.create(incident=rated, drawn_at=town.later())
    rule = operations.set_rule(
        area=town.township, unit=town.department, by=town.administrator, at=town.later(), category_key="rubbish"
    )
    order, _effect = years.give_order(
        area=town.district, number="令1", ground=TITLE, begins_at=town.at, ends_at=town.at + timedelta(days=40),
        factor=None, by=town.commander, at=town.later(),
    )  # fmt: skip
    request = vault.open_request(
        district_id=town.district.pk, kind="access", fields={"name": "某某", "phone": "13800138000"}, text=TITLE,
        by=town.administrator, at=town.later(),
    )  # fmt: skip
    premises = Premises(kind="school", name=TITLE, active_from=factories.LONG_AGO.date()).place(town.cell)
    premises.save()
    key = Card.objects.filter(district_id=town.district.pk).values_list("key_id", flat=True)[0]
    copy = KeyCopy.objects.create(key_id=key, form="export", place=TITLE, made_at=town.at)
    vault.account(at=town.later())
    rows = _rows(town, request.asker_card_id, premises)
    factor = Authenticator.objects.create(user=town.handler.person, type="webauthn", data={"name": TITLE})
    things |= {
        "incident_id": incident.id,
        "about_id": incident.id,
        "draft_id": draft.id,
        "attachment_id": photo.id,
        "photo_id": photo.id,
        "ask_id": asked.id,
        "target": asked.id,
        "supervision_id": supervision.id,
        "rating_id": rating.id,
        "spot_check_id": check.id,
        "rule_id": rule.id,
        "category_id": town.category("rubbish").pk,
        "order_id": order.id,
        "request_id": request.id,
        "card_id": request.asker_card_id,
        "duty_id": Duty.objects.filter(about_id=incident.id, state="open")[0].pk,
        "premises_id": premises.id,
        "copy_id": copy.id,
        "post_id": town.grid_worker.pk,
        "unit_id": town.desk.pk,
        "area_id": town.village.pk,
        "pk": factor.pk,
        **_phone(town),
        **rows,
    }


def _phone(town: Town) -> dict[str, Any]:
    """A phone, a photo that waits on it, and a step that waits for a decision."""
    key = boxes.raw_public(ec.generate_private_key(boxes.CURVE))
    at = town.later()
    device = devices.bind(name=TITLE, public_key=key, version=1, clock_offset=0, by=town.grid_worker, at=at)
    photo = devices.keep_photo(command_id=new_id(), content=with_metadata(), device=device, at=at)
    step = Command(id=new_id(), seq=1, step="shift_on", device_time=at)
    kept = devices.keep(command_id=step.id, step=step.step, why="device-revoked", content=orjson.dumps(step.plain()),
                        corrected_time=at, device=device, at=at)  # fmt: skip
    assert kept is not None and photo is not None
    return {"device_id": device.pk, "command_id": photo.pk, "kept_id": kept.pk}


def _rows(town: Town, card_id: Any, premises: Premises) -> dict[str, Any]:
    """Things of the handler and of the district that need no story."""
    handler, district, at = town.handler, town.district, town.later()
    day, later = at.date(), at + timedelta(days=3)
    token, _secret = posts.issue_token(post=handler, name=TITLE, scopes=["read"], expires_at=later, by=handler, at=at)
    inspections.load(district, since=factories.LONG_AGO.date())
    checklist = Checklist.objects.filter(district=district, kind="school")[0]
    plan = Plan.objects.create(
        district=district, area=town.township, kind="school", every_days=30, valid_from=factories.LONG_AGO.date()
    )
    visit = Visit(
        plan=plan, premises=premises, checklist=checklist, post=town.grid_worker, opened_at=at, note=TITLE
    ).place(town.cell)
    visit.save()
    form = Form.objects.create(
        district=district, name=TITLE, sheet="1", blank=b"x", digest=b"x" * 32, made_by=handler, made_at=at
    )
    message = Message.objects.create(
        district=district, channel="app", to_person=handler.person, template="duties.warning", language="zh-hans",
        subject=TITLE, body=TITLE, state="sent", not_before=at, created_at=at, sent_at=at,
    )  # fmt: skip
    volunteer = Volunteer.objects.create(unit=town.desk, number=1, name_card_id=card_id, since=at)
    gateway = Gateway.objects.create(district=district, kind="sms", name=TITLE, url="https://sms.example/send")
    session = UserSession.objects.create(user=handler.person, ip="192.0.2.9", session_key="k" * 32, user_agent=TITLE)
    made = {
        "person_id": handler.person,
        "import_id": runs.receive(
            district=handler.district, kind="areas", file_name=f"{TITLE}.csv", data=b"code,name", by=handler, at=at
        ),
        "token_id": token,
        "plan_id": plan,
        "visit_id": visit,
        "form_id": form,
        "filling_id": Filling.objects.create(form=form, day=day, values={}, made_at=at),
        "message_id": message,
        "volunteer_id": volunteer,
        "gateway_id": gateway,
        "session_id": session,
        "view_id": SavedView.objects.create(person=handler.person, name=TITLE),
        "absence_id": posts.set_away(post_id=handler.pk, away_from=at, away_to=later, by=handler, at=at),
    }
    return {name: each.pk for name, each in made.items()}


def _rated(town: Town) -> tuple[Any, Incident]:
    incident = town.with_contact("noise", title=TITLE)
    reporter = Reporter.objects.get(code=code_digest(town.code))
    by, at = town.dispatcher, town.later
    operations.accept(incident_id=incident.id, by=by, at=at())
    operations.dispatch(incident_id=incident.id, unit=town.department, by=by, at=at())
    operations.sign(incident_id=incident.id, by=town.handler, at=at())
    operations.answer(incident_id=incident.id, text=TITLE, by=town.handler, at=at())
    operations.close(incident_id=incident.id, note="已回访", by=by, at=at())
    rating = operations.rate(reporter_id=reporter.id, stars=1, comment=TITLE, at=at())
    return rating, incident


def ids(things: Mapping[str, Any]) -> set[str]:
    """The ids that nobody can meet by chance."""
    return {str(each) for each in things.values() if not isinstance(each, int)}
