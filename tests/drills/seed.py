"""Run inside an installation: a small district, two tokens, and duties that fall due while the drill goes on."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from qipan.foundation.duties import operations as duties  # noqa: E402
from qipan.foundation.journal.rules import SYSTEM, About  # noqa: E402
from qipan.foundation.posts import operations as posts  # noqa: E402
from qipan.kernels.clock import Limit  # noqa: E402
from qipan.kernels.ids import new_id  # noqa: E402
from tests.incidents.conftest import make_town  # noqa: E402


def main(count: int, seconds: int) -> None:
    now = timezone.now()
    with transaction.atomic():
        town = make_town()
        _token, secret = posts.issue_token(
            post=town.dispatcher,
            name="drill",
            scopes=["read", "write"],
            expires_at=now + timedelta(days=1),
            by=town.dispatcher,
            at=now,
        )
        for number in range(count):
            # Ten minutes of natural time, begun so that deadlines are spread over the drill.
            due = now + timedelta(seconds=5 + seconds * number / count)
            duties.open(
                kind="incidents.check",
                about=About("drill", new_id(), f"D-{number}", town.district.pk, town.cell.path),
                unit=town.desk,
                limit=Limit.natural(minutes=10),
                starts_at=due - timedelta(minutes=10),
                escalation="none",
                by=SYSTEM,
                at=now,
            )
    print(json.dumps({"token": secret, "area": town.cell.pk, "duties": count}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
