"""Looking behind a mask on a page: one tap for an own duty, a reason otherwise, never kept, always journalled."""

from __future__ import annotations

from tests import factories
from tests.incidents.conftest import Town

from qipan.foundation.journal.models import Entry
from qipan.foundation.posts.rules import Role
from qipan.incidents import operations
from qipan.incidents.models import Incident

WHY = "核实反映人住址以便上门"


def reveal(client, incident: Incident, card: object, **fields: str):
    return client.post(f"/incidents/{incident.id}/reveal/{card}/", fields)


def test_who_owes_the_duty_sees_in_one_tap_and_others_give_a_reason(transactional_recent: Town, as_) -> None:
    town = transactional_recent
    incident = town.with_contact("water")
    card = incident.reporters.get().card
    answer = reveal(as_(town.dispatcher), incident, card)
    assert "13800138000" in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    commander = as_(town.commander)
    refused = reveal(commander, incident, card)
    assert refused.status_code == 422
    assert "13800138000" not in refused.content.decode()
    assert reveal(commander, incident, card, reason="看看").status_code == 422
    assert "13800138000" in reveal(commander, incident, card, reason=WHY).content.decode()
    grounds = list(Entry.objects.filter(kind="vault.revealed").order_by("id").values_list("detail__ground", flat=True))
    assert grounds == ["duty", "reason"]


def test_a_card_of_another_incident_is_not_opened_under_this_one(transactional_recent: Town, as_) -> None:
    town = transactional_recent
    incident, other = town.with_contact("water"), town.with_contact("power")
    answer = reveal(as_(town.dispatcher), incident, other.reporters.get().card)
    assert answer.status_code == 404
    assert not Entry.objects.filter(kind="vault.revealed").exists()


def test_private_words_are_nowhere_until_they_are_looked_at(transactional_recent: Town, as_) -> None:
    town = transactional_recent
    incident = town.report("neighbours", title="围墙纠纷", text="邻居砌墙占道")
    client = as_(town.dispatcher)
    for path in ("/incidents/", f"/incidents/{incident.id}/", "/incidents/?text=砌墙"):
        assert "砌墙" not in client.get(path).content.decode().replace('value="砌墙"', "").replace("text=砌墙", "")
    assert "砌墙" in reveal(client, incident, incident.text_card).content.decode()


def test_every_look_stands_in_the_history_for_the_auditor_and_the_looker_only(transactional_recent: Town, as_) -> None:
    town = transactional_recent
    incident = town.with_contact("water")
    reveal(as_(town.commander), incident, incident.reporters.get().card, reason=WHY)
    auditor = factories.post(Role.AUDITOR, town.district)
    for post, sees in ((auditor, True), (town.commander, True), (town.dispatcher, False)):
        page = as_(post).get(f"/incidents/{incident.id}/").content.decode()
        assert (WHY in page) is sees


def test_a_sealed_photo_is_looked_at_by_post_and_with_a_ground(transactional_recent: Town, as_) -> None:
    from tests.incidents.pages.test_reports import photo

    town = transactional_recent
    incident = town.report("neighbours", text="邻居砌墙")
    (sealed,) = operations.add_photos(
        incident_id=incident.id, stage="report", files=[photo().read()], by=town.dispatcher, at=town.later()
    )
    url = f"/incidents/{incident.id}/photos/{sealed.pk}/"
    commander = as_(town.commander)
    assert commander.get(url)["Content-Type"].startswith("text/html")
    assert commander.post(url, {}).status_code == 422
    answer = commander.post(url, {"reason": WHY})
    assert (answer["Content-Type"], answer.content[:2], answer["Cache-Control"]) == (
        "image/jpeg", b"\xff\xd8", "private, no-store",
    )  # fmt: skip
    assert as_(town.colleague).post(url, {"reason": WHY}).status_code == 404
