"""How the sources are laid out and written: what ARCHITECTURE.md and STYLE.md say and a machine can see."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qipan
from qipan.foundation.refusals import Refusal

SOURCE = Path(qipan.__file__).resolve().parent
CHECKOUT = SOURCE.parents[1]
LONGEST = 400
ROOMS = sorted(path.parent for path in SOURCE.rglob("apps.py") if path.parent.name != "assembly")
# A domain has these and no others; a module that grew is a folder of the same name.
PARTS = {
    "rules", "models", "access", "queries", "operations", "api", "pages", "commands", "templates", "migrations", "apps",
    "admin", "urls", "locale", "words", "defaults", "__init__", "__pycache__", "static",
}  # fmt: skip
# Domains, and what they have besides, with the reason.
DOMAINS: dict[str, dict[str, str]] = {
    "incidents": {
        "routing": "which unit an incident goes to: rules over tables, asked by operations and by a preview",
        "letters": "the wording of messages to reporters and units",
        "mappings": "files that say what the columns of a foreign export mean",
    },
    "inspections": {},
    "reporting": {"figures": "the figures that other domains offer for forms"},
}


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.splitlines() if (CHECKOUT / name).is_file()]


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def test_each_floor_and_room_imports_only_what_it_may():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", modules(), ids=name)
def test_a_module_is_short_enough_to_read(path):
    assert len(path.read_text().splitlines()) <= LONGEST, "a longer module becomes a folder of the same name"


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_its_parts_and_no_others(domain):
    folder = SOURCE / domain
    found = {path.stem for path in folder.iterdir()}
    assert found - PARTS - DOMAINS[domain].keys() == set()
    assert DOMAINS[domain].keys() <= found, "a reason for a part that is gone"


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def operations() -> list[Path]:
    """The modules of operations of the domains and of the rooms that act for posts."""
    found = []
    for room in ROOMS:
        folder = room / "operations"
        found += sorted(folder.glob("*.py")) if folder.is_dir() else sorted(room.glob("operations.py"))
    return [path for path in found if path.stem != "__init__"]


def writes(node: ast.FunctionDef) -> bool:
    """Whether a function records something: what writes says so in the journal."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            called = each.func
            if isinstance(called, ast.Attribute) and called.attr in {"record", "record_many"}:
                return True
    return False


def arguments(node: ast.FunctionDef) -> tuple[list[str], list[str]]:
    return [each.arg for each in (*node.args.posonlyargs, *node.args.args)], [each.arg for each in node.args.kwonlyargs]


@pytest.mark.parametrize("path", [path for path in operations() if "journal" not in path.parts], ids=name)
def test_what_is_recorded_has_an_author_and_a_time(path):
    for node in functions(path):
        if writes(node):
            by_place, by_name = arguments(node)
            given = {*by_place, *by_name}
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            assert given & {"at", "now"}, f"{node.name} records something but takes no `at`"
            assert given & {"by", "approved_by", "reporter_id", "secret", "person"} or names & {"SYSTEM", "RESIDENT"}, (
                f"{node.name} records something but nobody does it"
            )


@pytest.mark.parametrize("path", [path for path in operations() if "journal" not in path.parts], ids=name)
def test_operations_take_keywords(path):
    if path.stem == "steps":
        return  # what the other operations of the domain are made of
    for node in functions(path):
        by_place, _by_name = arguments(node)
        asked = writes(node) and len(by_place) > 1
        assert not asked, f"{node.name} takes {by_place} by place"


def every_module() -> None:
    for module in pkgutil.walk_packages(qipan.__path__, "qipan."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def refusals() -> list[type[Refusal]]:
    every_module()

    def below(family: type[Refusal]) -> Iterator[type[Refusal]]:
        for each in family.__subclasses__():
            if each.__module__.startswith("qipan."):
                yield each
            yield from below(each)

    return sorted(set(below(Refusal)), key=lambda each: (each.__module__, each.__name__))


def test_every_refusal_says_why_in_both_languages():
    from django.utils.translation import gettext, override

    silent, untranslated = [], []
    for each in refusals():
        own = each.__dict__.get("__doc__")
        words = " ".join((own or "").split())
        if not words:
            silent.append(each.__qualname__)
            continue
        with override("zh-hans"):
            spoken = re.sub(r"{\w+}", "", words).strip()  # a message may be nothing but what it is filled with
            if spoken and not re.search(r"[\u4e00-\u9fff]", gettext(words)):
                untranslated.append(f"{each.__module__}.{each.__name__}: {words}")
    assert not silent
    assert not untranslated


def test_a_code_means_one_thing_to_a_program():
    """Two refusals of one name in one room would be told apart by nobody."""
    seen: dict[tuple[str, str], set[int]] = {}
    for each in refusals():
        room = each.__module__.removeprefix("qipan.").removeprefix("foundation.").split(".")[0]
        seen.setdefault((room, each.__name__), set()).add(each.status)
    assert {code: statuses for code, statuses in seen.items() if len(statuses) > 1} == {}


def test_a_message_names_only_places_it_can_fill():
    for each in refusals():
        words = inspect.getdoc(each) or ""
        assert not re.search(r"{[^a-z_}]", words), each


@pytest.mark.parametrize("path", modules(), ids=name)
def test_nothing_is_printed_past_the_console(path):
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not calls


def texts() -> Iterator[tuple[str, str]]:
    """Every file of text in the checkout, with what it holds."""
    for file in tracked():
        try:
            yield file, (CHECKOUT / file).read_text()
        except UnicodeDecodeError:
            continue


# Joined here so that this file itself names none of them.
REGISTRIES = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npm" + "js.org", "npmmirror" + ".com",
              "tuna.tsinghua" + ".edu", "mirrors." + "aliyun")  # fmt: skip
MACHINE = re.compile(
    "|".join((r"(?<![\w.])/wo" + r"rk/(?:main|wt|plan|shared)\b", r"/ho" + r"me/\w+/", r"/Us" + r"ers/\w+/"))
)


def test_no_file_names_a_registry_or_a_machine():
    found = []
    for file, text in texts():
        found += [f"{file}: {host}" for host in REGISTRIES if host in text]
        found += [f"{file}: {match[0]}" for match in MACHINE.finditer(text)]
    assert not found


MERGING = re.compile(rf"^(?:{'<' * 7} |{'>' * 7} )", re.MULTILINE)


def test_no_file_holds_both_sides_of_an_unfinished_merge():
    assert not [file for file, text in texts() if MERGING.search(text)]


def test_warnings_are_errors(pytestconfig):
    assert pytestconfig.getini("filterwarnings")[0] == "error"


def test_no_page_of_the_docs_leads_nowhere():
    dead = []
    for file in tracked():
        if not file.endswith(".md"):
            continue
        path = CHECKOUT / file
        for link in re.findall(r"\]\(([^)#: ]+)(?:#[^)]*)?\)", path.read_text()):
            if not (path.parent / link).exists():
                dead.append(f"{file}: {link}")
    assert not dead
