"""Units and posts from files: looked at first, then a whole file or nothing, safe to repeat.

The frame (check, load, runs over a page) is that of `areas.imports`; here are two more kinds of file for it. A unit is
the one with its code. A post is the one that the same person holds in the same role, area and unit; a user name that
nobody has yet is a new person, without a password until an administrator sets one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas import imports
from qipan.foundation.areas.imports import running
from qipan.foundation.areas.imports.reading import Reader
from qipan.foundation.areas.imports.results import Action, Item, Progress, Result
from qipan.foundation.areas.models import Area, Code, valid_on
from qipan.foundation.areas.rules import TIME_ZONE, day_of
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.posts.operations.people import TELEPHONE_OR_ID
from qipan.foundation.posts.rules import PostKind, Role, UnitKind
from qipan.foundation.refusals import tables
from qipan.kernels.ids import new_id
from qipan.kernels.tables import BadValue, Column, Row, parse_choice, parse_date

UNIT_COLUMNS = (
    Column("code", ("编号", "单位编号", "编码"), required=True),
    Column("name", ("名称", "单位名称"), required=True),
    Column("kind", ("类型", "类别"), required=True),
    Column("area", ("区域代码", "所属区域", "area_code"), required=True),
    Column("short_name", ("简称",)),
    Column("parent", ("上级编号", "上级单位编号", "parent_code")),
    Column("contact_text", ("联系方式", "contact")),
)
POST_COLUMNS = (
    Column("username", ("用户名", "账号"), required=True),
    Column("name", ("姓名",), required=True),
    Column("role", ("角色", "岗位"), required=True),
    Column("area", ("区域代码", "所属区域", "area_code")),
    Column("unit", ("单位编号", "所属单位编号", "unit_code")),
    Column("kind", ("类别", "岗位类别")),
    Column("head", ("负责人",)),
    Column("since", ("起始日期", "valid_from")),
    Column("until", ("截止日期", "valid_to")),
    Column("phone", ("值班电话", "电话")),
    Column("email", ("电子邮箱", "邮箱")),
)
UNIT_WORDS = {
    "部门": UnitKind.DEPARTMENT, "区直部门": UnitKind.DEPARTMENT, "乡镇": UnitKind.TOWNSHIP, "街道": UnitKind.TOWNSHIP,
    "乡镇（街道）": UnitKind.TOWNSHIP, "村": UnitKind.VILLAGE, "社区": UnitKind.VILLAGE, "站所": UnitKind.STATION,
    "派出所": UnitKind.STATION, "中心": UnitKind.CENTRE, "指挥中心": UnitKind.CENTRE, "检验机构": UnitKind.LAB,
    "隔离点": UnitKind.SITE, "专班": UnitKind.TEAM, "企业": UnitKind.COMPANY, "志愿服务队": UnitKind.VOLUNTEERS,
}  # fmt: skip
ROLE_WORDS = {
    "值班指挥长": Role.COMMANDER, "指挥长": Role.COMMANDER, "受理员": Role.DISPATCHER, "派遣员": Role.DISPATCHER,
    "承办人": Role.HANDLER, "网格员": Role.GRID_WORKER, "流调员": Role.INVESTIGATOR, "采样员": Role.SAMPLER,
    "信息登记员": Role.REGISTRAR, "标本运送员": Role.COURIER, "检验员": Role.LAB, "隔离点点长": Role.SITE_HEAD,
    "项目办": Role.PROGRAMME, "个人信息保护负责人": Role.DPO, "安全审计员": Role.AUDITOR, "管理员": Role.ADMINISTRATOR,
    "系统管理员": Role.ADMINISTRATOR,
}  # fmt: skip
KIND_WORDS = {"常设": PostKind.REGULAR, "应急": PostKind.EMERGENCY, "": PostKind.REGULAR}
YES = {"是": "1", "yes": "1", "1": "1", "y": "1", "√": "1", "否": "", "no": "", "0": "", "n": "", "": ""}
USERNAME = re.compile(r"[\w.@+-]{1,150}")

tables.register(
    {
        "unknown_unit": _("No unit of this district bears the code {value}."),
        "bad_username": _(
            "A user name has letters, digits and @ . + - _ only, and is not a telephone or ID-card number."
        ),
        "foreign_username": _("The user name {value} belongs to somebody of another district."),
        "bad_email": _("{value} is not an e-mail address."),
        "emergency_needs_end": _("An emergency post needs a date on which it expires."),
        "head_of_nothing": _("Name the unit that this post leads."),
        "two_names": _("The same user name has another name in line {line}."),
        "ends_before_it_begins": _("The last day is before the first."),
        "unit_circle": _("The rows name each other as the unit above."),
    }
)


class Reading:
    """What units and posts read alike."""

    def __init__(self, source: bytes | Path, columns: Any, district: Area, at: datetime) -> None:
        self.table = tables.read(source, columns=columns)
        self.reader, self.district, self.at, self.today = Reader(self.table), district, at, day_of(at)
        codes = Code.objects.filter(valid_on(self.today), district=district).select_related("area")
        self.areas = {code.code: code.area for code in codes}
        self.areas.setdefault(district.name, district)
        self.units = {unit.code: unit for unit in Unit.objects.filter(district=district).exclude(code="")}
        self.items: list[Item] = []

    def wrong(self, row: Row, key: str, code: str, **facts: Any) -> None:
        self.reader.wrong(row, key, code, **facts)

    def choice(self, row: Row, key: str, words: dict[str, str]) -> str | None:
        try:
            return parse_choice(row.values[key], words)
        except BadValue as bad:
            self.wrong(row, key, bad.code if row.values[key] else "empty", **bad.facts)
            return None

    def area(self, row: Row) -> Area | None:
        text = row.values["area"].strip()
        found = self.areas.get(text) or self.areas.get(_short(text))
        if found is None:
            self.wrong(row, "area", "unknown_code" if text else "empty", value=text)
        return found

    def day(self, row: Row, key: str) -> date | None:
        if not row.values[key]:
            return None
        try:
            return parse_date(row.values[key])
        except BadValue as bad:
            self.wrong(row, key, bad.code, **bad.facts)
            return None

    def result(self, kind: str) -> Result:
        result = Result(kind, self.table, self.items, self.reader.problems)
        result.settle()
        return result


def _short(code: str) -> str:
    """A statistical code without the zeros that fill it up, as areas keep it."""
    if len(code) == 12 and code.endswith("000000"):
        return code[:6]
    return code[:9] if len(code) == 12 and code.endswith("000") else code


def _words(words: dict[str, Any], choices: Any) -> dict[str, str]:
    found = {word: str(value) for word, value in words.items()}
    for value, label in choices.choices:
        found.setdefault(str(value), str(value))
        found.setdefault(str(label), str(value))
    return found


def plan_units(
    source: bytes | Path, *, district: Area, at: datetime, progress: Progress | None = None, **_options: Any
) -> tuple[Result, Callable[[], None]]:
    """What a file would do to the units of a district, and the function that does it."""
    work = Reading(source, UNIT_COLUMNS, district, at)
    kinds = _words(UNIT_WORDS, UnitKind)
    seen: dict[str, int] = {}
    planned: list[tuple[Unit, str, Row]] = []
    for count, row in enumerate(work.table.rows):
        if progress and count % 200 == 0:
            progress(count, len(work.table.rows))
        before = len(work.reader.problems)
        code, name = row.values["code"].strip(), work.reader.name(row)
        kind, area = work.choice(row, "kind", kinds), work.area(row)
        if not code:
            work.wrong(row, "code", "empty")
        elif code in seen:
            work.wrong(row, "code", "twice", line=seen[code])
        seen.setdefault(code, row.line)
        for key, limit in (("code", 40), ("name", 120), ("short_name", 40), ("contact_text", 200)):
            if len(row.values[key]) > limit:
                work.wrong(row, key, "cell_too_long", limit=limit)
        if len(work.reader.problems) > before or area is None:
            continue
        unit = work.units.get(code) or Unit(district=district, code=code, valid_from=at)
        values = {"name": name, "kind": kind, "area_id": area.pk, "short_name": row.values["short_name"].strip(),
                  "contact_text": row.values["contact_text"].strip()}  # fmt: skip
        changes = _changes(unit, values)
        if unit.pk and unit.valid_to and unit.valid_to <= at:
            changes.append(("valid_to", f"{unit.valid_to:%Y-%m-%d}", ""))
            unit.valid_to = None
        planned.append((unit, row.values["parent"].strip(), row))
        work.items.append(Item(row.line, code, str(name), _action(unit.pk is None, changes), tuple(changes)))
    by_code = {unit.code: unit for unit, _parent, _row in planned}
    parents = _parents(work, planned, by_code)

    def apply() -> None:
        fields = ["name", "kind", "area", "short_name", "contact_text", "valid_to"]
        Unit.objects.bulk_create([unit for unit, _parent, _row in planned if unit.pk is None])
        Unit.objects.bulk_update([unit for unit, _parent, _row in planned], fields)
        for unit, _parent, _row in planned:
            above = parents.get(unit.code)
            unit.parent = above
        Unit.objects.bulk_update([unit for unit, _parent, _row in planned], ["parent"])

    return work.result("units"), apply


def _parents(work: Reading, planned: list[tuple[Unit, str, Row]], by_code: dict[str, Unit]) -> dict[str, Unit]:
    """The unit above each, by code; problems for unknown ones and for circles; changes where it moves."""
    parents: dict[str, Unit] = {}
    for unit, code, row in planned:
        if not code:
            continue
        above = by_code.get(code) or work.units.get(code)
        if above is None:
            work.wrong(row, "parent", "unknown_unit", value=code)
            continue
        parents[unit.code] = above
        if unit.pk and unit.parent_id != above.pk:
            _moved(work, row, unit, above)
    above_of = {code: unit.code for code, unit in parents.items()}
    for unit, _code, row in planned:
        seen, code = set(), unit.code
        while code in above_of and code not in seen:
            seen.add(code)
            code = above_of[code]
        if code in seen:
            work.wrong(row, "parent", "unit_circle")
    return parents


def _moved(work: Reading, row: Row, unit: Unit, above: Unit) -> None:
    for place, item in enumerate(work.items):
        if item.line == row.line:
            change = ("parent", unit.parent.code if unit.parent else "", above.code)
            work.items[place] = Item(item.line, item.code, item.name, Action.CHANGED, (*item.changes, change))


def _changes(row: Any, values: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Set the values; what changed, as (what, before, after). Nothing for a new row."""
    changes = [
        (key, str(getattr(row, key) or ""), str(value or ""))
        for key, value in values.items()
        if not row._state.adding and getattr(row, key) != value
    ]
    for key, value in values.items():
        setattr(row, key, value)
    return changes


def _action(new: bool, changes: list[Any]) -> Action:
    return Action.NEW if new else Action.CHANGED if changes else Action.UNCHANGED


@dataclass(slots=True)
class Planned:
    post: Post
    new: bool
    changed: bool


def plan_posts(
    source: bytes | Path, *, district: Area, at: datetime, progress: Progress | None = None, **_options: Any
) -> tuple[Result, Callable[[], None]]:
    """What a file would do to the people and posts of a district, and the function that does it."""
    work = PostWork(source, POST_COLUMNS, district, at)
    for count, row in enumerate(work.table.rows):
        if progress and count % 200 == 0:
            progress(count, len(work.table.rows))
        work.take(row)
    return work.result("posts"), work.apply


class PostWork(Reading):
    """One file of posts against one district."""

    def __init__(self, source: bytes | Path, columns: Any, district: Area, at: datetime) -> None:
        super().__init__(source, columns, district, at)
        self.people = {person.username.casefold(): person for person in Person.objects.all()}
        self.new_people: dict[str, Person] = {}
        self.changed_people: dict[str, Person] = {}
        self.named: dict[str, tuple[str, int]] = {}
        rows = Post.objects.filter(district=district, deputy_of=None).exclude(valid_to__lte=at)
        self.held = {(post.person_id, post.role, post.area_id, post.unit_id): post for post in rows}
        self.roles, self.kinds = _words(ROLE_WORDS, Role), _words(KIND_WORDS, PostKind)
        self.planned: list[Planned] = []
        self.seen: dict[Any, int] = {}

    def take(self, row: Row) -> None:
        before = len(self.reader.problems)
        name = self.reader.name(row)
        role, kind = self.choice(row, "role", self.roles), self.choice_or(row, "kind", self.kinds, PostKind.REGULAR)
        head = self.choice_or(row, "head", YES, "")
        unit = self.unit(row)
        area = self.area(row) if row.values["area"].strip() or unit is None else unit.area
        since, until = self.day(row, "since"), self.day(row, "until")
        if until and until < (since or self.today):
            self.wrong(row, "until", "ends_before_it_begins")
        if kind == PostKind.EMERGENCY and not row.values["until"]:
            self.wrong(row, "until", "emergency_needs_end")
        if head and not row.values["unit"]:
            self.wrong(row, "unit", "head_of_nothing")
        person, told = self.person(row, name or "")
        if len(self.reader.problems) > before or area is None or person is None or role is None:
            return
        key = (person.pk, role, area.pk, unit.pk if unit else None)
        if key in self.seen:
            self.wrong(row, "username", "twice", line=self.seen[key])
            return
        self.seen[key] = row.line
        ends = _midnight(until + timedelta(days=1)) if until else None
        post = self.held.get(key)
        new = post is None
        if post is None:
            post = Post(district=self.district, person=person, role=role, area=area, unit=unit,
                        valid_from=_midnight(since) if since else self.at)  # fmt: skip
        changes = [*told, *_changes(post, {"kind": kind, "head": bool(head), "valid_to": ends})]
        self.planned.append(Planned(post, new, bool(changes)))
        self.items.append(Item(row.line, person.username, str(name), _action(new, changes), tuple(changes)))

    def choice_or(self, row: Row, key: str, words: dict[str, str], default: str) -> str | None:
        return self.choice(row, key, words) if row.values[key].strip() else default

    def unit(self, row: Row) -> Unit | None:
        code = row.values["unit"].strip()
        found = self.units.get(code)
        if code and found is None:
            self.wrong(row, "unit", "unknown_unit", value=code)
        return found

    def person(self, row: Row, name: str) -> tuple[Person | None, list[tuple[str, str, str]]]:
        """The person of a row: known, or new. A user name has one name in the whole file."""
        username = Person.normalize_username(row.values["username"].strip())
        phone, email = row.values["phone"].strip(), row.values["email"].strip()
        if not USERNAME.fullmatch(username) or TELEPHONE_OR_ID.fullmatch(username):
            self.wrong(row, "username", "bad_username" if username else "empty")
            return None, []
        folded = username.casefold()
        if folded in self.named and self.named[folded][0] != name:
            self.wrong(row, "name", "two_names", line=self.named[folded][1])
            return None, []
        self.named.setdefault(folded, (name, row.line))
        if len(phone) > 32:
            self.wrong(row, "phone", "cell_too_long", limit=32)
        try:
            if email:
                validate_email(email)
        except ValidationError:
            self.wrong(row, "email", "bad_email", value=email)
            return None, []
        known = self.people.get(folded)
        if known is None:
            fresh = self.new_people.get(folded)
            if fresh is None:
                fresh = Person(id=new_id(), username=username, district=self.district, date_joined=self.at, name=name)
                fresh.set_unusable_password()
                self.new_people[folded] = fresh
            fresh.phone, fresh.email = phone or fresh.phone, email or fresh.email
            return fresh, []
        if known.district_id != self.district.pk:
            self.wrong(row, "username", "foreign_username", value=username)
            return None, []
        given = {"name": name, **({"phone": phone} if phone else {}), **({"email": email} if email else {})}
        changes = _changes(known, given)
        if changes:
            self.changed_people[folded] = known
        return known, changes

    def apply(self) -> None:
        Person.objects.bulk_create(self.new_people.values())
        Person.objects.bulk_update(self.changed_people.values(), ["name", "phone", "email"])
        Post.objects.bulk_create([one.post for one in self.planned if one.new])
        kept = [one.post for one in self.planned if one.changed and not one.new]
        Post.objects.bulk_update(kept, ["kind", "head", "valid_to"])


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=TIME_ZONE)


def register() -> None:
    """Two more kinds of file for the frame of imports."""
    imports.KINDS.update({"units": plan_units, "posts": plan_posts})
    running.JOURNALLED.update({"units": "posts.units_imported", "posts": "posts.imported"})
