"""Random calendars, hours, limits, starts and pauses."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from qipan.kernels.clock import CHINA, Calendar, Clock, Limit, Season, Span, WorkingHours

from .oracle import World

YEARS = (2025, 2026)  # starts lie here; 2026 may be left unpublished


@st.composite
def spans(draw, least=60):
    """One to three spans of a day, together at least `least` minutes."""
    edges = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=6)))
    edges = edges[: len(edges) // 2 * 2]
    found = [Span(edges[i] * 30, edges[i + 1] * 30) for i in range(0, len(edges), 2)]
    if sum(span.end - span.begin for span in found) < least:
        return (Span(540, 720), Span(840, 1080))
    return tuple(found)


@st.composite
def hours(draw):
    seasons = draw(st.sampled_from([(), ("summer",), ("winter",), ("summer", "winter")]))
    ranges = {"summer": ((5, 1), (9, 30)), "winter": ((11, 15), (2, 29))}
    return WorkingHours(
        draw(spans()),
        tuple(Season(*ranges[name], draw(spans())) for name in seasons),
        draw(st.one_of(st.just(()), spans())),
    )


@st.composite
def calendars(draw):
    """A calendar with the years of YEARS, or the first of them only, and the same as plain sets."""
    calendar, off, work = Calendar(), set(), set()
    for year in YEARS[: draw(st.integers(1, 2))]:
        first = date(year, 1, 1)
        days = [first + timedelta(n) for n in draw(st.sets(st.integers(0, 364), max_size=60))]
        weekend = [day for day in days if day.weekday() >= 5 and draw(st.booleans())]
        rest = [day for day in days if day not in weekend]
        calendar = calendar.with_year(
            year=year, off=dict.fromkeys(rest, "节日"), work=dict.fromkeys(weekend, "节日"), source="试"
        )
        off.update(rest)
        work.update(weekend)
    return calendar, off, work


def limits(clock: Clock):
    if clock.counts_days:
        roll = st.booleans() if clock is Clock.NATURAL_DAYS else st.just(False)
        return st.builds(Limit, st.just(clock), st.integers(1, 30), st.booleans(), roll)
    return st.builds(Limit, st.just(clock), st.integers(0, 900 if clock is Clock.WORKING_HOURS else 6000))


FIRST = datetime(2025, 1, 1, tzinfo=CHINA)
moments = st.integers(0, 729 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


@st.composite
def pauses(draw, start):
    """Up to four pauses around what follows `start`, some overlapping, some inside others, the odd one open."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        begin = start + timedelta(seconds=draw(st.integers(-2 * 86_400, 12 * 86_400)))
        length = draw(st.one_of(st.none(), st.integers(0, 4 * 86_400), st.integers(0, 3600)))
        found.append((begin, None if length is None else begin + timedelta(seconds=length)))
    return found


@st.composite
def cases(draw, clocks=tuple(Clock)):
    """(world, calendar, start, limit, pauses)"""
    calendar, off, work = draw(calendars())
    world = World(off, work, draw(hours()))
    start = draw(moments)
    return world, calendar, start, draw(limits(draw(st.sampled_from(clocks)))), draw(pauses(start))
