"""`qipan journal` as an auditor uses it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import translation

from qipan.assembly.cli import complete
from qipan.foundation.journal import sequencer, signing
from qipan.foundation.journal.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    def run(*words, code=0):
        with translation.override("en"):
            done = CliRunner().invoke(complete(), ["journal", *map(str, words)])
        assert done.exit_code == code, done.output + str(done.exception)
        return done

    return run


def test_a_sound_journal_is_proven(run, write):
    write(3)
    assert "3 entries placed" in run("sequence", "--once").stdout
    told = json.loads(run("verify", "--json").stdout)
    assert (told["sound"], told["entries"], told["seals"], told["faults"]) == (True, 3, 1, [])
    words = run("verify").stdout
    assert "The journal is sound." in words
    assert told["newest_head"] in words


def test_a_tampered_journal_ends_with_code_1_and_names_the_place(run, write):
    ids = write(3)
    sequencer.step()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET reason = 'other' WHERE id = %s", [ids[1]])
    told = json.loads(run("verify", "--json", code=1).stdout)
    assert told["faults"] == [{"kind": "altered", "position": 2, "entry": ids[1], "seal": 1}]
    done = run("verify", code=1)
    assert f"Entry altered: position 2, entry {ids[1]}, seal 1" in done.stderr
    assert "NOT sound" in done.stderr


def test_heads_kept_elsewhere_can_be_given(run, write, heads, tmp_path):
    write()
    sequencer.step()
    (file,) = heads.glob("*.jsonl")
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(file.read_bytes())
    assert json.loads(run("verify", "--json", "--heads", copy).stdout)["kept_heads"] == 1


def test_the_status_tells_what_waits(run, write):
    write(2)
    sequencer.step()
    write(1)
    told = json.loads(run("status", "--json").stdout)
    assert (told["positions"], told["waiting"], told["seals"]) == (2, 1, 1)
    said = run("status").stdout
    assert "2 entries placed, 1 waiting." in said
    assert f"Signed by key {told['key']}." in said


def test_a_new_key_signs_on_and_the_change_is_recorded(run, write, keys):
    write()
    sequencer.step()
    old = signing.signer(keys).key_id
    run("rotate-key")
    entry = Entry.objects.get(kind="journal.key_rotated")
    assert (entry.status_before, entry.status_after) == (old, signing.signer(keys).key_id)
    run("sequence", "--once")
    assert json.loads(run("verify", "--json").stdout)["sound"]
