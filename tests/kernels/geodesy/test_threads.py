"""One locator asked by many threads at once, as a server does: in a process of its own, because a mistake ends it."""

from __future__ import annotations

import subprocess
import sys

ASK = """
import threading
import numpy as np, shapely
from qipan.kernels.geodesy.cells import Locator

turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
radius = 0.6 + 0.1 * np.sin(17 * turn)
shapes = shapely.to_wkb([shapely.Polygon(np.c_[i + radius * np.cos(turn), j + radius * np.sin(turn)])
                         for i in range(20) for j in range(20)])
dice = np.random.default_rng(1)
spots = [[dice.random((2, 20)) * 19 for _ask in range(60)] for _thread in range(8)]
ready = Locator(shapely.from_wkb(shapes))
wanted = [[ready.locate(*where) for where in own] for own in spots]
for _round in range(80):
    locator, start, wrong = Locator(shapely.from_wkb(shapes)), threading.Barrier(8), []
    def ask(own, right):
        start.wait()
        wrong.extend(1 for where, there in zip(own, right) if (locator.locate(*where) != there).any())
    threads = [threading.Thread(target=ask, args=pair) for pair in zip(spots, wanted)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong
"""


def test_threads_that_ask_a_new_locator_at_once_get_the_same_answer():
    done = subprocess.run([sys.executable, "-c", ASK], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
