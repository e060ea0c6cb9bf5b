"""python3 run.py bench NAME [options]: runs benchmarks/NAME.py, or NAME.py of a folder below it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def names() -> dict[str, str]:
    """Each benchmark's name and its module."""
    return {
        path.stem: ".".join(("benchmarks", *path.relative_to(HERE).with_suffix("").parts))
        for path in sorted(HERE.rglob("*.py"))
        if not path.stem.startswith("_") and "__main__" in path.read_text()
    }


def main() -> int:
    known = names()
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        print(__doc__)
        print("Names:", ", ".join(known))
        return 2
    name = sys.argv[1]
    sys.argv = [f"bench {name}", *sys.argv[2:]]
    runpy.run_module(known[name], run_name="__main__")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
