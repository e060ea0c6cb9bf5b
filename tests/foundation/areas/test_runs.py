"""Files sent over a page: received, checked, loaded, refused, cancelled; by hand and by a worker."""

from __future__ import annotations

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
