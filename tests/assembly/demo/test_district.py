"""The small demo as it lies in the database: whole, consistent, proven, and nobody's real data."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.db import connection
from django.db.models import F, Q

from qipan.assembly.demo import build, persons
from qipan.foundation.areas.models import Area, Level, PremisesKind
from qipan.foundation.duties import sweeper
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import State
from qipan.foundation.journal import verify
from qipan.foundation.journal.models import Entry
from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.models import Person, Post, Shift, Unit
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault import envelope, keystore
from qipan.foundation.vault.models import Card
from qipan.incidents import access
from qipan.incidents.models import Category, Incident, Reporter, Rule
from qipan.incidents.operations.steps import SAID
from qipan.incidents.rules.steps import ENDED, STEPS, Status
from qipan.inspections.models import Plan, Visit
from qipan.kernels import identity
from tests.demo import AT

LEGS = {
    Status.AWAITING: "incidents.accept", Status.FILED: "incidents.dispatch", Status.DISPATCHED: "incidents.handle",
    Status.SIGNED: "incidents.handle", Status.HANDLING: "incidents.handle", Status.ANSWERED: "incidents.verify",
    Status.VERIFYING: "incidents.verify",
}  # fmt: skip
STEP_OF = {f"incidents.{said}": step for step, said in SAID.items()}

pytestmark = pytest.mark.database


def test_every_role_has_somebody_to_sign_in_as(demo_small: build.Demo) -> None:
    assert {account["role"] for account in demo_small.accounts} == set(Role.values)
    for account in demo_small.accounts:
        person = Person.objects.get(username=account["username"])
        assert person.check_password(demo_small.mark["password"])
        assert any(str(post.pk) == account["post_id"] for post in posts.in_force(person, AT))
    others = Person.objects.exclude(username__in=[account["username"] for account in demo_small.accounts])
    assert not any(person.has_usable_password() for person in others)


def test_people_are_made_of_example_syllables(demo_small: build.Demo) -> None:
    names = Person.objects.values_list("name", flat=True)
    assert all(len(name) == 3 and name[1] in persons.STEMS for name in names)
    assert len(set(names)) == len(names)


def test_every_township_has_a_desk_with_people_and_every_committee_somebody(demo_small: build.Demo) -> None:
    for township in Area.objects.filter(district=demo_small.district, level=Level.TOWNSHIP):
        desk = Unit.objects.get(area=township, kind="centre")
        assert Post.objects.in_force(AT).filter(unit=desk, role=Role.DISPATCHER).count() >= 2
    for unit in Unit.objects.filter(kind="village"):
        assert Post.objects.in_force(AT).filter(unit=unit).exists()


def test_every_category_has_a_unit_wherever_it_happens(demo_small: build.Demo) -> None:
    whole = set(Rule.objects.filter(area=demo_small.district).values_list("category_key", "klass"))
    for category in Category.objects.filter(valid_to=None):
        if category.klass != "police":  # it is referred, not dispatched
            local = Rule.objects.filter(Q(category_key=category.key) | Q(klass=category.klass, category_key=""))
            assert (category.key, "") in whole or ("", category.klass) in whole or local.exists(), category.key


def test_somebody_commands_and_desks_are_staffed_now(demo_small: build.Demo) -> None:
    on = Counter(Shift.objects.filter(closed_at=None).values_list("post__role", flat=True))
    assert on[Role.COMMANDER] >= 1
    assert on[Role.DISPATCHER] >= 1
    assert on[Role.GRID_WORKER] >= 1
    assert not Shift.objects.filter(opened_at__gt=AT).exists()


def test_each_history_is_a_walk_through_the_table_of_steps(demo_small: build.Demo) -> None:
    walks: dict[Any, list[Entry]] = defaultdict(list)
    for entry in Entry.objects.filter(about_kind="incidents.incident").order_by("id"):
        walks[entry.about_id].append(entry)
    incidents = {incident.pk: incident for incident in Incident.objects.all()}
    assert set(walks) == set(incidents)
    for key, entries in walks.items():
        status, last = Status.DRAFT.value, datetime.min.replace(tzinfo=AT.tzinfo)
        for entry in entries:
            assert last <= entry.at <= AT
            last = entry.at
            if entry.kind not in STEP_OF or not entry.status_before:
                continue
            move = STEPS[STEP_OF[entry.kind]]
            assert (entry.status_before, entry.status_after) == (status, move.target)
            assert Status(status) in move.sources
            status = entry.status_after
        assert status == incidents[key].status


def test_nobody_verified_what_they_handled(demo_small: build.Demo) -> None:
    both = Incident.objects.filter(handler__isnull=False, verifier__isnull=False)
    assert both.count() > 20
    assert not both.filter(handler__person=F("verifier__person")).exists()


def test_what_is_open_has_the_duty_of_its_leg_and_its_deadline(demo_small: build.Demo) -> None:
    rows = Duty.objects.exclude(state=State.ENDED).filter(kind__in=set(LEGS.values()))
    legs = {(duty.about_id, duty.kind): duty for duty in rows}
    opened = Incident.objects.exclude(status__in=[*ENDED, Status.DRAFT])
    assert opened.count() > 20
    for incident in opened:
        duty = legs.pop((incident.pk, LEGS[Status(incident.status)]))
        held = duty.state == State.PAUSED or duty.pauses.exists()  # a clock that stood still is not shown again
        assert held or incident.due_at == duty.due_at
    assert not legs
    assert Incident.objects.filter(status__in=ENDED, due_at__isnull=False).count() == 0


def test_the_sweeper_goes_on_where_the_history_ends(demo_small: build.Demo) -> None:
    assert sweeper.sweep(now=AT) == 0  # nothing of the past is left to fire
    duty = Duty.objects.filter(state=State.OPEN, next_at__gt=AT).order_by("next_at").first()
    assert duty is not None and duty.next_at is not None
    before = duty.steps.count()
    sweeper.sweep(now=duty.next_at)
    assert duty.steps.count() == before + 1


def test_some_things_are_late_and_most_are_not(demo_small: build.Demo) -> None:
    answered = Duty.objects.filter(kind="incidents.handle", outcome="answered")
    late = answered.filter(on_time=False).count()
    assert 0 < late < answered.count() / 4
    assert Duty.objects.filter(state=State.OPEN, due_at__lt=AT).exists()


def test_the_journal_is_sealed_and_verifies(demo_small: build.Demo) -> None:
    report = verify.verify(processes=0)
    assert report.sound, report.faults
    assert report.waiting == 0
    assert report.entries == Entry.objects.count()


def test_who_reported_lies_in_the_vault_and_nowhere_else(demo_small: build.Demo) -> None:
    reporter = Reporter.objects.filter(card__isnull=False).order_by("id").first()
    assert reporter is not None
    card = Card.objects.get(pk=reporter.card)
    fields = orjson.loads(
        envelope.open_sealed(
            bytes(card.sealed), key=keystore.store().get(card.key_id), district_id=card.district_id,
            purpose=card.purpose, owner=str(card.id),
        )
    )  # fmt: skip
    assert set(fields) == {"name", "phone"}
    assert card.masked == {"name": fields["name"][0] + "*", "phone": f"154****{fields['phone'][-4:]}"}
    with connection.cursor() as cursor:
        for table in ("incidents_incident", "journal_entry", "duties_duty", "incidents_ask", "incidents_rating"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            rows = [row for (row,) in cursor.fetchall()]
            assert not any(fields["phone"] in row or fields["name"] in row for row in rows)
    texts = Incident.objects.values_list("title", "text", "address")
    assert not any(identity.has_numbers(" ".join(row)) for row in texts)
    assert any("154****" in text for _title, text, _address in texts), "nobody wrote a number into a text"


def test_private_matters_say_nothing_in_clear(demo_small: build.Demo) -> None:
    private = Incident.objects.filter(private=True)
    assert private.exists()
    for incident in private.select_related("category"):
        assert (incident.title, incident.text, incident.address) == (incident.category.name, "", "")
        assert incident.text_card


def test_a_grid_worker_sees_the_village_and_a_dispatcher_the_township(demo_small: build.Demo) -> None:
    for role in (Role.GRID_WORKER, Role.DISPATCHER, Role.COMMANDER, Role.HANDLER):
        account = next(one for one in demo_small.accounts if one["role"] == role)
        post = Post.objects.with_names().get(pk=account["post_id"])
        seen = access.visible(viewer=post)
        assert seen.exists() or role in {Role.GRID_WORKER, Role.HANDLER}
        if role == Role.COMMANDER:
            assert seen.count() == Incident.objects.count()


def test_there_is_as_much_as_was_said(demo_small: build.Demo) -> None:
    size = build.SIZES["small"]
    assert Person.objects.count() == pytest.approx(size.staff, abs=5)
    assert demo_small.mark["incidents"] == pytest.approx(size.days * size.per_day, rel=0.35)
    sources = Counter(Incident.objects.values_list("source", flat=True))
    assert set(sources) >= {"grid", "resident", "hotline", "device"}
    assert len(set(Incident.objects.values_list("klass", flat=True))) >= 7


def test_premises_are_inspected_by_plans(demo_small: build.Demo) -> None:
    assert set(Plan.objects.values_list("kind", flat=True)) == set(PremisesKind.values)
    states = Counter(Visit.objects.values_list("state", flat=True))
    assert states["owed"] > 0
    assert states["done"] > 0
    owed = Duty.objects.filter(kind="inspections.visit").exclude(state=State.ENDED)
    assert owed.count() == states["owed"]
    assert not Visit.objects.filter(visited_at__gt=AT).exists()


def test_clearing_is_for_demos_only(demo_small: build.Demo) -> None:
    from qipan.foundation.areas.models import DistrictProfile

    DistrictProfile.objects.update(settings={})
    with pytest.raises(build.NotADemo):
        build.clear()
    assert Area.objects.exists()


def test_clearing_leaves_an_empty_database(demo_small: build.Demo) -> None:
    build.clear()
    assert build.found() is None
    assert not Person.objects.exists()
    assert not Entry.objects.exists()
