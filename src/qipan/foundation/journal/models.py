"""Tables of the journal. No foreign keys: an entry keeps ids and labels, and outlives what it tells of."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext

from qipan.foundation.journal import kinds
from qipan.foundation.journal.rules import RESIDENT, SYSTEM, Class
from qipan.foundation.refusals.privacy import Privacy


class Entry(models.Model):
    """One thing that happened. Its id says nothing about order: positions do."""

    privacy_of_fields: ClassVar[Privacy] = Privacy(staff=("by_label",))
    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=64)
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField(null=True)
    about_label = models.CharField(max_length=200)
    district_id = models.BigIntegerField(null=True)
    areas = ArrayField(models.BigIntegerField(), default=list)
    unit_id = models.BigIntegerField(null=True)
    post_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    by_label = models.CharField(max_length=200)
    privacy = models.SmallIntegerField(default=Class.OPEN)
    status_before = models.CharField(max_length=40, blank=True)
    status_after = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    command_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index("about_kind", "about_id", "id", name="journal_entry_about"),
            models.Index("district_id", "id", name="journal_entry_district"),
            models.Index("post_id", "id", name="journal_entry_post", condition=models.Q(post_id__isnull=False)),
            models.Index("district_id", "kind", "id", name="journal_entry_kind"),
            GinIndex("areas", name="journal_entry_areas"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about_label}"

    @property
    def kind_text(self) -> str:
        return kinds.text(self.kind)

    @property
    def by_text(self) -> str:
        """The author's label; the authors that are not posts are named in the reader's language."""
        return gettext(self.by_label) if self.by_label in {SYSTEM.label, RESIDENT.label} else self.by_label


class Pending(models.Model):
    """An entry that is committed or about to be, and has no position yet."""

    privacy: ClassVar[Privacy] = Privacy()

    entry = models.OneToOneField(Entry, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="+")


class Position(models.Model):
    """The place of a committed entry in the one order of all entries: from 1, without gaps."""

    privacy: ClassVar[Privacy] = Privacy()
    append_only: ClassVar[bool] = True

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.DO_NOTHING, db_constraint=False, related_name="place")
    digest = models.BinaryField()


class Seal(models.Model):
    """A link of the chain: the positions it closes, and the head that they and all before them hash to."""

    privacy: ClassVar[Privacy] = Privacy()
    append_only: ClassVar[bool] = True

    number = models.BigIntegerField(primary_key=True)
    first_position = models.BigIntegerField(unique=True)
    last_position = models.BigIntegerField(unique=True)
    head = models.BinaryField()
    signature = models.BinaryField()
    key_id = models.CharField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_position__gte=models.F("first_position")), name="journal_seal_not_empty"
            ),
        ]


class Command(models.Model):
    """An idempotency key that was used: by whom, for what, and what was answered. It is unique for ever."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True)
    author = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    digest = models.BinaryField()
    at = models.DateTimeField()
    answer = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.name} {self.id}"
