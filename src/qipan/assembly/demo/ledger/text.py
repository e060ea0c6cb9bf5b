"""Values as COPY reads them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from qipan.kernels.clock.timetable import DAY, day_of

NULL = "\\N"
SECOND = 1_000_000


@lru_cache(maxsize=8192)
def day_text(day: int) -> str:
    return day_of(day * DAY).isoformat()


@lru_cache(maxsize=90_000)
def clock_text(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def stamp(at: int | None) -> str:
    """An instant of the clock kernel as a timestamp with time zone."""
    if at is None:
        return NULL
    day, rest = divmod(at, DAY)
    second, micro = divmod(rest, SECOND)
    if micro:
        return f"{day_text(day)} {clock_text(second)}.{micro:06}+08"
    return f"{day_text(day)} {clock_text(second)}+08"


def iso(at: int) -> str:
    """An instant as `datetime.isoformat` writes it in Asia/Shanghai."""
    day, rest = divmod(at, DAY)
    second, micro = divmod(rest, SECOND)
    return f"{day_text(day)}T{clock_text(second)}{f'.{micro:06}' if micro else ''}+08:00"


def plain(value: Any) -> str:
    """A number, an id, a word without special characters, or nothing."""
    return NULL if value is None else str(value)


def flag(value: bool | None) -> str:
    return NULL if value is None else ("t" if value else "f")


def escaped(value: str) -> str:
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


def json(value: Any) -> str:
    return escaped(orjson.dumps(value).decode())


def array(values: Any) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def binary(value: bytes) -> str:
    return "\\\\x" + value.hex()


def vector(terms: Any) -> str:
    """A tsvector of terms without positions; terms are Chinese characters, ASCII letters and digits only."""
    return " ".join(f"'{term}'" for term in terms)
