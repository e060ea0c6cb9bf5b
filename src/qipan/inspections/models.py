"""Tables of inspections."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from qipan.foundation.areas.models import Area, Located, Premises, PremisesKind
from qipan.foundation.journal.rules import About
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals.privacy import Privacy
from qipan.inspections.rules import State
from qipan.kernels.ids import new_id


class Checklist(models.Model):
    """What is looked at in a kind of premises, dated: an edit ends this one and begins another."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    kind = models.TextField(choices=PremisesKind.choices)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("district", "kind"), condition=Q(valid_to=None), name="checklist_one_a_kind"
            ),
        )

    def __str__(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name

    def about(self) -> About:
        return About("inspections.checklist", self.id, self.name, self.district_id, (self.district_id,))


class Item(models.Model):
    """One line of a checklist, and the category of incident that a finding on it opens."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="items")
    order = models.SmallIntegerField()
    text = models.CharField(max_length=120)
    text_en = models.CharField(max_length=160)
    category_key = models.SlugField(max_length=40)

    class Meta:
        ordering = ("order",)
        constraints = (models.UniqueConstraint(fields=("checklist", "order"), name="item_order_once"),)

    def __str__(self) -> str:
        return self.text_en if (get_language() or "").startswith("en") else self.text


class Plan(models.Model):
    """Which premises are visited how often: a kind, in an area, by a unit or by the grid worker of each cell."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    kind = models.TextField(choices=PremisesKind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    every_days = models.SmallIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    drawn_to = models.DateField(null=True, blank=True)  # the last day whose visits were opened

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("area", "kind"), condition=Q(valid_to=None), name="plan_one_in_force"),
            models.CheckConstraint(condition=Q(every_days__gte=1, every_days__lte=366), name="plan_within_a_year"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="plan_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return f"{self.area} {self.get_kind_display()}"

    def about(self) -> About:
        return About("inspections.plan", self.id, str(self), self.district_id, self.area.path, unit_id=self.unit_id)


class Visit(Located):
    """One look at one subject, owed by a unit or a grid worker, with its answers once it was made."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="visits")
    premises = models.ForeignKey(Premises, models.PROTECT, related_name="+")
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, default=State.OWED)
    visited_at = models.DateTimeField(null=True, blank=True)
    visited_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    findings_count = models.SmallIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)

    class Meta(Located.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Located.Meta.constraints,
            models.UniqueConstraint(fields=["premises"], condition=Q(state="owed"), name="visit_owed_once"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(visited_at__isnull=False, visited_by__isnull=False),
                name="visit_done_by_somebody",
            ),
        ]
        indexes = (
            models.Index(fields=("district", "state", "due_at"), name="visit_listed"),
            models.Index(fields=("premises", "-opened_at"), name="visit_of_premises"),
        )

    def __str__(self) -> str:
        return str(self.premises)

    def about(self) -> About:
        return About("inspections.visit", self.id, self.premises.name, self.district_id, self.areas(),
                     unit_id=self.unit_id)  # fmt: skip


class Finding(models.Model):
    """What was not in order, and the incident it opened."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, models.CASCADE, related_name="findings")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    text = models.CharField(max_length=500, blank=True)
    settled = models.BooleanField(default=False)  # put right while the visitor was there
    incident_id = models.UUIDField(null=True, blank=True)  # another domain's row: an id, no foreign key
    incident_number = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("visit", "item"), name="finding_once_an_item"),)

    def __str__(self) -> str:
        return str(self.item)
