"""Which forms a viewer may see or lock: those of the own district, for posts that fill forms."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from qipan.foundation.areas.models import Level
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import NotFound
from qipan.reporting.models import Filling, Form


def visible(*, viewer: Post) -> QuerySet[Form]:
    """The district's forms: their figures are the whole district's, so only its own level sees them."""
    if viewer.level != Level.DISTRICT or not viewer.may("reporting.fill"):
        return Form.objects.none()
    return Form.objects.filter(district=viewer.district_id, ended_at=None)


def get(form_id: UUID, *, viewer: Post) -> Form:
    """One visible form. Raises NotFound."""
    found = visible(viewer=viewer).filter(pk=form_id).first()
    if found is None:
        raise NotFound
    return found


def lock(form_id: UUID, *, viewer: Post) -> Form:
    """The form, locked. Raises NotFound."""
    found = visible(viewer=viewer).select_for_update(of=("self",)).filter(pk=form_id).first()
    if found is None:
        raise NotFound
    return found


def filling(filling_id: UUID, *, viewer: Post) -> Filling:
    """One filling of a visible form. Raises NotFound."""
    found = Filling.objects.filter(pk=filling_id, form__in=visible(viewer=viewer)).select_related("form").first()
    if found is None:
        raise NotFound
    return found
