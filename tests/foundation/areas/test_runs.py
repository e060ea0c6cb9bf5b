"""Files sent over a page: received, checked, loaded, refused, cancelled; by hand and by a worker."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection

from qipan.foundation.areas import tasks
from qipan.foundation.areas.imports import runs
from qipan.foundation.areas.models import Area, Import, Premises
from qipan.foundation.journal.models import Entry
from qipan.foundation.refusals import tables
from tests import factories
from tests.foundation.areas.conftest import AT, drawn
from tests.kernels.tables import files

HEADER = ("名称", "类型", "编号", "区域代码")
GOOD = files.csv(HEADER, ("好日子超市", "商铺", "S1", "910101001001"), ("中心小学", "学校", "", "910101001002"))
BAD = files.csv(HEADER, ("好日子超市", "商铺", "S1", "999"))


def receive(by, data: bytes = GOOD, **options) -> Import:
    return runs.receive(district=by.district, kind="premises", file_name="场所.csv", data=data, by=by, at=AT, **options)


@pytest.mark.django_db
def test_a_file_is_checked_then_loaded_and_its_bytes_go(administrator):
    run = receive(administrator)
    run = runs.look(import_id=run.pk, at=AT)
    assert (run.state, run.counts["new"]) == ("checked", 2)
    assert Premises.objects.count() == 0
    runs.begin(import_id=run.pk, by=administrator, at=AT)
    run = runs.carry_out(import_id=run.pk, at=AT)
    assert (run.state, run.counts["new"], run.data) == ("loaded", 2, None)
    assert Premises.objects.count() == 2
    (entry,) = Entry.objects.filter(kind="areas.premises_imported")
    assert (entry.post_id, entry.by_label, entry.command_id) == (
        administrator.pk, administrator.author().label, run.pk,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_worker_that_died_and_came_back_loads_once(administrator):
    run = receive(administrator)
    tasks.check_import(str(run.pk))
    tasks.check_import(str(run.pk))
    runs.begin(import_id=run.pk, by=administrator, at=AT)
    tasks.load_import(str(run.pk))
    tasks.load_import(str(run.pk))
    assert Premises.objects.count() == 2
    assert Import.objects.get().state == "loaded"


@pytest.mark.django_db
def test_a_file_with_bad_rows_is_not_loaded_and_says_which(administrator):
    run = runs.look(import_id=receive(administrator, BAD).pk, at=AT)
    assert (run.state, run.counts["refused"]) == ("checked", 1)
    runs.begin(import_id=run.pk, by=administrator, at=AT)
    run = runs.carry_out(import_id=run.pk, at=AT)
    assert run.state == "refused"
    assert [problem.code for problem in runs.problems(run)] == ["unknown_code"]
    assert "1" in runs.message(run)
    assert not Premises.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_no_table_is_at_its_end_with_its_reason(administrator):
    run = runs.look(import_id=receive(administrator, files.zip_bomb()).pk, at=AT)
    assert (run.state, run.data) == ("refused", None)
    assert runs.message(run) == tables.SuspiciousSheet().message
    with pytest.raises(runs.NotNow):
        runs.begin(import_id=run.pk, by=administrator, at=AT)


@pytest.mark.django_db
def test_a_file_too_large_or_empty_is_not_even_kept(administrator, monkeypatch):
    monkeypatch.setattr(runs, "Limits", lambda: tables.Limits(size=10))
    for data, refusal in ((b"x" * 11, tables.FileTooLarge), (b"", tables.EmptyFile)):
        with pytest.raises(refusal):
            receive(administrator, data)
    assert not Import.objects.exists()


@pytest.mark.django_db
def test_a_checked_file_can_be_given_up(administrator):
    run = runs.look(import_id=receive(administrator).pk, at=AT)
    run = runs.cancel(import_id=run.pk, by=administrator, at=AT)
    assert run.state == "cancelled"
    with pytest.raises(runs.NotNow):
        runs.begin(import_id=run.pk, by=administrator, at=AT)
    assert not Premises.objects.exists()


@pytest.mark.django_db
def test_forgotten_files_go_after_two_days(administrator):
    old = runs.look(import_id=receive(administrator).pk, at=AT)
    assert runs.drop_abandoned(at=AT + timedelta(days=1)) == 0
    assert runs.drop_abandoned(at=AT + timedelta(days=3)) == 1
    assert Import.objects.get(pk=old.pk).state == "cancelled"


@pytest.mark.django_db
def test_imports_are_seen_by_posts_of_the_whole_district_only(administrator):
    run = receive(administrator)
    for viewer in (
        None,
        factories.post("administrator", factories.below(administrator.district, 2)),
        factories.post("administrator"),
    ):
        with pytest.raises(runs.NoSuchImport):
            runs.get(run.pk, viewer=viewer)
        assert not runs.visible(viewer=viewer).exists()


@pytest.mark.django_db(transaction=True)
def test_a_load_shows_how_far_it_is_and_stops_when_asked():
    district = drawn(factories.tree())
    by = factories.post("administrator", district)
    rows = [(f"店{number}", "商铺", f"S{number}", "910101001001") for number in range(3_000)]
    run = receive(by, files.csv(HEADER, *rows))
    runs.look(import_id=run.pk, at=AT)
    assert Import.objects.get(pk=run.pk).total == 6_000
    runs.begin(import_id=run.pk, by=by, at=AT)
    seen = []

    def stop() -> None:
        runs.cancel(import_id=run.pk, by=by, at=AT)
        seen.append(Import.objects.get(pk=run.pk).state)
        connection.close()

    thread = threading.Thread(target=stop)
    thread.start()
    thread.join()
    run = runs.carry_out(import_id=run.pk, at=AT)
    assert seen == ["loading"]
    assert (run.state, Premises.objects.count()) == ("cancelled", 0)
    assert Area.objects.filter(level=4).count() == 8


PHONE, NUMBER = "13812345678", "11010519491231002X"


@pytest.mark.django_db
def test_a_column_that_slipped_brings_no_number_of_a_person_into_what_is_kept_or_told(administrator):
    slipped = files.csv(
        HEADER, ("甲店", PHONE, "S1", "910101001001"), ("乙店", "商铺", NUMBER, "910101001001"),
        ("丙店", "商铺", "S3", PHONE), ("丁店", f"=HYPERLINK({PHONE})", "S4", "910101001001"),
    )  # fmt: skip
    run = receive(administrator, slipped)
    run = runs.look(import_id=run.pk, at=AT)
    assert run.counts["refused"] == 4
    told = tables.error_file(runs.problems(run)).decode() + str(run.preview)
    assert "138****5678" in told
    assert PHONE not in told
    assert NUMBER not in told


@pytest.mark.django_db
def test_a_file_without_a_header_is_refused_without_repeating_its_first_row(administrator):
    run = runs.look(import_id=receive(administrator, files.csv(("张三", PHONE), ("李四", PHONE))).pk, at=AT)
    assert run.state == "refused"
    assert PHONE not in str(run.refusal)
    assert "张三" not in runs.message(run)


@pytest.mark.django_db
def test_of_a_row_left_out_and_of_a_files_name_no_number_is_kept(administrator):
    data = files.csv(HEADER, (f"王五{PHONE}", "商铺", PHONE, "990101001001"))
    run = runs.receive(
        district=administrator.district, kind="premises", file_name=f"王五{PHONE}.csv", data=data, by=administrator,
        at=AT, skip_foreign=True,
    )  # fmt: skip
    run = runs.look(import_id=run.pk, at=AT)
    assert run.counts["left_out"] == 1
    assert PHONE not in str(run.preview) + run.file_name


@pytest.mark.django_db
def test_properties_of_a_feature_that_nobody_asked_for_are_not_kept(administrator):
    properties = {"name": "好店", "kind": "shop", "owner": "王五", "phone": PHONE, "note": NUMBER}
    point = {"type": "Point", "coordinates": [114.005, 36.01]}
    feature = {"type": "Feature", "properties": properties, "geometry": point}
    data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    run = runs.look(import_id=receive(administrator, data).pk, at=AT)
    runs.begin(import_id=run.pk, by=administrator, at=AT)
    runs.carry_out(import_id=run.pk, at=AT)
    assert Premises.objects.get().name == "好店"
    kept = str([list(table.objects.values()) for table in (Import, Premises, Entry)])
    assert "owner" in kept  # that there was such a column
    assert [word for word in ("王五", PHONE, NUMBER) if word in kept] == []
