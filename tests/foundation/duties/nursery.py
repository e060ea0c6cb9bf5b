"""A process that keeps some sweepers running as processes of their own, however often they are killed.

    python -m tests.foundation.duties.nursery SWEEPERS NOW BATCH

Prints the number of each sweeper it starts. Ends, with all its sweepers, when its input closes.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import datetime
from typing import Any


def main() -> None:
    number, now, batch = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
    import django

    django.setup()
    from qipan.foundation.duties import sweeper

    slow = sweeper._save

    def save(duties: Any) -> None:
        slow(duties)
        time.sleep(random.random() / 20)  # time to be killed between the steps and the commit

    sweeper._save = save
    children: set[int] = set()
    os.set_blocking(0, False)
    while os.read(0, 1) if _readable() else True:
        for child in list(children):
            if os.waitpid(child, os.WNOHANG)[0]:
                children.remove(child)
        while len(children) < number:
            child = os.fork()
            if child == 0:
                _sweep(now, batch)
            children.add(child)
            print(child, flush=True)
        time.sleep(0.02)
    for child in children:
        os.kill(child, signal.SIGKILL)


def _sweep(now: datetime, batch: int) -> None:
    from qipan.foundation.duties import sweeper

    random.seed(os.getpid())
    while True:
        try:
            sweeper.sweep(now=now, batch=batch)
        except Exception:
            os._exit(1)
        time.sleep(0.02)


def _readable() -> bool:
    import select

    return bool(select.select([0], [], [], 0)[0])


if __name__ == "__main__":
    main()
