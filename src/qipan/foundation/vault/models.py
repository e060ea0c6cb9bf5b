"""Tables of the vault. Plaintext is never in them; keys are never in the database."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from qipan.foundation.journal.rules import About, Class
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id


class Card(models.Model):
    """What is known of one person for one purpose, sealed; `masked` is what may be shown of it."""

    privacy: ClassVar[Privacy] = Privacy(personal=("sealed", "masked"))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district_id = models.BigIntegerField()
    areas = ArrayField(models.BigIntegerField(), default=list)
    purpose = models.CharField(max_length=80)
    retention = models.CharField(max_length=20)
    about_kind = models.CharField(max_length=40)
    about_id = models.UUIDField(null=True)
    key_id = models.CharField(max_length=40)
    sealed = models.BinaryField()
    masked = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    erase_after = models.DateField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("about_kind", "about_id", name="vault_card_about"),
            models.Index("key_id", "id", name="vault_card_key"),
            models.Index("erase_after", name="vault_card_due", condition=models.Q(erased_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=True) | models.Q(sealed=b"", masked={}),
                name="vault_card_erased_is_empty",
            ),
        ]

    def about(self) -> About:
        return About(
            kind="card",
            id=self.id,
            label=f"{self.about_kind} {self.purpose}".strip(),
            district_id=self.district_id,
            areas=tuple(self.areas) or (self.district_id,),
            privacy=Class.PRIVATE,
        )


class Index(models.Model):
    """A keyed digest of a field, for exact look-up. Without the key it says nothing."""

    privacy: ClassVar[Privacy] = Privacy(personal=("digest",))

    card = models.ForeignKey(Card, models.CASCADE, related_name="indexes")
    kind = models.CharField(max_length=8)
    digest = models.BinaryField()
    key_id = models.CharField(max_length=40)

    class Meta:
        indexes = [
            models.Index("digest", name="vault_index_digest"),
            models.Index("key_id", "id", name="vault_index_key"),
        ]
        constraints = [models.UniqueConstraint("card", "kind", "digest", name="vault_index_once")]


class Look(models.Model):
    """Somebody looked behind a mask: who, when, on what ground. Appended in the transaction of the journal's entry."""

    privacy: ClassVar[Privacy] = Privacy()
    append_only: ClassVar[bool] = True

    class Ground(models.TextChoices):
        DUTY = "duty", _("Own open duty")
        REASON = "reason", _("Reason given")
        SYSTEM = "system", _("Done by the system")
        REQUEST = "request", _("The resident's own request")

    card_id = models.UUIDField()
    district_id = models.BigIntegerField()
    post_id = models.UUIDField(null=True)
    at = models.DateTimeField()
    ground = models.CharField(max_length=8, choices=Ground.choices)
    duty_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index("post_id", "at", name="vault_look_post"),
            models.Index("card_id", "at", name="vault_look_card"),
        ]


class Key(models.Model):
    """What is known of a key, never the key: its purpose, its age, how it ended."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.CharField(max_length=40, primary_key=True)
    district_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("district_id", "purpose", name="vault_key_purpose")]


class KeyCopy(models.Model):
    """One copy of a key or of a share of it, wherever it is: all are counted, and each ends by name."""

    privacy: ClassVar[Privacy] = Privacy(staff=("holder",))

    class Form(models.TextChoices):
        STORE = "store", _("In the key store")
        EXPORT = "export", _("Exported copy")
        SHARE = "share", _("Escrow share")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key_id = models.CharField(max_length=40)
    form = models.CharField(max_length=8, choices=Form.choices)
    place = models.CharField(max_length=300)
    holder = models.CharField(max_length=200, blank=True)
    holder_post_id = models.UUIDField(null=True)
    checksum = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index("key_id", name="vault_keycopy_key")]


class Request(models.Model):
    """A resident asks to see, correct or delete what is held (PIPL 44 to 50)."""

    privacy: ClassVar[Privacy] = Privacy(personal=("asker_card",), staff=("answer",))

    class Kind(models.TextChoices):
        ACCESS = "access", _("See what is held")
        CORRECTION = "correction", _("Correct it")
        DELETION = "deletion", _("Delete it")

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        CHECKED = "checked", _("Identity checked")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=40, unique=True)
    district_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    asker_card = models.ForeignKey(Card, models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    checked_how = models.CharField(max_length=40, blank=True)
    cards = ArrayField(models.UUIDField(), default=list)
    answer = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index("district_id", "state", "received_at", name="vault_request_open")]
