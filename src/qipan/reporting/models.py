"""Tables of forms and their fillings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from qipan.foundation.areas.models import Area
from qipan.foundation.journal.rules import About
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals.privacy import Privacy
from qipan.kernels.ids import new_id


class Form(models.Model):
    """A blank sheet of a superior's, and which figure goes into which of its cells."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    district = models.ForeignKey(Area, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    sheet = models.CharField(max_length=31)
    blank = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    cells = models.JSONField(default=list)
    daily = models.BooleanField(default=False)
    made_by = models.ForeignKey(Post, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def about(self) -> About:
        return About("reporting.form", self.id, self.name, self.district_id, (self.district_id,))


class Filling(models.Model):
    """A form as it was filled for a day: the values by cell, so that it can be shown and made again."""

    privacy: ClassVar = Privacy()
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    form = models.ForeignKey(Form, models.PROTECT, related_name="fillings")
    day = models.DateField()
    values = models.JSONField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("form", "-day", "-made_at"), name="filling_listed"),)

    def __str__(self) -> str:
        return f"{self.form} {self.day}"
