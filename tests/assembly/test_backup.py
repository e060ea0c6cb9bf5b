"""A backup taken while people write, restored elsewhere: everything equal; and what is not whole is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from qipan.assembly import backup
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal import sequencer
from qipan.foundation.journal.rules import SYSTEM, About
from qipan.foundation.vault import operations as vault

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)


class House:
    """An installation's folders and database, run by the command line."""

    def __init__(self, folder: Path, conninfo: str) -> None:
        self.folder, self.conninfo = folder, conninfo
        self.files, self.keys, self.heads = folder / "files", folder / "keys", folder / "heads"

    def run(self, *words: object, code: int = 0) -> dict:
        done = self.say("--json", "--language", "en", *words)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def say(self, *words: object) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "DATABASE_URL": self.conninfo,
            "QIPAN_DATA": str(self.folder),
            "QIPAN_KEYS": str(self.keys),
            "QIPAN_HEADS": str(self.heads),
            "QIPAN_LOG": "ERROR",
        }
        return subprocess.run(
            [sys.executable, "-m", "qipan", *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )


@pytest.fixture
def house(tmp_path, settings):
    here = House(tmp_path / "here", backup.target())
    settings.DATA, settings.FILES, settings.KEYS, settings.HEADS = here.folder, here.files, here.keys, here.heads
    here.files.mkdir(parents=True)
    for number in range(5):
        (here.files / f"{number}").mkdir()
        (here.files / f"{number}" / "photo.jpg").write_bytes(os.urandom(100))
    return here


@pytest.fixture
def elsewhere(tmp_path):
    name = f"test_restored_{os.getpid()}"
    parts = conninfo_to_dict(backup.target())
    with psycopg.connect(backup.target(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield House(tmp_path / "elsewhere", make_conninfo("", **(parts | {"dbname": name})))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fill(count: int = 20):
    thing = About("thing", uuid4(), "T-1", 1, (1, 2))
    for number in range(count):
        journal.record("things.moved", thing, by=SYSTEM, at=AT, n=number, text="生僻字𬱖、'引号'\\ 与\n换行")
    return vault.seal(
        district_id=1,
        purpose="p",
        retention="case",
        about=thing,
        fields={"name": "张三", "phone": "13812345678"},
        by=SYSTEM,
        at=AT,
    )


def contents(conninfo):
    with psycopg.connect(conninfo, autocommit=True) as plain:
        plain.execute(backup.TEXT_FORM)
        return backup.content(plain)


def test_a_backup_taken_while_writing_is_restored_elsewhere_and_everything_is_equal(house, elsewhere, tmp_path):
    fill()
    stop, written = threading.Event(), []

    def write():
        try:
            while not stop.is_set():
                with transaction.atomic():
                    fill(3)
                written.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    threads.append(threading.Thread(target=sequencer.run, args=(stop,)))
    [thread.start() for thread in threads]
    try:
        while len(written) < 5:
            stop.wait(0.05)
        before = len(written)
        manifest = house.run("backup", tmp_path / "backup")
        assert len(written) > before  # nobody waited for it
    finally:
        stop.set()
        [thread.join() for thread in threads]
    assert manifest["tables"]["journal_entry"]["rows"] % 4 == 1  # whole transactions only: 20 + 1, and 3 + 1 each
    assert manifest["journal"]["position"] > 0
    assert "keys" not in {path.name for path in (tmp_path / "backup").iterdir()}
    assert not any(path.suffix in {".key", ".pem"} for path in (tmp_path / "backup").rglob("*"))

    told = elsewhere.run("restore", tmp_path / "backup")
    assert (told["equal"], told["files"], told["key_known"]) == (True, 5, False)
    assert told["journal"]["sound"]
    assert told["journal"]["entries"] == manifest["journal"]["position"] > 0
    assert sum(told["keys_lacking"].values()) == manifest["tables"]["vault_card"]["rows"]
    found = contents(elsewhere.conninfo)
    differences = backup.compare(manifest, found)
    assert [each.split(" ")[0] for each in differences] == ["journal_entry", "journal_pending"]  # the note of restoring
    assert found["tables"]["journal_entry"]["rows"] == manifest["tables"]["journal_entry"]["rows"] + 1
    assert {path.relative_to(house.files): path.read_bytes() for path in house.files.rglob("*.jpg")} == {
        path.relative_to(elsewhere.files): path.read_bytes() for path in elsewhere.files.rglob("*.jpg")
    }
    # It goes on from there: the sequencer accepts the restored heads.
    assert elsewhere.run("journal", "sequence", "--once")["placed"] > 0
    proven = elsewhere.run("journal", "verify")
    assert proven["sound"]
    assert proven["waiting"] == 0
    assert proven["entries"] == found["tables"]["journal_entry"]["rows"]


@pytest.mark.parametrize(
    ("language", "to_note", "not_proven"),
    [
        ("en", "Write this id down", "Not proven: that this backup is yours."),
        ("zh-hans", "请记下该编号", "尚不能证明此备份由本单位制作"),
    ],
)
def test_whose_backup_it_is_is_said_when_it_is_made_and_when_it_is_restored(
    house, elsewhere, tmp_path, language, to_note, not_proven
):
    fill(1)
    made = house.say("--language", language, "backup", tmp_path / "backup")
    key = (tmp_path / "backup" / "manifest.sig").read_text().split()[0]
    (line,) = [line for line in made.stdout.splitlines() if key in line]
    assert to_note in line
    back = elsewhere.say("--language", language, "restore", tmp_path / "backup")
    assert back.returncode == 0, back.stderr
    (line,) = [line for line in back.stderr.splitlines() if key in line]
    assert not_proven in line


def test_a_database_that_is_not_empty_is_left_alone(house, tmp_path):
    fill()
    house.run("backup", tmp_path / "backup")
    before = contents(house.conninfo)
    shutil.rmtree(house.files)
    assert house.run("restore", tmp_path / "backup", code=6)["code"] == "not-empty-database"
    assert contents(house.conninfo) == before


def test_a_folder_that_is_not_empty_is_left_alone(house, tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "mine").write_text("x")
    assert house.run("backup", tmp_path / "backup", code=6)["code"] == "not-empty-folder"
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["mine"]


def test_a_backup_that_is_not_whole_is_refused(house, tmp_path):
    fill()
    sequencer.drain()
    whole = tmp_path / "whole"
    backup.make(whole, conninfo=house.conninfo)
    assert backup.read(whole)[2]

    def altered(change):
        copy = tmp_path / uuid4().hex
        shutil.copytree(whole, copy)
        change(copy)
        with pytest.raises(backup.NotABackup):
            backup.read(copy)

    def flip(path):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    altered(lambda folder: flip(folder / "database.dump"))
    altered(lambda folder: flip(folder / "manifest.json"))
    altered(lambda folder: flip(folder / "manifest.sig"))
    altered(lambda folder: flip(next((folder / "heads").iterdir())))
    altered(lambda folder: flip(folder / "files/3/photo.jpg"))
    altered(lambda folder: (folder / "files/3/photo.jpg").unlink())
    altered(lambda folder: (folder / "manifest.sig").unlink())
    for content in ("{}", "[]", "1", '{"format": 2}'):
        altered(lambda folder, content=content: (folder / "manifest.json").write_text(content))
    # Nor may anything lie in it that nobody signed: a key put there would be trusted ever after.
    altered(lambda folder: (folder / "public-keys" / f"{'0' * 16}.pub").write_text("1" * 64 + "\n"))
    # A bit flipped in a key may leave a number or no number at all: each is as little a key as the other.
    for content in (b"1" * 64, b"g" * 64, b"11", b"", b"\xff\xfe"):
        altered(lambda folder, content=content: next((folder / "public-keys").iterdir()).write_bytes(content))
    altered(lambda folder: (folder / "heads" / "other.jsonl").write_text("{}\n"))
    altered(lambda folder: (folder / "files" / "other.jpg").write_bytes(b"x"))
    altered(lambda folder: (folder / "files" / "other").symlink_to("/etc"))


def test_a_manifest_signed_by_another_key_is_told_as_unknown(house, tmp_path, settings):
    fill()
    backup.make(tmp_path / "backup", conninfo=house.conninfo)
    settings.KEYS = tmp_path / "other machine"
    _manifest, _key, known = backup.read(tmp_path / "backup")
    assert not known


def test_a_backup_signed_anew_by_somebody_else_is_refused_where_the_key_was_named(house, tmp_path, settings):
    fill()
    backup.make(tmp_path / "backup", conninfo=house.conninfo)
    own = (tmp_path / "backup" / "manifest.sig").read_text().split()[0]
    settings.KEYS = tmp_path / "attacker"
    backup.make(tmp_path / "forged", conninfo=house.conninfo)
    settings.KEYS = tmp_path / "new machine"
    assert backup.read(tmp_path / "backup", signed_by=own)[1:] == (own, False)
    with pytest.raises(backup.SignedByAnother):
        backup.read(tmp_path / "forged", signed_by=own)


def test_the_digest_sees_any_difference_and_no_order(house):
    fill()
    before = contents(house.conninfo)
    for statement in (
        "UPDATE journal_entry SET reason = reason || ' ' WHERE id = (SELECT min(id) FROM journal_entry)",
        "DELETE FROM journal_pending WHERE entry_id = (SELECT min(entry_id) FROM journal_pending)",
        "UPDATE vault_card SET sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256)",
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement)
        after = contents(house.conninfo)
        assert len(backup.compare(before, after)) == 1
        before = after
    with connection.cursor() as cursor:  # the same rows, written in another order
        cursor.execute("CREATE TEMP TABLE kept AS SELECT * FROM journal_pending ORDER BY entry_id DESC")
        cursor.execute("DELETE FROM journal_pending")
        cursor.execute("INSERT INTO journal_pending SELECT * FROM kept")
    assert backup.compare(before, contents(house.conninfo)) == []


def test_a_program_of_the_servers_own_version_goes_before_a_newer_one(tmp_path, monkeypatch):
    older = tmp_path / "pg_restore"
    older.write_text("#!/bin/sh\necho 'pg_restore (PostgreSQL) 3.18 (Debian 3.18-0+deb12u1)'\n")
    older.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert backup.program("pg_restore", 3) == older
