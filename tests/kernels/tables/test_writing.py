from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from qipan.kernels.tables.writing import csv_chunks, xlsx

DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"]
HEADER = ["编号", "标题", "时间"]
WHEN = datetime(2026, 4, 8, 1, 30, tzinfo=UTC)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_csv_opens_in_excel_and_reads_back_equal() -> None:
    data = b"".join(csv_chunks(HEADER, [["QP1", '井盖，"缺失"\n两处', WHEN]]))
    assert data.startswith(b"\xef\xbb\xbf")
    assert read_csv(data) == [HEADER, ["QP1", '井盖，"缺失"\n两处', "2026-04-08 09:30:00"]]


def test_an_export_of_no_rows_still_has_its_header() -> None:
    assert read_csv(b"".join(csv_chunks(HEADER, []))) == [HEADER]
    assert [cell.value for cell in next(load_workbook(io.BytesIO(xlsx(HEADER, [], title="空"))).active.rows)] == HEADER


def test_many_rows_go_out_in_pieces() -> None:
    pieces = list(csv_chunks(["n"], ([number] for number in range(2500))))
    assert len(pieces) == 3
    assert len(read_csv(b"".join(pieces))) == 2501


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_begins_like_a_formula_is_text(text: str) -> None:
    [_, [cell]] = read_csv(b"".join(csv_chunks(["x"], [[text]])))
    assert cell.startswith("'")
    book = load_workbook(io.BytesIO(xlsx(["x"], [[text]], title="x")))
    assert book.active["A2"].data_type == "s"
    assert book.active["A2"].value.strip() == text.strip()


def test_numbers_with_a_sign_stay_numbers() -> None:
    [_, row] = read_csv(b"".join(csv_chunks(["x", "y"], [[-3.5, "-3.5"]])))
    assert row == ["-3.5", "-3.5"]


def test_characters_that_xlsx_cannot_hold_are_left_out() -> None:
    assert load_workbook(io.BytesIO(xlsx(["x"], [["a\x00b\x0b"]], title="a/b"))).active["A2"].value == "ab"
