"""Tables of jurisdiction: the tree, its codes and boundaries in time, and what stands at a place.

The tree is its own truth. A code is an attribute with dates, and is never read to learn who belongs to whom. Dates are
whole days in the district's calendar: `valid_from` is the first day, `valid_to` the first day no longer (null: open).
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas import rules
from qipan.foundation.journal.rules import About
from qipan.foundation.refusals.privacy import Privacy


class Level(models.IntegerChoices):
    """Depth in the tree of jurisdiction."""

    DISTRICT = 1, _("District")
    TOWNSHIP = 2, _("Township or subdistrict")
    VILLAGE = 3, _("Village or community")
    CELL = 4, _("Grid cell")


class Kind(models.TextChoices):
    """What an area is called in the order of administration."""

    DISTRICT = "district", _("City district")
    COUNTY = "county", _("County")
    SUBDISTRICT = "subdistrict", _("Subdistrict")
    TOWN = "town", _("Town")
    TOWNSHIP = "township", _("Township")
    COMMUNITY = "community", _("Community")
    VILLAGE = "village", _("Village")
    CELL = "cell", _("Grid cell")
    OTHER = "other", _("Other area")


class System(models.TextChoices):
    """Whose numbering a code belongs to."""

    STATISTICAL = "statistical", _("Statistical code")
    GRID = "grid", _("Grid code")
    OWN = "own", _("District's own code")


class PremisesKind(models.TextChoices):
    """The subjects under care, by kind."""

    VILLAGE = "village", _("Village")
    COMMUNITY = "community", _("Community")
    ENTERPRISE = "enterprise", _("Enterprise")
    INSTITUTION = "institution", _("Institution")
    SCHOOL = "school", _("School")
    SHOP = "shop", _("Shop")


class PointKind(models.TextChoices):
    """Single points on the map."""

    DEVICE = "device", _("Front-end device")
    BOOTH = "booth", _("Sampling booth")
    GATE = "gate", _("Gate")
    SHELTER = "shelter", _("Emergency shelter")
    HYDRANT = "hydrant", _("Fire hydrant")
    SERVICE = "service", _("Service point")


class ImportState(models.TextChoices):
    """How far a file that somebody sent is."""

    RECEIVED = "received", _("Being checked")
    CHECKED = "checked", _("Checked")
    LOADING = "loading", _("Being loaded")
    LOADED = "loaded", _("Loaded")
    REFUSED = "refused", _("File refused")
    CANCELLED = "cancelled", _("Cancelled")


class ImportKind(models.TextChoices):
    """What a file holds."""

    AREAS = "areas", _("Areas and outlines")
    PREMISES = "premises", _("Premises")
    UNITS = "units", _("Units")  # these two are read by the room of posts
    POSTS = "posts", _("People and posts")


def valid_on(on: date, prefix: str = "") -> Q:
    """Condition on rows with `valid_from` and `valid_to`: in force on that day."""
    return Q(**{f"{prefix}valid_from__lte": on}) & (
        Q(**{f"{prefix}valid_to": None}) | Q(**{f"{prefix}valid_to__gt": on})
    )


def _single(*expressions: Any) -> Any:
    """An integer as a range of itself: what GiST can exclude without further extensions."""
    return Func(*expressions, Value("[]"), function="int8range")


def _one(column: str) -> Any:
    return _single(F(column), F(column))


_DAYS = (Func(F("valid_from"), F("valid_to"), function="daterange"), "&&")
_DATES = Q(valid_to=None) | Q(valid_to__gt=F("valid_from"))


class Area(models.Model):
    """One node of the tree. `district`, `township` and `village` name its ancestors and, at its own level, itself."""

    privacy: ClassVar[Privacy] = Privacy()

    level = models.SmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    district = models.ForeignKey("self", models.PROTECT, related_name="+")
    township = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    village = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    name = models.TextField()
    short_name = models.TextField(blank=True)
    kind = models.TextField(choices=Kind.choices)
    pinyin = models.TextField(blank=True)  # the order of Chinese names; the database's collation knows none
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_DATES, name="areas_area_dates"),
            models.CheckConstraint(condition=~Q(name=""), name="areas_area_named"),
            models.CheckConstraint(
                name="areas_area_place_in_the_tree",
                condition=(
                    Q(level=1, parent=None, township=None, village=None, district=F("id"))
                    | (Q(level=2, township=F("id"), village=None) & Q(parent=F("district")))
                    | (Q(level=3, village=F("id"), township__isnull=False) & Q(parent=F("township")))
                    | (Q(level=4, township__isnull=False, village__isnull=False) & Q(parent=F("village")))
                ),
            ),
        ]
        indexes = [models.Index(fields=["district", "level", "pinyin"], name="areas_area_listed")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> tuple[int, ...]:
        """Ids from the district down to this area itself."""
        above = (self.district_id, self.township_id, self.village_id)[: self.level - 1]
        return (*(number for number in above if number is not None), self.pk)

    @property
    def key(self) -> UUID:
        """This area's number in the form that the journal keeps."""
        return UUID(int=self.pk)

    def about(self) -> About:
        return About(kind="areas.area", id=self.key, label=self.name, district_id=self.district_id, areas=self.path)

    @property
    def cell_id(self) -> int | None:
        return self.pk if self.level == Level.CELL else None


class Jurisdiction(models.Model):
    """Under which parent an area stood, and when. The tree of today is the row in force; old rows stay."""

    privacy: ClassVar[Privacy] = Privacy()

    area = models.ForeignKey(Area, models.PROTECT, related_name="jurisdictions")
    parent = models.ForeignKey(Area, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_DATES, name="areas_jurisdiction_dates"),
            ExclusionConstraint(
                name="areas_jurisdiction_one_parent_at_a_time", expressions=[(_one("area"), "&&"), _DAYS]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.valid_from}–{self.valid_to or ''}"


class Code(models.Model):
    """A code an area bore, in one system of numbering, and when."""

    privacy: ClassVar[Privacy] = Privacy()

    area = models.ForeignKey(Area, models.PROTECT, related_name="codes")
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    system = models.TextField(choices=System.choices)
    code = models.TextField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_DATES, name="areas_code_dates"),
            models.CheckConstraint(condition=~Q(code=""), name="areas_code_given"),
            # Text cannot be excluded without an extension; a 63-bit hash of it can.
            ExclusionConstraint(
                name="areas_code_one_area_at_a_time",
                expressions=[
                    (
                        Func(
                            F("system"),
                            F("code"),
                            arg_joiner=" || ':' || ",
                            template="int8range(hashtextextended(%(expressions)s, 0) >> 1, "
                            "hashtextextended(%(expressions)s, 0) >> 1, '[]')",
                        ),
                        "&&",
                    ),
                    (_one("district"), "&&"),
                    _DAYS,
                ],
            ),
            ExclusionConstraint(
                name="areas_code_one_code_at_a_time",
                expressions=[
                    (
                        Func(
                            F("system"),
                            template="int4range(ascii(%(expressions)s), ascii(%(expressions)s), '[]')",
                        ),
                        "&&",
                    ),
                    (_one("area"), "&&"),
                    _DAYS,
                ],
            ),
        ]
        indexes = [models.Index(fields=["district", "code"], name="areas_code_looked_up")]

    def __str__(self) -> str:
        return self.code


class Boundary(models.Model):
    """An area's outline during a time: polygons in WGS 84 (CGCS2000), whatever datum the source declared."""

    privacy: ClassVar[Privacy] = Privacy()

    area = models.ForeignKey(Area, models.PROTECT, related_name="boundaries")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    wkb = models.BinaryField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    datum = models.TextField()  # as the source declared it
    schematic = models.BooleanField(default=False)  # drawn to look plausible, not surveyed
    source = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_DATES, name="areas_boundary_dates"),
            models.CheckConstraint(
                condition=Q(west__lte=F("east"), south__lte=F("north")), name="areas_boundary_box_not_inside_out"
            ),
            ExclusionConstraint(name="areas_boundary_one_outline_at_a_time", expressions=[(_one("area"), "&&"), _DAYS]),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.valid_from}–{self.valid_to or ''}"


class Revision(models.Model):
    """A number for each district that grows whenever its tree or an outline changes: caches of cells hang on it."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.OneToOneField(Area, models.PROTECT, primary_key=True, related_name="+")
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.district_id}: {self.number}"


class DistrictProfile(models.Model):
    """What a district decides for itself."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.OneToOneField(Area, models.PROTECT, primary_key=True, related_name="profile")
    languages = models.JSONField(default=list)  # those residents may choose, first is the default
    hours = models.JSONField(default=dict)  # staffed hours, read by the rooms that keep clocks
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.district)

    @property
    def time_zone(self) -> str:
        return rules.TIME_ZONE.key
