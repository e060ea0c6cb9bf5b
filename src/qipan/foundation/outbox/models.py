"""Tables of messages, gateways and a district's own wording."""

from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from qipan.foundation.areas.models import Area
from qipan.foundation.journal.rules import About
from qipan.foundation.outbox.rules import Channel, GatewayKind, State
from qipan.foundation.posts.models import Person, Unit
from qipan.foundation.refusals.privacy import Privacy
from qipan.foundation.vault.models import Card
from qipan.kernels.ids import new_id


class Policy(models.Model):
    """How a district sends: its quiet hours, and what staff get beside the message in the application."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.OneToOneField(Area, models.CASCADE, primary_key=True, related_name="+")
    quiet_from = models.TimeField(default=time(22))
    quiet_to = models.TimeField(default=time(7))
    staff_channels = ArrayField(models.CharField(max_length=8, choices=Channel.choices), default=list, blank=True)
    urgent_channels = ArrayField(models.CharField(max_length=8, choices=Channel.choices), default=list, blank=True)

    def __str__(self) -> str:
        return f"{self.quiet_from:%H:%M}–{self.quiet_to:%H:%M}"


class Gateway(models.Model):
    """A service that takes messages by HTTP. Its secrets are named here and kept outside the database."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.ForeignKey(Area, models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="gateways")
    kind = models.CharField(max_length=8, choices=GatewayKind.choices)
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    method = models.CharField(max_length=6, default="POST")
    headers = models.JSONField(default=dict, blank=True)
    body = models.JSONField(default=dict, blank=True)
    form = models.BooleanField(default=False)  # the body as form fields instead of JSON
    sign_with = models.CharField(max_length=40, blank=True)  # DingTalk: the name of the secret that signs the address
    success_field = models.CharField(max_length=40, blank=True)  # "errcode": the answer's field that tells success
    success_value = models.CharField(max_length=40, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("district", "name")
        constraints = [
            models.UniqueConstraint(fields=["district", "name"], name="gateway_name_once"),
            models.CheckConstraint(condition=Q(method__in=["POST", "PUT", "GET"]), name="gateway_method_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """A district's own text for one template in one language."""

    privacy: ClassVar[Privacy] = Privacy()

    district = models.ForeignKey(Area, models.CASCADE, related_name="+")
    template = models.CharField(max_length=80)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["district", "template", "language"], name="wording_once"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.language}"


class Message(models.Model):
    """One message by one channel to one recipient. Written in the transaction of what it tells; sent after it."""

    privacy: ClassVar[Privacy] = Privacy(personal=("to_address_card",))

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    gateway = models.ForeignKey(Gateway, models.SET_NULL, null=True, blank=True, related_name="+")
    to_person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="messages")
    to_unit = models.ForeignKey(Unit, models.CASCADE, null=True, blank=True, related_name="+")
    to_address_card = models.ForeignKey(Card, models.SET_NULL, null=True, blank=True, related_name="+")
    template = models.CharField(max_length=80)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.UUIDField(null=True, blank=True)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    dedupe_key = models.CharField(max_length=200, null=True, blank=True, unique=True)

    class Meta:
        indexes = [
            models.Index("not_before", name="outbox_due", condition=Q(state__in=[State.QUEUED, State.SENDING])),
            models.Index(F("to_person"), F("created_at").desc(), name="outbox_inbox", condition=Q(channel=Channel.APP)),
            models.Index("to_person", name="outbox_unread", condition=Q(channel=Channel.APP, read_at__isnull=True)),
            models.Index(F("district"), F("created_at").desc(), name="outbox_listed"),
            models.Index("about_kind", "about_id", name="outbox_about"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(channel=Channel.APP) | Q(to_person__isnull=False, state=State.SENT),
                name="message_in_app_is_there_at_once",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENDING) | Q(lease_until__isnull=False), name="message_sending_has_a_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | Q(sent_at__isnull=False), name="message_sent_has_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def about(self) -> About:
        return About(
            kind="outbox.message",
            id=self.pk,
            label=self.template,
            district_id=self.district_id,
            areas=(self.district_id,),
            unit_id=self.to_unit_id,
        )
