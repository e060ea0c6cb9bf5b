"""The replay of a past day: what it says of any moment is what the tables said at that moment."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests import factories
from tests.incidents.conftest import Town, make_town

from qipan.foundation.areas.models import Area
from qipan.foundation.duties import sweeper
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import Refusal
from qipan.incidents import access, operations
from qipan.incidents.models import IS_OPEN, Ask, Category, Incident, Supervision
from qipan.incidents.operations.report import Place
from qipan.incidents.rules.steps import OPEN
from qipan.kernels.clock import Limit
from qipan.live.queries.replay import DayToCome, TooBusyADay, replay

pytestmark = pytest.mark.django_db
SHOWN = ("status", "longitude", "latitude", "klass", "urgent", "supervised", "due_at")
Map = dict[Any, tuple[Any, ...]]


def on_the_map() -> Map:
    """Everything that is open, as the tables have it now."""
    return {key: tuple(values) for key, *values in Incident.objects.filter(IS_OPEN).values_list("pk", *SHOWN)}


def told(viewer: Post, at: datetime, *, now: datetime) -> Map:
    """The same of a moment, as its day's replay has it."""
    found = replay(viewer=viewer, day=timezone.localdate(at), now=now)
    rows = {key: tuple(values) for key, *values in found["start"]}
    for seconds, key, *values in found["changes"]:
        if found["from"] + timedelta(seconds=seconds) <= at:
            rows[key] = tuple(values)
    return {key: values for key, values in rows.items() if values[0] in OPEN}


class Life:
    """Random doings of everybody in a town, some sense in them."""

    def __init__(self, town: Town, dice: random.Random) -> None:
        self.town, self.dice = town, dice
        self.away = factories.below(town.district, 2, 1)
        self.clerk = factories.post(Role.DISPATCHER, self.away, factories.unit(area=self.away, kind="centre"))
        self.chief = factories.post(Role.DISPATCHER, town.district, town.centre)
        self.keys = sorted(Category.objects.filter(district=town.district).values_list("key", flat=True))

    def any(self, **wanted: Any) -> Any:
        return self.dice.choice(list(Incident.objects.filter(**wanted).order_by("reported_at", "pk")) or [None]).pk

    def report(self, at: datetime) -> None:
        town, dice = self.town, self.dice
        key = dice.choice(["street-light", "rubbish", *self.keys])
        area = dice.choice([town.cell, town.village, factories.below(town.district, 4, 4)])
        point = (114 + dice.random(), 36 + dice.random()) if dice.random() < 0.7 else (None, None)
        operations.report(
            category=town.category(key), title="一件事", source="staff", by=dice.choice(self.desks()), at=at,
            place=Place(area=area, longitude=point[0], latitude=point[1]), urgent=dice.choice([None, True, False]),
            draft=dice.random() < 0.1,
        )  # fmt: skip

    def desks(self) -> list[Post]:
        return [self.town.commander, self.town.dispatcher, self.clerk, self.chief]

    def accept(self, at: datetime) -> None:
        category = self.dice.choice([None, None, *Category.objects.filter(district=self.town.district, valid_to=None)])
        operations.accept(incident_id=self.any(status__in=("reported", "awaiting")), category=category, by=self.chief,
                          urgent=self.dice.choice([None, True, False]), at=at)  # fmt: skip

    def dispatch(self, at: datetime) -> None:
        operations.dispatch(incident_id=self.any(status="filed"), unit=self.town.department, by=self.chief,
                            at=at)  # fmt: skip

    def decline(self, at: datetime) -> None:
        step = self.dice.choice([operations.decline, operations.void])
        step(incident_id=self.any(status__in=("reported", "awaiting")), reason="重复", by=self.chief, at=at)

    def sign(self, at: datetime) -> None:
        operations.sign(incident_id=self.any(status="dispatched"), by=self.town.handler, at=at)

    def answer(self, at: datetime) -> None:
        operations.answer(incident_id=self.any(status="signed"), text="已修复", by=self.town.handler, at=at)

    def ask(self, at: datetime) -> None:
        kind = self.dice.choice(["return", "extension", "hold"])
        operations.ask(incident_id=self.any(status__in=("dispatched", "signed")), kind=kind, reason="缺件",
                       days=None if kind == "return" else 1, by=self.town.handler, at=at)  # fmt: skip

    def decide(self, at: datetime) -> None:
        asked = self.dice.choice(list(Ask.objects.filter(state="asked")) or [None])
        operations.decide(ask_id=asked.pk, approve=self.dice.random() < 0.8, reason="可", by=self.town.commander, at=at)

    def check_back(self, at: datetime) -> None:
        operations.check_back(incident_id=self.any(status="answered"), by=self.chief, at=at)

    def verify(self, at: datetime) -> None:
        step = self.dice.choice([operations.verify, operations.verify, operations.rework])
        words = {"reason": "未好"} if step is operations.rework else {"note": "已好"}
        step(incident_id=self.any(status="verifying"), by=self.chief, at=at, **words)

    def reopen(self, at: datetime) -> None:
        operations.reopen(incident_id=self.any(status="closed"), reason="又坏", by=self.town.commander, at=at)

    def supervise(self, at: datetime) -> None:
        operations.supervise(incident_id=self.any(status__in=OPEN), question="为何", by=self.town.commander, at=at)

    def end_supervision(self, at: datetime) -> None:
        found = self.dice.choice(list(Supervision.objects.filter(ended_at=None)) or [None])
        answerer = next(post for post in [self.town.handler, *self.desks()] if post.unit_id == found.unit_id)
        if found.answered_at is None:
            operations.answer_supervision(supervision_id=found.pk, text="马上", by=answerer, at=at)
        operations.end_supervision(supervision_id=found.pk, by=self.town.commander, at=at)

    def merge(self, at: datetime) -> None:
        operations.merge(incident_id=self.any(status__in=OPEN), into_id=self.any(status__in=OPEN),
                         by=self.chief, at=at)  # fmt: skip

    def unmerge(self, at: datetime) -> None:
        operations.unmerge(incident_id=self.any(status="merged"), by=self.chief, at=at)

    def steps(self) -> list[Callable[[datetime], None]]:
        often = [self.report, self.accept, self.dispatch, self.sign, self.answer, self.check_back, self.verify]
        return [*often, *often, *often, self.decline, self.ask, self.ask, self.decide, self.decide, self.reopen,
                self.supervise, self.end_supervision, self.merge, self.unmerge]  # fmt: skip

    def happen(self, at: datetime) -> str:
        """One thing that is allowed; what is refused changes nothing."""
        sweeper.sweep(now=at)  # never late here: the journal says when a hold ended, not when that was noticed
        step = self.dice.choice(self.steps())
        try:
            with transaction.atomic():
                step(at)
        except (Refusal, AttributeError, StopIteration):
            return ""
        return step.__name__


@pytest.mark.parametrize("seed", range(4))
def test_a_replay_says_of_every_moment_what_the_tables_said_then(seed: int) -> None:
    town, dice = make_town(), random.Random(seed)
    life, at = Life(town, dice), datetime(2026, 4, 7, 15, 0, tzinfo=UTC)  # an hour before midnight in China
    then: list[tuple[datetime, Map]] = []
    done: dict[str, int] = {}
    for _ in range(260):
        at += timedelta(seconds=dice.choice([0, 0, 1, 60, 600, 3600]))
        name = life.happen(at)
        done[name] = done.get(name, 0) + 1
        if then and then[-1][0] == at:
            then.pop()
        then.append((at, on_the_map()))
    assert len(done) > 14, done
    for viewer in (town.commander, life.clerk, town.administrator, town.dispatcher):
        seen = set(access.visible(viewer=viewer).values_list("pk", flat=True))
        compared = 0
        for moment, truth in then[:: 3 + seed]:
            wanted = {key: values for key, values in truth.items() if key in seen}
            assert told(viewer, moment, now=at + timedelta(days=1)) == wanted, (viewer.role, moment)
            compared += len(wanted)
        assert compared > 60 or viewer is life.clerk


def ask(post: Post, day: date, **headers: str) -> Any:
    return factories.sign_in(Client(headers=headers), post).get(f"/api/v1/board/replay?day={day}")


def test_a_day_over_the_api_is_packed_for_whoever_takes_it() -> None:
    town = make_town()
    incident = town.dispatched("street-light", place=Place(area=town.cell, longitude=114.1, latitude=36.2))
    day = timezone.localdate(town.at)
    answer = ask(town.commander, day, accept_encoding="gzip")
    found = orjson.loads(gzip.decompress(answer.content))
    assert [found["from"], found["to"]] == ["2026-04-08T00:00:00+08:00", "2026-04-09T00:00:00+08:00"]
    assert found["start"] == []
    assert [change[1:5] for change in found["changes"]] == [
        [str(incident.pk), status, 114.1, 36.2] for status in ("awaiting", "filed", "dispatched")
    ]
    assert orjson.loads(ask(town.commander, day + timedelta(days=1)).content)["start"][0][:2] == [
        str(incident.pk), "dispatched"
    ]  # fmt: skip
    assert "no-store" in answer["Cache-Control"]


def test_today_is_told_until_now_and_tomorrow_is_refused() -> None:
    town = make_town()
    now = town.later()
    assert replay(viewer=town.commander, day=timezone.localdate(now), now=now)["to"] == now
    with pytest.raises(DayToCome):
        replay(viewer=town.commander, day=timezone.localdate(now) + timedelta(days=1), now=now)
    assert ask(town.commander, timezone.localdate() + timedelta(days=2)).status_code == 422


def test_a_day_of_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    town = make_town()
    town.report()
    town.report()
    monkeypatch.setattr("qipan.live.queries.replay.MOST", 1)
    with pytest.raises(TooBusyADay):
        replay(viewer=town.commander, day=timezone.localdate(town.at), now=town.at + timedelta(days=2))


def test_nothing_of_the_next_township_nor_of_what_is_private_is_replayed() -> None:
    town = make_town()
    later = town.at + timedelta(days=2)
    town.closed("street-light")
    quarrel = town.report("quarrel-neighbours") if Category.objects.filter(key="quarrel-neighbours") else None
    Incident.objects.filter(pk=town.report("street-light").pk).update(private=True)
    next_door = factories.below(town.district, 2, 1)
    day = timezone.localdate(town.at)
    for role in Role:
        post = factories.post(role, next_door, factories.unit(area=next_door))
        found = replay(viewer=post, day=day, now=later)
        assert (found["start"], found["changes"]) == ([], [])
    hidden = set(Incident.objects.filter(private=True).values_list("pk", flat=True))
    for viewer in (town.administrator, town.grid_worker, town.commander):
        found = replay(viewer=viewer, day=day, now=later)
        shown = {change[1] for change in found["changes"]} | {row[0] for row in found["start"]}
        seen = set(access.visible(viewer=viewer).values_list("pk", flat=True))
        assert shown <= seen
        assert shown & hidden == seen & hidden  # a grid worker: what they reported themselves, as on their map
        assert bool(shown & hidden) == (viewer is not town.administrator)
    assert quarrel is None or quarrel.pk in hidden


def test_who_sees_what_is_theirs_sees_it_replayed() -> None:
    town = make_town()
    incident = town.closed("street-light")
    for viewer in (town.handler, town.grid_worker):
        assert access.visible(viewer=viewer).filter(pk=incident.pk).exists()
        found = replay(viewer=viewer, day=timezone.localdate(town.at), now=town.at + timedelta(days=2))
        assert incident.pk in {change[1] for change in found["changes"]}


def test_what_was_in_another_area_then_is_not_shown_to_its_area_of_today() -> None:
    """An incident that lay next door, as the entries of that time say, was not on this board."""
    town = make_town()
    incident = town.report("street-light")
    day = timezone.localdate(town.at)
    next_door = factories.below(town.district, 2, 1)
    here = Area.objects.get(pk=next_door.pk)
    Incident.objects.filter(pk=incident.pk).update(township=here, village=None, cell=None)
    clerk = factories.post(Role.DISPATCHER, here, factories.unit(area=here))
    assert access.visible(viewer=clerk).filter(pk=incident.pk).exists()
    assert replay(viewer=clerk, day=day, now=town.at + timedelta(days=1))["changes"] == []


def test_a_case_from_before_the_journal_stood_as_its_first_entry_says() -> None:
    from qipan.foundation.journal import operations as journal
    from qipan.foundation.journal.rules import SYSTEM

    town = make_town()
    at = town.later()
    incident = town.report("street-light")
    ended = at + timedelta(days=3)
    brought = Incident.objects.get(pk=incident.pk)
    brought.pk, brought.number, brought.reported_at, brought.due_at = None, "QP0", at, None
    brought.id = None
    brought.id = type(incident.pk)(int=7)
    brought.status, brought.status_at, brought.closed_at = "closed", ended, ended
    brought.save(force_insert=True)
    journal.record("incidents.closed", brought, by=SYSTEM, at=ended, before="answered", after="closed")
    found = replay(viewer=town.commander, day=timezone.localdate(at + timedelta(days=1)), now=ended + timedelta(days=9))
    assert [row[1] for row in found["start"] if row[0] == brought.pk] == ["answered"]
    after = replay(viewer=town.commander, day=timezone.localdate(ended), now=ended + timedelta(days=9))
    assert [change[2] for change in after["changes"]] == ["closed"]


def test_a_replay_asks_a_handful_of_questions() -> None:
    town = make_town()
    for _ in range(4):
        town.closed("street-light")
    with CaptureQueriesContext(connection) as few:
        replay(viewer=town.commander, day=timezone.localdate(town.at), now=town.at)
    for _ in range(9):
        operations.supervise(incident_id=town.dispatched("street-light").pk, question="何故", by=town.commander,
                             at=town.later(), limit=Limit.working_days(1))  # fmt: skip
    with CaptureQueriesContext(connection) as many:
        replay(viewer=town.commander, day=timezone.localdate(town.at), now=town.at)
    assert (len(few), len(many)) == (5, 6)
