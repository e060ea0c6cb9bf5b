"""Imports that take longer than somebody should wait for a page."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from qipan.foundation.areas.imports import runs


@app.task(name="areas_check_import")
def check_import(import_id: str) -> None:
    runs.look(import_id=UUID(import_id), at=timezone.now())


@app.task(name="areas_load_import")
def load_import(import_id: str) -> None:
    runs.carry_out(import_id=UUID(import_id), at=timezone.now())


@app.periodic(cron="30 19 * * *", periodic_id="imports")
@app.task(name="areas_drop_abandoned_imports", queueing_lock="areas_drop_abandoned_imports")
def drop_abandoned_imports(timestamp: int) -> None:
    runs.drop_abandoned(at=timezone.now())
