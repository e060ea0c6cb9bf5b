"""The command line. Each room and domain brings its own group of commands in `commands`; here they are put together."""

from __future__ import annotations

import gettext
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, cast

import click

LANGUAGES = ("zh-hans", "en")
NO_DATABASE = 69  # EX_UNAVAILABLE


class Commands(click.Group):
    """Turns a refusal into its message and its exit code, for every command below."""

    def invoke(self, ctx: click.Context) -> Any:
        from django.db import OperationalError
        from django.utils.translation import gettext as _

        from qipan.foundation.interface import console
        from qipan.foundation.refusals import Refusal

        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            stopped()
        except OperationalError as problem:
            if problem.__cause__ is None or getattr(problem.__cause__, "sqlstate", None):
                raise  # the server itself said something: that is no question of starting it
            hint = _("The database cannot be reached. Is the demo running, or the server? `qipan init` starts it.")
            click.echo(f"{hint}\n{str(problem).strip()}", err=True)
            sys.exit(NO_DATABASE)
        except Refusal as refusal:
            if ctx.obj and ctx.obj.get("json"):
                console.print_json({"code": refusal.code, "message": refusal.message})
            else:
                click.echo(refusal.message, err=True)
            sys.exit(refusal.exit)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of texts; QIPAN_LANGUAGE sets it for good.")
@click.version_option(package_name="qipan", message="%(prog)s %(version)s", help="Show the version and exit.")
@click.pass_context
def qipan(ctx: click.Context, *, language: str | None) -> None:
    """Qipan 棋盘: the command platform of a district."""
    ctx.ensure_object(dict)


def stopped() -> NoReturn:
    """Ctrl-C is an answer, not an accident. It may come before any language is chosen."""
    click.echo("\n已停止。 Stopped.", err=True)
    sys.exit(128 + signal.SIGINT)


def main() -> None:
    try:
        _main()
    except KeyboardInterrupt:
        stopped()


def _main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")
    import django
    from django.utils import translation

    from qipan.assembly.commands.installation import prepare_environment

    prepare_environment(sys.argv[1:])
    django.setup()
    language = language_of(sys.argv[1:])
    translation.activate(language)
    speak(complete(), language=language)
    qipan(prog_name="qipan")


def complete() -> click.Group:
    """The command line with the commands of every room, `--json` on each."""
    from qipan.assembly.navigation import ROOMS

    for room in ("qipan.assembly", *ROOMS):
        try:
            module = importlib.import_module(f"{room}.commands")
        except ModuleNotFoundError as missing:
            if missing.name != f"{room}.commands":
                raise
            continue
        for command in module.COMMANDS:
            add(command)
    for _path, command in walk(qipan):
        _offer_json(command)
    return qipan


def add(command: click.Command) -> None:
    """A group that several rooms bring (import, export) is one group with the commands of all."""
    there = qipan.commands.get(command.name or "")
    if isinstance(there, click.Group) and isinstance(command, click.Group):
        for part in command.commands.values():
            there.add_command(part)
    else:
        qipan.add_command(command)


def walk(command: click.Command, path: tuple[str, ...] = ("qipan",)) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below one, itself first: (words to type, command)."""
    yield path, command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from walk(command.commands[name], (*path, name))


def language_of(words: list[str]) -> str:
    """Chinese, unless `--language en` or QIPAN_LANGUAGE=en says otherwise. Needed before click reads the line."""
    given = os.environ.get("QIPAN_LANGUAGE", "")
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--language":
            given = following
        elif word.startswith("--language="):
            given = word.partition("=")[2]
    return given if given in LANGUAGES else LANGUAGES[0]


def speak(top: click.Command, *, language: str) -> None:
    """Put what the commands say of themselves, and click's own words, into a language."""
    from django.utils.translation import gettext as translated
    from django.utils.translation import override

    if language != "en":
        os.environ["LANGUAGE"] = "zh_Hans"
        gettext.bindtextdomain("messages", str(Path(__file__).with_name("locale")))
    with override(language):
        for _path, command in walk(top):
            for holder in (command, *command.params):
                words = " ".join((getattr(holder, "help", None) or "").split())
                if words:
                    cast(Any, holder).help = translated(words)


def _offer_json(command: click.Command) -> None:
    """`--json` before or after every word, and where a command has its own, that one tells the others."""

    def noted(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
        if value:
            ctx.find_root().ensure_object(dict)["json"] = True
        return value

    own = next((each for each in command.params if "--json" in each.opts), None)
    if own is None:
        help_text = "Print results as JSON."
        own = click.Option(["--json"], is_flag=True, expose_value=False, is_eager=True, help=help_text)
        command.params.append(own)
    own.callback = noted
