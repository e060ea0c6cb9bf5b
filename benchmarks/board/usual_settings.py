"""The server's own settings with the yardstick's routes beside its own."""

from qipan.assembly.settings import *  # noqa: F403
from qipan.assembly.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "rest_framework"]
ROOT_URLCONF = "benchmarks.board.usual"
