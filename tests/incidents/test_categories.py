"""Categories that a district adds, and what of them it edits: dated, within the law, never rewriting what is closed."""

from __future__ import annotations

import pytest
from django.utils import translation
from tests.incidents.conftest import Town, make_town

from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.access import NotYours
from qipan.incidents import operations
from qipan.incidents.models import Category
from qipan.incidents.operations import configure
from qipan.incidents.rules.classes import Klass, LooserThanLaw, days

NAMES = {"name": "充电桩故障", "name_en": "Charging pile"}


def add(town: Town, key: str = "charging-pile", klass: Klass = Klass.FACILITY, **values: object) -> Category:
    return operations.add_category(
        klass=klass, key=key, values={**NAMES, **values}, by=town.administrator, at=town.later()
    )


def test_a_district_adds_a_category_and_reports_under_it(town: Town) -> None:
    stranger = make_town("西区")
    added = add(town)
    incident = town.report("charging-pile")
    assert (incident.category, incident.klass) == (added, Klass.FACILITY)
    assert not Category.objects.filter(district=stranger.district, key="charging-pile").exists()
    entry = Entry.objects.get(kind="incidents.category_added")
    assert (entry.about_id, entry.detail["key"], entry.detail["klass"]) == (added.pk, "charging-pile", "facility")


def test_what_cannot_be_added_is_refused_and_adds_nothing(town: Town) -> None:
    before = Category.objects.count()
    with pytest.raises(configure.KeyTaken):
        add(town, "rubbish")
    for key, values in (("Pile 1", {}), ("", {}), ("pile", {"name": " "}), ("pile", {"name_en": ""}), ("x" * 41, {})):
        with pytest.raises(configure.KeyOrNameMissing):
            add(town, key, **values)
    with pytest.raises(LooserThanLaw) as refused:
        add(town, klass=Klass.PETITION, limits={"handle": days(61)})
    for language, law in (("en", ": 60 days)"), ("zh-hans", "：60 日（自然日））")):
        with translation.override(language):
            assert law in refused.value.message
    with pytest.raises(configure.DisputesAreMediated):
        add(town, klass=Klass.DISPUTE, never_mediated=True)
    with pytest.raises(configure.NotEditable):
        add(town, valid_from="2020-01-01")
    with pytest.raises(NotYours):
        operations.add_category(klass=Klass.CITY, key="x", values=NAMES, by=town.dispatcher, at=town.later())
    assert Category.objects.count() == before
