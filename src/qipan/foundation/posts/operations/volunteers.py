"""Volunteers of a unit. Their names and telephones go into the vault at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Post, Volunteer
from qipan.foundation.posts.operations.units import Nameless
from qipan.foundation.refusals import NotFound
from qipan.foundation.vault import operations as vault
from qipan.kernels.ids import new_id


@transaction.atomic
def add_volunteer(
    *, unit_id: int, name: str, phone: str = "", skills: Iterable[str] = (), by: Post, at: datetime
) -> Volunteer:
    """Somebody who helps a unit of the writer's own area. Raises Nameless, the vault's WrongPhone, NotFound."""
    access.require(by, "posts.volunteers")
    unit = access.lock_unit(unit_id, viewer=by)
    if not name.strip():
        raise Nameless(field="name")
    number = (Volunteer.objects.filter(unit=unit).aggregate(last=Max("number"))["last"] or 0) + 1
    volunteer = Volunteer(
        id=new_id(), unit=unit, number=number, skills=sorted({skill.strip() for skill in skills} - {""}), since=at
    )
    fields = {"name": name, "phone": phone}
    volunteer.name_card = vault.seal(
        district_id=unit.district_id,
        purpose="volunteer",
        retention="staff",
        about=volunteer,
        fields={key: value for key, value in fields.items() if value.strip()},
        by=by,
        at=at,
    )
    volunteer.save(force_insert=True)
    journal.record("posts.volunteer_added", volunteer, by=by, at=at)
    return volunteer


@transaction.atomic
def end_volunteer(*, volunteer_id: UUID, by: Post, at: datetime, reason: str = "") -> Volunteer:
    """The volunteer helps no longer; name and telephone are erased. Raises NotFound."""
    access.require(by, "posts.volunteers")
    rows = Volunteer.objects.filter(access.inside(by, "unit__area"), unit__district=by.district_id, until=None)
    volunteer = rows.select_for_update(of=("self",)).select_related("unit__area").filter(pk=volunteer_id).first()
    if volunteer is None:
        raise NotFound
    volunteer.until = at
    volunteer.save(update_fields=["until"])
    vault.erase(card_id=volunteer.name_card_id, by=by, at=at, reason="posts.volunteer_ended")
    journal.record("posts.volunteer_ended", volunteer, by=by, at=at, reason=reason)
    return volunteer
