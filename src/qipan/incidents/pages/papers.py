"""Printed papers of an incident: 交办单, 督办通知书, and the receipt for whoever reported it.

A paper is in Chinese, as papers of an authority are, whatever language the screen has; it carries the masked words
only, and a QR code that leads whoever may see the file back to it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from qipan.foundation.duties.models import Duty
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import viewer
from qipan.incidents import access
from qipan.incidents.models import Incident, Supervision
from qipan.incidents.pages import wording
from qipan.incidents.rules.classes import CLASSES, Klass
from qipan.incidents.rules.steps import Status

NO_ORDER = frozenset({Status.DRAFT, Status.REPORTED, Status.AWAITING, Status.DECLINED, Status.VOID, Status.MERGED})


@staff("incidents.view")
@require_GET
def index(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Which papers there are of an incident."""
    incident = access.get(incident_id, viewer=viewer(request))
    context = {
        "incident": incident,
        "order": incident.unit is not None and Status(incident.status) not in NO_ORDER,
        "supervisions": incident.supervisions.order_by("issued_at"),
    }
    return render(request, "incidents/papers/index.html", context)


@staff("incidents.view")
@require_GET
def order(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """交办单: what is handed to which unit and by when."""
    incident = access.get(incident_id, viewer=viewer(request))
    if incident.unit is None or Status(incident.status) in NO_ORDER:
        raise Http404
    duty = Duty.objects.filter(about_id=incident.pk, kind="incidents.handle").order_by("-opened_at").first()
    found = {"due": duty.due_at if duty else None, "unit": incident.unit}
    return _paper(request, "order", incident, found | ({"signed_at": duty.opened_at} if duty else {}))


@staff("incidents.view")
@require_GET
def supervision(request: HttpRequest, incident_id: UUID, supervision_id: UUID) -> HttpResponse:
    """督办通知书: the question, and until when it is to be answered."""
    incident = access.get(incident_id, viewer=viewer(request))
    found = Supervision.objects.select_related("unit", "issued_by__unit", "issued_by__area").filter(
        pk=supervision_id, incident=incident
    )
    one = found.first()
    if one is None:
        raise Http404
    more = {
        "supervision": one, "due": one.due_at, "unit": one.unit, "signed_at": one.issued_at,
        "issuer": str(one.issued_by.unit or one.issued_by.area),
    }  # fmt: skip
    return _paper(request, "supervision", incident, more)


@staff("incidents.view")
@require_GET
def receipt(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """回执: for a resident at the desk; the tracking code is not known here, the number is. Of a private matter it says
    nothing else: it goes home, where somebody else may find it."""
    incident = access.get(incident_id, viewer=viewer(request))
    return _paper(request, "receipt", incident, {"qr": _code(request, reverse("public_track"))})


def _paper(request: HttpRequest, name: str, incident: Incident, more: dict[str, Any]) -> HttpResponse:
    with translation.override("zh-hans"):
        places = [area.name for area in (incident.township, incident.village, incident.cell) if area]
        context = {
            "incident": incident,
            "place": " · ".join(places) or incident.district.name,
            "class_name": CLASSES[Klass(incident.klass)].name,
            "status_name": wording.status_name(incident.status, incident.klass),
            "issuer": incident.desk.name if incident.desk else incident.district.name,
            "qr": _code(request, reverse("incident", args=[incident.pk])),
            "signed_at": timezone.now(),
            **more,
        }
        return render(request, f"incidents/papers/{name}.html", context)


def _code(request: HttpRequest, path: str) -> str:
    """The address of a page as a QR code, in the form of an image's address."""
    address = request.build_absolute_uri(path)
    return str(segno.make(address, error="m").svg_data_uri(scale=3, border=1, dark="#000", light="#fff"))
