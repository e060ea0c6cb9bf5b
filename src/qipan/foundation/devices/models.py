"""Tables of phones: which are bound, what was carried out from them, and photos that wait for their step."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from qipan.foundation.journal.rules import About
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id


class Device(models.Model):
    """A phone that one post works with. Its queue is sealed to the key pair that the server made for it alone."""

    privacy: ClassVar[Privacy] = Privacy(staff=("name",))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, models.PROTECT, related_name="devices")
    name = models.CharField(max_length=80)
    public_key = models.BinaryField(max_length=65)  # the phone's: P-256, uncompressed
    server_public_key = models.BinaryField(max_length=65)
    server_private_key = models.BinaryField()  # sealed by the vault, under the key of `key_id`
    key_id = models.CharField(max_length=64)
    bound_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    seen_at = models.DateTimeField()
    version = models.PositiveSmallIntegerField()  # of the protocol, as it spoke last
    clock_offset = models.BigIntegerField(default=0)  # milliseconds that its clock is behind the server's
    cursor = models.BigIntegerField(null=True)  # the position of the journal up to which it was told
    holds = ArrayField(models.UUIDField(), default=list)  # incidents that it was told of and not told to forget
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-bound_at", "id")
        indexes = (models.Index(fields=["post", "-bound_at"], name="device_of_post"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=F("bound_at")), name="device_revoked_after_binding"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def about(self) -> About:
        return About(
            kind="devices.device",
            id=self.pk,
            label=self.name,
            district_id=self.post.district_id,
            areas=self.post.area.path,
            unit_id=self.post.unit_id,
        )


class Carried(models.Model):
    """A step that was carried out from a phone, and what the phone's clock said: evidence, never a deadline."""

    privacy: ClassVar[Privacy] = Privacy()

    id = models.UUIDField(primary_key=True)  # the command's
    device = models.ForeignKey(Device, models.PROTECT, related_name="carried", db_index=False)
    seq = models.BigIntegerField()
    step = models.CharField(max_length=12)
    about = models.UUIDField(null=True)
    version_before = models.IntegerField(null=True)
    version_after = models.IntegerField(null=True)
    at = models.DateTimeField()
    device_time = models.DateTimeField()
    corrected_time = models.DateTimeField()
    flagged = models.BooleanField()

    class Meta:
        indexes = (models.Index(fields=["device", "about"], name="carried_by_device"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(version_after=None) | Q(version_after__gte=F("version_before")),
                name="carried_version_grows",
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} {self.id}"


class Photo(models.Model):
    """A photo that came before its step: its bytes as sent, sealed, until the step is carried out."""

    privacy: ClassVar[Privacy] = Privacy(personal=("sealed",))

    id = models.UUIDField(primary_key=True)  # the command's that it belongs to
    device = models.ForeignKey(Device, models.PROTECT, related_name="photos")
    digest = models.BinaryField(max_length=32)
    size = models.IntegerField()
    sealed = models.BinaryField()  # sealed by the vault, under the key of `key_id`
    key_id = models.CharField(max_length=64)
    sent_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["sent_at"], name="device_photo_waiting"),)

    def __str__(self) -> str:
        return str(self.id)


class Kept(models.Model):
    """A step that arrived sealed and was not carried out: an administrator decides about it."""

    privacy: ClassVar[Privacy] = Privacy(personal=("sealed",))

    id = models.UUIDField(primary_key=True)  # the command's
    device = models.ForeignKey(Device, models.PROTECT, related_name="kept")
    step = models.CharField(max_length=12)
    why = models.CharField(max_length=60)  # the code of what stood against it
    sealed = models.BinaryField()  # the command, sealed by the vault under the key of `key_id`
    key_id = models.CharField(max_length=64)
    corrected_time = models.DateTimeField()
    kept_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+")
    applied = models.BooleanField(null=True)

    class Meta:
        ordering = ("kept_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_at=None, applied=None, decided_by=None)
                | Q(decided_at__isnull=False, applied__isnull=False, decided_by__isnull=False),
                name="kept_is_decided_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} {self.id}"
