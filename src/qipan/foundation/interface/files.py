"""Lists as files that open right in Excel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from qipan.foundation.refusals import NotFound
from qipan.kernels import tables

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet(
    form: str, *, name: str, header: Iterable[Any], rows: Iterable[Sequence[Any]], title: str = ""
) -> HttpResponseBase:
    """A list as csv, sent as it is written, or as xlsx. Raises NotFound for any other form."""
    words = [str(each) for each in header]
    if form == "csv":
        return named(StreamingHttpResponse(tables.csv_chunks(words, rows), content_type=CSV), f"{name}.csv")
    if form == "xlsx":
        return named(HttpResponse(tables.xlsx(words, rows, title=title or name), content_type=XLSX), f"{name}.xlsx")
    raise NotFound


def named(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    """An answer that a browser keeps as a file of this name."""
    answer.headers["Content-Disposition"] = content_disposition_header(True, name)
    return answer
