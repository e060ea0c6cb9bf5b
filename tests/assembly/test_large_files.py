"""A file of one gigabyte, by each door: refused in words, nothing loaded, and not taken into memory."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import httpx
import pytest
from asgiref.sync import async_to_sync
from click.testing import CliRunner

from qipan.assembly import asgi, cli
from qipan.foundation.areas.models import Area, Premises
from qipan.foundation.posts.models import Post, Unit
from qipan.incidents.models import Incident
from tests import factories

GIGABYTE = 2**30
IMPORTS = {
    "areas": (), "premises": (), "posts": (), "units": (), "calendar": ("--year", "2027", "--source", "x"),
    "incidents": ("--mapping", "nyc311"),
}  # fmt: skip


@pytest.fixture(params=["csv", "xlsx"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"large.{request.param}"
    with path.open("wb") as file:
        file.write(b"name,code\n" if request.param == "csv" else b"PK\x03\x04")
        file.truncate(GIGABYTE)
    return path


@pytest.mark.django_db
@pytest.mark.parametrize("kind", IMPORTS)
def test_an_import_of_a_gigabyte_is_refused_with_nothing_loaded(kind: str, large: Path) -> None:
    district = factories.district()
    tables = (Area, Premises, Post, Unit, Incident)
    before = [table.objects.count() for table in tables]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    words = ["import", kind, str(large), "--district", district.name, *IMPORTS[kind]]
    done = CliRunner().invoke(cli.complete(), ["--json", "--language", "en", *words])
    assert done.exit_code not in {0, 1, 2}, done.output
    assert json.loads(done.stdout)["code"].endswith("too-large"), done.output
    assert [table.objects.count() for table in tables] == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # kilobytes


def test_an_upload_of_a_gigabyte_is_hung_up_on(db: None) -> None:
    sent = 0

    async def chunks():
        nonlocal sent
        for _ in range(1024):
            sent += 2**20
            yield bytes(2**20)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=asgi.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.post("/imports/new/", content=chunks())

    assert async_to_sync(ask)().status_code == 413
    assert sent < GIGABYTE // 4
