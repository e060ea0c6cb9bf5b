"""Tables of people and posts."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from qipan.kernels.ids import new_id


class Person(AbstractUser):
    """Somebody who works here and can sign in. Rights come from posts in force, never from this row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
