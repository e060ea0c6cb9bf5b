"""A town with a phone for its handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.incidents.conftest import Town, make_town, town  # noqa: F401

from qipan.foundation.devices import boxes, operations
from qipan.foundation.devices.models import Device
from qipan.foundation.posts.models import Post
from qipan.workflows.field import commands
from qipan.workflows.field.commands import Command


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Any) -> None:
    settings.FILES, settings.KEYS = tmp_path / "files", tmp_path / "keys"


@dataclass
class Phone:
    """A phone as the app is one: it numbers its steps and remembers its key."""

    device: Device
    private: ec.EllipticCurvePrivateKey
    by: Post
    numbers: Any = field(default_factory=lambda: count(1))

    def step(self, name: str, *, at: datetime, about: Any = None, **more: Any) -> Command:
        incident = getattr(about, "pk", about)
        values = {"id": uuid4(), "seq": next(self.numbers), "step": name, "device_time": at, "about": incident} | more
        return Command(**values)

    def send(self, *given: Command, at: datetime) -> list[dict[str, Any]]:
        return commands.carry_out(given, device=Device.objects.get(pk=self.device.pk), by=self.by, at=at)


def make_phone(by: Post, at: datetime, *, offset: int = 0) -> Phone:
    private = ec.generate_private_key(boxes.CURVE)
    device = operations.bind(
        name="巡查手机", public_key=boxes.raw_public(private), version=1, clock_offset=offset, by=by, at=at
    )
    return Phone(device, private, by)


@pytest.fixture
def phone(town: Town) -> Phone:  # noqa: F811
    return make_phone(town.handler, town.at)


LATE = timedelta(minutes=6)
