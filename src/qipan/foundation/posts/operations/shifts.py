"""On duty, off duty."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts.models import Post, Shift
from qipan.foundation.refusals import Conflict


class OnShiftAlready(Conflict):
    """This post is on duty already."""


class NotOnShift(Conflict):
    """This post is not on duty."""


@transaction.atomic
def open_shift(*, by: Post, at: datetime) -> Shift:
    """The post goes on duty; its deputy steps back. Raises OnShiftAlready."""
    try:
        with transaction.atomic():
            shift = Shift.objects.create(post=by, opened_at=at)
    except IntegrityError:
        raise OnShiftAlready from None
    journal.record("posts.shift_opened", by, by=by, at=at)
    return shift


@transaction.atomic
def close_shift(*, by: Post, at: datetime) -> Shift:
    """The post goes off duty. Raises NotOnShift."""
    shift = Shift.objects.select_for_update().filter(post=by, closed_at=None).first()
    if shift is None:
        raise NotOnShift
    shift.closed_at = max(at, shift.opened_at)
    shift.save(update_fields=["closed_at"])
    minutes = int((shift.closed_at - shift.opened_at).total_seconds() // 60)
    journal.record("posts.shift_closed", by, by=by, at=at, minutes=minutes)
    return shift
