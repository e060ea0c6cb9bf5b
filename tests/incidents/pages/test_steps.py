"""Steps taken on pages: one command for a form, refusals beside fields, and the whole way."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.incidents.conftest import Town
from tests.incidents.pages.conftest import command

from qipan.foundation.journal.models import Entry
from qipan.incidents import operations
from qipan.incidents.models import Incident


def do(client, incident: Incident, name: str, target: object = "", **fields: object):
    path = f"/incidents/{incident.id}/do/{name}/" + (f"{target}/" if target else "")
    return client.post(path, command(**fields))


def status(incident: Incident) -> str:
    incident.refresh_from_db()
    return str(incident.status)


def test_the_whole_way_on_pages(recent: Town, as_) -> None:
    incident = recent.report("street-light")
    desk, unit, worker = as_(recent.dispatcher), as_(recent.handler), as_(recent.grid_worker)
    assert do(desk, incident, "accept", category="road", urgent="on").status_code == 302
    assert do(desk, incident, "dispatch", unit=recent.department.pk, note="今日处理").status_code == 302
    for name in ("sign", "start"):
        assert do(unit, incident, name).status_code == 302
    assert do(unit, incident, "answer", text="已修复").status_code == 302
    assert do(desk, incident, "check-back").status_code == 302
    assert do(worker, incident, "verify", note="路已平整").status_code == 302
    assert status(incident) == "closed"
    assert (incident.category.key, incident.urgent) == ("road", True)


def test_a_double_click_is_one_command(recent: Town, as_) -> None:
    incident = recent.report()
    client, form = as_(recent.dispatcher), command(note="请尽快")
    for _ in range(3):
        assert client.post(f"/incidents/{incident.id}/do/remind/", form).status_code == 302
    assert incident.reminders.count() == 1
    form["note"] = "改了"
    answer = client.post(f"/incidents/{incident.id}/do/remind/", form)
    assert answer.status_code == 409
    assert incident.reminders.count() == 1


def test_a_form_without_its_command_does_nothing(recent: Town, as_) -> None:
    incident = recent.report()
    answer = as_(recent.dispatcher).post(f"/incidents/{incident.id}/do/remind/", {"note": ""})
    assert answer.status_code == 422
    assert incident.reminders.count() == 0


def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(recent: Town, as_) -> None:
    incident = recent.dispatched()
    other = recent.report("street-light")
    operations.accept(incident_id=other.id, by=recent.dispatcher, at=recent.later())
    client = as_(recent.dispatcher)
    answer = do(client, other, "merge", number="QP00000000-00000", reason="同一盏灯")
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "number" in form.errors
    assert "同一盏灯" in answer.content.decode()
    assert status(other) == "filed"
    assert do(client, other, "merge", number=incident.number).status_code == 302
    assert status(other) == "merged"
    assert do(client, other, "unmerge", reason="不是一处").status_code == 302
    assert status(other) == "filed"


def test_two_dispatchers_at_once_one_is_told(recent: Town, as_) -> None:
    incident = recent.report("street-light")
    client = as_(recent.dispatcher)
    assert do(client, incident, "accept", category="street-light").status_code == 302
    answer = do(client, incident, "decline", reason="不属本辖区")
    assert answer.status_code == 409
    assert answer.context["form"].non_field_errors()
    assert status(incident) == "filed"


def test_a_form_sent_by_the_script_goes_on_by_its_header(recent: Town, as_) -> None:
    incident = recent.report()
    client = as_(recent.dispatcher)
    url = f"/incidents/{incident.id}/do/decline/"
    answer = client.post(url, command(reason=""), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    answer = client.post(url, command(reason="不属本区"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, f"/incidents/{incident.id}/")


def test_what_may_not_be_done_is_not_offered_and_not_taken(recent: Town, as_) -> None:
    incident = recent.dispatched()
    page = as_(recent.grid_worker).get(f"/incidents/{incident.id}/")
    assert {one.action.name for one in page.context["ways"]} == set()
    assert do(as_(recent.grid_worker), incident, "void", reason="x").status_code in {403, 409}
    assert as_(recent.handler).get(f"/incidents/{incident.id}/do/verify/").status_code == 302
    assert as_(recent.handler).get(f"/incidents/{incident.id}/do/nonsense/").status_code == 404
    assert status(incident) == "dispatched"


def test_side_tracks_are_asked_and_decided_on_pages(recent: Town, as_) -> None:
    incident = recent.dispatched()
    unit, desk = as_(recent.handler), as_(recent.dispatcher)
    answer = do(unit, incident, "ask", kind="extension", days=99, reason="备料")
    assert answer.status_code == 422
    assert "days" in answer.context["form"].errors
    assert do(unit, incident, "ask", kind="extension", days=3, reason="备料").status_code == 302
    assert do(unit, incident, "ask", kind="assist", unit=recent.other.pk, reason="管线").status_code == 302
    extension, assist = incident.asks.get(kind="extension"), incident.asks.get(kind="assist")
    assert do(unit, incident, "decide", extension.pk, decision="yes").status_code in {403, 409}
    page = desk.get(f"/incidents/{incident.id}/do/decide/{extension.pk}/").content.decode()
    assert "extension · 3 days" in page
    assert "备料" in page
    assert do(desk, incident, "decide", extension.pk, decision="no").status_code == 422
    assert do(desk, incident, "decide", extension.pk, decision="yes").status_code == 302
    assert do(desk, incident, "decide", assist.pk, decision="yes").status_code == 302
    assert do(as_(recent.colleague), incident, "assist-answer", text="已封堵").status_code == 302
    assert incident.assistance.get().answer == "已封堵"
    incident.refresh_from_db()
    assert incident.extensions == 1


def test_a_request_of_one_incident_is_not_decided_under_another(recent: Town, as_) -> None:
    one, other = recent.dispatched(), recent.dispatched()
    asked = operations.ask(incident_id=one.id, kind="return", reason="错派", by=recent.handler, at=recent.later())
    assert do(as_(recent.dispatcher), other, "decide", asked.pk, decision="yes").status_code == 404
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_two_requests_wait_under_one_duty_that_ends_with_the_last(recent: Town) -> None:
    from qipan.foundation.duties.models import Duty

    incident = recent.dispatched()
    asks = [
        operations.ask(incident_id=incident.id, kind=kind, reason="备料", days=3, by=recent.handler, at=recent.later())
        for kind in ("extension", "hold")
    ]
    duty = Duty.objects.get(about_id=incident.id, kind="incidents.decide")
    operations.decide(ask_id=asks[0].id, approve=False, reason="可以赶上", by=recent.dispatcher, at=recent.later())
    duty.refresh_from_db()
    assert duty.state == "open"
    operations.withdraw(ask_id=asks[1].id, by=recent.handler, at=recent.later())
    duty.refresh_from_db()
    assert duty.state == "ended"


def test_supervision_is_asked_answered_and_lifted_on_pages(recent: Town, as_) -> None:
    incident = recent.dispatched()
    command_post, unit = as_(recent.commander), as_(recent.handler)
    assert do(command_post, incident, "supervise", question="说明原因", days=2).status_code == 302
    one = incident.supervisions.get()
    assert b"DB2" in command_post.get("/incidents/supervisions/").content
    page = unit.get(f"/incidents/{incident.id}/do/supervision-answer/{one.pk}/").content.decode()
    assert "说明原因" in page
    assert do(unit, incident, "supervision-answer", one.pk, text="今日修复").status_code == 302
    assert do(unit, incident, "supervision-end", one.pk).status_code == 403
    assert do(command_post, incident, "supervision-end", one.pk, note="").status_code == 302
    incident.refresh_from_db()
    assert incident.supervised is False
    ended = command_post.get("/incidents/supervisions/?state=ended")
    assert [row["one"].pk for row in ended.context["rows"]] == [one.pk]


def test_a_dispute_speaks_of_mediation_and_is_never_handled(recent: Town, as_) -> None:
    incident = recent.report("neighbours", text="邻居砌墙")
    village = recent.village
    assert incident.desk is not None, village
    desk = as_(recent.dispatcher)
    do(desk, incident, "accept", category="neighbours")
    page = desk.get(f"/incidents/{incident.id}/")
    assert page.context["status_name"] == "Accepted"
    do(desk, incident, "dispatch", unit=recent.department.pk)
    do(as_(recent.handler), incident, "sign")
    do(as_(recent.handler), incident, "start")
    assert as_(recent.handler).get(f"/incidents/{incident.id}/").context["status_name"] == "In mediation"


def back_at_the_last_minute(town: Town, count: int) -> list[Incident]:
    """So many incidents of one unit, all reported back five minutes before the same deadline."""
    found = [town.report("pipe", title=f"水管{number}") for number in range(count)]
    for one in found:
        operations.accept(incident_id=one.id, by=town.dispatcher, at=town.at)
        operations.dispatch(incident_id=one.id, unit=town.department, by=town.dispatcher, at=town.at)
        signed = operations.sign(incident_id=one.id, by=town.handler, at=town.at)
    assert signed.due_at is not None
    town.at = signed.due_at - timedelta(minutes=5)
    for one in found:
        operations.answer(incident_id=one.id, text="已修", by=town.handler, at=town.at)
    return found


def test_many_closings_at_the_last_minute_are_a_hint_for_whoever_looks(recent: Town, as_) -> None:
    found = back_at_the_last_minute(recent, 5)
    assert Incident.objects.filter(flags=["mass-last-minute"]).count() == 5
    page = as_(recent.dispatcher).get(f"/incidents/{found[0].id}/")
    assert [name for name, _why in page.context["flags"]] == ["Many at the last minute"]
    assert "They are no verdict." in page.content.decode()


def test_four_are_not_many(recent: Town) -> None:
    back_at_the_last_minute(recent, 4)
    assert not Incident.objects.exclude(flags=[]).exists()


def test_the_history_says_what_who_when_and_why(recent: Town, as_) -> None:
    incident = recent.closed()
    operations.reopen(incident_id=incident.id, reason="又不亮了", by=recent.commander, at=recent.later())
    entries = as_(recent.dispatcher).get(f"/incidents/{incident.id}/").context["entries"]
    assert entries[0]["title"] == "Reopened"
    assert entries[0]["reason"] == "又不亮了"
    assert entries[0]["changes"][0] == {"label": "Status", "before": "Closed", "after": "Filed"}
    assert Entry.objects.filter(about_id=incident.id).count() >= len(entries)


def test_a_leg_of_an_earlier_round_waits_again(recent: Town, as_) -> None:
    incident = recent.closed()
    operations.reopen(incident_id=incident.id, reason="又不亮了", by=recent.commander, at=recent.later())
    legs = as_(recent.dispatcher).get(f"/incidents/{incident.id}/").context["legs"]
    assert [leg["state"] for leg in legs] == ["done", "running", "waiting", "waiting"]


def test_the_clock_in_the_head_is_as_urgent_as_its_leg(recent: Town, as_) -> None:
    incident = recent.dispatched()
    page = as_(recent.dispatcher).get(f"/incidents/{incident.pk}/").content.decode()
    head, leg = re.findall(r'<time class="clock"[^>]*>', page)
    assert "data-warn=" in leg
    assert head == leg
