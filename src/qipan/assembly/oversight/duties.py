"""What oversight makes somebody's duty: a resident's request, a journal that does not prove."""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from qipan.foundation.duties import kinds
from qipan.foundation.duties import operations as duties
from qipan.foundation.duties.kinds import Escalation, Kind
from qipan.foundation.duties.models import Duty
from qipan.foundation.duties.rules import Recipient, State
from qipan.foundation.journal.rules import SYSTEM, About, Class, HasAuthor
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.foundation.vault.models import Request
from qipan.foundation.vault.operations import requests
from qipan.foundation.vault.rules import REQUEST_WORKING_DAYS
from qipan.kernels.clock import Limit

REQUEST, UNSOUND = "oversight.request", "oversight.unsound"
JOURNAL = uuid5(NAMESPACE_URL, "qipan:journal")


def register() -> None:
    """Called once, when the assembly is ready."""
    kinds.register(
        Kind(REQUEST, _("Answer a request about personal data"), link=lambda key: f"/data-requests/{key}/", pause=None),
        Kind(
            UNSOUND,
            _("The journal does not prove: find out why"),
            link=lambda key: "/journal/",
            steps=(Escalation("commander", Limit.natural(hours=2), Recipient.COMMANDER),),
            pause=None,
        ),
    )
    requests.register_duty(opened=_opened, ended=_ended)


def _opened(*, request: Request, by: HasAuthor, at: datetime) -> None:
    officer = (
        Post.objects.in_force(at).filter(district=request.district_id, role=Role.DPO).order_by("valid_from").first()
    )
    if officer is not None:
        duties.open(
            kind=REQUEST,
            about=requests.about_request(request),
            post=officer,
            limit=Limit.working_days(REQUEST_WORKING_DAYS),
            title=f"{Request.Kind(request.kind).label} {request.number}",
            by=by,
            at=at,
        )


def _ended(*, request: Request, by: HasAuthor, at: datetime) -> None:
    duties.end(kind=REQUEST, about=requests.about_request(request), by=by, at=at, outcome=request.state)


@transaction.atomic
def unsound(*, at: datetime) -> None:
    """Each district's auditor owes an explanation, at once; a duty that is open already stays the only one."""
    auditors = Post.objects.in_force(at).filter(role=Role.AUDITOR).select_related("area")
    for auditor in auditors:
        key = uuid5(JOURNAL, str(auditor.pk))
        about = About("journal", key, "!", auditor.district_id, auditor.area.path, privacy=Class.OPEN)
        if not Duty.objects.filter(kind=UNSOUND, about_id=key).exclude(state=State.ENDED).exists():
            duties.open(
                kind=UNSOUND,
                about=about,
                post=auditor,
                limit=Limit.natural(hours=1),
                urgent=True,
                by=SYSTEM,
                at=at,
            )
