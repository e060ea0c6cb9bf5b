"""An imported year: what is read, and every fault named with its row."""

from __future__ import annotations

from datetime import date

import pytest

from qipan.kernels.clock import BadYearFile, Calendar, Invalid, read_year

GOOD = """date,kind,name
2027-01-01,off,元旦
2027/1/2,off,元旦
2027.1.3,放假,元旦
2026年12月27日,work,元旦

2027-05-01,off,劳动节
2027-10-01,off,国庆节
2027-10-02,OFF,国庆节
2027-10-03,休,国庆节
2027-10-09,班,国庆节
"""


def faults(data, year=2027):
    with pytest.raises(BadYearFile) as refusal:
        read_year(data=data, year=year, source="试")
    return [(error.row, error.code) for error in refusal.value.errors]


def changed(line: str, to: str) -> str:
    assert line in GOOD
    return GOOD.replace(line, to)


def test_a_good_file_becomes_a_plan():
    plan = read_year(data=GOOD, year=2027, source="国办发明电〔2026〕9号")
    calendar = Calendar.from_official(extra=[plan])
    assert not calendar.is_workday(date(2027, 1, 1))
    assert calendar.is_workday(date(2026, 12, 27))
    assert calendar.is_workday(date(2027, 10, 9))
    assert len(plan.off) == 7
    assert plan.source == "国办发明电〔2026〕9号"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_from_any_office_program_is_read(encoding, newline):
    data = GOOD.replace("\n", newline).encode(encoding)
    assert read_year(data=data, year=2027, source="试") == read_year(data=GOOD, year=2027, source="试")


def test_columns_may_stand_in_any_order():
    lines = [line.split(",") for line in GOOD.splitlines() if line]
    turned = "\n".join(",".join((name, day, kind, "更多")) for day, kind, name in lines)
    assert read_year(data=turned, year=2027, source="试") == read_year(data=GOOD, year=2027, source="试")


def test_every_fault_is_named_with_its_row():
    data = changed("2027/1/2,off,元旦", "27/1/2,off,元旦").replace("2027-10-09,班,国庆节", "2027-10-08,work,")
    assert faults(data) == [(3, "row_date"), (11, "row_name"), (11, "work_on_weekday")]


@pytest.mark.parametrize(
    ("line", "to", "fault"),
    [
        ("2027/1/2,off", "0020-01-02,off", (3, "wrong_year")),
        ("2027/1/2,off", "2028-01-02,off", (3, "wrong_year")),
        ("2027/1/2,off", "2027-02-29,off", (3, "row_date")),
        ("2027/1/2,off", "15/05/20,off", (3, "row_date")),
        ("2027/1/2,off", "=DATE(2027;1;2),off", (3, "row_date")),
        ("2027/1/2,off", "2027-01-02,maybe", (3, "row_kind")),
        ("2027/1/2,off", "2027-01-01,off", (3, "row_twice")),
        ("2027/1/2,off,元旦", f"2027-01-02,off,{'节' * 31}", (3, "row_name_long")),
        ("2027/1/2,off,元旦", "2027-01-02", (3, "row_kind")),
        ("2027-10-02,OFF,国庆节", "", (0, "legal_day")),
        ("2027-10-02,OFF,国庆节", "2027-10-02,work,国庆节", (0, "legal_day")),
        ("date,kind,name", "date,type,name", (1, "columns")),
        ("date,kind,name", 'date,kind,"na"me', (0, "file_no_csv")),
    ],
)
def test_a_faulty_row_is_refused(line, to, fault):
    assert fault in faults(changed(line, to))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (" \n,,\n", "file_empty"),
        (b"\xff\xfe\x00\xd8", "file_encoding"),
        (GOOD + "2027-01-01,off,x\n" * 400, "file_too_long"),
        (b"x" * 100_001, "file_too_big"),
    ],
)
def test_a_file_that_is_no_year_is_refused(data, code):
    assert faults(data) == [(0, code)]


def test_another_years_file_is_refused():
    assert (0, "legal_day") in faults(GOOD, year=2028)


def test_a_file_without_a_source_is_refused():
    with pytest.raises(Invalid, match="notice"):
        read_year(data=GOOD, year=2027, source="")


def test_faults_are_told_in_both_languages():
    with pytest.raises(BadYearFile) as refusal:
        read_year(data=changed("2027-10-01,off,国庆节", "2027-10-01,maybe,国庆节"), year=2027, source="试")
    [error] = refusal.value.errors
    assert error.text(language="zh-hans") == "“maybe”应为 off（放假）或 work（上班）。"
    assert error.text(language="en") == "“maybe” must be off or work."
    assert "row 8" in str(refusal.value)
    with pytest.raises(BadYearFile) as refusal:
        read_year(data=changed("2027-10-01,off,国庆节", ""), year=2027, source="试")
    assert "National Day" in refusal.value.errors[0].text(language="en")
