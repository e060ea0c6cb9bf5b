"""Units, people, posts and shifts of the demo district, and where its incidents are routed.

About 900 people in the whole district: the centres of the district and its townships, departments, companies and
stations, village committees and grid workers. Everything begins long before the incidents, so that no post is younger
than what it did. One line of the journal says that they were brought in, as for every import.
"""

from __future__ import annotations

import random
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from qipan.assembly.demo import persons
from qipan.assembly.demo.units import DISTRICT_UNITS, TOWNSHIP_UNITS
from qipan.foundation.areas.models import Area, Level
from qipan.foundation.areas.models import Kind as AreaKind
from qipan.foundation.journal import operations as journal
from qipan.foundation.journal.rules import SYSTEM
from qipan.foundation.posts.models import Person, Post, Shift, Unit
from qipan.foundation.posts.rules import PostKind, Role, StandsIn, UnitKind
from qipan.incidents import defaults
from qipan.incidents.models import Rule
from qipan.incidents.rules.classes import Klass
from qipan.kernels.clock.timetable import CHINA
from qipan.kernels.ids import new_id

STAFF = 900
AGE = timedelta(days=11 * 366)  # how long before today units and posts began
CLASSES = {klass.value for klass in Klass}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody to sign in as: one for each role and level, all with the password of this installation."""

    username: str
    role: str
    area: str
    unit: str
    post_id: UUID


@dataclass(slots=True)
class People:
    """What was made."""

    units: int
    people: int
    posts: int
    rules: int
    password: str
    accounts: list[Account] = field(default_factory=list)


@transaction.atomic
def build(*, district: Area, seed: int, at: datetime, staff: int = STAFF) -> People:
    """Give a district its units, `staff` people, posts, today's shifts, categories and routing rules.

    The same seed gives the same names and posts. Raises ValueError for a district that has units already.
    """
    if Unit.objects.filter(district=district).exists():
        raise ValueError(f"{district} has units already")
    making = _Making(district, random.Random(f"people {seed}"), at, staff)
    making.units()
    making.posts()
    made = making.save()
    journal.record("posts.imported", district, by=SYSTEM, at=at, people=made.people, posts=made.posts, units=made.units)
    return made


class _Making:
    def __init__(self, district: Area, draw: random.Random, at: datetime, staff: int) -> None:
        self.district, self.draw, self.at, self.staff = district, draw, at, staff
        self.since = at - AGE
        below = Area.objects.filter(district=district).order_by("pk")
        self.townships = [area for area in below if area.level == Level.TOWNSHIP]
        self.villages = [area for area in below if area.level == Level.VILLAGE]
        self.first_cell = {cell.village_id: cell for cell in reversed([a for a in below if a.level == Level.CELL])}
        self.by_code: dict[str, Unit] = {}
        self.rules: list[Rule] = []
        self.names = persons.distinct(draw)
        self.people: list[Person] = []
        self.made: list[Post] = []
        self.numbers: dict[str, int] = defaultdict(int)

    # Units and what is routed to them

    def unit(self, *, code: str, area: Area, kind: UnitKind, name: str, parent: Unit | None = None) -> Unit:
        made = Unit(district=self.district, area=area, kind=kind, name=name, code=code, valid_from=self.since)
        if parent is not None:
            made.parent = parent
        made.save()
        self.by_code[code] = made
        return made

    def route(self, unit: Unit, *, area: Area, what: Iterable[str]) -> None:
        for key in what:
            klass = key if key in CLASSES else ""
            self.rules.append(
                Rule(id=new_id(), district=self.district, area=area, klass=klass, category_key="" if klass else key,
                     unit=unit, valid_from=self.first_day)
            )  # fmt: skip

    @property
    def first_day(self) -> date:
        return self.since.astimezone(CHINA).date()

    def units(self) -> None:
        centre = self.unit(
            code="ZX", area=self.district, kind=UnitKind.CENTRE, name=f"{self.district.name}网格化服务中心"
        )
        for code, kind, name, _handlers, what in DISTRICT_UNITS:
            made = self.unit(code=code, area=self.district, kind=kind, name=name, parent=centre)
            self.route(made, area=self.district, what=what)
        for number, township in enumerate(self.townships, 1):
            desk = self.unit(code=f"T{number:02}ZX", area=township, kind=UnitKind.CENTRE,
                             name=f"{township.name}网格化服务中心", parent=centre)  # fmt: skip
            for suffix, ending, kind, _handlers, what in TOWNSHIP_UNITS:
                ending_here = "办事处" if suffix == "B" and township.kind == AreaKind.SUBDISTRICT else ending
                made = self.unit(code=f"T{number:02}{suffix}", area=township, kind=kind,
                                 name=f"{township.name}{ending_here}", parent=desk)  # fmt: skip
                self.route(made, area=township, what=what)
        of_township = {township.pk: number for number, township in enumerate(self.townships, 1)}
        for number, village in enumerate(self.villages, 1):
            ending = "居民委员会" if village.kind == AreaKind.COMMUNITY else "村民委员会"
            own_name = village.name.removesuffix("居委会").removesuffix("村委会")
            made = self.unit(code=f"V{number:03}", area=village, kind=UnitKind.VILLAGE, name=f"{own_name}{ending}",
                             parent=self.by_code[f"T{of_township[village.township_id or 0]:02}B"])  # fmt: skip
            self.route(made, area=village, what=("neighbours",))
        defaults.load(self.district, since=self.first_day)

    # People and their posts

    def post(
        self, role: Role, *, area: Area, unit: Unit | None = None, head: bool = False, person: Person | None = None,
        deputy_of: Post | None = None,
    ) -> Post:  # fmt: skip
        made = Post(
            id=new_id(), district=self.district, person=person or self.person(role), role=role, area=area, unit=unit,
            head=head, valid_from=self.since, kind=PostKind.DEPUTY if deputy_of else PostKind.REGULAR,
            deputy_of=deputy_of, stands_in=StandsIn.AWAY if deputy_of else "",
        )  # fmt: skip
        self.made.append(made)
        return made

    def person(self, role: Role) -> Person:
        self.numbers[role] += 1
        made = Person(
            id=new_id(), username=f"{role.replace('_', '-')}-{self.numbers[role]}", name=next(self.names),
            district=self.district, date_joined=self.since, password=f"!{secrets.token_hex(20)}",
        )  # fmt: skip
        self.people.append(made)
        return made

    def posts(self) -> None:
        self.command()
        for code, _kind, _name, handlers, _what in DISTRICT_UNITS:
            share = max(1, round(handlers * min(1.0, self.staff / STAFF)))
            self.team(self.by_code[code], handlers=share)
        for number, township in enumerate(self.townships, 1):
            desk = self.by_code[f"T{number:02}ZX"]
            for place in range(2):
                self.post(Role.DISPATCHER, area=township, unit=desk, head=place == 0)
            for suffix, _ending, _kind, handlers, _what in TOWNSHIP_UNITS:
                self.team(self.by_code[f"T{number:02}{suffix}"], handlers=handlers)
        self.grid()

    def command(self) -> None:
        """The district's centre, around the clock, and those who look after the system and its data."""
        centre, district = self.by_code["ZX"], self.district
        first = self.post(Role.COMMANDER, area=district, unit=centre, head=True)
        others = [self.post(Role.COMMANDER, area=district, unit=centre) for _ in range(3)]
        self.post(Role.COMMANDER, area=district, unit=centre, person=others[0].person, deputy_of=first)
        for _ in range(8):
            self.post(Role.DISPATCHER, area=district, unit=centre)
        for role in (Role.ADMINISTRATOR, Role.ADMINISTRATOR, Role.DPO, Role.AUDITOR, Role.PROGRAMME, Role.PROGRAMME):
            self.post(role, area=district, unit=centre)
        health = self.by_code["WJ"]
        for role in (Role.INVESTIGATOR, Role.SAMPLER, Role.REGISTRAR, Role.COURIER, Role.LAB, Role.SITE_HEAD):
            for _ in range(2):
                self.post(role, area=district, unit=health)

    def team(self, unit: Unit, *, handlers: int) -> None:
        posts = [self.post(Role.HANDLER, area=unit.area, unit=unit, head=place == 0) for place in range(handlers)]
        if len(posts) > 2:  # AB岗: the second stands in for the first
            self.post(Role.HANDLER, area=unit.area, unit=unit, person=posts[1].person, deputy_of=posts[0])

    def grid(self) -> None:
        """A grid worker for every village; then secretaries and second grid workers while there are people left."""
        villages = list(enumerate(self.villages, 1))
        for number, village in villages:
            self.post(Role.GRID_WORKER, area=village, unit=self.by_code[f"V{number:03}"])
        self.draw.shuffle(villages)
        for place, (number, village) in enumerate(villages):
            if len(self.people) >= self.staff:
                return
            unit = self.by_code[f"V{number:03}"]
            secretary = self.post(Role.HANDLER, area=village, unit=unit, head=True)
            if place % 8 == 0:  # some communities have a desk of their own, kept by the same person
                desk = self.unit(code=f"V{number:03}ZX", area=village, kind=UnitKind.CENTRE,
                                 name=f"{village.name}网格服务站", parent=unit)  # fmt: skip
                self.post(Role.DISPATCHER, area=village, unit=desk, head=True, person=secretary.person)
            if place % 10 == 5 and village.pk in self.first_cell and len(self.people) < self.staff:
                self.post(Role.GRID_WORKER, area=self.first_cell[village.pk], unit=unit)

    # Into the database

    def save(self) -> People:
        password = f"qipan-{secrets.token_hex(4)}"
        samples: dict[tuple[str, int], Post] = {}
        for post in self.made:
            if post.kind == PostKind.REGULAR:
                samples.setdefault((post.role, post.area.level), post)
        encoded = make_password(password)
        for post in samples.values():
            post.person.password = encoded
        Person.objects.bulk_create(self.people, batch_size=1000)
        Post.objects.bulk_create(self.made, batch_size=1000)
        Rule.objects.bulk_create(self.rules, batch_size=1000)
        open_shifts(self.made, at=self.at)
        order = {role: place for place, role in enumerate(Role.values)}
        accounts = [
            Account(post.person.username, str(post.role), post.area.name, post.unit.name if post.unit else "", post.pk)
            for _, post in sorted(samples.items(), key=lambda item: (order[item[0][0]], item[0][1]))
        ]
        return People(len(self.by_code), len(self.people), len(self.made), len(self.rules), password, accounts)


def on_duty(place: int, *, of: int, at: datetime) -> bool:
    """Whether number `place` of a desk of `of` people works now: half of them at a time, in turns of twelve hours."""
    local = at.astimezone(CHINA)
    turn = local.toordinal() * 2 + (8 <= local.hour < 20)
    if of < 2:
        return 8 <= local.hour < 20
    return (place + turn) % 2 == 0


def open_shifts(posts: list[Post], *, at: datetime) -> int:
    """Put on duty who works at this hour: desks and command by turns, everybody else by day. Returns how many."""
    local = at.astimezone(CHINA)
    today = local.replace(minute=0, second=0, microsecond=0)
    begun = today.replace(hour=8) if 8 <= local.hour < 20 else today.replace(hour=20) - timedelta(days=local.hour < 8)
    teams: dict[tuple[str, int | None], list[Post]] = defaultdict(list)
    for post in posts:
        if post.kind == PostKind.REGULAR:
            teams[post.role, post.unit_id].append(post)
    shifts = []
    for (role, _unit), members in teams.items():
        by_turns = role in {Role.COMMANDER, Role.DISPATCHER}
        for place, post in enumerate(members):
            if on_duty(place, of=len(members), at=at) if by_turns else 8 <= local.hour < 18:
                shifts.append(Shift(id=new_id(), post=post, opened_at=min(begun + timedelta(minutes=place), at)))
    Shift.objects.bulk_create(shifts, batch_size=1000)
    return len(shifts)
