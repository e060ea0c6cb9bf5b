"""Days are drawn from a seed, follow the clock of working people, and never depend on each other."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from qipan.assembly.demo import build, incidents, loading, persons, scene, words
from qipan.assembly.demo.ledger.rows import COLUMNS
from qipan.assembly.demo.ledger.text import escaped, iso, stamp, vector
from qipan.assembly.demo.ledger.winding import Winder
from qipan.assembly.demo.rhythm import HOURS, WEIGHTS, Rhythm
from qipan.foundation.duties import clocks, kinds
from qipan.foundation.duties.models import Duty
from qipan.foundation.journal.models import Entry
from qipan.incidents import defaults
from qipan.incidents.models import Incident
from qipan.kernels.clock import Limit
from qipan.kernels.clock.timetable import CHINA, DAY, instant, moment_of
from tests.demo import AT


@pytest.fixture
def here(demo_small: build.Demo) -> scene.Scene:
    return scene.load(demo_small.district, at=AT)


def chunks(here: scene.Scene, **given: Any) -> list[incidents.Chunk]:
    return list(incidents.history(here, **{"days": 6, "per_day": 12.0, "seed": 1, "now": AT, "photos": False, **given}))


def plain(lines: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without ciphertext, which differs every time."""
    return {table: sorted(rows) for table, rows in lines.items() if table not in {"vault_card", "incidents_attachment"}}


def test_the_same_seed_tells_the_same_stories(here: scene.Scene) -> None:
    first, again, other = chunks(here), chunks(here), chunks(here, seed=6)
    assert [plain(chunk.lines) for chunk in first] == [plain(chunk.lines) for chunk in again]
    assert [chunk.entries for chunk in first] == [chunk.entries for chunk in again]
    assert plain(other[0].lines)["incidents_incident"] != plain(first[0].lines)["incidents_incident"]


def titles(found: list[incidents.Chunk]) -> dict[str, list[tuple[str, str]]]:
    """What was reported on each day: (moment, title)."""
    days: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for chunk in found:
        for line in chunk.lines["incidents_incident"]:
            row = dict(zip(COLUMNS["incidents_incident"], line.split("\t"), strict=True))
            days[row["reported_at"][:10]].append((row["reported_at"], row["title"]))
    return {day: sorted(rows) for day, rows in days.items()}


def test_a_day_is_the_same_however_many_come_before_it(here: scene.Scene) -> None:
    long, short = titles(chunks(here, days=6)), titles(chunks(here, days=3))
    last = moment_of(instant(AT) // DAY * DAY).date().isoformat()
    assert long[last] == short[last]
    assert len(long[last]) > 3


def test_processes_can_share_the_days(here: scene.Scene) -> None:
    days = incidents.days_of(days=6, now=AT)
    assert days[-1] == instant(AT) // DAY
    whole = titles(chunks(here))
    halves = [titles(chunks(here, only=half)) for half in (days[:2], days[2:])]
    assert halves[0] | halves[1] == whole
    assert not halves[0].keys() & halves[1].keys()


def test_entries_leave_in_the_order_of_time(here: scene.Scene) -> None:
    newest = 0
    for chunk in chunks(here, days=9, per_day=40.0):
        moments = sorted(at for at, _order, _line in chunk.entries)
        assert not moments or moments[0] >= newest
        newest = moments[-1] if moments else newest


def test_people_report_by_day_and_less_on_days_of_rest(here: scene.Scene) -> None:
    rhythm, dice = Rhythm(here, seed=1), random.Random(3)
    monday = date(2026, 4, 20).toordinal()
    work = sum(rhythm.how_many(monday + week * 7, per_day=200, dice=dice) for week in range(-20, 20))
    rest = sum(rhythm.how_many(monday + 6 + week * 7, per_day=200, dice=dice) for week in range(-20, 20))
    assert rest < work * 0.85
    category = here.categories["street-light"]
    hours = Counter(moment_of(rhythm.moment(monday, category, dice)).hour for _ in range(3000))
    assert hours[10] > 5 * hours[3]
    assert max(HOURS) == HOURS[10]


def test_heating_is_a_winter_matter(here: scene.Scene) -> None:
    rhythm, dice = Rhythm(here, seed=1), random.Random(3)
    town = next(place for place in here.places if place.urban)

    def share(day: date) -> float:
        drawn = [rhythm.category(day.toordinal(), town, dice).key for _ in range(2000)]
        return drawn.count("heat") / len(drawn)

    assert share(date(2026, 1, 12)) > 5 * share(date(2026, 7, 13))


def test_places_have_hot_spots(here: scene.Scene) -> None:
    rhythm, dice = Rhythm(here, seed=1), random.Random(3)
    drawn = Counter(rhythm.place(dice).id for _ in range(3000))
    assert drawn.most_common(1)[0][1] > 3 * 3000 / len(here.places)


def test_every_category_has_words_and_a_frequency() -> None:
    keys = {key for _klass, key, *_rest in defaults.CATEGORIES}
    assert set(words.EVENTS) == keys
    assert set(WEIGHTS) == keys


def test_there_are_hundreds_of_ways_to_say_things() -> None:
    dice = random.Random(1)
    texts = {words.text(key, place="某村", spot="桥头", dice=dice) for key in words.EVENTS for _ in range(30)}
    assert len(texts) > 600
    assert not any("{" in text for text in texts)


def test_no_telephone_number_could_ring() -> None:
    dice = random.Random(1)
    assert all(persons.phone(dice).startswith("154") for _ in range(50))


LIMITS = [Limit.natural(minutes=20), Limit.working(hours=4), Limit.working_days(5), Limit.natural_days(7)]


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: str(limit.clock))
@pytest.mark.parametrize("hours", ["working", "staffed"])
@pytest.mark.parametrize("urgent", [False, True])
def test_the_ledgers_clock_is_the_duties_clock(limit: Limit, hours: str, urgent: bool) -> None:
    rules = clocks.Rules(clocks.Calendar.from_official(extra=[]), clocks.hours_of(clocks.STANDARD_WORKING),
                         clocks.hours_of(clocks.STANDARD_STAFFED))  # fmt: skip
    winder, dice = Winder(rules), random.Random(8)
    for _ in range(40):
        at = datetime(2026, 12, 28, tzinfo=UTC).timestamp() - dice.randrange(400 * 86400)
        start = datetime.fromtimestamp(at, UTC)
        model = Duty(kind="incidents.handle", limit=clocks.dump(limit), hours=hours, urgent=urgent, starts_at=start,
                     escalation="urgent" if urgent else "default")  # fmt: skip
        clocks.wind(model, now=start, pauses=(), extensions=(), fired={}, rules=rules)
        wound = winder.wind(kind="incidents.handle", limit=limit, hours=hours, start=instant(start),
                            escalation=model.escalation)  # fmt: skip
        assert (moment_of(wound.due or 0), wound.provisional) == (model.due_at, model.provisional)
        assert (wound.warn and moment_of(wound.warn)) == model.warn_at
        assert [[name, iso(at), round_] for name, at, round_ in wound.steps] == model.schedule
    assert kinds.get("incidents.handle").warn < 1


def test_values_are_written_as_copy_reads_them(db: None) -> None:
    at = instant(datetime(2026, 4, 8, 1, 30, 5, 250_000, tzinfo=UTC))
    odd = "a\\b\n\t路"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE written (at timestamptz, words text, terms tsvector)")
        with cursor.copy("COPY written FROM STDIN") as copy:
            copy.write("\t".join((stamp(at), escaped(odd), vector(["路灯", "qp1"]))).encode() + b"\n")
            copy.write(f"{stamp(None)}\t\\N\t\\N\n".encode())
        cursor.execute("SELECT at, words, terms::text FROM written")
        (first, nothing) = cursor.fetchall()
    assert first == (moment_of(at), odd, "'qp1' '路灯'")
    assert nothing == (None, None, None)
    assert iso(at) == moment_of(at).astimezone(CHINA).isoformat()


def test_old_years_keep_closing_entries_only(here: scene.Scene) -> None:
    before, entries = Incident.objects.count(), Entry.objects.count()
    told, speed, _seconds = incidents.load(here, days=900, full_days=2, per_day=0.5, seed=9,
                                           now=datetime(2020, 4, 22, tzinfo=UTC), photos=False)  # fmt: skip
    assert Incident.objects.count() == before + speed.rows["incidents_incident"]
    old = Incident.objects.filter(source="import")
    assert old.count() == pytest.approx(told, abs=8)
    assert not old.exclude(status="closed").exists()
    assert not Duty.objects.filter(about_id__in=old.values("pk")).exists()
    assert Entry.objects.filter(about_id__in=old.values("pk")).count() == old.count()
    assert Entry.objects.count() - entries < old.count() + 60


def test_indexes_and_keys_come_back_after_a_load(here: scene.Scene) -> None:
    def what() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename LIKE 'incidents_%' ORDER BY 1")
            found = cursor.fetchall()
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"
            )
            return [*found, *cursor.fetchall()]

    before = what()
    with loading.bare(incidents.TABLES):
        assert len(what()) < len(before)
    assert what() == before


def test_columns_that_the_ledger_does_not_know_get_their_default(here: scene.Scene) -> None:
    names, tail = loading.Loader()._tail("duties_duty")
    known = set(loading.COLUMNS["duties_duty"])
    extra = [name.strip('"') for name in names.split(", ") if name.strip('"') not in known]
    assert len(extra) == tail.count("\t")
    assert {"stage", "stages_late"} <= set(extra)


def test_loading_twice_gives_the_same_tables(demo_small: build.Demo) -> None:
    def what() -> tuple[list[Any], list[Any]]:
        columns = ("number", "title", "text", "reported_at", "status", "status_at", "due_at", "version")
        return (
            list(Incident.objects.order_by("number").values_list(*columns)),
            list(
                Duty.objects.order_by("about_label", "kind", "opened_at").values_list("about_label", "kind", "due_at")
            ),
        )

    first, seed = what(), demo_small.mark["seed"]
    build.clear()
    build.load(size=build.SIZES["small"], name="small", seed=seed, at=AT)
    assert what() == first
