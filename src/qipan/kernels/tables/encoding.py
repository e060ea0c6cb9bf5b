"""Bytes to text with certainty: UTF-8, UTF-16 with its mark, or GB18030 that reads as Chinese."""

from __future__ import annotations

import codecs
import unicodedata

from qipan.kernels.tables.problems import Unreadable

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode(data: bytes, *, encoding: str = "") -> tuple[str, str]:
    """(text, name of the encoding). A declared `encoding` is used or refused; without one, only certain ones are.

    GB18030 can read almost any bytes as something, so without being declared it is believed only where the result
    looks like Chinese: no characters that nobody writes, and most of those beyond ASCII are Han or Chinese marks.
    """
    if encoding:
        try:
            return data.decode(codecs.lookup(encoding).name).removeprefix("\ufeff"), encoding
        except (UnicodeDecodeError, LookupError):
            raise Unreadable("not_in_declared_encoding", encoding=encoding) from None
    for mark, name in MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(name), name
            except UnicodeDecodeError:
                raise Unreadable("unknown_encoding") from None
    if b"\0" in data:
        raise Unreadable("not_text")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise Unreadable("unknown_encoding") from None
    if not reads_as_chinese(text):
        raise Unreadable("unknown_encoding")
    return text, "gb18030"


def reads_as_chinese(text: str) -> bool:
    """Whether the characters beyond ASCII are what Chinese texts are written with.

    Four in five must be of the 7,445 of GB 2312: an accented letter of a western encoding swallows the ASCII letter
    after it and becomes a character outside of those.
    """
    foreign = [character for character in text if character > "\x7f"]
    if any(unicodedata.category(character) in {"Co", "Cn", "Cc", "Cs"} for character in foreign):
        return False
    return sum(map(_common, foreign)) >= 0.8 * len(foreign)


def _common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
