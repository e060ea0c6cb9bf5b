"""Tables of duties, their pauses and fired steps, of calendars, staffed hours and orders that stretch clocks."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area, Located
from qipan.foundation.duties.rules import Planned, State
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id


class Duty(Located):
    """One thing that some post owes by some time at some place."""

    class Hours(models.TextChoices):
        """By which of the district's hours a clock of working hours runs."""

        WORKING = "working", _("Working hours")
        STAFFED = "staffed", _("Staffed hours of the desk")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=60)
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField()
    about_label = models.CharField(max_length=200)
    title = models.CharField(max_length=200)  # masked text
    link = models.CharField(max_length=200, blank=True)
    privacy = models.PositiveSmallIntegerField(default=Class.OPEN)
    level = models.PositiveSmallIntegerField(null=True)  # whose leg it is: Area.Level
    urgent = models.BooleanField(default=False)  # an order that stretches clocks leaves it alone

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="duties")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="duties")

    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    starts_at = models.DateTimeField()  # the clock's: earlier than opened_at where a merge keeps the earliest
    limit = models.JSONField(null=True)  # qipan.kernels.clock's form; None for no deadline
    hours = models.CharField(max_length=7, choices=Hours, default=Hours.WORKING)
    stage = models.PositiveSmallIntegerField(default=0)  # of a staged limit: how many stages are done
    stages_late = models.PositiveSmallIntegerField(default=0)
    escalation = models.CharField(max_length=20, default="default")
    warn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)  # counted over a year whose calendar is not published
    schedule = models.JSONField(default=list)  # steps still to fire: [name, time, round], soonest first
    next_at = models.DateTimeField(null=True)  # when the sweeper must look at it
    paused_from = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=60, blank=True)
    on_time = models.BooleanField(null=True)

    # Privacy is a column here; the declaration of the fields has another name for it (tests/architecture).
    privacy_of_fields: ClassVar[Privacy] = Privacy()

    class Meta(Located.Meta):
        db_table = "duties_duty"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Located.Meta.constraints,
            models.UniqueConstraint(
                fields=["about_id", "kind", "unit", "post"],
                condition=~Q(state=State.ENDED),
                nulls_distinct=False,
                name="duty_open_once",
                violation_error_message=_("This duty is open already."),
            ),
            models.CheckConstraint(
                condition=Q(state=State.ENDED, ended_at__isnull=False, next_at__isnull=True)
                | (~Q(state=State.ENDED) & Q(ended_at__isnull=True)),
                name="duty_ended_has_time_and_no_next",
            ),
            models.CheckConstraint(
                condition=Q(state=State.PAUSED, paused_from__isnull=False)
                | (~Q(state=State.PAUSED) & Q(paused_from__isnull=True)),
                name="duty_paused_has_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("opened_at")), name="duty_ends_after_opening"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="duty_to_sweep"),
            models.Index(fields=["post", "due_at"], condition=~Q(state=State.ENDED), name="duty_of_post"),
            models.Index(fields=["unit", "due_at"], condition=~Q(state=State.ENDED), name="duty_of_unit"),
            models.Index(fields=["district", "due_at"], condition=~Q(state=State.ENDED), name="duty_of_district"),
            models.Index(fields=["township", "due_at"], condition=~Q(state=State.ENDED), name="duty_of_township"),
            models.Index(fields=["about_id", "opened_at"], name="duty_about"),
            models.Index(fields=["unit", "ended_at"], condition=Q(state=State.ENDED), name="duty_ended_of_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about_label}"

    def about(self) -> About:
        """What the duty is about, in the journal's form: what happens to a duty stands in that thing's history."""
        return About(
            kind=self.about_kind,
            id=self.about_id,
            label=self.about_label,
            district_id=self.district_id,
            areas=self.areas(),
            unit_id=self.unit_id,
            privacy=self.privacy,
        )

    def pending(self) -> list[Planned]:
        return [Planned(name, datetime.fromisoformat(at), round_) for name, at, round_ in self.schedule]

    def arm(self, steps: list[Planned]) -> None:
        """Set the steps still to fire and, from them, when the sweeper must look."""
        self.schedule = [[step.name, step.at.isoformat(), step.round] for step in steps]
        self.next_at = steps[0].at if steps else None


class Pause(models.Model):
    """A time in which a duty's clock stood still: asked for by one person, approved by another."""

    privacy: ClassVar[Privacy] = Privacy(staff=("reason", "asked_by", "approved_by"))

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="pauses")
    begins_at = models.DateTimeField()
    until = models.DateTimeField()  # when it ends by itself
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "duties_pause"
        constraints = [
            models.UniqueConstraint(fields=["duty"], condition=Q(ended_at__isnull=True), name="pause_one_at_a_time"),
            models.CheckConstraint(condition=~Q(asked_by=F("approved_by")), name="pause_approved_by_another"),
            models.CheckConstraint(condition=Q(until__gt=F("begins_at")), name="pause_ends_after_it_begins"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("begins_at")), name="pause_not_backwards"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M} …"


class Extension(models.Model):
    """More time for a duty, approved by name. It counts on from the deadline before it."""

    privacy: ClassVar[Privacy] = Privacy(staff=("reason", "approved_by"))

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="extensions")
    limit = models.JSONField()
    given_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    approved_by = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "duties_extension"
        ordering = ("given_at", "id")

    def __str__(self) -> str:
        return f"{self.given_at:%Y-%m-%d %H:%M}"


class Step(models.Model):
    """A step of a duty's escalation that fired. Unique, so that none ever fires twice."""

    append_only: ClassVar[bool] = True
    privacy: ClassVar[Privacy] = Privacy()

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=40)
    round = models.PositiveSmallIntegerField(default=1)
    planned_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        db_table = "duties_step"
        constraints = [models.UniqueConstraint(fields=["duty", "name", "round"], name="step_fires_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.round}"


class CalendarYear(models.Model):
    """A year's days off and working Saturdays as a district imported them; the national ones are in the kernel."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    rows = models.JSONField()  # [[ISO date, name, off], …]
    source = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "duties_calendar_year"
        constraints = [
            models.UniqueConstraint(
                fields=["district", "year"], condition=Q(replaced_at__isnull=True), name="calendar_year_once"
            ),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2200), name="calendar_year_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.year}"


class StaffedHours(models.Model):
    """The hours that count for a district's clocks from a day on: working hours, and when its desks are staffed."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    working = models.JSONField()  # {"spans": "08:30-12:00, 14:30-18:00", "rest_days": "", "seasons": []}
    staffed = models.JSONField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "duties_staffed_hours"
        constraints = [models.UniqueConstraint(fields=["district", "valid_from"], name="staffed_hours_once_a_day")]

    def __str__(self) -> str:
        return f"{self.valid_from}"


class ClockRevision(models.Model):
    """Grows with every change of a district's calendar, hours or orders: processes keep the rules of a number."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.OneToOneField(Area, on_delete=models.CASCADE, primary_key=True, related_name="+")
    number = models.BigIntegerField(default=0)

    class Meta:
        db_table = "duties_clock_revision"

    def __str__(self) -> str:
        return str(self.number)


class ClockOrder(models.Model):
    """An order that stretches or suspends the non-urgent clocks of an area, for all alike."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60)
    ground = models.CharField(max_length=300)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    factor = models.DecimalField(max_digits=4, decimal_places=2, null=True)  # null: the clocks stand still
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "duties_clock_order"
        constraints = [
            models.UniqueConstraint(fields=["district", "number"], name="clock_order_number_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="clock_order_ends_after_beginning"),
            models.CheckConstraint(condition=Q(factor__isnull=True) | Q(factor__gt=1), name="clock_order_stretches"),
        ]

    def __str__(self) -> str:
        return self.number

    def about(self) -> About:
        return About(
            kind="duties.order", id=self.id, label=self.number, district_id=self.district_id, areas=self.area.path
        )


class Call(models.Model):
    """A phone call taken down in one tap. The caller's number lies in the vault."""

    privacy: ClassVar[Privacy] = Privacy(staff=("taken_by",))

    duty = models.OneToOneField(Duty, on_delete=models.PROTECT, primary_key=True, related_name="call")
    caller_card = models.UUIDField(null=True)
    taken_by = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "duties_call"

    def __str__(self) -> str:
        return str(self.duty_id)


class Relief(models.Model):
    """家有急事: a worker asks to be relieved. Nobody writes down why; only the unit's head sees who."""

    privacy: ClassVar[Privacy] = Privacy(staff=("post", "relieved_by"))

    duty = models.OneToOneField(Duty, on_delete=models.PROTECT, primary_key=True, related_name="relief")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="reliefs")
    relieved_by = models.ForeignKey(Post, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "duties_relief"

    def __str__(self) -> str:
        return str(self.duty_id)
