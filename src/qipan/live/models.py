"""Tables of the boards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area
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
