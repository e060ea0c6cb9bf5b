"""What commands say: tables for people, JSON for programs, progress on a terminal only.

@click.command()
@json_option
def units(*, as_json: bool) -> None:
    show(rows, columns={"id": _("Number"), "name": _("Name")}, as_json=as_json)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

Advance = Callable[..., None]


def json_option(command: Any) -> Any:
    """`--json` after the subcommand; the same as before it (`qipan --json …`)."""
    return click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")(command)


def wants_json(as_json: bool = False) -> bool:
    """Whether JSON was asked for, here or anywhere before on the command line."""
    context = click.get_current_context(silent=True)
    return as_json or bool(context and (context.find_root().obj or {}).get("json"))


def show(
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Mapping[str, str | Promise],
    as_json: bool = False,
    empty: str | Promise = "",
) -> None:
    """Rows as a table with those columns, or all they hold as a JSON list."""
    found = [dict(row) for row in rows]
    if wants_json(as_json):
        print_json(found)
        return
    if not found:
        click.echo(str(empty or _("Nothing found.")))
        return
    table = Table(*(str(title) for title in columns.values()), box=None, pad_edge=False, header_style="bold")
    for row in found:
        table.add_row(*(cell(row.get(name)) for name in columns))
    _console().print(table)


def tell(facts: Mapping[str, Any], text: str | Promise, *, as_json: bool = False) -> None:
    """One result: a sentence for people, its facts as JSON."""
    if wants_json(as_json):
        print_json(facts)
    else:
        click.echo(str(text))


def print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2).decode())


def cell(value: Any) -> str:
    """How one value looks in a table."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, list | tuple):
        return ", ".join(cell(one) for one in value)
    return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") and hasattr(value, "hour") else str(value)


def confirm(question: str | Promise, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; `--yes` answers beforehand. A program that did not is refused."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(_("This needs --yes where nobody can be asked."))
    click.confirm(str(question), abort=True)


@contextmanager
def progress(label: str | Promise, *, total: int | None = None) -> Iterator[Advance]:
    """A bar on the error stream of a terminal, nothing elsewhere. Gives `advance(amount=1, total=None)`."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty() or wants_json(),
    )
    with bar:
        task = bar.add_task(str(label), total=total)

        def advance(amount: int = 1, *, total: int | None = None) -> None:
            if total is not None:
                bar.update(task, total=total)
            bar.advance(task, amount)

        yield advance


def _console() -> Console:
    # Piped output keeps whole values: nobody reads a table cut at 80 columns out of a file.
    return Console() if sys.stdout.isatty() else Console(width=1000, no_color=True)
