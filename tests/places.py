"""Small districts for the tests of every room."""

from __future__ import annotations

from datetime import date

from qipan.foundation.areas import queries
from qipan.foundation.areas.models import Area, Code, Kind, Level

SINCE = date(2020, 1, 1)
KINDS = {1: Kind.DISTRICT, 2: Kind.TOWN, 3: Kind.VILLAGE, 4: Kind.CELL}


def area(parent: Area | None, name: str, code: str = "", **more: object) -> Area:
    """One area below `parent`, or a district."""
    (number,) = queries.next_ids(1)
    level = parent.level + 1 if parent else 1
    ids = [*(parent.path if parent else ()), number, None, None, None]
    made = Area.objects.create(
        **{
            "id": number,
            "level": level,
            "parent": parent,
            "district_id": ids[0],
            "township_id": ids[1] if level > 1 else None,
            "village_id": ids[2] if level > 2 else None,
            "name": name,
            "kind": KINDS[level],
            "valid_from": SINCE,
            **more,
        }
    )
    if code:
        system = "grid" if level == Level.CELL else "statistical"
        Code.objects.create(area=made, district_id=ids[0], system=system, code=code, valid_from=SINCE)
    return made


def tree(name: str = "东区", *, prefix: str = "910101", townships: int = 2, villages: int = 2, cells: int = 2) -> Area:
    """A district with a few areas at each level; returns the district."""
    district = area(None, name, prefix)
    for t in range(1, townships + 1):
        township = area(district, f"{name}{t}镇", f"{prefix}{t:03}")
        for v in range(1, villages + 1):
            village = area(township, f"{name}{t}镇{v}村", f"{prefix}{t:03}{v:03}")
            for c in range(1, cells + 1):
                area(village, f"第{c}网格", f"{prefix}{t:03}{v:03}{c:03}")
    return district
