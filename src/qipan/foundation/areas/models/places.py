"""Tables of what stands at a place, and of files that bring areas and places in."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from qipan.foundation.areas.models.tree import Area, ImportKind, ImportState, PointKind, PremisesKind
from qipan.foundation.journal.rules import About
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id


class Located(models.Model):
    """Base of every row that stands somewhere: the areas it belongs to when it was placed, and perhaps a point.

    The areas are copied, not looked up: an old row keeps the cell that it had. The four columns carry no index of
    their own; each table declares those its lists need. A table with its own Meta inherits `Located.Meta`.
    """

    district = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False)
    township = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False, null=True, blank=True)
    village = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False, null=True, blank=True)
    cell = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False, null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=(Q(cell=None) | Q(village__isnull=False)) & (Q(village=None) | Q(township__isnull=False)),
                name="%(app_label)s_%(class)s_areas_without_gap",
            ),
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None)
                | Q(
                    longitude__isnull=False,  # a comparison with null would pass
                    latitude__isnull=False,
                    longitude__gte=-180,
                    longitude__lte=180,
                    latitude__gte=-90,
                    latitude__lte=90,
                ),
                name="%(app_label)s_%(class)s_point_on_earth",
            ),
        ]

    def place(self, area: Area, longitude: float | None = None, latitude: float | None = None) -> Self:
        """Put this row into an area of any level, with a point (degrees, WGS 84) if there is one."""
        self.district_id, self.township_id, self.village_id = area.district_id, area.township_id, area.village_id
        self.cell_id = area.cell_id
        self.longitude, self.latitude = longitude, latitude
        return self

    def areas(self) -> tuple[int, ...]:
        """Ids of the areas it stands in, the district first."""
        levels = (self.district_id, self.township_id, self.village_id, self.cell_id)
        return tuple(number for number in levels if number is not None)


class Premises(Located):
    """One of the subjects under care: a village, community, enterprise, institution, school or shop."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.TextField(choices=PremisesKind.choices)
    name = models.TextField()
    pinyin = models.TextField(blank=True)
    code = models.TextField(blank=True)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)

    class Meta(Located.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Located.Meta.constraints,
            models.CheckConstraint(condition=~Q(name=""), name="areas_premises_named"),
            models.CheckConstraint(
                condition=Q(active_to=None) | Q(active_to__gt=F("active_from")), name="areas_premises_dates"
            ),
            models.UniqueConstraint(
                fields=["district", "code"], condition=~Q(code=""), name="areas_premises_one_for_a_code"
            ),
        ]
        indexes = [
            models.Index(fields=["district", "kind", "pinyin", "id"], name="areas_premises_listed"),
            models.Index(fields=["township", "kind", "pinyin"], name="areas_premises_in_township"),
            models.Index(fields=["village", "kind"], name="areas_premises_in_village"),
            models.Index(fields=["cell"], name="areas_premises_in_cell"),
        ]

    def __str__(self) -> str:
        return self.name

    def about(self) -> About:
        return About(
            kind="areas.premises", id=self.id, label=self.name, district_id=self.district_id, areas=self.areas()
        )


class Point(Located):
    """A single point on the map: a device, a booth, a gate."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.TextField(choices=PointKind.choices)
    name = models.TextField()
    code = models.TextField(blank=True)
    active_from = models.DateField()
    active_to = models.DateField(null=True, blank=True)

    class Meta(Located.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Located.Meta.constraints,
            models.CheckConstraint(
                condition=Q(active_to=None) | Q(active_to__gt=F("active_from")), name="areas_point_dates"
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=False, latitude__isnull=False), name="areas_point_has_a_point"
            ),
            models.UniqueConstraint(
                fields=["district", "code"], condition=~Q(code=""), name="areas_point_one_for_a_code"
            ),
        ]
        indexes = [models.Index(fields=["district", "kind"], name="areas_point_listed")]

    def __str__(self) -> str:
        return self.name

    def about(self) -> About:
        return About(kind="areas.point", id=self.id, label=self.name, district_id=self.district_id, areas=self.areas())


class Import(models.Model):
    """A file that somebody sent: first checked, then loaded when they say so. Its bytes are kept until then only."""

    privacy: ClassVar[Privacy] = Privacy(staff=("by_label", "preview"))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    kind = models.TextField(choices=ImportKind.choices)
    state = models.TextField(choices=ImportState.choices, default=ImportState.RECEIVED)
    file_name = models.TextField()
    size = models.BigIntegerField()
    options = models.JSONField(default=dict)  # datum, since, skip_foreign, own_codes
    data = models.BinaryField(null=True, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    stopping = models.BooleanField(default=False)  # somebody asked it to end
    counts = models.JSONField(default=dict)
    preview = models.JSONField(default=dict)  # rows and problems, as many as people look at
    refusal = models.JSONField(default=dict)  # code and facts of what was wrong with the file as a whole
    post_id = models.UUIDField(null=True, blank=True)
    person_id = models.UUIDField(null=True, blank=True)
    by_label = models.TextField(blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="areas_import_file_kept_while_needed",
                condition=Q(state__in=["received", "checked", "loading"], data__isnull=False)
                | Q(state__in=["loaded", "refused", "cancelled"], data=None),
            )
        ]
        indexes = [models.Index(fields=["district", "-created_at"], name="areas_import_listed")]

    def __str__(self) -> str:
        return self.file_name
