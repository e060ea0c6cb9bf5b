"""Tables of incidents. What must never be true is a constraint here; what may come next is in rules/steps.py."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import GinIndex, SpGistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Least
from django.utils.translation import get_language

from qipan.foundation.areas.models import Area, Level, Located, Premises
from qipan.foundation.journal.rules import About, Class
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.refusals.privacy import Privacy
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import ENDED, STATUS_NAMES, Status
from qipan.kernels.ids import new_id

KLASSES = [(klass.value, CLASSES[klass].name) for klass in Klass]
STATUSES = [(status.value, STATUS_NAMES[status]) for status in Status]


def every_level() -> list[int]:
    return [Level.TOWNSHIP, Level.VILLAGE, Level.CELL]


class Category(models.Model):
    """A kind of event in one district, dated: an edit ends this row and begins another, so closed files keep theirs."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    key = models.SlugField(max_length=40)
    klass = models.CharField(max_length=12, choices=KLASSES)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    stages = models.JSONField(default=list, blank=True)
    urgent_default = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    hidden_from_village = models.BooleanField(default=False)
    never_mediated = models.BooleanField(default=False)
    public = models.BooleanField(default=True)
    photo_reason = models.CharField(max_length=200, blank=True)
    on_lists = ArrayField(models.SmallIntegerField(), default=every_level, blank=True)  # levels it may be sent to
    order = models.SmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(never_mediated=False) | ~Q(klass=Klass.DISPUTE.value), name="category_disputes_are_mediated"
            ),
            models.UniqueConstraint(
                fields=("district", "key"), condition=Q(valid_to=None), name="category_one_current_version"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="category_ends_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name

    def about(self) -> About:
        return About("incidents.category", self.id, self.name, self.district_id, (self.district_id,))


IS_OPEN = ~Q(status__in=("declined", "void", "merged", "closed", "rated", "draft"))


class Months(models.Func):
    """The thirty-day span that a moment lies in, as an array of one number: what GIN can intersect with words."""

    template = f"ARRAY[floor(extract(epoch FROM %(expressions)s AT TIME ZONE 'UTC') / {30 * 86400})::int]"
    output_field = ArrayField(models.IntegerField())


class Negative(models.Func):
    """A number below nought."""

    template = "-%(expressions)s"


class Places(models.Func):
    """Where a row is looked for: the areas below the district that it lies in; its unit and its desk below nought."""

    template = "ARRAY[%(expressions)s]"
    output_field = ArrayField(models.BigIntegerField())


PLACES = Places(F("township"), F("village"), F("cell"), Negative(F("unit")), Negative(F("desk")))


class Overlaps(models.Func):
    """Whether an array of numbers and a list of some have one in common."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()

    def __init__(self, array: models.Func, wanted: list[int]) -> None:
        super().__init__(array, models.Value(wanted, output_field=array.output_field), arg_joiner=" && ")


HAS_ENDED = Q(status__in=("declined", "void", "merged", "closed", "rated"))


class Lifetime(models.Func):
    """From the report of an incident that has ended to its end: every time at which it was open lies in it."""

    function = "tstzrange"
    output_field = DateTimeRangeField()

    def __init__(self) -> None:
        ended = Coalesce("closed_at", "status_at")
        super().__init__(Least("reported_at", ended), ended, models.Value("[]"))

    def deconstruct(self) -> tuple[str, list[object], dict[str, object]]:
        return "qipan.incidents.models.incident.Lifetime", [], {}


class Incident(Located):
    """One file, from report to close. `district`, `township`, `village`, `cell`, place: see Located."""

    privacy: ClassVar = Privacy(personal=("text_card",))
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=24)
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", db_index=False)
    klass = models.CharField(max_length=12, choices=KLASSES)
    status = models.CharField(max_length=12, choices=STATUSES)
    status_at = models.DateTimeField()
    urgent = models.BooleanField(default=False)
    private = models.BooleanField(default=False)
    hidden_from_village = models.BooleanField(default=False)
    victim_cannot_act = models.BooleanField(default=False)  # a minor, or unable: for the police and nobody else

    premises = models.ForeignKey(Premises, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    address = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    text_card = models.UUIDField(null=True, blank=True)
    search = SearchVectorField(null=True)

    source = models.CharField(max_length=12)
    channel = models.CharField(max_length=24, blank=True)
    external_id = models.CharField(max_length=80, blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    level = models.SmallIntegerField(choices=Level.choices)  # whose desk it lies on
    desk = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    accused = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    handler = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    verifier = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    due_at = models.DateTimeField(null=True, blank=True)

    filed_at = models.DateTimeField(null=True, blank=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, blank=True)
    answer = models.TextField(blank=True)
    on_time = models.BooleanField(null=True, blank=True)

    immediate = models.BooleanField(default=False)
    major = models.CharField(max_length=10, blank=True)
    supervised = models.BooleanField(default=False)
    reworks = models.SmallIntegerField(default=0)
    reopenings = models.SmallIntegerField(default=0)
    extensions = models.SmallIntegerField(default=0)
    flags = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    version = models.IntegerField(default=0)

    class Meta(Located.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            *Located.Meta.constraints,
            models.UniqueConstraint(fields=("district", "number"), name="incident_number_once"),
            models.UniqueConstraint(
                fields=("district", "source", "external_id"),
                condition=~Q(external_id=""),
                name="incident_imported_once",
            ),
            models.CheckConstraint(
                condition=(Q(status=Status.MERGED.value) & Q(merged_into__isnull=False))
                | (~Q(status=Status.MERGED.value) & Q(merged_into__isnull=True)),
                name="incident_merged_into_one",
            ),
            models.CheckConstraint(
                condition=Q(handler=None) | Q(verifier=None) | ~Q(handler=F("verifier")),
                name="incident_verified_by_another",
            ),
            models.CheckConstraint(
                condition=Q(accused=None) | Q(unit=None) | ~Q(accused=F("unit")), name="incident_not_to_the_accused"
            ),
            models.CheckConstraint(
                condition=Q(victim_cannot_act=False) | Q(unit=None), name="incident_for_the_police_only"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=("closed", "rated")) | Q(closed_at__isnull=False),
                name="incident_closed_has_time",
            ),
        ]
        indexes = (
            # Each list is read along one of these, newest first, and stops after a page: its cost does not grow with
            # the years. Foreign keys have no index of their own beside them.
            *(
                models.Index(fields=(name, "-reported_at", "-id"), name=f"incident_{name}_new")
                for name in ("district", "township", "village", "cell", "category", "unit", "desk")
            ),
            *(
                models.Index(
                    fields=(name, "-reported_at", "-id"),
                    name=f"incident_{name}",
                    condition=Q(**{f"{name}__isnull": False}),
                )
                for name in ("handler", "verifier", "reported_by")
            ),
            # A kind of thing that a unit or a person hardly ever gets: found without reading all that they got.
            *(
                models.Index(fields=(name, "category", "-reported_at", "-id"), name=f"incident_{name}_category",
                             condition=Q(**{f"{name}__isnull": False}))
                for name in ("unit", "desk", "handler")
            ),
            *(
                models.Index(fields=(name, "-reported_at", "-id"), name=f"incident_urgent_{name}",
                             condition=Q(**{"urgent": True, f"{name}__isnull": False}))
                for name in ("unit", "desk", "handler")
            ),
            # What is open is a few thousand rows of millions.
            *(
                models.Index(fields=(name, order, "id" if order == "due_at" else "-id"),
                             name=f"incident_open_{name}_{word}", condition=IS_OPEN)
                for name in ("district", "township", "unit")
                for order, word in (("due_at", "due"), ("-reported_at", "new"))
            ),
            *(
                models.Index(fields=(name, "due_at", "id"), name=f"incident_open_{name}_due", condition=IS_OPEN)
                for name in ("village", "cell", "desk", "handler", "verifier", "reported_by")
            ),
            models.Index(
                fields=("district", "-reported_at", "-id"), name="incident_supervised", condition=Q(supervised=True)
            ),
            # The scoreboard reads its whole range of days from this index alone.
            models.Index(
                fields=("district", "closed_at"), name="incident_closed", condition=Q(closed_at__isnull=False),
                include=("township", "village", "cell", "unit", "status", "on_time", "reworks", "reopenings",
                         "immediate", "private"),
            ),
            # What was open on a day long past, for its replay.
            SpGistIndex(Lifetime(), name="incident_lifetime", condition=HAS_ENDED),
            models.Index(fields=("merged_into",), name="incident_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=("premises",), name="incident_premises", condition=Q(premises__isnull=False)),
            models.Index(fields=("accused",), name="incident_accused", condition=Q(accused__isnull=False)),
            # Words, month and place are intersected inside one index: a common word stays quick.
            GinIndex(F("search"), Months(F("reported_at")), PLACES, name="incident_search",
                     fastupdate=False),  # a list of what is not yet in it would be read by every search and, when
            # it is full, written by one report for all

        )  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def ended(self) -> bool:
        return Status(self.status) in ENDED

    def about(self) -> About:
        """How journal and duties name it: by number, never by title or text.

        What is hidden from the village is, for both, not in the village.
        """
        return About(
            "incidents.incident",
            self.id,
            self.number,
            self.district_id,
            self.areas()[:2] if self.hidden_from_village else self.areas(),
            unit_id=self.unit_id,
            privacy=Class.PRIVATE if self.private else Class.OPEN,
        )


class Reporter(models.Model):
    """Somebody who reported an incident. Who it is lies in the vault; here only how to answer and a code's digest."""

    privacy: ClassVar = Privacy(personal=("card",))
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="reporters")
    card = models.UUIDField(null=True, blank=True)
    code = models.BinaryField(max_length=32, null=True, blank=True, unique=True)
    language = models.CharField(max_length=10, default="zh-hans")
    reported_at = models.DateTimeField()
    informed_at = models.DateTimeField(null=True, blank=True)
    came_with = models.UUIDField(null=True, blank=True)  # the merged incident this report came with

    def __str__(self) -> str:
        return str(self.id)


class Attachment(models.Model):
    """A photo or paper of an incident, kept outside the web root; sealed where the incident is private."""

    privacy: ClassVar = Privacy(personal=("card",))
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.ForeignKey(Incident, models.CASCADE, related_name="attachments")
    stage = models.CharField(max_length=10)  # report, answer, verify
    path = models.CharField(max_length=200)
    content_type = models.CharField(max_length=40)
    size = models.IntegerField()
    digest = models.BinaryField(max_length=32)
    likeness = models.BigIntegerField(null=True, blank=True)  # perceptual hash, to flag the same photo sent twice
    sealed = models.BooleanField(default=False)
    key_id = models.CharField(max_length=64, blank=True)
    card = models.UUIDField(null=True, blank=True)  # looked at before a sealed photo is opened
    metres_from_place = models.IntegerField(null=True, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("likeness",), name="attachment_likeness"),)

    def __str__(self) -> str:
        return str(self.id)
