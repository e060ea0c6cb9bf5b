"""python3 run.py bench boardready: from opening the board to its being ready to use, cold and warm, in Chromium.

The demo district (4,999 cells, 5,280 premises) with so many open incidents on the map, served as users have it, by one
server; headless Chromium with software rendering, 1366 by 768, as the district's commander. Cold: a browser with a new
profile. Second: the same browser, some seconds later. Warm: once more, as on every later day: from then on a browser
keeps scripts compiled. Ready is the board's own mark: outlines, incidents and
names are drawn, the figures and both lists are there, and the map rests."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, sync_playwright

from benchmarks._demo import entered, needs_chromium, profile, served

LOOK: dict[str, Any] = {"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN"}
READY = "performance.getEntriesByName('board-ready')[0]?.startTime"
REST = 2_000

# The newest closed ones with a point are open again, their clocks spread from ten hours ago to four days ahead. Their
# journal says else: this database is for measuring only.
OPEN_AGAIN = """
import django, sys; django.setup()
from django.db import connection
from qipan.incidents.models import IS_OPEN, Incident
missing = int(sys.argv[1]) - Incident.objects.filter(IS_OPEN, longitude__isnull=False).count()
if missing > 0:
    with connection.cursor() as cursor:
        cursor.execute('''UPDATE incidents_incident SET status = 'filed', closed_at = NULL,
            due_at = now() + (abs(hashtext(id::text)) % 6360 - 600) * interval '1 minute'
            WHERE id IN (SELECT id FROM incidents_incident WHERE longitude IS NOT NULL AND status IN ('closed', 'rated')
                         ORDER BY number DESC LIMIT {})'''.format(missing))
print(Incident.objects.filter(IS_OPEN, longitude__isnull=False).count())
"""


def opened(folder: Path, wanted: int) -> int:
    """Has so many incidents open in the running demo; gives how many are."""
    settings = {"QIPAN_DATA": str(folder), "QIPAN_MODE": "demo", "DJANGO_SETTINGS_MODULE": "qipan.assembly.settings"}
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AGAIN, str(wanted)], check=True, env=os.environ | settings, stdout=subprocess.PIPE
    )
    return int(done.stdout.split()[-1])


def once(context: BrowserContext, address: str, view: str = "") -> tuple[float, int]:
    """Milliseconds from the start of the navigation to the board's mark; bytes that came over the line."""
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    got: dict[str, int] = {}
    line.on("Network.loadingFinished", lambda one: got.__setitem__(one["requestId"], int(one["encodedDataLength"])))
    page.goto(f"{address}/board/{view}", wait_until="commit")
    page.wait_for_selector("qipan-board[data-ready]", state="attached", timeout=60_000)
    ready = float(page.evaluate(READY))
    page.wait_for_timeout(REST)
    # The map's worker is fetched by itself and is not among them.
    worker = page.evaluate(
        "performance.getEntriesByType('resource').filter(one => one.name.includes('worker'))"
        ".reduce((sum, one) => sum + one.transferSize, 0)"
    )
    page.close()
    return ready, sum(got.values()) + int(worker)


def measured(chromium: BrowserType, address: str, rounds: int, view: str = "") -> dict[str, dict[str, float]]:
    with profile(chromium, **LOOK) as context:
        entered(context.pages[0], address, "commander")
        cookies: Any = context.cookies()
    found: dict[str, list[tuple[float, int]]] = {"cold": [], "second": [], "warm": []}
    for number in range(rounds + 1):
        with profile(chromium, **LOOK) as context:
            context.add_cookies(cookies)
            for some in found.values():
                one = once(context, address, view)
                if number:  # the first round warms the server
                    some.append(one)
    return {
        how: {"median_ms": statistics.median(ms for ms, _ in some), "fastest_ms": min(ms for ms, _ in some),
              "slowest_ms": max(ms for ms, _ in some), "bytes": statistics.median(size for _, size in some)}
        for how, some in found.items()
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench boardready", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--open", type=int, default=2_000, help="open incidents on the map (default 2,000)")
    parser.add_argument("--rounds", type=int, default=5, help="times cold and warm (default 5)")
    parser.add_argument("--view", default="", help="the end of a deep link, such as `#13/36.1/114.3`")
    parser.add_argument("--data", type=Path, help="folder of the demo's database; by default one that goes afterwards")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    asked = parser.parse_args()
    needs_chromium()
    folder = asked.data or Path(tempfile.mkdtemp(prefix="qipan-boardready-"))
    try:
        with served(folder) as address, sync_playwright() as playwright:
            count = opened(folder, asked.open)
            found = {
                "open": count,
                "load": os.getloadavg()[0],
                **measured(playwright.chromium, address, asked.rounds, asked.view),
            }
    finally:
        if asked.data is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
