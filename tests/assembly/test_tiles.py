"""The map below the board: without its approval number there is none, and the content policy opens its server alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from qipan.assembly import tiles

URL = "https://tiles.example:8443/{z}/{x}/{y}.png"
NUMBER = "GS(2024)0650号"
READ = """
import json, django
from django.conf import settings
django.setup()
policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
print(json.dumps([settings.TILES, {name: [str(one) for one in policy[name]] for name in policy}]))
"""


def problems(monkeypatch: pytest.MonkeyPatch, mode: str, **given: str) -> list[str]:
    for name in ("URL", "DATUM", "APPROVAL", "ATTRIBUTION"):
        monkeypatch.delenv(f"QIPAN_TILES_{name}", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(f"QIPAN_TILES_{name}", value)
    found = tiles.problems(tiles.given(), mode=mode)
    assert bool(tiles.map_below(mode=mode)) == (bool(given.get("URL")) and not found)
    return found


@pytest.mark.parametrize("mode", ["production", "demo", "development"])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"URL": URL}, "QIPAN_TILES_APPROVAL"),
        ({"URL": URL, "APPROVAL": " "}, "QIPAN_TILES_APPROVAL"),
        ({"URL": "https://tiles.example/{z}/{x}", "APPROVAL": NUMBER}, "lacks"),
        ({"URL": "/tiles/{z}/{x}/{y}", "APPROVAL": NUMBER}, "no address"),
        ({"URL": "https://{x}.example/{z}/{x}/{y}", "APPROVAL": NUMBER}, "no address"),
        ({"URL": "https://a:b@tiles.example/{z}/{x}/{y}", "APPROVAL": NUMBER}, "no address"),
        ({"URL": "https://tiles.example;script-src/{z}/{x}/{y}", "APPROVAL": NUMBER}, "no address"),
        ({"URL": "https://*/{z}/{x}/{y}", "APPROVAL": NUMBER}, "no address"),
        ({"URL": URL, "APPROVAL": NUMBER, "DATUM": "bd09"}, "QIPAN_TILES_DATUM"),
    ],
)
def test_such_a_map_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str, given: dict[str, str], says: str) -> None:
    (problem,) = problems(monkeypatch, mode, **given)
    assert says in problem


def test_a_plain_line_is_for_trying_out_only(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"URL": "http://127.0.0.1:9/{z}/{x}/{y}", "APPROVAL": NUMBER}
    assert not problems(monkeypatch, "demo", **given)
    assert not problems(monkeypatch, "development", **given)
    (problem,) = problems(monkeypatch, "production", **given)
    assert "not https" in problem


def test_no_map_and_a_good_one_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not problems(monkeypatch, "production")
    assert not problems(monkeypatch, "production", URL=URL, APPROVAL=NUMBER, DATUM="gcj02")


def read(**given: str) -> tuple[dict[str, str] | None, dict[str, list[str]]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QIPAN_TILES_")}
    answer = subprocess.run(
        [sys.executable, "-c", READ],
        env=environment | {"DJANGO_SETTINGS_MODULE": "qipan.assembly.settings", "QIPAN_MODE": "production"} | given,
        capture_output=True,
        text=True,
        check=True,
    )
    found, policy = json.loads(answer.stdout)
    return found, policy


def test_the_policy_opens_exactly_the_maps_server_and_only_then() -> None:
    none, before = read(QIPAN_TILES_URL=URL)  # without a number there is no map
    assert none is None
    assert before["img-src"] == ["'self'", "data:", "blob:"]
    assert before["connect-src"] == ["'self'"]
    found, after = read(QIPAN_TILES_URL=URL, QIPAN_TILES_APPROVAL=NUMBER, QIPAN_TILES_ATTRIBUTION="天地图")
    assert found == {"url": URL, "datum": "wgs84", "approval": NUMBER, "attribution": "天地图"}
    assert after.pop("img-src") == [*before.pop("img-src"), "https://tiles.example:8443"]
    assert after.pop("connect-src") == [*before.pop("connect-src"), "https://tiles.example:8443"]
    assert after == before
