"""Numbers and names of persons: the standard's examples, and laws that hold for any text."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qipan.kernels import identity

TODAY = dt.date(2026, 5, 4)
# The two examples printed in GB 11643-1999.
STANDARD = ["11010519491231002X", "440524188001010014"]


@pytest.mark.parametrize("number", STANDARD)
def test_the_standards_own_examples_are_valid(number):
    assert identity.id_number(number, today=TODAY) == number
    assert identity.check_digit(number[:17]) == number[17]


@pytest.mark.parametrize("number", STANDARD)
def test_every_wrong_digit_and_every_swap_of_neighbours_is_found(number):
    for place in range(18):
        for digit in "0123456789X":
            if digit != number[place]:
                with pytest.raises(identity.NotAnIdNumber):
                    identity.id_number(number[:place] + digit + number[place + 1 :], today=TODAY)
    for place in range(17):
        if number[place] != number[place + 1]:
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            with pytest.raises(identity.NotAnIdNumber):
                identity.id_number(swapped, today=TODAY)


def made(rng: random.Random, born: str) -> str:
    first = f"410505{born}{rng.randrange(1000):03}"
    return first + identity.check_digit(first)


@pytest.mark.parametrize(("born", "reason"), [("20230229", "date"), ("20260505", "date"), ("00200101", "date")])
def test_a_birth_date_that_is_none_or_lies_ahead_is_refused(born, reason):
    with pytest.raises(identity.NotAnIdNumber) as refused:
        identity.id_number(made(random.Random(1), born), today=TODAY)
    assert refused.value.reason == reason


def test_full_width_and_spaced_numbers_come_into_one_form():
    assert identity.id_number(" １１０１０５ 19491231-002ｘ ", today=TODAY) == STANDARD[0]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("13812345678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("0086-138-1234-5678", "13812345678"),
        ("８６１３８１２３４５６７８", "13812345678"),
        ("(0372)5110000", "0372-5110000"),
        ("0372 5110000", "0372-5110000"),
        ("+86 372 5110000", "0372-5110000"),
        ("010-65131234", "010-65131234"),
    ],
)
def test_phones_come_into_one_form(given, wanted):
    assert identity.phone(given) == wanted


@pytest.mark.parametrize("given", ["", "1381234567", "138123456789", "110", "abc13812345678", "12812345678"])
def test_what_is_no_phone_is_refused(given):
    with pytest.raises(identity.NotAPhone):
        identity.phone(given)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("张三", "张*"),
        ("欧阳娜娜", "欧*"),
        ("张", "*"),
        ("𬱖磊", "𬱖*"),
        ("葛\U000e0100飾", "葛\U000e0100*"),
        ("买买提·吐尔逊", "买*"),
        ("Maria del Mar", "M*"),
        ("", ""),
    ],
)
def test_names_keep_their_first_character(given, wanted):
    assert identity.mask_name(given) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("河南省安阳市殷都区水冶镇西麻水村3组12号", "河南省安阳市殷都区水冶镇西麻水村***"),
        ("殷都区梅园庄街道安居社区四期5号楼2单元301", "殷都区梅园庄街道安居社区***"),
        ("殷都区钢城路12号院3号楼", "殷都区***"),
        ("水冶镇人民路5号", "水冶镇***"),
        ("幸福小区3号楼", "***"),
        ("12号院新华村", "***"),
        ("", ""),
    ],
)
def test_addresses_keep_no_more_than_the_village(given, wanted):
    assert identity.mask_address(given) == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("身份证11010519491231002X。", "身份证110105********002X。"),
        ("身份证１１０１０５１９４９１２３１００２Ｘ", "身份证110105********002X"),
        ("110105 19491231 002X", "110105********002X"),
        ("打 138-1234-5678 或 +86 139 0000 1111", "打 138****5678 或 139****1111"),
        ("座机0372-5110000", "座机0372-*****00"),
        ("编号20260504001,3号楼", "编号20260504001,3号楼"),
        ("①③⑧①②③④⑤⑥⑦⑧", "138****5678"),
        ("1.3.8.1.2.3.4.5.6.7.8", "138****5678"),
        ("电话幺三八 幺二三四 五六七八", "电话138****5678"),
        ("壹叁捌一二三四5678", "138****5678"),
        ("一一〇一〇五一九四九一二三一〇〇二X", "110105********002X"),
        ("联系人一13812345678", "联系人一138****5678"),
        ("三楼一单元二〇二六年十一月二十三日八点", "三楼一单元二〇二六年十一月二十三日八点"),
    ],
)
def test_numbers_are_masked_in_text(given, wanted):
    assert identity.mask_text(given).text == wanted


def test_marked_names_are_masked_longest_first():
    masked = identity.mask_text("王小明和王小明明", names=("王小明", "王小明明"))
    assert masked.text == "王*和王*"
    assert masked.found == (("name", "王小明"), ("name", "王小明明"))


PIECES = st.sampled_from(
    [*"0123456789０１２３ -·Xx,，年月日号楼电话零一二三八九〇幺壹两", "138", "1949", "410505", "+86", "0372-"]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_masking_twice_changes_nothing_and_leaves_no_number(text):
    once = identity.mask_text(text).text
    assert identity.mask_text(once).text == once
    assert len(once) <= len(text)
    assert not identity.has_numbers(once)


@given(st.text(max_size=30), st.integers(3, 9), st.integers(0, 10**9 - 1), st.text(max_size=30))
def test_a_mobile_number_never_survives_in_text(before, second, rest, after):
    number = f"1{second}{rest:09}"
    text = f"{before}联{number}系{after}"
    assert number not in identity.mask_text(text).text


@given(st.text())
def test_narrowing_never_changes_the_length(text):
    assert len(identity.narrow(text)) == len(text)


@pytest.mark.parametrize("text", ["03358089668", "打 03725110000 找人", "7+004(03358089668+7"])
def test_a_masked_text_is_never_longer_than_it_was(text):
    masked = identity.mask_text(text)
    assert masked.found
    assert len(masked.text) <= len(text)
    assert not identity.has_numbers(masked.text)
