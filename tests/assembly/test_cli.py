"""The command line as a whole: help in two languages, JSON everywhere, refusals with their exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from qipan.assembly import cli
from qipan.foundation.refusals import Conflict

HAN = re.compile(r"[\u4e00-\u9fff]")
COMMANDS = [pytest.param(path, command, id=" ".join(path[1:])) for path, command in cli.walk(cli.complete())]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qipan", *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )


def test_help_is_chinese_first_and_english_when_asked_for():
    chinese, english = run("--help").stdout, run("--language", "en", "--help").stdout
    assert "用法：" in chinese
    assert "区县指挥平台" in chinese
    assert "The journal: what happened" not in chinese
    assert "Usage:" in english
    assert "The journal: what happened" in english
    assert run("--help", QIPAN_LANGUAGE="en").stdout == english


def test_a_wrong_word_is_explained_in_chinese():
    done = run("there-is-none")
    assert done.returncode == 2
    assert "没有命令" in done.stderr


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_and_option_says_what_it_is_for(path, command):
    from django.utils.translation import gettext, override

    holders = [command, *(each for each in command.params if isinstance(each, click.Option) and not each.hidden)]
    for holder in holders:
        words = " ".join((holder.help or "").split())
        assert words, f"{' '.join(path)} {holder.name}"
        with override("zh-hans"):
            assert HAN.search(gettext(words)), f"{' '.join(path)} {holder.name}: {words}"


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_takes_json(path, command):
    assert any("--json" in each.opts for each in command.params), " ".join(path)


def test_stopping_a_command_is_one_line_and_exit_130():
    group = cli.Commands("top")

    @group.command()
    def wait() -> None:
        raise KeyboardInterrupt

    done = CliRunner().invoke(group, ["wait"])
    assert done.exit_code == 130
    assert done.stderr.strip() == "已停止。 Stopped."


def test_a_command_without_a_database_says_so_at_once(tmp_path):
    outside = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "QIPAN_POOL"}}
    done = subprocess.run(
        [sys.executable, "-m", "qipan", "areas", "found", "新区", "--code", "123456"],
        check=False, capture_output=True, text=True, timeout=60, env=outside | {"QIPAN_DATA": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == cli.NO_DATABASE
    assert "Traceback" not in done.stderr
    assert "qipan init" in done.stderr


@pytest.mark.parametrize("words", [("--json", "refuse"), ("refuse", "--json"), ("refuse",)])
def test_a_refusal_is_its_message_and_its_exit_code(words):
    group = cli.Commands("top")

    @group.command()
    def refuse() -> None:
        raise Conflict

    for _path, command in cli.walk(group):
        cli._offer_json(command)
    done = CliRunner().invoke(group, words)
    assert done.exit_code == Conflict.exit
    if "--json" in words:
        assert json.loads(done.stdout)["code"] == "conflict"
    else:
        assert done.stdout == ""
        assert done.stderr
