"""Loaded before pytest-django reads the settings: the tests' own database server.

Tests run as the owner of a throw-away database; what the application's role may do has tests of its own.
"""

from __future__ import annotations

import os

from qipan.assembly.database import OWNER, Embedded
from qipan.assembly.folders import data_folder

if not os.environ.get("DATABASE_URL"):
    server = Embedded(data_folder() / "tests", durable=False)
    server.start()
    os.environ["DATABASE_URL"] = os.environ["QIPAN_TESTS_SERVER"] = server.url(role=OWNER)
os.environ.setdefault("QIPAN_KEYS", str(data_folder() / "tests/keys"))
os.environ["QIPAN_POOL"] = "0"
(data_folder() / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # pytest-playwright keeps a loop running
