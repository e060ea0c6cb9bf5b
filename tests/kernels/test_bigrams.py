from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qipan.kernels.bigrams import query, terms


def test_a_run_of_chinese_gives_its_pairs_and_latin_gives_words() -> None:
    assert terms("井盖缺失 No.12 ABC") == ["井盖", "盖缺", "缺失", "no", "12", "abc"]


def test_a_single_character_is_its_own_term() -> None:
    assert terms("水") == ["水"]
    assert "水" in terms("水管", single=True)


def test_full_width_digits_are_the_same_as_ordinary_ones() -> None:
    assert terms("１２号楼") == terms("12号楼")


def test_rare_characters_beyond_the_basic_plane_are_kept() -> None:
    assert terms("𠮷野") == ["𠮷野"]


@given(st.text("井盖缺失漏水灯a1 。", max_size=30), st.text("井盖缺失漏水灯", min_size=2, max_size=6))
def test_what_a_text_contains_is_found_in_it(before: str, wanted: str) -> None:
    found = set(terms(before + wanted + "，", single=True))
    assert set(query(wanted)) <= found
