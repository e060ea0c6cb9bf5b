"""A finding of an inspection opens an incident: inspections and incidents in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from qipan.foundation.posts.models import Post
from qipan.incidents import operations as incidents
from qipan.incidents.models import Category
from qipan.incidents.operations.report import Place
from qipan.inspections import operations as inspections
from qipan.inspections.models import Visit
from qipan.inspections.operations import Found, NoCategory


@transaction.atomic
def finish_visit(*, visit_id: UUID, found: Sequence[Found], note: str, by: Post, at: datetime) -> Visit:
    """Hand in a visit; each line not in order opens an incident at the premises, closed at once if it was put right.

    All or nothing. Raises what `inspections.finish` and `incidents.report` raise, and NoCategory.
    """
    visit = inspections.finish(visit_id=visit_id, found=found, note=note, by=by, at=at)
    categories = {row.key: row for row in Category.objects.filter(district=visit.district_id, valid_to=None)}
    for finding in visit.findings.select_related("item").order_by("item__order"):
        category = categories.get(finding.item.category_key)
        if category is None:
            raise NoCategory(field="findings")
        settle = finding.settled and not category.private and not category.photo_reason
        incident, _code = incidents.report(
            category=category, place=Place(premises=visit.premises), title=finding.item.text, text=finding.text,
            source="inspection", by=by, at=at, draft=settle,
        )  # fmt: skip
        if settle:
            incidents.settle(incident_id=incident.id, text=finding.text or finding.item.text, by=by, at=at)
        inspections.link(finding=finding, incident_id=incident.id, number=incident.number)
    return visit
