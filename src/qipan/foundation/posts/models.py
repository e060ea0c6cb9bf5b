"""Tables of people, units, posts, shifts and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area
from qipan.foundation.areas.rules import TIME_ZONE
from qipan.foundation.journal.rules import About, Author
from qipan.foundation.posts import rules
from qipan.foundation.posts.rules import PostKind, Role, StandsIn, UnitKind
from qipan.foundation.refusals.privacy import Privacy
from qipan.foundation.vault.models import Card
from qipan.kernels.ids import new_id


class People(BaseUserManager["Person"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Person:
        """A person who may sign in. Without a password only a passkey or the district's own sign-in service helps."""
        person = self.model(username=self.model.normalize_username(username), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who works here and can sign in. Rights come from posts in force, never from this row."""

    privacy: ClassVar[Privacy] = Privacy(staff=("username", "name", "email", "phone", "last_login"))

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(_("User name"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    name = models.CharField(_("Name"), max_length=150, blank=True)
    email = models.EmailField(_("E-mail"), blank=True)
    phone = models.CharField(_("Duty telephone"), max_length=32, blank=True)
    language = models.CharField(max_length=10, default="zh-hans", choices=[("zh-hans", "中文"), ("en", "English")])
    district = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="people")
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[People] = People()

    class Meta:
        verbose_name = _("person")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name or self.username

    def about(self) -> About:
        district = self.district_id
        return About(
            kind="posts.person",
            id=self.id,
            label=str(self),
            district_id=district,
            areas=(district,) if district else (),
        )


class Unit(models.Model):
    """A department, office, committee, station or team: what duties are sent to."""

    privacy: ClassVar[Privacy] = Privacy(staff=("contact_text",))

    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, models.PROTECT, related_name="units")
    kind = models.CharField(max_length=12, choices=UnitKind.choices)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)
    contact_text = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("district", "area", "name")
        constraints = [
            models.UniqueConstraint(fields=["district", "code"], condition=~Q(code=""), name="unit_code_once"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="unit_ends_after_it_begins"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="unit_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def about(self) -> About:
        return About(
            kind="posts.unit",
            id=None,
            label=self.name,
            district_id=self.district_id,
            areas=self.area.path,
            unit_id=self.pk,
        )


class Posts(models.QuerySet["Post"]):
    def in_force(self, at: datetime) -> Posts:
        """Posts whose rights count at `at`: begun, not ended, the person active; a deputy's only while it stands in."""
        main = Post.objects.filter(_held(at), person__is_active=True, pk=OuterRef("deputy_of"))
        away = Absence.objects.filter(_between(at), post=OuterRef("deputy_of"))
        shift = Shift.objects.filter(
            Q(closed_at=None) | Q(closed_at__gt=at), post=OuterRef("deputy_of"), opened_at__lte=at
        )
        stands_in = ~Exists(main) | Exists(away) | (Q(stands_in=StandsIn.OFF_DUTY) & ~Exists(shift))
        return self.filter(_held(at), person__is_active=True).filter(~Q(kind=PostKind.DEPUTY) | stands_in)

    def held(self, at: datetime) -> Posts:
        """Posts that somebody holds at `at`, deputies included whether or not they stand in."""
        return self.filter(_held(at))

    def with_names(self) -> Posts:
        return self.select_related("person", "area", "unit", "district")


def last_day(until: datetime | None) -> date | datetime | None:
    """How an end is said: the last whole day before a midnight there, else the moment itself."""
    if until is None:
        return None
    local = until.astimezone(TIME_ZONE)
    return local.date() - timedelta(days=1) if local.time() == time() else until


def _held(at: datetime) -> Q:
    return Q(valid_from__lte=at) & (Q(valid_to=None) | Q(valid_to__gt=at))


def _between(at: datetime) -> Q:
    return Q(away_from__lte=at, away_to__gt=at)


class Post(models.Model):
    """A person's role at an area, perhaps in a unit, from–to. All rights come from here."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=16, choices=Role.choices)
    area = models.ForeignKey(Area, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="posts")
    kind = models.CharField(max_length=10, choices=PostKind.choices, default=PostKind.REGULAR)
    head = models.BooleanField(default=False)  # leads its unit: is told of its overdue duties, sees who asks for relief
    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)
    deputy_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="deputies")
    stands_in = models.CharField(max_length=10, choices=StandsIn.choices, blank=True)
    ended_reason = models.CharField(max_length=200, blank=True)

    objects = Posts.as_manager()

    # Set for a request that came with an API token: what the token allows of what the post may do.
    scopes: frozenset[str] | None = None

    class Meta:
        ordering = ("district", "area", "role", "id")
        indexes = [models.Index(fields=["unit", "role"]), models.Index(fields=["area", "role"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="post_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(kind=PostKind.EMERGENCY) | Q(valid_to__isnull=False), name="post_emergency_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(kind=PostKind.DEPUTY, deputy_of__isnull=False) & ~Q(stands_in="")
                | ~Q(kind=PostKind.DEPUTY) & Q(deputy_of=None, stands_in=""),
                name="post_deputy_names_its_main_post",
            ),
            models.CheckConstraint(condition=~Q(deputy_of=F("id")), name="post_is_not_its_own_deputy"),
            models.CheckConstraint(condition=Q(head=False) | Q(unit__isnull=False), name="post_head_has_a_unit"),
            models.UniqueConstraint(
                fields=["person", "role", "area", "unit"],
                condition=Q(valid_to=None, deputy_of=None),
                nulls_distinct=False,
                name="post_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_role_display()} {self.unit or self.area}"

    @property
    def level(self) -> int:
        """1 district, 2 township, 3 village, 4 grid cell."""
        return int(self.area.level)

    @property
    def last_day(self) -> date | datetime | None:
        return last_day(self.valid_to)

    def may(self, ability: rules.Ability) -> bool:
        """Whether this post, through the token it came with if any, may do it."""
        if not rules.may(self.role, ability) or (ability in rules.DISTRICT_WIDE and self.area_id != self.district_id):
            return False
        return self.scopes is None or bool({"write", ability} & self.scopes)

    def covers(self, area_ids: Iterable[int]) -> bool:
        """Whether something at the areas of this path (district, township, village, cell) lies in this post's area."""
        return self.area_id in set(area_ids)

    def author(self) -> Author:
        """As the journal names it, in Chinese whatever language the screen has."""
        with translation.override("zh-hans"):
            label = f"{self.person}（{self.get_role_display()}，{self.unit or self.area}）"
        return Author(label=label, post_id=self.pk, person_id=self.person_id, district_id=self.district_id)

    def about(self) -> About:
        with translation.override("zh-hans"):
            label = str(self)
        return About(
            kind="posts.post",
            id=self.pk,
            label=label,
            district_id=self.district_id,
            areas=self.area.path,
            unit_id=self.unit_id,
        )


class Absence(models.Model):
    """Days the holder of a post is away; the deputy stands in."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="absences")
    away_from = models.DateTimeField()
    away_to = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("away_from",)
        constraints = [
            models.CheckConstraint(condition=Q(away_to__gt=F("away_from")), name="absence_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.away_from:%Y-%m-%d}–{self.away_to:%Y-%m-%d}"

    @property
    def last_day(self) -> date | datetime | None:
        return last_day(self.away_to)


class Shift(models.Model):
    """A post on duty, from when it said so until it said it was over."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="shifts")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = [
            models.UniqueConstraint(fields=["post"], condition=Q(closed_at=None), name="shift_open_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="shift_closes_after_it_opens"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M}"


class Volunteer(models.Model):
    """Somebody who helps a unit. Name and telephone lie in the vault; here only a number and what they can do."""

    privacy: ClassVar[Privacy] = Privacy(personal=("name_card",))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="volunteers")
    number = models.PositiveIntegerField()
    name_card = models.ForeignKey(Card, models.PROTECT, related_name="+")
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("unit", "number")
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="volunteer_number_once"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="volunteer_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.number}"

    def about(self) -> About:
        return About(
            kind="posts.volunteer",
            id=self.pk,
            label=str(self),
            district_id=self.unit.district_id,
            areas=self.unit.area.path,
            unit_id=self.unit_id,
        )


class Token(models.Model):
    """A key for programs: acts as one post, within scopes, until a day. Only its digest is kept."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.BinaryField(unique=True, max_length=32)
    scopes = ArrayField(models.CharField(max_length=60))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires_after_it_is_made")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> date | datetime | None:
        return last_day(self.expires_at)

    def about(self) -> About:
        return About(
            kind="posts.token",
            id=self.pk,
            label=self.name,
            district_id=self.post.district_id,
            areas=self.post.area.path,
            unit_id=self.post.unit_id,
        )


class SignInRule(models.Model):
    """A district's choice of the roles that must have a second factor."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.OneToOneField(Area, models.CASCADE, primary_key=True, related_name="+")
    second_factor = ArrayField(models.CharField(max_length=16, choices=Role.choices), default=list, blank=True)

    def __str__(self) -> str:
        return ", ".join(self.second_factor)
