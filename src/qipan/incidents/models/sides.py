"""Tables of what goes on beside an incident: asks, supervision, ratings, checks; and the district's rules."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area
from qipan.foundation.journal.rules import About
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.refusals.privacy import Privacy
from qipan.incidents.models.incident import KLASSES, Incident, Reporter
from qipan.kernels.ids import new_id

ASKS = [
    ("return", _("return")),
    ("extension", _("extension")),
    ("hold", _("hold")),
    ("escalate", _("escalation")),
    ("send-down", _("sending down")),
    ("assist", _("assistance")),
    ("major", _("determination as a major hazard")),
]


class Ask(models.Model):
    """A side track, asked for by name and decided by name (see ASKS)."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="asks")
    kind = models.CharField(max_length=10, choices=ASKS)
    reason = models.CharField(max_length=500)
    detail = models.JSONField(default=dict, blank=True)
    asked_by = models.ForeignKey(Post, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="asked")  # asked, approved, refused, withdrawn, lapsed
    decided_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "kind"), condition=Q(state="asked"), name="ask_one_open_of_a_kind"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="ask_decided_by_another"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Assistance(models.Model):
    """协办: another unit that helps the handling one; it has a duty of its own and gives its own answer."""

    privacy: ClassVar = Privacy()
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="assistance")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=1000, blank=True)
    answered_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("incident", "unit"), name="assistance_once"),)

    def __str__(self) -> str:
        return str(self.unit)


class Supervision(models.Model):
    """督办 (or 挂牌督办): a question from above with a clock and an answer of its own."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="supervisions")
    number = models.CharField(max_length=24)
    kind = models.CharField(max_length=10, default="ordinary")  # ordinary, listed
    question = models.CharField(max_length=500)
    issued_by = models.ForeignKey(Post, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField()
    answer = models.CharField(max_length=1000, blank=True)
    answered_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("incident", "issued_at"), name="supervision_incident"),)

    def __str__(self) -> str:
        return self.number

    def about(self) -> About:
        subject = self.incident.about()
        return About("incidents.supervision", self.id, self.number, subject.district_id, subject.areas,
                     unit_id=self.unit_id, privacy=subject.privacy)  # fmt: skip


class Reminder(models.Model):
    """催办: somebody waiting says so; counted, and never a clock of its own."""

    privacy: ClassVar = Privacy()
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="reminders")
    at = models.DateTimeField()
    by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    reporter = models.ForeignKey(Reporter, models.CASCADE, null=True, blank=True, related_name="reminders")
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%F %R}"


class Rating(models.Model):
    """What a reporter says of the result; an unhappy one brings a call back and reopens by itself once."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="ratings")
    reporter = models.ForeignKey(Reporter, models.CASCADE, related_name="ratings")
    stars = models.SmallIntegerField()
    comment = models.CharField(max_length=500, blank=True)  # masked text
    at = models.DateTimeField()
    reopened = models.BooleanField(default=False)
    called_back_at = models.DateTimeField(null=True, blank=True)
    called_back_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    call_note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_one_to_five"),)

    def __str__(self) -> str:
        return str(self.stars)


class SpotCheck(models.Model):
    """A closed incident drawn at random and looked at again by somebody who had no part in it."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="spot_checks")
    drawn_at = models.DateTimeField()
    checked_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    confirmed = models.BooleanField(null=True)
    note = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return str(self.id)


class Rule(models.Model):
    """Routing: which unit an incident of a class or category in an area goes to. The most specific rule wins."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    klass = models.CharField(max_length=12, choices=KLASSES, blank=True)
    category_key = models.SlugField(max_length=40, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("area", "klass", "category_key"), condition=Q(valid_to=None), name="rule_once_in_force"
            ),
        )

    def __str__(self) -> str:
        return f"{self.area_id} {self.klass or self.category_key or '*'} → {self.unit_id}"

    def about(self) -> About:
        return About("incidents.rule", self.id, str(self), self.district_id, (self.district_id,), unit_id=self.unit_id)


class Number(models.Model):
    """The last number given out, for each district, series and day."""

    privacy: ClassVar = Privacy()
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    series = models.CharField(max_length=4)
    day = models.DateField()
    last = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("district", "series", "day"), name="number_series_once"),)

    def __str__(self) -> str:
        return f"{self.series}{self.day:%Y%m%d}-{self.last}"


class Allowance(models.Model):
    """How much of a public page's allowance is used in a window of time. `key` is a digest: no address is kept."""

    privacy: ClassVar = Privacy()
    key = models.CharField(max_length=64, primary_key=True)
    window = models.DateTimeField()
    used = models.IntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("window",), name="allowance_window"),)

    def __str__(self) -> str:
        return f"{self.window:%F %R} {self.used}"


class SavedView(models.Model):
    """A list's filters under a name, of one person."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    query = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "name"), name="saved_view_name_once"),)

    def __str__(self) -> str:
        return self.name
