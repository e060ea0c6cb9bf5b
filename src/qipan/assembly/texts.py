"""Translations. Each app keeps its own catalogue; Chinese is complete or the build fails (tests/architecture).

`python -m qipan.assembly.texts collect` extracts every text of each app (Python, templates, and the docstrings of
refusals, which are their messages) into its locale folder and compiles; `compile` only compiles.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parents[1]
LOCALE = "zh_Hans"
REFUSALS = {"Refusal", "Invalid", "Forbidden", "NotFound", "Conflict", "TooMany", "Unavailable"}
TEMPLATE_TEXT = re.compile(
    r"""\{%\s*(?:trans|translate)\s+(?:"(?P<one>(?:[^"\\]|\\.)*)"|'(?P<two>(?:[^'\\]|\\.)*)')"""
    r"""|\{%\s*blocktrans(?:late)?(?P<head>[^%]*)%\}(?P<body>.*?)\{%\s*endblocktrans(?:late)?\s*%\}""",
    re.S,
)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def apps() -> list[Path]:
    """The folders that hold a Django app."""
    return sorted(path.parent for path in SOURCE.rglob("apps.py"))


def texts(app: Path) -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    """(place, message or plural pair, context) for every text of one app."""
    for path in sorted(app.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        place = path.relative_to(SOURCE).as_posix()
        for _line, message, _comments, context in extract_from_file("python", path, keywords=KEYWORDS):
            yield place, message, context
        yield from ((place, text, None) for text in refusals(path))
        yield from ((place, text, None) for text in command_texts(path))
    for path in sorted([*app.rglob("templates/**/*.html"), *app.rglob("templates/**/*.txt")]):
        place = path.relative_to(SOURCE).as_posix()
        yield from ((place, message, None) for message in template_texts(path.read_text()))


def refusals(path: Path) -> Iterator[str]:
    """The docstrings of refusal classes of one module."""
    known = set(REFUSALS)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases}
            if (bases & known or node.name in REFUSALS) and (text := ast.get_docstring(node)):
                known.add(node.name)
                yield " ".join(text.split())


def command_texts(path: Path) -> Iterator[str]:
    """What the command line says of its commands and options: docstrings of click's functions and `help=`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            made = {getattr(getattr(each, "func", each), "attr", "") for each in node.decorator_list}
            if made & {"command", "group"} and (text := ast.get_docstring(node)):
                yield " ".join(text.split())
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {
            "option",
            "command",
            "group",
            "version_option",
        }:
            for keyword in node.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    yield " ".join(str(keyword.value.value).split())


def template_texts(source: str) -> Iterator[str | tuple[str, ...]]:
    for found in TEMPLATE_TEXT.finditer(source):
        if found["body"] is None:
            yield (found["one"] or found["two"] or "").replace('\\"', '"')
            continue
        parts = re.split(r"\{%\s*plural\s*%\}", re.sub(r"\{\{\s*([\w.]+)\s*\}\}", r"%(\1)s", found["body"]))
        if "trimmed" in found["head"]:
            parts = [" ".join(line.strip() for line in part.strip().splitlines()) for part in parts]
        yield parts[0] if len(parts) == 1 else tuple(parts)


def catalogue_path(app: Path) -> Path:
    return app / "locale" / LOCALE / "LC_MESSAGES/django.po"


def collected(app: Path) -> Catalog:
    """The app's catalogue as it must be now, with the translations it has."""
    path = catalogue_path(app)
    old = read_po(io.BytesIO(path.read_bytes()), locale=LOCALE) if path.exists() else Catalog(locale=LOCALE)
    new = Catalog(locale=LOCALE, domain="django", header_comment="# Chinese texts of this app.", fuzzy=False)
    for place, message, context in texts(app):
        known = old.get(message if isinstance(message, str) else message[0], context)
        new.add(message, known.string if known else None, locations=[(place, 0)], context=context)
    return new


def collect() -> None:
    for app in apps():
        new = collected(app)
        if not len(new):
            continue
        path = catalogue_path(app)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as handle:
            write_po(handle, new, sort_output=True, omit_header=False, no_location=True, width=120)
        lines = [
            line
            for line in path.read_text().splitlines()
            if not re.match(
                r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid|Last-Translator|'
                r"Language-Team|Project-Id)",
                line,
            )
        ]
        path.write_text("\n".join(lines) + "\n")
        missing = [entry.id for entry in new if entry.id and not entry.string]
        if missing:
            sys.stdout.write(f"{path.relative_to(SOURCE)}: {len(missing)} without Chinese\n")
    compile_all()


def compile_all() -> None:
    for path in SOURCE.rglob("*.po"):
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source, locale=LOCALE))


if __name__ == "__main__":
    {"collect": collect, "compile": compile_all}[sys.argv[1]]()
