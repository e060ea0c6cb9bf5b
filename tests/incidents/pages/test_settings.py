"""Categories with their legal floors, dated; routing rules looked at before they are set."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests import factories
from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.posts.access import NotYours
from qipan.foundation.posts.rules import Role
from qipan.foundation.refusals import NotFound
from qipan.incidents import operations
from qipan.incidents.models import Category, Incident, Rule
from qipan.incidents.operations import configure
from qipan.incidents.queries.preview import preview


def fields(category: Category, **changes: object) -> dict[str, object]:
    plain = {"name": category.name, "name_en": category.name_en, "public": "on", "on_lists": ["2", "3", "4"]}
    return command(**{**plain, **changes})


def test_a_change_holds_from_today_and_closed_files_keep_the_old_row(recent: Town, as_) -> None:
    incident = recent.closed("street-light")
    old = recent.category("street-light")
    client = as_(recent.administrator)
    url = f"/incidents/rules/categories/{old.pk}/"
    assert "Cancel" in client.get(url).content.decode()
    answer = client.post(url, fields(old, name="路灯照明", handle_0="3", handle_1="working-days"))
    new = recent.category("street-light")
    assert answer["Location"] == f"/incidents/rules/categories/{new.pk}/"
    assert new.pk != old.pk
    assert (new.name, new.limits["handle"]) == ("路灯照明", {"clock": "working_days", "amount": 3})
    incident.refresh_from_db()
    assert incident.category_id == old.pk
    old.refresh_from_db()
    assert old.valid_to == new.valid_from
    shown = client.get(f"/incidents/rules/categories/{old.pk}/")
    assert shown.context["may_configure"] is False


def test_nothing_looser_than_the_law_and_no_working_time_where_it_counts_natural_time(recent: Town, as_) -> None:
    petition = recent.category("petition")
    client = as_(recent.administrator)
    url = f"/incidents/rules/categories/{petition.pk}/"
    page = client.get(url).content.decode()
    assert "信访工作条例" in page
    for amount, unit in (("61", "days"), ("10", "working-days")):
        answer = client.post(url, fields(petition, handle_0=amount, handle_1=unit))
        assert answer.status_code == 422
        assert "handle" in answer.context["form"].errors
    assert client.post(url, fields(petition, handle_0="45")).status_code == 422
    assert recent.category("petition").pk == petition.pk
    assert client.post(url, fields(petition, handle_0="45", handle_1="days")).status_code == 302


def test_others_look_but_do_not_change(recent: Town, as_) -> None:
    category = recent.category("street-light")
    client = as_(recent.dispatcher)
    assert client.get(f"/incidents/rules/categories/{category.pk}/").context["may_configure"] is False
    answer = client.post(f"/incidents/rules/categories/{category.pk}/", fields(category, name="x"))
    assert answer.status_code == 403
    assert recent.category("street-light").pk == category.pk


def test_a_rule_is_previewed_set_and_ended(recent: Town, as_) -> None:
    lamp, other = recent.report("street-light"), recent.report("road")
    recent.report("rubbish")
    client = as_(recent.administrator)
    form = {"area": recent.township.pk, "what": "class:facility", "unit": recent.other.pk}
    seen = client.post("/incidents/rules/routing/", command(**form)).context["seen"]
    assert (seen.looked_at, seen.changed) == (2, 2)
    assert seen.counts == [("", 2, 0), ("水务局", 0, 2)] or seen.counts == [("水务局", 0, 2), ("", 2, 0)]
    assert {row["number"] for row in seen.rows} == {lamp.number, other.number}
    assert not Rule.objects.exists()
    sent = command(**form, really="1")
    for _ in range(2):
        assert client.post("/incidents/rules/routing/", sent).status_code == 302
    rule = Rule.objects.get()
    assert (rule.area, rule.klass, rule.unit) == (recent.township, "facility", recent.other)
    assert client.post(f"/incidents/rules/routing/{rule.pk}/end/", command()).status_code == 302
    rule.refresh_from_db()
    assert rule.valid_to is not None


def test_a_preview_lets_the_deeper_and_the_more_exact_rule_win(recent: Town) -> None:
    recent.report("street-light")
    recent.report("road")
    operations.set_rule(area=recent.village, unit=recent.department, category_key="road", by=recent.administrator,
                        at=recent.later(), since=date(2026, 1, 1))  # fmt: skip
    seen = preview(
        viewer=recent.administrator, area=recent.township, unit=recent.other, klass="facility", now=recent.at
    )
    assert [row["category__key"] for row in seen.rows] == ["street-light"]
    assert {name: then for name, _now, then in seen.counts} == {"城管局": 1, "水务局": 1, "": 0}


def test_a_preview_costs_two_queries_and_no_more_rows_than_its_bound(recent: Town, monkeypatch) -> None:
    monkeypatch.setattr("qipan.incidents.queries.preview.MOST", 3)
    for _ in range(5):
        recent.report("street-light")
    with CaptureQueriesContext(connection) as seen:
        found = preview(viewer=recent.administrator, area=recent.district, unit=recent.other, now=recent.at)
    assert len(seen) == 2
    assert (found.looked_at, found.cut, found.changed) == (3, True, 3)


def test_a_unit_or_area_of_another_district_is_no_choice(recent: Town, as_) -> None:
    from tests.incidents.conftest import make_town

    stranger = make_town("西区")
    client = as_(recent.administrator)
    for changes in ({"area": stranger.township.pk}, {"unit": stranger.department.pk}):
        form = command(**{"area": recent.township.pk, "what": "", "unit": recent.other.pk, "really": "1", **changes})
        assert client.post("/incidents/rules/routing/", form).status_code == 422
    rule = operations.set_rule(
        area=stranger.township, unit=stranger.department, by=stranger.administrator, at=recent.later()
    )
    assert client.post(f"/incidents/rules/routing/{rule.pk}/end/", command()).status_code == 404
    assert Rule.objects.count() == 1


def test_stages_are_changed_and_each_has_a_name_and_a_limit(recent: Town, as_) -> None:
    staged = recent.category("illegal-building")
    client = as_(recent.administrator)
    url = f"/incidents/rules/categories/{staged.pk}/"
    shown = client.get(url).context["form"]
    kept = {
        f"stage{number}{end}": value
        for number, stage in enumerate(staged.stages)
        for end, value in (
            ("_name", stage["name"]),
            ("_0", shown[f"stage{number}"].subwidgets[0].data["subwidgets"][0]["value"]),
            ("_1", shown[f"stage{number}"].subwidgets[0].data["subwidgets"][1]["value"][0]),
        )
    }
    assert (kept["stage0_0"], kept["stage0_1"]) == ("4", "working-hours")
    answer = client.post(url, fields(staged, **{**kept, "stage1_0": "", "stage1_1": ""}))
    assert "stage1_name" in answer.context["form"].errors
    assert client.post(url, fields(staged, **{**kept, "stage1_0": "5", "stage1_1": "working-days"})).status_code == 302
    stages = recent.category("illegal-building").stages
    assert [stage["amount"] for stage in stages] == [240, 5, 20]
    assert [stage["name"] for stage in stages] == ["停工", "立案处罚", "拆除"]


def test_routing_rules_are_read_by_township_and_searched(recent: Town, as_) -> None:
    client = as_(recent.administrator)
    for area in (recent.district, recent.township, recent.village):
        operations.set_rule(
            area=area, unit=recent.department, klass="hazard", by=recent.administrator, at=recent.later()
        )
    operations.set_rule(area=recent.cell, unit=recent.other, by=recent.administrator, at=recent.later())
    groups = client.get("/incidents/rules/routing/").context["groups"]
    assert [(group["area"], len(group["rows"]), group["open"]) for group in groups] == [
        (recent.district, 1, True),
        (recent.township, 3, True),
    ]
    assert groups[1]["rows"][0]["rule"].area == recent.township
    [group] = client.get("/incidents/rules/routing/", {"text": recent.other.name}).context["groups"]
    assert [row["rule"].area for row in group["rows"]] == [recent.cell]
    none = client.get("/incidents/rules/routing/", {"text": "nowhere"})
    assert none.context["groups"] == []
    assert "Nothing matches" in none.content.decode()


def test_many_routing_rules_are_folded_and_cost_no_more_queries(recent: Town, as_, monkeypatch) -> None:
    monkeypatch.setattr("qipan.incidents.pages.routing_rules.MOST_UNFOLDED", 1)
    client = as_(recent.administrator)
    counts = []
    for area in (recent.district, recent.township, recent.village, recent.cell):
        operations.set_rule(area=area, unit=recent.department, by=recent.administrator, at=recent.later())
        with CaptureQueriesContext(connection) as queries:
            shown = client.get("/incidents/rules/routing/")
        counts.append(len(queries))
    assert counts[1] == counts[-1]
    assert [group["open"] for group in shown.context["groups"]] == [True, False]


def test_what_would_become_private_is_counted_before_it_is_saved(recent: Town, as_) -> None:
    for _ in range(2):
        recent.report("street-light")
    category = recent.category("street-light")
    client, url = as_(recent.administrator), f"/incidents/rules/categories/{category.pk}/"
    answer = client.post(url, fields(category, private="on"))
    assert (answer.status_code, answer.context["conceals"]) == (200, 2)
    assert "2 open incidents of this category become private" in answer.content.decode()
    assert not recent.category("street-light").private
    assert not Incident.objects.filter(private=True).exists()
    answer = client.post(url, fields(category, private="on", really="1"))
    assert answer.status_code == 302
    assert recent.category("street-light").private
    assert Incident.objects.filter(private=True).count() == 2
    rubbish = recent.category("rubbish")
    answer = client.post(f"/incidents/rules/categories/{rubbish.pk}/", fields(rubbish, private="on"))
    assert answer.status_code == 302


def test_a_township_routes_inside_itself_and_nowhere_else(recent: Town, as_) -> None:
    own = factories.post(Role.ADMINISTRATOR, recent.township)
    station = factories.unit(area=recent.township, kind="station", name="镇执法队")
    beside = factories.below(recent.district, 2, 1)
    stranger = factories.post(Role.COMMANDER, beside)
    client = as_(own)
    page = client.get("/incidents/rules/routing/")
    offered = {str(key) for _name, rows in page.context["form"].fields["unit"].choices[1:] for key, _unit in rows}
    assert offered == {str(recent.desk.pk), str(station.pk)}
    form = {"area": recent.village.pk, "what": "class:city", "unit": station.pk, "really": "1"}
    for changes in ({"area": recent.district.pk}, {"area": beside.pk}, {"unit": recent.other.pk}):
        assert client.post("/incidents/rules/routing/", command(**{**form, **changes})).status_code == 422
    assert not Rule.objects.exists()
    assert client.post("/incidents/rules/routing/", command(**form)).status_code == 302
    rule = Rule.objects.get()
    assert as_(stranger).post(f"/incidents/rules/routing/{rule.pk}/end/", command()).status_code == 404
    with pytest.raises(NotFound):
        operations.set_rule(area=recent.village, unit=station, by=stranger, at=recent.later())
    with pytest.raises(NotFound):
        operations.set_rule(area=recent.district, unit=station, by=own, at=recent.later())
    with pytest.raises(configure.ElsewhereUnit):
        operations.set_rule(area=recent.village, unit=recent.department, by=own, at=recent.later())
    rule.refresh_from_db()
    assert rule.valid_to is None
    assert as_(own).post(f"/incidents/rules/routing/{rule.pk}/end/", command()).status_code == 302
    assert Rule.objects.get().valid_to is not None


def test_a_township_does_not_undo_what_the_district_has_ruled(recent: Town, as_) -> None:
    own = factories.post(Role.ADMINISTRATOR, recent.township)
    by_district = operations.set_rule(
        area=recent.township, unit=recent.department, klass="city", by=recent.administrator, at=recent.later()
    )
    with pytest.raises(configure.SetAbove):
        operations.set_rule(area=recent.township, unit=recent.desk, klass="city", by=own, at=recent.later())
    assert as_(own).post(f"/incidents/rules/routing/{by_district.pk}/end/", command()).status_code == 404
    by_district.refresh_from_db()
    assert by_district.valid_to is None
    village = factories.post(Role.ADMINISTRATOR, recent.village)
    station = factories.unit(area=recent.village, kind="village", name="村委会")
    with pytest.raises(NotYours):
        operations.set_rule(area=recent.village, unit=station, by=village, at=recent.later())
    assert as_(village).get("/incidents/rules/routing/").context["form"] is None
