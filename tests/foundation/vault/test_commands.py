"""`qipan vault` as an administrator uses it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.utils import translation

from qipan.assembly.cli import complete
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.vault import operations
from qipan.foundation.vault.models import Card, Key, KeyCopy

AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def run():

    def run(*words, code=0, **more):
        with translation.override("en"):
            done = CliRunner().invoke(complete(), ["--json", "vault", *map(str, words)], **more)
        assert done.exit_code == code, done.output + str(done.exception)
        return json.loads(done.stdout)

    return run


@pytest.fixture
def card():
    return operations.seal(
        district_id=1,
        purpose="p",
        retention="short",
        about=("thing", uuid4()),
        fields={"name": "张三"},
        by=SYSTEM,
        at=AT,
    )


def test_keys_are_listed_with_their_copies(run, card):
    rows = run("keys")
    assert [(row["purpose"], row["records"], len(row["copies"])) for row in rows] == [
        ("blind-index", 0, 1),
        ("p", 1, 1),
    ]


def test_renewing_seals_anew(run, card):
    done = run("rotate")
    assert done["sealed_anew"] == 1
    assert Card.objects.get().key_id == done["keys"][0]
    assert run("rotate", "--index", "--district", 1)["sealed_anew"] == 1
    assert run("rotate", "--master")["master"].startswith("m")


def test_escrow_and_back_from_its_files(run, card, tmp_path, settings, somebody):
    files = run("escrow", tmp_path / "safe", "--holder", "甲", "--holder", "乙")["files"]
    assert all((tmp_path / "safe" / name).stat().st_mode & 0o777 == 0o600 for name in files)
    assert not any("张三" in Path(name).read_bytes().decode(errors="ignore") for name in files)
    settings.KEYS = tmp_path / "new"
    assert len(run("restore-escrow", files[0], "--share", files[1], "--share", files[2])["keys"]) == 2
    operations.reveal(card_id=card.id, by=somebody(), at=AT, reason="checking")


def test_escrow_back_from_typed_shares(run, card, tmp_path, settings):
    files = run("escrow", tmp_path, "--holder", "甲", "--holder", "乙")["files"]
    shares = ["\n".join(Path(name).read_text().split("\n")[2:]) for name in files[1:]]
    settings.KEYS = tmp_path / "new"
    typed = f"{shares[0].strip()}\n\n{shares[1].strip()}\n\n"
    assert len(run("restore-escrow", files[0], input=typed)["keys"]) == 2


def test_a_key_in_use_is_kept_and_a_refusal_has_its_exit_code(run, card):
    assert run("destroy", card.key_id, "--reason", "x", "--yes", code=6)["code"] == "key-in-use"
    done = run("destroy", card.key_id, "--reason", "closed", "--yes", "--with-records")
    assert (done["records"], done["ended"], done["reason"]) == (1, 1, "closed")
    assert Key.objects.get(id=card.key_id).destroyed_at


def test_destroying_asks_first(card):
    done = CliRunner().invoke(
        complete(), ["vault", "destroy", card.key_id, "--reason", "x", "--with-records"], input="n\n"
    )
    assert done.exit_code == 1
    assert Card.objects.get().erased_at is None


def test_an_ended_copy_is_entered(card, tmp_path):
    operations.escrow(holders=("甲", "乙"), by=SYSTEM, at=AT, place="safe")
    copy = KeyCopy.objects.filter(form="export").first()
    done = CliRunner().invoke(complete(), ["vault", "end-copy", str(copy.id), "--how", "shredded by two people"])
    assert done.exit_code == 0, done.output
    copy.refresh_from_db()
    assert copy.ended_how == "shredded by two people"


def test_what_is_due_is_erased(run, card):
    assert run("erase") == {"erased": 1}
    assert run("erase") == {"erased": 0}
