"""Values of rows, with what is wrong collected instead of raised."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas import rules
from qipan.foundation.areas.models import Kind, PremisesKind
from qipan.foundation.refusals import tables
from qipan.kernels import identity
from qipan.kernels.tables import BadValue, Problem, Row, Table, parse_choice, parse_date, parse_degrees

T = TypeVar("T")

AREA_WORDS = {
    "区": Kind.DISTRICT, "市辖区": Kind.DISTRICT, "县": Kind.COUNTY,
    "街道": Kind.SUBDISTRICT, "街道办事处": Kind.SUBDISTRICT, "镇": Kind.TOWN, "乡": Kind.TOWNSHIP,
    "民族乡": Kind.TOWNSHIP, "居委会": Kind.COMMUNITY, "居民委员会": Kind.COMMUNITY,
    "社区": Kind.COMMUNITY, "社区居委会": Kind.COMMUNITY,
    "村委会": Kind.VILLAGE, "村民委员会": Kind.VILLAGE, "村": Kind.VILLAGE, "行政村": Kind.VILLAGE,
    "网格": Kind.CELL, "其他": Kind.OTHER,
}  # fmt: skip
PREMISES_WORDS = {
    "村": PremisesKind.VILLAGE, "村庄": PremisesKind.VILLAGE, "社区": PremisesKind.COMMUNITY,
    "企业": PremisesKind.ENTERPRISE, "单位": PremisesKind.INSTITUTION, "机关": PremisesKind.INSTITUTION,
    "事业单位": PremisesKind.INSTITUTION, "学校": PremisesKind.SCHOOL, "商铺": PremisesKind.SHOP,
    "门店": PremisesKind.SHOP,
}  # fmt: skip
tables.register(
    {
        "unknown_code": _("No area of this district bears the code {value}."),
        "unknown_parent": _("The code above it, {value}, is in neither this district nor this file."),
        "parent_needed": _("Say in which area it lies: the column of the code above it is empty."),
        "circle": _("The rows name each other as the area above."),
        "wrong_level": _("A code of {digits} digits cannot stand directly below {parent}."),
        "other_level": _("{name} is already known at another level."),
        "bad_geometry": _("The geometry is damaged."),
        "not_an_outline": _("The geometry is not a closed area."),
        "outside_parent": _("{share} % of it lies outside {parent}."),
        "overlap": _("It covers the same ground as {other} ({share} % of the smaller one)."),
        "not_a_point": _("The geometry is not a point."),
        "place_needed": _("Give the code of its area, or longitude and latitude."),
        "outside_district": _("The point lies outside the district. Is the datum of the file the right one?"),
        "outside_area": _("The point lies outside {name}. Is the datum of the file the right one?"),
        "ends_too_early": _("It ends before it begins."),
        "code_moved": _("The code {value} already belongs to {name}."),
    }
)


def words_and_values(words: dict[str, Any], choices: Any) -> dict[str, str]:
    """What is accepted for a kind: Chinese words, the value itself, and its names on screens."""
    found = {word: str(kind) for word, kind in words.items()}
    for value, label in choices.choices:
        found.setdefault(str(value), str(value))
        found.setdefault(str(label), str(value))
    return found


class Reader:
    """Reads values of rows; what cannot be read becomes a problem of that row, and None."""

    def __init__(self, table: Table) -> None:
        self.table, self.problems = table, list(table.problems)

    def wrong(self, row: Row, key: str, code: str, **facts: Any) -> None:
        self.problems.append(Problem(row.line, self.table.named.get(key, key), code, facts))

    def name(self, row: Row) -> str | None:
        text = row.values["name"].strip()
        if not text:
            self.wrong(row, "name", "empty")
        elif identity.has_numbers(text):
            self.wrong(row, "name", "personal_number")
        elif len(text) > 200:
            self.wrong(row, "name", "cell_too_long", limit=200)
        else:
            return text
        return None

    def number(self, row: Row) -> str:
        """The code of a row that may bear any; one by which a person can be found is none."""
        text = row.values["code"].strip()
        if rules.personal_code(text):
            self.wrong(row, "code", "personal_number")
        return text

    def kind(self, row: Row, choices: dict[str, str]) -> str | None:
        try:
            return parse_choice(row.values["kind"], choices)
        except BadValue:  # told are the words of the language in which files are written, one for each kind
            told = "、".join({value: word for word, value in reversed(choices.items())}.values())
            self.wrong(row, "kind", "not_a_choice", value=row.values["kind"], choices=told)
            return None

    def day(self, row: Row, key: str, *, today: date, default: date | None) -> date | None:
        if not row.values[key]:
            return default
        return self._read(row, key, lambda text: parse_date(text, today=today))

    def degrees(self, row: Row, key: str, limit: float) -> float | None:
        if not row.values[key]:
            return None
        return self._read(row, key, lambda text: parse_degrees(text, limit=limit))

    def _read(self, row: Row, key: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(row.values[key])
        except BadValue as bad:
            self.wrong(row, key, bad.code, **bad.facts)
            return None
