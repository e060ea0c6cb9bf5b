"""How long a due moment takes on each clock: `python -m benchmarks.kernels.clock`."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter

from qipan.kernels.clock import CHINA, STANDARD, Calendar, Limit, due, explain

TIMES = 10_000
LIMITS = {
    "natural, 24 hours": Limit.natural(hours=24),
    "4 working hours": Limit.working(hours=4),
    "20 working days": Limit.working_days(20),
    "60 natural days": Limit.natural_days(60, roll=True),
}


def main() -> None:
    calendar = Calendar.from_official()
    first = datetime(2026, 1, 1, tzinfo=CHINA)
    starts = [first + timedelta(minutes=37 * n) for n in range(TIMES)]
    pause = timedelta(hours=20), timedelta(hours=50)
    for name, limit in LIMITS.items():
        for paused in (False, True):
            pauses = [[(start + pause[0], start + pause[1])] if paused else [] for start in starts]
            began = perf_counter()
            found = [
                due(start=start, limit=limit, calendar=calendar, hours=STANDARD, pauses=pauses[n])
                for n, start in enumerate(starts)
            ]
            each = (perf_counter() - began) / TIMES
            began = perf_counter()
            for deadline in found[:200]:
                explain(deadline)
            explained = (perf_counter() - began) / 200
            words = "one pause" if paused else "no pause"
            print(f"{name:20} {words:10} due {each * 1e6:6.1f} µs   explain {explained * 1e6:7.0f} µs")


if __name__ == "__main__":
    main()
