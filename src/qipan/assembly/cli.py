"""The command line. Each room and domain brings its own group of commands in `commands`; here they are put together."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

import click


class Commands(click.Group):
    """Turns a refusal into its message and its exit code, for every command below."""

    def invoke(self, ctx: click.Context) -> Any:
        from qipan.foundation.refusals import Refusal

        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            if ctx.params.get("as_json"):
                click.echo(json.dumps({"code": refusal.code, "message": refusal.message}, ensure_ascii=False))
            else:
                click.echo(refusal.message, err=True)
            sys.exit(refusal.exit)


@click.group(cls=Commands)
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON.")
@click.option("--language", default="zh-hans", show_default=True, help="zh-hans or en.")
@click.pass_context
def qipan(ctx: click.Context, *, as_json: bool, language: str) -> None:
    """Qipan 棋盘: the command platform of a district."""
    from django.utils import translation

    ctx.obj = {"json": as_json}
    translation.activate(language)


ROOMS = (
    "qipan.assembly",
    "qipan.foundation.journal",
    "qipan.foundation.vault",
    "qipan.foundation.areas",
    "qipan.foundation.posts",
    "qipan.foundation.outbox",
    "qipan.foundation.duties",
    "qipan.incidents",
    "qipan.inspections",
    "qipan.reporting",
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")
    import django

    from qipan.assembly.commands.installation import prepare_environment

    prepare_environment(sys.argv[1:])
    django.setup()
    for room in ROOMS:
        try:
            module = importlib.import_module(f"{room}.commands")
        except ModuleNotFoundError as missing:
            if missing.name != f"{room}.commands":
                raise
            continue
        for command in module.COMMANDS:
            add(command)
    qipan()


def add(command: click.Command) -> None:
    """A group that several rooms bring (import, export) is one group with the commands of all."""
    there = qipan.commands.get(command.name or "")
    if isinstance(there, click.Group) and isinstance(command, click.Group):
        for part in command.commands.values():
            there.add_command(part)
    else:
        qipan.add_command(command)
