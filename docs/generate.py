"""The generated pages of docs/reference: `python3 run.py docs` writes them, `--check` fails where one is stale.

cli.md from the commands, api.md from the OpenAPI document, states.md from the transition table of incidents,
refusals.md from the refusal classes, settings.md from the environment variables the code reads, data.md from the
models and what they declare about privacy.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")

HERE = Path(__file__).resolve().parent
REFERENCE = HERE / "reference"
SOURCE = HERE.parent / "src/qipan"
NOTE = "<!-- Made by `python3 run.py docs`. Do not edit: change {source} and make it again. -->\n\n"

# What each environment variable is for; a variable the code reads and this table lacks fails the build.
SETTINGS: dict[str, tuple[str, str]] = {
    "QIPAN_MODE": ("`development`", "`production`, `demo` or `development`. `qipan serve` makes it `production`."),
    "QIPAN_SECRET_KEY": ("none in production", "Signs sessions and forms. Long, random, kept secret."),
    "QIPAN_OLD_SECRET_KEYS": ("", "Earlier secret keys, comma-separated, accepted while sessions run out."),
    "QIPAN_HOSTS": ("this machine", "Names by which people reach the installation, comma-separated; no wildcards."),
    "QIPAN_ORIGINS": ("", "Origins whose forms are trusted besides the hosts, as `https://…`, comma-separated."),
    "QIPAN_HTTPS": ("`1` in production", "Cookies, redirects and passkeys over HTTPS only. Phones need it."),
    "QIPAN_PROXY_ADDRESSES": ("`127.0.0.1`", "Addresses of our own proxies: only they may say who the caller is."),
    "QIPAN_STARTED": ("set by `run.py`", "When the command was typed, in seconds since 1970."),
    "QIPAN_DATA": ("a folder of this checkout's own", "Where the embedded database, files and keys lie."),
    "QIPAN_KEYS": ("`keys` in the data folder", "The folder of the vault's and the journal's keys. Not on the "
                   "database's disk, not in its backups."),
    "QIPAN_HEADS": ("`heads` in the data folder", "Where the journal's signed heads are kept; better on another "
                    "machine."),
    "QIPAN_KEYSTORE": ("files", "Dotted name of another key store class: `qipan.foundation.vault.token.TokenKeyStore` "
                       "keeps the master key in a PKCS#11 device."),
    "QIPAN_PKCS11_MODULE": ("", "The library of the device's maker, as a path."),
    "QIPAN_PKCS11_TOKEN": ("`qipan`", "The label of the token."),
    "QIPAN_PKCS11_PIN_FILE": ("", "A file that holds its PIN, readable by the service only."),
    "DATABASE_URL": ("the embedded server", "PostgreSQL 15 or newer, as `postgresql://user@host/name`: the role of "
                     "the application, which may only append to the journal."),
    "DATABASE_OWNER_URL": ("`DATABASE_URL`", "The role that owns the tables: for migrations, backup and restore."),
    "QIPAN_DATABASE_ROLE": ("set by the commands", "`owner` for commands that change the schema."),
    "QIPAN_POOL": ("`16`", "Database connections of one process; 0 for none kept open."),
    "QIPAN_THREADS": ("`8`", "Requests that one server process works on at once."),
    "QIPAN_LARGEST_BODY": ("64 MiB", "Bytes of a request; more is not read."),
    "QIPAN_METRICS_TOKEN": ("", "Bearer token for `/metrics`; without one only this machine may read it."),
    "QIPAN_LANGUAGE": ("`zh-hans`", "Language of the command line: `zh-hans` or `en`."),
    "QIPAN_LOG": ("`INFO`", "Least level of log lines."),
    "QIPAN_DEBUG": ("", "`1` shows errors in full. Refused in production."),
    "QIPAN_TILES_URL": ("", "Tiles of a map below the board, as `https://…/{z}/{x}/{y}`; see "
                        "[a map below the board](../how-to/tiles.md)."),
    "QIPAN_TILES_DATUM": ("`wgs84`", "`gcj02` where the tiles are counted so (Amap, Tencent); CGCS2000 is `wgs84`."),
    "QIPAN_TILES_APPROVAL": ("none with tiles", "The map's approval number (审图号), shown on the map at all times."),
    "QIPAN_TILES_ATTRIBUTION": ("", "Whose map it is, shown beside the number."),
    "QIPAN_SMTP_URL": ("", "Mail server, as `smtps://user:password@host:465`."),
    "QIPAN_MAIL_FROM": ("`qipan@localhost`", "Sender of mail."),
    "QIPAN_GATEWAY_HOSTS": ("", "Hosts that message gateways may be on (SMS, WeCom, DingTalk), comma-separated."),
    "QIPAN_SECRET_…": ("", "A secret of a message gateway, named in its template."),
    "QIPAN_OIDC_SERVER": ("", "Address of the district's own sign-in service (OpenID Connect)."),
    "QIPAN_OIDC_NAME": ("`OIDC`", "Its name on the sign-in page."),
    "QIPAN_OIDC_CLIENT_ID": ("", "Our client id there."),
    "QIPAN_OIDC_CLIENT_SECRET": ("", "Our client secret there."),
    "QIPAN_OIDC_USERNAME_CLAIM": ("`preferred_username`", "The claim that holds the user name here."),
}  # fmt: skip
NOT_OURS = {"PATH", "XDG_RUNTIME_DIR", "DJANGO_SETTINGS_MODULE", "LANGUAGE", "PROMETHEUS_MULTIPROC_DIR", "PGPASSWORD"}


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(_cell(each) for each in line) + " |\n" for line in lines)


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def both(text: str) -> str:
    """A text with its Chinese."""
    from django.utils.translation import gettext, override

    words = " ".join(text.split())
    if not words:
        return ""
    with override("zh-hans"):
        chinese = gettext(words)
    return words if chinese == words else f"{words} {chinese}"


def cli() -> str:
    from qipan.assembly import cli as line

    parts = [
        "# Command line\n\n`qipan` (in a checkout `python3 run.py qipan …`). `--json` prints results as JSON wherever "
        "it stands; `--language en` or `QIPAN_LANGUAGE=en` gives English texts. Exit codes: 0 done, 1 something is "
        "wrong (a journal that is not sound), 2 used wrongly; refusals as in [refusals](refusals.md).\n"
    ]
    for path, command in line.walk(line.complete()):
        if len(path) == 1 or command.hidden:
            continue
        arguments = " ".join(
            each.make_metavar(_context(command, path)) for each in command.params if _is_argument(each)
        )
        title = " ".join(filter(None, [*path, arguments]))
        parts.append(f"\n{'##' if len(path) == 2 else '###'} {title}\n\n{both(command.help or '')}\n")
        options = [each for each in command.params if not _is_argument(each) and not getattr(each, "hidden", False)]
        rows = [(f"`{' '.join([*each.opts, *each.secondary_opts])}`", both(getattr(each, "help", "") or ""))
                for each in options if "--json" not in each.opts]  # fmt: skip
        if rows:
            parts.append("\n" + table(("option", "meaning"), rows))
    return "".join(parts)


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _context(command: Any, path: tuple[str, ...]) -> Any:
    import click

    return click.Context(command, info_name=" ".join(path))


def api() -> str:
    from django.utils import translation

    from qipan.assembly import openapi
    from qipan.assembly.api import api as whole

    documents = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            documents[language] = whole.get_openapi_schema(path_prefix="/api/v1/")
    english, chinese = documents["en"], documents["zh-hans"]
    parts = [
        f"# API\n\n{english['info']['description']}\n\n{chinese['info']['description']}\n\n"
        "Served with examples at `/api/v1/docs` and as OpenAPI 3.1 at `/api/v1/openapi.json?language=en`.\n"
    ]
    tag = None
    for path, method, operation in sorted(openapi.operations(english), key=lambda each: (each[2]["tags"], each[0])):
        if operation["tags"] != tag:
            tag = operation["tags"]
            parts.append(f"\n## {tag[0]}\n")
        other = chinese["paths"][path][method.lower()]
        parts.append(f"\n### {method} {path}\n\n{operation['summary']} {other['summary']}\n")
        if operation.get("description"):
            parts.append(f"\n{operation['description']}\n")
        rows = [
            (f"`{each['name']}`", each["in"], "yes" if each["required"] else "", each.get("description", ""))
            for each in operation["parameters"]
        ]
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            rows.append(("body", media_type, "yes", _schema(content["schema"])))
        if rows:
            parts.append("\n" + table(("parameter", "in", "required", "meaning"), rows))
        answers = [
            f"{status} {_schema(next(iter(each['content'].values()))['schema']) if each.get('content') else ''}".strip()
            for status, each in operation["responses"].items()
            if "$ref" not in each
        ]
        parts.append(f"\nAnswers {', '.join(answers)}.\n")
    parts.append("\n## Schemas\n")
    for name, schema in sorted(english["components"]["schemas"].items()):
        if "properties" not in schema:
            continue
        parts.append(f"\n### {name}\n\n")
        parts.append(
            table(
                ("field", "type", "meaning"),
                (
                    (f"`{key}`", _schema(each), each.get("description", ""))
                    for key, each in schema["properties"].items()
                ),
            )
        )
    return "".join(parts)


def _schema(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"[{schema['$ref'].rsplit('/', 1)[-1]}](#{schema['$ref'].rsplit('/', 1)[-1].lower()})"
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return " or ".join(_schema(each) for each in schema[many])
    if schema.get("type") == "array":
        return f"list of {_schema(schema.get('items', {}))}"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    return str(schema.get("format") or schema.get("type") or "any")


def states() -> str:
    from django.utils.translation import override

    from qipan.incidents.rules import steps

    parts = [
        "# States of an incident\n\nOne row of the table `STEPS` is one arrow; nothing else moves an incident.\n"
        "\n```mermaid\nstateDiagram-v2\n"
    ]
    names: dict[str, tuple[str, str]] = {}
    for status in steps.Status:
        texts = []
        for language in ("zh-hans", "en"):
            with override(language):
                texts.append(str(steps.STATUS_NAMES[status]))
        names[status] = (texts[0], texts[1])
        parts.append(f'    state "{texts[0]} {texts[1]}" as {status}\n')
    parts.append("    [*] --> draft\n    [*] --> reported\n")
    rows = []
    for move in steps.STEPS.values():
        with override("zh-hans"):
            chinese = str(move.name)
        with override("en"):
            english = str(move.name)
        sources = [status for status in steps.Status if status in move.sources]
        parts += [f"    {source} --> {move.target}: {chinese}\n" for source in sources]
        rows.append(
            (f"`{move.step}`", chinese, english, ", ".join(names[source][0] for source in sources),
             names[move.target][0], f"`{move.ability}`")
        )  # fmt: skip
    parts += [f"    {status} --> [*]\n" for status in steps.Status if status in steps.ENDED]
    parts.append("```\n\n## Steps\n\n")
    parts.append(table(("step", "中文", "English", "from", "to", "who may (ability)"), rows))
    parts.append("\n## Words\n\n")
    rows_of_words = []
    for status in steps.Status:
        with override("zh-hans"):
            chinese = [
                str(each.get(status, "")) for each in (steps.STATUS_NAMES, steps.DISPUTE_NAMES, steps.RESIDENT_NAMES)
            ]
        rows_of_words.append((f"`{status}`", *chinese))
    parts.append(table(("status", "staff", "disputes", "residents"), rows_of_words))
    return "".join([*parts, *_request_states()])


def _request_states() -> Iterable[str]:
    """A resident's request about personal data: the table `NEXT` of the vault's rules."""
    from django.utils.translation import override

    from qipan.foundation.vault import rules
    from qipan.foundation.vault.models import Request

    yield "\n# States of a request about personal data\n\n```mermaid\nstateDiagram-v2\n"
    for state in rules.State:
        texts = []
        for language in ("zh-hans", "en"):
            with override(language):
                texts.append(str(Request.State(state).label))
        yield f'    state "{texts[0]} {texts[1]}" as {state}\n'
    yield f"    [*] --> {rules.State.RECEIVED}\n"
    for state, then in rules.NEXT.items():
        yield from (f"    {state} --> {each}\n" for each in rules.State if each in then)
        if not then:
            yield f"    {state} --> [*]\n"
    yield "```\n"


def refusals() -> str:
    import importlib
    import pkgutil

    from django.utils.translation import gettext, override

    import qipan
    from qipan.foundation.refusals import Refusal

    for module in pkgutil.walk_packages(qipan.__path__, "qipan."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(family: type[Refusal]) -> Iterator[type[Refusal]]:
        for each in family.__subclasses__():
            if each.__module__.startswith("qipan."):  # tests have refusals of their own
                yield each
            yield from below(each)

    rows = []
    for each in sorted(set(below(Refusal)), key=lambda one: (one.status, one.__name__, one.__module__)):
        english = " ".join((each.__doc__ or "").split())
        with override("zh-hans"):
            chinese = gettext(english)
        room = each.__module__.removeprefix("qipan.").removeprefix("foundation.").split(".")[0]
        code = re.sub(r"(?<!^)(?=[A-Z])", "-", each.__name__).lower()
        rows.append((f"`{code}`", each.status, each.exit, room, english, chinese))
    return (
        "# Refusals\n\nWhat the system will not do, and why. `code` stands in the API's problem+json, the message on "
        "pages; commands end with the exit code. A refusal changes nothing.\n\n"
        + table(("code", "HTTP", "exit", "room", "English", "中文"), rows)
    )


def settings() -> str:
    read = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        read |= set(re.findall(r'environ(?:\.get|\.setdefault|\.pop)?[(\[]\s*"([A-Z0-9_]+)"', text))
        if 'environ[f"QIPAN_SECRET_' in text:
            read.add("QIPAN_SECRET_…")
    unknown, gone = read - NOT_OURS - SETTINGS.keys(), SETTINGS.keys() - read
    if unknown or gone:
        raise SystemExit(f"docs/generate.py, SETTINGS: say what these are for {sorted(unknown)}, drop {sorted(gone)}")
    rows = [(f"`{name}`", default, meaning) for name, (default, meaning) in SETTINGS.items()]
    return "# Settings\n\nEverything that differs between installations comes from the environment.\n\n" + table(
        ("variable", "default", "meaning"), rows
    )


def data() -> str:
    from django.apps import apps
    from django.db import models

    from qipan.foundation.refusals.privacy import declared

    parts = [
        "# Tables\n\nEvery table of Qipan and the privacy of each field: *personal* is a resident's, kept sealed or as "
        "a reference to the vault; *staff* is about somebody who works here; nobody can be found by the others. "
        "Tables marked *append only* cannot be changed or emptied by the application's database role.\n"
    ]
    for config in sorted(apps.get_app_configs(), key=lambda each: each.label):
        ours = [model for model in config.get_models() if model.__module__.startswith("qipan.")]
        if not ours:
            continue
        parts.append(f"\n## {config.label}\n")
        for model in sorted(ours, key=lambda each: each._meta.db_table):
            privacy = declared(model)
            mark = " (append only)" if getattr(model, "append_only", False) else ""
            parts.append(f"\n### {model._meta.db_table}{mark}\n\n{' '.join((model.__doc__ or '').split())}\n\n")
            rows = []
            for field in model._meta.concrete_fields:
                kind = field.get_internal_type().removesuffix("Field")
                if isinstance(field, models.ForeignKey):
                    kind = f"→ {field.related_model._meta.db_table}"  # type: ignore[union-attr]
                said = next(
                    (word for word in ("personal", "staff") if privacy and field.name in getattr(privacy, word)), ""
                )
                rows.append((f"`{field.column}`", kind, "yes" if field.null else "", said))
            parts.append(table(("column", "type", "null", "privacy"), rows))
    return "".join(parts)


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "cli.md": ("the commands", cli),
    "api.md": ("the api modules", api),
    "states.md": ("incidents/rules/steps.py", states),
    "refusals.md": ("the docstrings of refusals", refusals),
    "settings.md": ("docs/generate.py", settings),
    "data.md": ("the models", data),
}


def main(words: list[str]) -> int:
    import django
    from django.utils import translation

    django.setup()
    stale = []
    with translation.override("en"):
        for name, (source, make) in PAGES.items():
            path, text = REFERENCE / name, NOTE.format(source=source) + make()
            if path.exists() and path.read_text() == text:
                continue
            stale.append(name)
            if "--check" not in words:
                path.write_text(text)
    where = "docs/reference/"
    if "--check" in words and stale:
        sys.stderr.write(f"stale: {', '.join(where + name for name in stale)}. Run `python3 run.py docs`.\n")
        return 1
    sys.stdout.write(f"{len(PAGES)} pages up to date" + (f", {len(stale)} made again\n" if stale else "\n"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
