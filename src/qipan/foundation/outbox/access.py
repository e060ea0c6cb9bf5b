"""Which messages a viewer may see."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from qipan.foundation.outbox.models import Gateway, Message
from qipan.foundation.outbox.rules import Channel
from qipan.foundation.posts.access import require
from qipan.foundation.posts.models import Person, Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound

ABILITIES = {
    "outbox.see": frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
    "outbox.administer": frozenset({Role.ADMINISTRATOR}),
}


def inbox(*, person: Person) -> QuerySet[Message]:
    """What was sent to this person in the application."""
    return Message.objects.filter(to_person=person, channel=Channel.APP)


def visible(*, viewer: Post) -> QuerySet[Message]:
    """All messages of the viewer's district, for those who look after the sending. Raises NotYours."""
    require(viewer, "outbox.see")
    return Message.objects.filter(district=viewer.district_id)


def lock(message_id: UUID, *, viewer: Post) -> Message:
    """One message of the district, for a change. Raises NotYours, NotFound."""
    require(viewer, "outbox.administer")
    found = Message.objects.select_for_update().filter(pk=message_id, district=viewer.district_id).first()
    if found is None:
        raise NotFound
    return found


def gateway(gateway_id: int, *, viewer: Post) -> Gateway:
    """One gateway of the district, locked. Raises NotYours, NotFound."""
    require(viewer, "outbox.administer")
    found = Gateway.objects.select_for_update().filter(pk=gateway_id, district=viewer.district_id).first()
    if found is None:
        raise NotFound
    return found
