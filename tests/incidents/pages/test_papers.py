from __future__ import annotations

from django.test import Client
from tests.factories import sign_in
from tests.incidents.conftest import Town, make_town

from qipan.incidents import operations


def test_an_order_names_unit_limit_and_matter_in_chinese_on_an_english_screen(client: Client, town: Town) -> None:
    incident = town.dispatched()
    sign_in(client, town.dispatcher)
    client.cookies["django_language"] = "en"
    text = client.get(f"/incidents/{incident.id}/papers/order/").content.decode()
    assert town.department.name in text
    assert "交办单" in text
    assert incident.number in text


def test_there_is_no_order_before_a_unit_has_it(client: Client, town: Town) -> None:
    incident = town.report()
    assert sign_in(client, town.dispatcher).get(f"/incidents/{incident.id}/papers/order/").status_code == 404


def test_a_notice_of_supervision_carries_question_and_limit(client: Client, town: Town) -> None:
    incident = town.dispatched()
    found = operations.supervise(incident_id=incident.id, question="为何逾期", by=town.commander, at=town.later())
    sign_in(client, town.commander)
    text = client.get(f"/incidents/{incident.id}/papers/supervision/{found.id}/").content.decode()
    assert "为何逾期" in text
    assert found.number in text
    assert f'<p class="red-head flush">{town.commander.unit or town.commander.area}</p>' in text
    assert f"/incidents/{incident.id}/papers/supervision/{found.id}/" in (
        client.get(f"/incidents/{incident.id}/papers/").content.decode()
    )


def test_papers_of_another_district_are_not_there_and_private_words_are_not_printed(client: Client, town: Town) -> None:
    incident = town.report("neighbours", by=town.dispatcher, title="张某与李某争执", text="张某电话")
    text = sign_in(client, town.dispatcher).get(f"/incidents/{incident.id}/papers/receipt/").content.decode()
    assert "张某" not in text
    stranger = sign_in(Client(), make_town().dispatcher)
    for name in ("", "order/", "receipt/"):
        assert stranger.get(f"/incidents/{incident.id}/papers/{name}").status_code == 404


def test_a_receipt_of_a_private_matter_says_nothing_but_its_number(client: Client, town: Town) -> None:
    private = town.report("neighbours", by=town.dispatcher, title="张某与李某争执", text="张某电话")
    text = sign_in(client, town.dispatcher).get(f"/incidents/{private.id}/papers/receipt/").content.decode()
    assert private.number in text
    assert str(private.category.name) not in text
    assert str(private.get_klass_display()) not in text
    public = town.report()
    assert public.title in client.get(f"/incidents/{public.id}/papers/receipt/").content.decode()
