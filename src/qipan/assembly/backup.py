"""Backup while people work, and restoring it onto an empty database, proven equal.

A backup is a folder: `database.dump` (pg_dump's own format, one snapshot), `files/` (photos, sealed where private),
`heads/` (the journal's signed heads), `public-keys/` (to verify them), and `manifest.json`, signed by the journal's
key: rows and a digest of the content of every table at that same snapshot, the hash of every file, head and public
key, the journal's newest head, and which vault keys will be needed. A backup that holds what its manifest does not
list is refused. The keys of the vault are never in it (docs/how-to/keys.md).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from qipan.foundation.journal import signing
from qipan.foundation.journal.sequencer import keys_folder
from qipan.foundation.refusals import Conflict, Invalid, Unavailable

FORMAT = 2
DUMP, FILES, HEADS, PUBLIC, MANIFEST, SIGNATURE = (
    "database.dump",
    "files",
    "heads",
    "public-keys",
    "manifest.json",
    "manifest.sig",
)
# Digests are over texts: the same on both sides whatever the servers' defaults are.
TEXT_FORM = (
    "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1; "
    "SET bytea_output = 'hex'; SET xmloption = 'document'; SET search_path = public"
)
Progress = Callable[[str, int, int], None]


class NotEmptyFolder(Conflict):
    """{folder} is not empty. Give a new folder."""


class NotEmptyDatabase(Conflict):
    """The database holds {count} tables. A backup is restored onto an empty database only."""


class NotABackup(Invalid):
    """{folder} is not a whole backup: {why}."""


class SignedByAnother(Invalid):
    """The backup is signed by key {key}, not by the one you named. Nothing was touched."""


class NotEqual(Conflict):
    """What was restored differs from the backup: {what}. Do not use this database."""


class ProgramFailed(Unavailable):
    """{program} failed: {why}"""


def make(folder: Path, *, conninfo: str, now: datetime | None = None, tell: Progress | None = None) -> dict[str, Any]:
    """Writes a backup into a new folder and gives its manifest. Writers go on meanwhile."""
    if folder.exists() and any(folder.iterdir()):
        raise NotEmptyFolder(folder=folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    tell = tell or _silent
    # Heads first, the snapshot after them, files last: heads kept never go beyond the journal, and every file that
    # a row of the snapshot names is there or was erased meanwhile.
    _copy_heads(folder)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(TEXT_FORM)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        version = int(_one(connection, "SHOW server_version_num")) // 10_000
        tell("dump", 0, 1)
        _run(
            program("pg_dump", version),
            "--format=custom",
            "--compress=6",
            "--no-owner",
            "--no-privileges",
            "--no-unlogged-table-data",
            f"--snapshot={snapshot}",
            f"--file={folder / DUMP}",
            "--dbname",
            conninfo,
        )
        tell("dump", 1, 1)
        contents = content(connection, tell=tell)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "made_at": (now or datetime.now(UTC)).isoformat(),
            "postgresql": version,
            **contents,
            "journal": _journal(connection),
            "vault_keys": _vault_keys(connection),
        }
        connection.execute("COMMIT")
    manifest["files"] = _copy_files(folder, tell)
    manifest["dump"] = _hash(folder / DUMP)
    manifest["heads"] = {path.name: _hash(path) for path in sorted((folder / HEADS).glob("*"))}
    signer = signing.signer(keys_folder())
    (folder / PUBLIC).mkdir()
    for public in keys_folder().glob("*.pub"):
        shutil.copy2(public, folder / PUBLIC)
    manifest[PUBLIC] = {path.name: _hash(path) for path in sorted((folder / PUBLIC).glob("*"))}
    body = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    (folder / MANIFEST).write_bytes(body)
    signature = base64.b64encode(signer.key.sign(_signed(body))).decode()
    (folder / SIGNATURE).write_text(f"{signer.key_id} {signature}\n")
    return manifest


def read(folder: Path, *, signed_by: str = "", tell: Progress | None = None) -> tuple[dict[str, Any], str, bool]:
    """(manifest, id of the key that signed it, whether this installation knows that key). Checks every hash.

    `signed_by`: the only key whose word counts. On a new machine every key is unknown, and whoever altered a backup
    could have signed it anew with their own. Raises NotABackup where a part is missing, altered, not listed or not
    signed by the key it names, SignedByAnother.
    """
    tell = tell or _silent
    try:
        body = (folder / MANIFEST).read_bytes()
        manifest = json.loads(body)
        key_id, signature = (folder / SIGNATURE).read_text().split()
    except (OSError, ValueError) as problem:
        raise NotABackup(folder=folder, why=f"{MANIFEST}, {SIGNATURE}") from problem
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if form != FORMAT:
        raise NotABackup(folder=folder, why=f"format {form}")
    if signed_by and key_id != signed_by:
        raise SignedByAnother(field="signed_by", key=key_id)
    known = signing.public_keys(keys_folder())
    keys = signing.public_keys(folder / PUBLIC) | known
    if key_id not in keys:
        raise NotABackup(folder=folder, why=f"{PUBLIC}/{key_id}.pub")
    try:
        keys[key_id].verify(base64.b64decode(signature), _signed(body))
    except Exception as problem:
        raise NotABackup(folder=folder, why=SIGNATURE) from problem
    listed = {DUMP: manifest["dump"]}
    for part in (HEADS, FILES, PUBLIC):
        listed |= {f"{part}/{name}": digest for name, digest in manifest[part].items()}
        # Least of all a key: whatever it signed would be believed ever after.
        there = {path for path in (folder / part).rglob("*") if path.is_symlink() or not path.is_dir()}
        if unlisted := sorted({path.relative_to(folder).as_posix() for path in there} - listed.keys()):
            raise NotABackup(folder=folder, why=unlisted[0])
    for number, (name, digest) in enumerate(listed.items(), start=1):
        path = folder / name
        if ".." in Path(name).parts or not path.is_file() or _hash(path) != digest:
            raise NotABackup(folder=folder, why=name)
        tell("check", number, len(listed))
    return manifest, key_id, key_id in known


def signer_of(folder: Path) -> str:
    """The id of the key that a backup names as its own; whether that is true is asked by `read`."""
    return (folder / SIGNATURE).read_text().split()[0]


def restore(
    folder: Path, *, manifest: dict[str, Any], conninfo: str, now: datetime, tell: Progress | None = None
) -> None:
    """Puts a backup that `read` approved onto an empty database and proves that it is equal.

    Files go into an empty folder of files; heads that lie here already are set aside, never overwritten. Raises
    NotEmptyDatabase, NotEmptyFolder, NotEqual.
    """
    tell = tell or _silent
    files = Path(settings.FILES)
    if files.exists() and any(path.is_file() for path in files.rglob("*")):
        raise NotEmptyFolder(folder=files)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if count := len(_tables(connection)):
            raise NotEmptyDatabase(count=count)
        version = int(_one(connection, "SHOW server_version_num")) // 10_000
    tell("restore", 0, 1)
    _run(
        program("pg_restore", version),
        "--no-owner",
        "--no-privileges",
        "--jobs=2",
        "--dbname",
        conninfo,
        str(folder / DUMP),
        # A newer program sets what an older server does not know, once in each of its connections. Any other error
        # has a line of its own beside the count.
        forgiven=re.compile(r"transaction_timeout|^pg_restore: warning: errors ignored on restore: \d+$"),
    )
    tell("restore", 1, 1)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("ANALYZE")
        connection.execute(TEXT_FORM)
        found = content(connection, tell=tell)
    if differences := compare(manifest, found):
        raise NotEqual(what=", ".join(differences[:10]))
    shutil.copytree(folder / FILES, files, dirs_exist_ok=True)
    _restore_heads(folder, now)
    keys_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    for public in (folder / PUBLIC).glob("*.pub"):
        if not (keys_folder() / public.name).exists():
            shutil.copy2(public, keys_folder())


def content(connection: psycopg.Connection[Any], *, tell: Progress | None = None) -> dict[str, Any]:
    """Rows and a digest of the content of each table, and where each sequence stands.

    The digest is the sum of the MD5 of every row's text: the order of rows does not matter, any difference does.
    (Whether something was changed on purpose is the journal's and the signature's matter.)
    """
    tell, tables, names = tell or _silent, {}, _tables(connection)
    for number, name in enumerate(names, start=1):
        row = connection.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(('x' || left(h, 15))::bit(60)::bigint::numeric), 0)::text || ':' || "
                "coalesce(sum(('x' || right(h, 15))::bit(60)::bigint::numeric), 0)::text "
                "FROM (SELECT md5(t::text) AS h FROM {} AS t) AS hashed"
            ).format(sql.Identifier(name))
        ).fetchone()
        assert row is not None
        tables[name] = {"rows": row[0], "digest": row[1]}
        tell("digest", number, len(names))
    # Sequences do not follow snapshots: one may be ahead in the manifest, never behind what is restored.
    sequences = {
        row[0]: row[1]
        for row in connection.execute(
            "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
        )
    }
    return {"tables": tables, "sequences": sequences}


def compare(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What differs, table by table; empty when equal."""
    differences = []
    for name in sorted(expected["tables"].keys() | found["tables"].keys()):
        before, after = expected["tables"].get(name), found["tables"].get(name)
        if before != after:
            rows = [str(side["rows"]) if side else "-" for side in (before, after)]
            differences.append(f"{name} ({rows[0]} → {rows[1]})")
    differences += [name for name in expected["sequences"] if name not in found["sequences"]]
    return differences


def program(name: str, version: int) -> Path:
    """pg_dump or pg_restore fit for a server's major version: one on this machine, else the one in the wheel."""
    from qipan.assembly.database import Embedded

    places = [Path(f"/usr/lib/postgresql/{version}/bin/{name}")]
    if found := shutil.which(name):
        places.append(Path(found))
    places.append(Embedded().program(name))
    for place in places:
        if place.exists() and _major(place) == version:
            return place
    newer = [place for place in places if place.exists() and _major(place) > version]
    if not newer:
        raise ProgramFailed(program=name, why=f"PostgreSQL {version}")
    return newer[0]


def target() -> str:
    """The connection string of this process's database, for programs and plain connections."""
    from django.db import connection

    parameters = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port", "sslmode", "options")
    return make_conninfo("", **{key: str(parameters[key]) for key in wanted if parameters.get(key)})


def _major(path: Path) -> int:
    told = subprocess.run([str(path), "--version"], check=False, capture_output=True, text=True).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", told)  # Debian adds brackets of its own behind the number
    return int(found[1]) if found else 0


def _run(path: Path, *words: str, forgiven: re.Pattern[str] | None = None) -> None:
    # The password goes by the environment: arguments can be read by others on the machine.
    words_out, environment = [], dict(os.environ)
    for word in words:
        if "password=" in word or "://" in word:
            parts = conninfo_to_dict(word)
            if password := parts.pop("password", None):
                environment["PGPASSWORD"] = str(password)
            words_out.append(make_conninfo("", **parts))
        else:
            words_out.append(word)
    done = subprocess.run(
        [str(path), *words_out], check=False, capture_output=True, text=True, env=environment, cwd="/"
    )
    if done.returncode == 0:
        return
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    problems = [line for line in lines if not (forgiven and forgiven.search(line))]
    if problems:
        raise ProgramFailed(program=path.name, why=" ".join(problems)[-500:])


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND c.relpersistence = 'p' ORDER BY 1"
    )
    return [row[0] for row in rows]


def _journal(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    row = connection.execute(
        "SELECT number, last_position, head, (SELECT count(*) FROM journal_pending) FROM journal_seal "
        "ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return {
            "seal": 0,
            "position": 0,
            "head": "",
            "waiting": _one(connection, "SELECT count(*) FROM journal_pending"),
        }
    return {"seal": row[0], "position": row[1], "head": bytes(row[2]).hex(), "waiting": row[3]}


def _vault_keys(connection: psycopg.Connection[Any]) -> dict[str, int]:
    rows = connection.execute("SELECT key_id, count(*) FROM vault_card WHERE erased_at IS NULL GROUP BY 1 ORDER BY 1")
    return {row[0]: row[1] for row in rows}


def _one(connection: psycopg.Connection[Any], statement: Any) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def _copy_heads(folder: Path) -> None:
    (folder / HEADS).mkdir()
    for path in Path(settings.HEADS).glob("*.jsonl"):
        content = path.read_bytes()
        (folder / HEADS / path.name).write_bytes(content[: content.rfind(b"\n") + 1])


def _restore_heads(folder: Path, now: datetime) -> None:
    there = Path(settings.HEADS)
    there.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (folder / HEADS).glob("*.jsonl"):
        present = there / path.name
        if present.exists():
            present.rename(there / f"{path.name}.set-aside-{now:%Y%m%dT%H%M%S}")
        shutil.copy2(path, present)


def _copy_files(folder: Path, tell: Progress) -> dict[str, str]:
    source, listed = Path(settings.FILES), {}
    (folder / FILES).mkdir()
    paths = sorted(_files(source))
    for number, path in enumerate(paths, start=1):
        name = path.relative_to(source)
        copy = folder / FILES / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, copy)
        except FileNotFoundError:  # erased since it was listed
            continue
        listed[name.as_posix()] = _hash(copy)
        tell("files", number, len(paths))
    return listed


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".part"))


def _hash(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _signed(body: bytes) -> bytes:
    return b"qipan backup 1\0" + hashlib.sha256(body).digest()


def _silent(what: str, done: int, total: int) -> None:
    pass
