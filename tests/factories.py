"""Districts, units and people for tests: only what a test names is made, the rest is sensible and small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.posts.rules import Role
from tests.places import area, tree

__all__ = ["area", "below", "district", "person", "post", "sign_in", "tree", "unit"]

NUMBERS = count(1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def district(name: str = "", **fields: Any) -> Area:
    """A district with nothing below it; `tree` makes one with townships, villages and cells."""
    return area(None, name or f"第{next(NUMBERS)}区", **fields)


def below(root: Area, level: int, index: int = 0) -> Area:
    """The area number `index` of a level inside a district: below(root, 4) is its first cell."""
    column = {1: "district", 2: "township", 3: "village"}[root.level]
    return Area.objects.filter(**{column: root}, level=level).order_by("pk")[index]


def unit(*, area: Area, name: str = "", kind: str = "department", **fields: Any) -> Unit:
    values = {"name": name or f"单位{next(NUMBERS)}", "valid_from": LONG_AGO, "district_id": area.district_id, **fields}
    return Unit.objects.create(area=area, kind=kind, **values)


def person(*, district: Area | None = None, name: str = "", username: str = "", **fields: Any) -> Person:
    """Somebody without a usable password; give `password=` for one (hashing it takes time)."""
    number = next(NUMBERS)
    password = fields.pop("password", None)
    made = Person(username=username or f"person{number}", name=name or f"测试员{number}", district=district, **fields)
    made.set_password(password)
    made.save()
    return made


def post(
    role: Role | str = Role.DISPATCHER,
    area: Area | None = None,
    unit: Unit | None = None,
    *,
    person: Person | None = None,
    **fields: Any,
) -> Post:
    """A post in force with a person of its own, at `area`, or at the unit's area, or at a new district."""
    where = area or (unit.area if unit else globals()["district"]())
    who = person or globals()["person"](district=where.district)
    if fields.get("kind") == "emergency":
        fields.setdefault("valid_to", datetime.now(UTC) + timedelta(days=14))
    values = {"valid_from": LONG_AGO, **fields}
    return Post.objects.create(
        person=who, role=Role(role), area=where, unit=unit, district_id=where.district_id, **values
    )


def sign_in(client: Any, post: Post) -> Any:
    """Sign a Django test client in as the holder of a post, for that post."""
    client.force_login(post.person, backend="qipan.foundation.posts.accounts.backend.SignInBackend")
    session = client.session
    session["post"] = str(post.pk)
    session.save()
    return client
