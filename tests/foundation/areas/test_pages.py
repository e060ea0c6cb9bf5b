"""Pages of areas, premises and imports: who sees what, in how many questions, and what forms do."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import openpyxl
import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from qipan.foundation.areas import imports
from qipan.foundation.areas.models import Area, Import, Premises
from qipan.foundation.areas.pages import premises
from qipan.foundation.journal.rules import SYSTEM
from tests import factories, places
from tests.foundation.areas.conftest import AT, drawn
from tests.kernels.tables import files
from tests.turning import there_and_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(client, administrator):
    """A client signed in as the district's administrator."""
    return factories.sign_in(client, administrator)


def as_role(client, role: str, area: Area):
    return factories.sign_in(client, factories.post(role, area))


def command() -> dict[str, str]:
    return {"command": str(uuid.uuid4())}


@pytest.fixture
def shop(district) -> Premises:
    made = Premises(kind="shop", name="好日子超市", pinyin="hao ri zi", code="S1", active_from=AT.date())
    made.place(factories.below(district, 4), 114.003, 36.005).save()
    return made


def addresses(area: Area, shop: Premises) -> list[str]:
    return [
        reverse("area", args=[area.pk]),
        reverse("area_outline", args=[area.pk]),
        f"{reverse('areas_list')}?area={area.pk}",
        f"{reverse('premises_list')}?area={area.pk}",
        reverse("premises", args=[shop.pk]),
    ]


def test_nothing_is_shown_to_nobody(client, district, shop):
    for address in [*addresses(district, shop), reverse("imports_list"), reverse("import_new")]:
        answer = client.get(address)
        assert answer.status_code == 302
        assert reverse("account_login") in answer.url


def test_another_jurisdiction_finds_nothing_not_even_that_it_exists(client, district, shop):
    elsewhere = drawn(places.tree("外区", prefix="910102"))
    for area in (elsewhere, factories.below(district, 2, 1)):
        browser = as_role(client, "administrator", area)
        for address in addresses(factories.below(district, 2, 0), shop):
            assert browser.get(address).status_code == 404, (area, address)
        for address in ("area_change", "area_close", "area_move"):
            assert browser.post(reverse(address, args=[factories.below(district, 4).pk]), command()).status_code == 404
        assert browser.get(reverse("area", args=[10**30])).status_code == 404
        assert browser.get(f"{reverse('areas_list')}?area={'9' * 40}").status_code == 404
        assert browser.get(f"{reverse('areas_list')}?area=x").status_code == 404


def test_only_posts_that_may_change_areas_see_imports_and_corrections(client, district):
    browser = as_role(client, "dispatcher", district)
    for address in (reverse("imports_list"), reverse("import_new"), reverse("area_change", args=[district.pk])):
        assert browser.get(address).status_code == 403
    assert browser.get(reverse("areas_list")).status_code == 200


def test_a_list_shows_what_lies_in_an_area_and_a_search_looks_deeper(here, district):
    page = here.get(reverse("areas_list")).content.decode()
    assert "东区1镇" in page
    assert "东区1镇1村" not in page
    page = here.get(reverse("areas_list"), {"text": "910101001002"}).content.decode()
    assert "东区1镇2村" in page
    page = here.get(reverse("areas_list"), {"level": "3"}).content.decode()
    assert page.count("data-row") == 4
    page = here.get(reverse("areas_list"), {"text": "没有"}).content.decode()
    assert "data-row" not in page


def test_a_list_asks_the_same_number_of_questions_for_few_rows_and_for_many(here, django_assert_max_num_queries):
    big = places.tree("大区", prefix="910103", townships=3, villages=4, cells=5)
    browser = factories.sign_in(here, factories.post("administrator", big))
    for level in ("2", "3", "4"):
        with django_assert_max_num_queries(16):
            assert browser.get(reverse("areas_list"), {"level": level}).status_code == 200


def test_pages_of_a_long_list_follow_one_another_without_gap(here):
    big = places.tree("大区", prefix="910103", townships=2, villages=5, cells=8)
    browser = factories.sign_in(here, factories.post("administrator", big))
    found = there_and_back(
        browser, f"{reverse('areas_list')}?level=4", lambda page: [row["area"].pk for row in page.context["rows"]]
    )
    assert [len(page) for page in found] == [60, 20]
    seen = [key for page in found for key in page]
    assert sorted(seen) == sorted(Area.objects.filter(district=big, level=4).values_list("pk", flat=True))


def test_premises_are_turned_both_ways(here, district, shop, monkeypatch):
    monkeypatch.setattr(premises, "SIZE", 2)
    for number in range(4):
        made = Premises(kind="shop", name=f"店{number}", pinyin="dian", code=f"D{number}", active_from=AT.date())
        made.place(factories.below(district, 4), 114.003, 36.005).save()
    found = there_and_back(
        here, reverse("premises_list"), lambda page: [row["premises"].code for row in page.context["rows"]]
    )
    assert sorted(code for page in found for code in page) == ["D0", "D1", "D2", "D3", "S1"]
    assert [len(page) for page in found] == [2, 2, 1]


def test_lists_come_as_excel_and_csv(here, shop):
    book = openpyxl.load_workbook(io.BytesIO(here.get(reverse("areas_list"), {"level": "3", "export": "xlsx"}).content))
    assert book.active.max_row == 1 + 4
    text = b"".join(here.get(reverse("premises_list"), {"export": "csv"}).streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1].startswith("S1,好日子超市,")
    assert here.get(reverse("premises_list"), {"export": "exe"}).status_code == 404


def test_an_area_tells_its_facts_neighbours_and_history(here, district, shop, django_assert_max_num_queries):
    village = factories.below(district, 3)
    with django_assert_max_num_queries(30):
        answer = here.get(reverse("area", args=[village.pk]))
    page = answer.content.decode()
    assert "910101001001" in page
    assert {shape.name for shape in answer.context["picture"].around} == {"东区1镇2村", "东区2镇1村"}
    assert len(answer.context["picture"].inside) == 2
    assert answer.context["premises"] == [{"kind": "shop", "label": answer.context["premises"][0]["label"], "count": 1}]
    assert "<svg" in page
    assert "style=" not in page
    cell = here.get(reverse("area", args=[factories.below(district, 4).pk]))
    assert cell.context["picture"].inside == []
    assert here.get(reverse("area", args=[district.pk])).status_code == 200


def test_an_area_without_an_outline_says_so(client):
    bare = places.tree("光区", prefix="910104")
    answer = as_role(client, "commander", bare).get(reverse("area", args=[bare.pk]))
    assert answer.context["picture"] is None


def test_outlines_for_pickers_are_sent_once(here, district):
    address = reverse("area_outline", args=[district.pk])
    answer = here.get(address, {"level": 4})
    assert len(json.loads(answer.content)["features"]) == 8
    again = here.get(address, {"level": 4}, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert here.get(address, {"level": 9}).status_code == 404
    assert here.get(reverse("area_outline", args=[factories.below(district, 4).pk]), {"level": 2}).status_code == 404


def test_a_correction_changes_name_and_code_once(here, district):
    village = factories.below(district, 3)
    address = reverse("area_change", args=[village.pk])
    form = {"name": "新名村", "code": "910101001099", "since": "2026-11-01", **command()}
    for _ in range(2):
        assert here.post(address, form).status_code == 302
    village.refresh_from_db()
    assert village.name == "新名村"
    assert village.codes.count() == 2
    page = here.get(reverse("area", args=[village.pk])).content.decode()
    assert "910101001001" in page
    assert "910101001099" in page


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "", "code": ""}, "name"),
        ({"name": "x", "code": "910101001002"}, "code"),
        ({"name": "x", "code": "910101001099", "since": "2999-01-01"}, "since"),
    ],
)
def test_a_correction_that_cannot_be_keeps_what_was_typed(here, district, given, field):
    village = factories.below(district, 3)
    answer = here.post(reverse("area_change", args=[village.pk]), {**given, **command()})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    village.refresh_from_db()
    assert village.name != "x"


def test_a_village_is_moved_with_its_cells_and_what_that_changes_is_said_before(here, district):
    one, two = Area.objects.filter(district=district, level=2).order_by("pk")
    village = Area.objects.filter(parent=one).first()
    address = reverse("area_move", args=[village.pk])
    assert address in here.get(reverse("area_change", args=[village.pk])).content.decode()
    page = here.get(address)
    assert [name for _key, name in page.context["form"].fields["parent"].choices][1:] == [two.name]
    assert "网格随之调整" in page.content.decode()
    form = {"parent": two.pk, **command()}
    for _ in range(2):
        assert here.post(address, form).status_code == 302
    village.refresh_from_db()
    assert village.parent_id == two.pk
    assert set(Area.objects.filter(parent=village).values_list("township", flat=True)) == {two.pk}
    assert village.jurisdictions.count() == 1


@pytest.mark.parametrize(("given", "field"), [({}, "parent"), ({"since": "2999-01-01"}, "since")])
def test_a_move_that_cannot_be_changes_nothing(here, district, given, field):
    one, two = Area.objects.filter(district=district, level=2).order_by("pk")
    village = Area.objects.filter(parent=one).first()
    sent = {"parent": two.pk if given else one.pk, **given, **command()}
    answer = here.post(reverse("area_move", args=[village.pk]), sent)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    village.refresh_from_db()
    assert village.parent_id == one.pk


def test_a_township_moves_nowhere_and_its_administrator_moves_nothing(client, here, district):
    township = factories.below(district, 2)
    assert here.get(reverse("area_move", args=[township.pk])).status_code == 404
    browser = as_role(client, "administrator", township)
    village = Area.objects.filter(parent=township).first()
    assert browser.get(reverse("area_move", args=[village.pk])).status_code == 403
    assert (
        reverse("area_move", args=[village.pk])
        not in browser.get(reverse("area_change", args=[village.pk])).content.decode()
    )


def code_of(area: Area) -> str:
    return str(area.codes.get(valid_to=None).code)


def test_premises_are_corrected_once_and_history_tells_it(here, district, shop):
    page = reverse("premises_change", args=[shop.pk])
    other = next(area for area in Area.objects.filter(district=district, level=4) if area.pk != shop.cell_id)
    assert code_of(factories.below(district, 4)) in here.get(page).content.decode()
    given = command() | {"name": "好日子便利店", "kind": "shop", "code": "S1", "area": code_of(other)}
    for _again in range(2):
        assert here.post(page, given | {"longitude": "", "latitude": ""}).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.cell_id, shop.longitude) == ("好日子便利店", other.pk, None)
    assert len(here.get(reverse("premises", args=[shop.pk])).context["entries"]) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"area": "999"}, "area"), ({"longitude": "114"}, "latitude"), ({"code": "S2"}, "code"), ({"name": ""}, "name")],
)
def test_a_correction_of_premises_that_cannot_be_keeps_what_was_typed(here, district, shop, changed, field):
    twin = Premises(kind="shop", name="另一家", pinyin="ling yi jia", code="S2", active_from=AT.date())
    twin.place(factories.below(district, 4)).save()
    given = {"name": "好", "kind": "shop", "code": "S1", "area": code_of(factories.below(district, 4))}
    answer = here.post(reverse("premises_change", args=[shop.pk]), command() | given | changed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    shop.refresh_from_db()
    assert shop.name == "好日子超市"


def test_premises_are_closed_with_a_reason_and_only_by_who_may_change_areas(here, client, district, shop):
    Premises.objects.filter(pk=shop.pk).update(active_from=AT.date() - timedelta(days=2))
    assert here.post(reverse("premises_close", args=[shop.pk]), command() | {"reason": "歇业"}).status_code == 302
    shop.refresh_from_db()
    assert shop.active_to
    worker = as_role(client, "grid_worker", factories.below(district, 4))
    for name in ("premises_change", "premises_close"):
        assert worker.post(reverse(name, args=[shop.pk]), command()).status_code == 403


def test_an_area_is_closed_only_when_nothing_lies_in_it(here, district):
    village, cell = factories.below(district, 3), factories.below(district, 4)
    for area in (village, cell):
        assert here.post(reverse("area_close", args=[area.pk]), command()).status_code == 302
    village.refresh_from_db()
    cell.refresh_from_db()
    assert village.valid_to is None
    assert cell.valid_to is not None


def send(browser, data: bytes, name: str = "场所.csv", **more):
    form = {"kind": "premises", "datum": "wgs84", "file": SimpleUploadedFile(name, data), **command(), **more}
    return browser.post(reverse("import_new"), form, follow=True)


ROWS = (("名称", "类型", "编号", "区域代码"), ("好日子超市", "商铺", "S1", "910101001001"))


def test_a_file_is_sent_looked_at_and_loaded(here, district):
    answer = send(here, files.csv(*ROWS))
    assert answer.context["loadable"]
    assert not Premises.objects.exists()
    run = Import.objects.get()
    loaded = here.post(reverse("import_load", args=[run.pk]), command(), follow=True)
    assert loaded.context["run"].state == "loaded"
    assert Premises.objects.get().name == "好日子超市"
    assert send(here, files.csv(*ROWS)).context["idle"]
    assert "场所.csv" in here.get(reverse("imports_list")).content.decode()


def test_a_file_with_bad_rows_shows_them_and_gives_an_error_file(here, district):
    answer = send(here, files.csv(*ROWS, ("中心小学", "城堡", "", "910101001001")))
    assert not answer.context["loadable"]
    assert [problem["line"] for problem in answer.context["problems"]] == [3]
    run = Import.objects.get()
    errors = here.get(reverse("import_errors", args=[run.pk]))
    assert errors.content.decode("utf-8-sig").splitlines()[1].startswith("3,类型,")
    assert "attachment" in errors.headers["Content-Disposition"]
    here.post(reverse("import_load", args=[run.pk]), command())
    assert not Premises.objects.exists()


@pytest.mark.parametrize("data", [files.zip_bomb(), b"%PDF-1.7", files.csv(("名称",), ("x",))])
def test_a_broken_file_is_told_in_words(here, district, data):
    answer = send(here, data)
    assert answer.status_code == 200
    assert answer.context["run"].state == "refused"
    assert answer.context["message"]
    assert answer.context["message"] in answer.content.decode()


def test_an_empty_or_missing_file_is_named_beside_its_field(here, district):
    assert "file" in send(here, b"").context["form"].errors
    answer = here.post(reverse("import_new"), {"kind": "premises", "datum": "wgs84", **command()})
    assert (answer.status_code, "file" in answer.context["form"].errors) == (422, True)


def test_a_longer_file_is_left_to_the_worker(here, district, monkeypatch):
    monkeypatch.setattr(imports.runs, "AT_ONCE", 10)
    answer = send(here, files.csv(*ROWS))
    assert (answer.context["run"].state, answer.context["running"]) == ("received", True)
    run = Import.objects.get()
    imports.runs.look(import_id=run.pk, at=AT)
    answer = here.post(reverse("import_load", args=[run.pk]), command(), follow=True)
    assert answer.context["run"].state == "loading"
    from procrastinate.contrib.django.models import ProcrastinateJob

    jobs = ProcrastinateJob.objects.order_by("id").values_list("task_name", "args")
    assert list(jobs) == [
        ("areas_check_import", {"import_id": str(run.pk)}),
        ("areas_load_import", {"import_id": str(run.pk)}),
    ]


def test_an_import_can_be_given_up_and_is_nobody_elses(here, client, district):
    send(here, files.csv(*ROWS))
    run = Import.objects.get()
    other = factories.sign_in(client, factories.post("administrator"))
    for name in ("import", "import_errors"):
        assert other.get(reverse(name, args=[run.pk])).status_code == 404
    for name in ("import_load", "import_cancel"):
        assert other.post(reverse(name, args=[run.pk]), command()).status_code == 404
    run.refresh_from_db()
    assert run.state == "checked"


def test_a_post_of_a_township_cannot_import(client, district):
    browser = as_role(client, "administrator", factories.below(district, 2))
    assert browser.get(reverse("import_new")).status_code == 403


def test_every_page_is_there_in_both_languages(here, district, shop):
    for language in ("zh-hans", "en"):
        here.cookies["django_language"] = language
        for address in [*addresses(district, shop), reverse("imports_list"), reverse("import_new"),
                        reverse("area_change", args=[district.pk])]:  # fmt: skip
            assert here.get(address).status_code == 200
        page = here.get(reverse("areas_list")).content.decode()
        assert ("直接下辖" in page) == (language == "zh-hans")


def test_an_area_closes_once_however_often_the_button_is_pressed(here, district):
    cell = Area.objects.filter(district=district, level=4).first()
    form = command()
    for _ in range(2):
        assert here.post(reverse("area_close", args=[cell.pk]), form).status_code == 302
    cell.refresh_from_db()
    assert cell.valid_to is not None
    told = [str(message) for message in get_messages(here.get(reverse("areas_list")).wsgi_request)]
    assert set(told) <= {"该区域已撤销。"}


def test_an_area_that_cannot_close_says_why_and_stays(here, district):
    village = factories.below(district, 3)
    page = here.post(reverse("area_close", args=[village.pk]), command(), follow=True).content.decode()
    assert f"{village.name}下仍有其他区域" in page
    village.refresh_from_db()
    assert village.valid_to is None


@pytest.mark.parametrize("given", [{"name": "张三家13812345678"}, {"code": "13812345678"}])
def test_no_telephone_becomes_the_name_or_the_code_of_a_place(here, district, given):
    cell = Area.objects.filter(district=district, level=4).first()
    sent = {"name": cell.name, "code": "910101001001077", **given, **command()}
    answer = here.post(reverse("area_change", args=[cell.pk]), sent)
    assert answer.status_code == 422
    assert set(given) == set(answer.context["form"].errors)
    imports.load(files.csv(("名称", "类型", "编号", "区域代码"), ("好店", "商铺", "S1", "910101001001")),
                 kind="premises", district=district, by=SYSTEM, at=AT)  # fmt: skip
    shop = Premises.objects.get()
    sent = {"name": shop.name, "kind": "shop", "code": "S1", "area": "910101001001", **given, **command()}
    answer = here.post(reverse("premises_change", args=[shop.pk]), sent)
    assert answer.status_code == 422
    assert set(given) == set(answer.context["form"].errors)
