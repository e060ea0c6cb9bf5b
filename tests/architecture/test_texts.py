"""Every text has its Chinese, and every catalogue is what the sources give: `python3 run.py messages` makes it so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from qipan.assembly import texts

APPS = texts.apps()
PLACES = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def name(app: Path) -> str:
    return app.relative_to(texts.SOURCE).as_posix()


def catalogue(app: Path):
    path = texts.catalogue_path(app)
    if not path.exists():
        return None
    with path.open("rb") as handle:
        return read_po(handle, locale=texts.LOCALE)


def entries(app: Path):
    found = catalogue(app)
    return [] if found is None else [entry for entry in found if entry.id]


def forms(value) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@pytest.mark.parametrize("app", APPS, ids=name)
def test_the_catalogue_is_what_the_sources_give(app):
    wanted = {(str(entry.id), entry.context) for entry in texts.collected(app) if entry.id}
    there = {(str(entry.id), entry.context) for entry in entries(app)}
    assert there == wanted, "run `python3 run.py messages`"


@pytest.mark.parametrize("app", APPS, ids=name)
def test_every_text_has_its_chinese(app):
    missing = [entry.id for entry in entries(app) if not all(forms(entry.string)) or not forms(entry.string)]
    assert not missing


@pytest.mark.parametrize("app", APPS, ids=name)
def test_the_chinese_fills_the_same_places(app):
    """A place `%(name)s` or `{name}` that is lost or misspelt would break the page or lose a figure."""
    wrong = []
    for entry in entries(app):
        wanted = {place for form in forms(entry.id) for place in PLACES.findall(form)}
        wrong += [(entry.id, form) for form in forms(entry.string) if form and set(PLACES.findall(form)) != wanted]
    assert not wrong


@pytest.mark.parametrize("app", APPS, ids=name)
def test_nothing_is_fuzzy_or_left_in_english(app):
    """A sentence that is the same in both languages was copied, not translated."""
    found = entries(app)
    assert not [entry.id for entry in found if entry.fuzzy]
    assert not [
        entry.id
        for entry in found
        for form in forms(entry.string)
        if not CHINESE.search(form) and len(re.findall(r"[A-Za-z]{3,}", form)) > 2
    ]


def test_one_text_has_one_chinese_wherever_it_stands():
    """Django puts all catalogues into one: of two translations of a text only one is ever shown, on both pages."""
    found: dict[tuple[str, str | None], dict[str, str]] = {}
    for app in APPS:
        for entry in entries(app):
            found.setdefault((str(entry.id), entry.context), {})[name(app)] = str(entry.string)
    differing = {key: places for key, places in found.items() if len(set(places.values())) > 1}
    assert not differing, "say it with other English words, or with the same Chinese"
