"""Numbers and names by which a person can be found: checked, brought into one form, masked, and found in free text.

Values in, values out. Sources: GB 11643-1999 (citizen identification number, check digit by ISO 7064 MOD 11-2);
the numbering plan of public telephone networks (mobile numbers 1[3-9], area codes 0xx and 0xxx).
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"

# Full-width and mathematical look-alikes of ASCII, one character for one, so that places in a text stay what they are.
_WIDE = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_WIDE |= {0x1D7CE + 10 * font + digit: 0x30 + digit for font in range(5) for digit in range(10)}
_WIDE |= {0x2460 + i: 0x31 + i for i in range(9)} | {0x24EA: 0x30}  # ①②…⓪
# Digits as they are said and as they are written on cheques (幺 is 1 where numbers are read out). Only looked for in
# running text, and after the others: 一 is a word far more often than a digit.
_SAID = {ord(sign): str(value) for signs in ("零一二三四五六七八九", "〇幺贰叁肆伍陆柒捌玖", "0壹两")
         for value, sign in enumerate(signs)}  # fmt: skip
_BETWEEN = "[ \\t\u00a0\u2002-\u200b._\u00b7\u2022\u30fb/\\-\u2010-\u2015\u2212~,、，*]"
_GAP = f"{_BETWEEN}{{0,3}}"
_ID_NUMBER = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx](?![0-9A-Za-z])")
_OLD_ID_NUMBER = re.compile(rf"(?<![0-9A-Za-z])[1-9](?:{_GAP}[0-9]){{14}}(?![0-9A-Za-z])")
_MOBILE = re.compile(rf"(?<![0-9])(?:(?:\+{_GAP}|00)?86{_GAP})?1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}(?![0-9])")
_LANDLINE = re.compile(r"(?<![0-9])\(?(?:010|02[0-9]|0[3-9][0-9]{2})\)?[ \-\u2010-\u2015]{0,3}[2-9][0-9]{6,7}(?![0-9])")
_NOT_DIGITS = re.compile(r"[^0-9]")
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u0300-\u036f]")


class NotAnIdNumber(ValueError):
    """`reason` is one of length, characters, date, check."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAPhone(ValueError):
    pass


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as ASCII; the length does not change."""
    return text.translate(_WIDE)


def check_digit(first_17: str) -> str:
    """The 18th character of a citizen identification number (GB 11643, ISO 7064 MOD 11-2)."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True)) % 11]


def id_number(text: str, *, today: dt.date) -> str:
    """The number in its one form: 18 characters, capital X. Raises NotAnIdNumber."""
    value = re.sub(_BETWEEN, "", narrow(text).strip()).upper()
    if len(value) != 18:
        raise NotAnIdNumber("length")
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", value):
        raise NotAnIdNumber("characters")
    born = birth_date(value)
    if born is None or not dt.date(1850, 1, 1) <= born <= today:
        raise NotAnIdNumber("date")
    if check_digit(value[:17]) != value[17]:
        raise NotAnIdNumber("check")
    return value


def birth_date(number: str) -> dt.date | None:
    """The date within an 18-character number, or None where there is no such day."""
    try:
        return dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def phone(text: str) -> str:
    """A mobile number as 11 digits, or a landline as 0372-5110000. Raises NotAPhone."""
    value = narrow(text).strip()
    if re.search(r"[A-Za-z]", value):
        raise NotAPhone(text)
    digits = _NOT_DIGITS.sub("", value)
    digits = re.sub(r"^(?:00)?86(?=1[3-9][0-9]{9}$)", "", digits)
    if re.fullmatch(r"1[3-9][0-9]{9}", digits):
        return digits
    digits = re.sub(r"^(?:00)?86(?=[1-9])", "0", digits)
    if found := re.fullmatch(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})", digits):
        return f"{found[1]}-{found[2]}"
    raise NotAPhone(text)


def mask_id_number(value: str) -> str:
    """410505********1234; anything that is not 18 long shows its ends only when that still hides most of it."""
    return f"{value[:6]}********{value[-4:]}" if len(value) == 18 else "*" * 8


def mask_phone(value: str) -> str:
    """138****5678; a landline keeps its area code and its last two digits."""
    if "-" in value:
        area, rest = value.split("-", 1)
        return f"{area}-{'*' * (len(rest) - 2)}{rest[-2:]}"
    return f"{value[:3]}****{value[-4:]}" if len(value) == 11 else "*" * 8


def mask_name(value: str) -> str:
    """张*: the first character with the marks that belong to it; a name of one character is hidden whole."""
    name = value.strip()
    if not name:
        return ""
    end = 1
    while end < len(name) and _VARIATION.match(name[end]):
        end += 1
    return f"{name[:end]}*" if end < len(name) else "*"


_VILLAGE = re.compile(r"^(.{2,}?(?:社区|村委会|居委会|行政村|(?<![新小])村))(?![路街道巷])")
_TOWNSHIP = re.compile(r"^(.{2,}?(?:街道办事处|街道|镇|乡))(?![路街道巷村])")
_COUNTY = re.compile(r"^(.*?(?:市|县|自治县|(?<![小社园新])区))")


def mask_address(value: str) -> str:
    """Keeps what names a village or community and everything above it; else the township, the county, nothing."""
    text = value.strip()
    if not text:
        return ""
    for pattern in (_VILLAGE, _TOWNSHIP):
        if found := pattern.search(text):
            return _without_digits(found[1])
    county = ""
    while found := _COUNTY.search(text[len(county) :]):
        county += found[1]
    return _without_digits(county)


def _without_digits(kept: str) -> str:
    # A house number before the village's name means that the pattern met something else than a village.
    return "***" if not kept or re.search(r"[0-9]", narrow(kept)) else f"{kept}***"


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without what was found in it, and what was found: (kind, value) in the order of the text."""

    text: str
    found: tuple[tuple[str, str], ...] = ()


def _numbers(text: str) -> Iterator[tuple[int, int, str, str, str]]:
    """(start, end, kind, value, mask) of the numbers in a text, not overlapping, longest kinds first."""
    plain = narrow(text)
    taken: list[tuple[int, int]] = []

    def free(found: re.Match[str]) -> bool:
        return all(found.end() <= start or found.start() >= end for start, end in taken)

    patterns = ((_ID_NUMBER, "id"), (_OLD_ID_NUMBER, "id"), (_MOBILE, "phone"), (_LANDLINE, "phone"))
    for read, (pattern, kind) in itertools.product((plain, plain.translate(_SAID)), patterns):
        for found in pattern.finditer(read):
            value = re.sub(r"[^0-9Xx]", "", found[0]).upper()
            if not free(found) or (kind == "id" and not _looks_like_id(value)):
                continue
            if kind == "phone":
                value = phone(found[0])
                mask = mask_phone(value)
            else:
                mask = mask_id_number(value) if len(value) == 18 else f"{value[:6]}******{value[-3:]}"
            taken.append(found.span())
            yield found.start(), found.end(), kind, value, mask


def _looks_like_id(value: str) -> bool:
    """A date of birth in its place, or a check digit that is right: one wrong digit still names somebody."""
    if len(value) == 15:
        return birth_date(f"{value[:6]}19{value[6:]}") is not None and value[:1] in "123456789"
    born = birth_date(value)
    return (born is not None and 1850 <= born.year <= 2100) or check_digit(value[:17]) == value[17]


def mask_text(text: str, *, names: Iterable[str] = ()) -> Masked:
    """Masks identification numbers, phone numbers and the names given. Repeating it changes nothing, and the text is
    never longer than it was: what fitted a column fits it masked."""
    names = tuple(names)
    done = _mask_once(text, names)
    while (more := _mask_once(done.text, ())).found:  # what is left beside a mask may read as another number
        done = Masked(more.text, done.found + more.found)
    return done


def _mask_once(text: str, names: tuple[str, ...]) -> Masked:
    spots = list(_numbers(text))
    for name in sorted({name.strip() for name in names if name.strip()}, key=len, reverse=True):
        for found in re.finditer(re.escape(name), text):
            if all(found.end() <= start or found.start() >= end for start, end, *_ in spots):
                spots.append((found.start(), found.end(), "name", name, mask_name(name)))
    spots.sort()
    parts, at = [], 0
    for start, end, _kind, _value, mask in spots:
        parts += [text[at:start], mask.replace("*", "", max(0, len(mask) - (end - start)))]
        at = end
    return Masked("".join([*parts, text[at:]]), tuple((kind, value) for _s, _e, kind, value, _m in spots))


def has_numbers(text: str) -> bool:
    """Whether a text holds something that looks like an identification or phone number."""
    return next(_numbers(text), None) is not None
