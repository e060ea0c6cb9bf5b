"""Tables of the boards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id

SHORTEST, LONGEST, MOST_VIEWS = 5, 600, 8  # seconds of a view; views


class WallView(models.Model):
    """One of the views that the wall screens of an area rotate through."""

    class Kind(models.TextChoices):
        AREA = "area", _("The whole area")
        TOWNSHIP = "township", _("One part of it")
        WORST = "worst", _("Worst first")
        SUPERVISED = "supervised", _("Under supervision")
        FIGURES = "figures", _("Figures")
        SCORES = "scores", _("Scoreboard")

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    part = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    seconds = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("order",)
        constraints = (
            models.UniqueConstraint(fields=("area", "order"), name="wall_view_order_once"),
            models.CheckConstraint(
                condition=Q(seconds__gte=SHORTEST, seconds__lte=LONGEST), name="wall_view_seconds_sensible"
            ),
            models.CheckConstraint(
                condition=Q(kind="township", part__isnull=False) | (~Q(kind="township") & Q(part=None)),
                name="wall_view_part_only_where_shown",
            ),
        )

    def __str__(self) -> str:
        return f"{self.order} {self.kind}"


class Here(models.Model):
    """The last point of a post on duty, and no other: a new one takes its place, the end of the shift takes it away (a
    trigger sees to that), and so does a quarter of an hour. It is in no journal, no log of the database, no backup."""

    privacy: ClassVar[Privacy] = Privacy(staff=("longitude", "latitude", "accuracy", "at"))

    post = models.OneToOneField(Post, models.CASCADE, primary_key=True, related_name="+")
    longitude = models.FloatField()
    latitude = models.FloatField()
    accuracy = models.FloatField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(longitude__range=(-180, 180), latitude__range=(-90, 90), accuracy__gte=0),
                name="live_here_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
