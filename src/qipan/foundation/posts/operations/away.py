"""Days away, in which a deputy stands in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Absence, Post
from qipan.foundation.posts.operations.posts import EndsBeforeItBegins
from qipan.foundation.refusals import NotFound
from qipan.kernels.identity import mask_text


@transaction.atomic
def set_away(
    *, post_id: UUID, away_from: datetime, away_to: datetime, by: Post, at: datetime, reason: str = ""
) -> Absence:
    """Say when the holder of a post is away: the holder itself, or an administrator. Raises EndsBeforeItBegins."""
    post = _own_or_administered(post_id, by=by)
    if away_to <= away_from or away_to <= at:
        raise EndsBeforeItBegins(field="away_to")
    absence = Absence.objects.create(post=post, away_from=away_from, away_to=away_to, reason=mask_text(reason).text)
    journal.record("posts.away", post, by=by, at=at, away_from=away_from.isoformat(), away_to=away_to.isoformat())
    return absence


@transaction.atomic
def cancel_away(*, absence_id: UUID, by: Post, at: datetime) -> None:
    """The holder is not away after all. Days already gone stay on record."""
    rows = Absence.objects.select_for_update(of=("self",)).filter(post__in=access.visible_posts(viewer=by))
    absence = rows.filter(pk=absence_id, away_to__gt=at).first()
    if absence is None:
        raise NotFound
    post = _own_or_administered(absence.post_id, by=by)
    if absence.away_from < at:
        absence.away_to = at
        absence.save(update_fields=["away_to"])
    else:
        absence.delete()
    journal.record("posts.back", post, by=by, at=at)


def _own_or_administered(post_id: UUID, *, by: Post) -> Post:
    if post_id == by.pk:
        return access.post(post_id, viewer=by)
    access.require(by, "posts.administer")
    return access.lock_post(post_id, viewer=by)
