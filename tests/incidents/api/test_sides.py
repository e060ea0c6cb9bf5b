"""Side tracks over the API: what they refuse at the door."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from tests.incidents.conftest import Town

from qipan.foundation.posts import operations as posts
from qipan.incidents import operations
from qipan.incidents.models import Assistance, Supervision


@pytest.mark.parametrize("answered", ["supervision", "assistance"])
def test_an_answer_that_is_longer_than_what_is_kept_is_refused_and_one_as_long_is_kept(
    town: Town, client: Client, answered: str
) -> None:
    town.at = timezone.now() - timedelta(hours=3)
    incident = town.dispatched()
    by = town.handler if answered == "supervision" else town.colleague
    supervision = operations.supervise(incident_id=incident.id, question="进展如何", by=town.commander, at=town.later())
    Assistance.objects.create(incident=incident, unit=town.other, asked_at=town.later())
    path = f"supervisions/{supervision.id}/answer" if answered == "supervision" else f"{incident.id}/assistance"
    now = timezone.now()
    _token, secret = posts.issue_token(
        post=by, name="t", scopes=["read", "write"], expires_at=now + timedelta(days=1), by=by, at=now
    )

    def status(length: int) -> int:
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": str(uuid4())}
        body = json.dumps({"text": "好" * length})
        sent = client.post(f"/api/v1/incidents/{path}", body, content_type="application/json", headers=headers)
        return sent.status_code

    assert (status(1001), status(1000)) == (422, 200)
    kept = Supervision if answered == "supervision" else Assistance
    assert kept.objects.get().answer == "好" * 1000
