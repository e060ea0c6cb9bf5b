"""Parts of pages. docs/reference/components.md says what each takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from qipan.assembly import assets, urgency
from qipan.foundation.interface import browsers
from qipan.foundation.interface.pages import CURSORS
from qipan.kernels.ids import new_id

register = template.Library()

CLOCK_STATES = {"running", "paused", "done", "waiting"}


@register.simple_tag
def asset(name: str) -> str:
    """The address of a built file: `{% asset "app.js" %}`."""
    return assets.address(name)


@register.simple_tag
def font(name: str) -> str:
    """The address of one file of the fonts: `{% font "ui.woff2" %}`."""
    return assets.font(name)


@register.simple_tag
def needed(name: str) -> tuple[str, ...]:
    """The addresses of all that a built script loads at once: `{% needed "board.js" as scripts %}`."""
    return assets.needed(name)


@register.simple_tag
def kept_assets(*names: str) -> SafeString:
    """A script's list of what it keeps: built entries with all that they load, and the icons."""
    found = [address for name in names for address in assets.needed(name)]
    return SafeString(json.dumps(sorted({*found, static(assets.SPRITE)})))


@register.simple_tag
def sprite() -> str:
    return static(assets.SPRITE)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of static/icons.svg; with a label it is an image of its own, without one it is decoration."""
    address = f"{static(assets.SPRITE)}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.simple_tag
def client_texts() -> SafeString:
    """The script's words in the page's language."""
    return json_script({key: str(value) for key, value in urgency.CLIENT_TEXTS.items()}, "texts")


@register.simple_tag
def command() -> SafeString:
    """The hidden id that makes a double click one command. Every form that writes has one."""
    return format_html('<input type="hidden" name="command" value="{}">', new_id())


@register.simple_tag
def moment(value: datetime | date | str | None, form: str = "short") -> SafeString | str:
    """A time as people write it. `short` leaves out what is plain from today; `full`, `date` and `time` do not."""
    if not isinstance(value, date):
        return "—"
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), format_date(value, gettext("j M Y")))
    local = timezone.localtime(value)
    today = timezone.localdate()
    if form == "time":
        words = format_date(local, "H:i")
    elif form == "date":
        words = format_date(local, gettext("j M Y"))
    elif form == "full" or local.year != today.year:
        words = format_date(local, gettext("j M Y, H:i"))
    elif local.date() == today:
        words = gettext("today {time}").format(time=format_date(local, "H:i"))
    elif local.date() == today - timedelta(days=1):
        words = gettext("yesterday {time}").format(time=format_date(local, "H:i"))
    else:
        words = format_date(local, gettext("j M, H:i"))
    full = format_date(local, gettext("j M Y, H:i"))
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), full, words)


@register.filter
def span(value: timedelta | float | str | None) -> str:
    """A length of time in words; a number counts minutes."""
    if value is None or value == "":
        return "—"
    return urgency.span(value if isinstance(value, timedelta) else timedelta(minutes=float(value)))


@register.filter
def browser(agent: str | None) -> str:
    """A user agent in two words people know."""
    return browsers.browser(agent or "")


@register.simple_tag
def clock(
    due: datetime | str | None,
    warn: datetime | str | None = None,
    start: datetime | str | None = None,
    state: str = "running",
) -> SafeString | str:
    """What is left until `due`, ticking in the browser. `state`: running, paused, done or waiting.

    A template gives "" for what it does not have.
    """
    assert state in CLOCK_STATES, state
    if state == "waiting":
        return format_html('<span class="clock" data-level="calm">{}</span>', gettext("not started"))
    if state == "done":
        return format_html('<span class="clock" data-level="done">{}</span>', gettext("done"))
    if not isinstance(due, datetime):
        return "—"
    now = timezone.now()
    warn = warn if isinstance(warn, datetime) else None
    start = start if isinstance(start, datetime) else None
    full = format_date(timezone.localtime(due), gettext("j M Y, H:i"))
    title = gettext("Due {time}").format(time=full)
    if state == "paused":
        return format_html('<span class="clock" data-level="paused" title="{}">{}</span>', title, gettext("paused"))
    marks = {"due": due, "warn": warn, "from": start}
    return format_html(
        '<time class="clock" datetime="{}" data-level="{}"{} title="{}">{}</time>',
        due.isoformat(timespec="seconds"),
        urgency.level(now, due, warn, start),
        SafeString(
            "".join(
                format_html(' data-{}="{}"', key, value.isoformat(timespec="seconds"))
                for key, value in marks.items()
                if value
            )
        ),
        title,
        urgency.remaining(now, due),
    )


@register.simple_tag(name="urgency")
def urgency_mark(level: str, text: str = "") -> SafeString:
    """A shape, a word and a colour for a level: calm, soon, due, overdue, paused, done."""
    return format_html('<span class="urgency" data-level="{}">{}</span>', level, text or urgency.word(level))


@register.simple_tag
def badge(text: str, kind: str = "") -> SafeString:
    """Where something stands. `kind`: waiting (dashed), active (bold edge), done (filled), void (struck out)."""
    return format_html('<span class="badge {}">{}</span>', kind, text)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **attributes: Any) -> dict[str, Any]:
    """A form's field with label, help and errors. Attributes go to the input; `_` in their names becomes `-`."""
    widget = bound.field.widget
    name = bound.auto_id or bound.html_name
    extra = {key.replace("_", "-"): value for key, value in attributes.items() if key not in {"label", "help"}}
    hint = attributes.get("help", bound.help_text)
    described = [f"{name}_help"] if hint else []
    described += [f"{name}_error"] if bound.errors else []
    if described:
        extra["aria-describedby"] = " ".join(described)
    if bound.errors:
        extra["aria-invalid"] = "true"
    kind = "input"
    if isinstance(widget, CheckboxInput):
        kind = "checkbox"
    elif isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        kind = "choices"
    elif isinstance(widget, FileInput):
        kind = "file"
        extra.setdefault("data-preview", f"#{name}_preview")
    group = {key: value for key, value in extra.items() if key.startswith("aria-")}
    return {
        "field": bound,
        "kind": kind,
        "id": name,
        "label": attributes.get("label", bound.label),
        "help": hint,
        "described": group.get("aria-describedby", ""),
        "control": "" if kind == "choices" else bound.as_widget(attrs=extra),
        "optional": not bound.field.required and kind != "checkbox",
    }


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort_header(context: template.Context, key: str, label: str, kind: str = "") -> dict[str, Any]:
    """A column head that sorts: `?sort=key` or `?sort=-key`; a click on the sorted one turns it round."""
    query: QueryDict = context["request"].GET.copy()
    now = str(query.get("sort") or context.get("sort", ""))
    direction = {key: "ascending", f"-{key}": "descending"}.get(now, "")
    query["sort"] = f"-{key}" if now == key else key
    for cursor in CURSORS:
        query.pop(cursor, None)
    return {"label": label, "direction": direction, "query": query.urlencode(), "kind": kind}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: template.Context, page: Any) -> dict[str, Any]:
    """Keyset pages: `page.next` and `page.previous` are cursors or empty; `page.total` may be missing."""

    def query(name: str, cursor: str) -> str:
        given: QueryDict = context["request"].GET.copy()
        for one in CURSORS:
            given.pop(one, None)
        given[name] = cursor
        return given.urlencode()

    def of(name: str) -> Any:
        return page.get(name) if isinstance(page, Mapping) else getattr(page, name, None)

    after, before = of("next"), of("previous")
    return {
        "next": query("after", after) if after else "",
        "previous": query("before", before) if before else "",
        "total": of("total"),
        "shown": of("shown"),
    }


@register.inclusion_tag("components/clock_bar.html")
def clock_bar(legs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Legs of a clock as bars. Each leg: name, state (waiting, running, paused, done), limit, used and paused in
    minutes of its own clock; may have note, due, warn, start, used_text, limit_text."""
    return {"legs": [_leg(leg) for leg in legs]}


def _leg(leg: Mapping[str, Any]) -> dict[str, Any]:
    limit, used, paused = (float(leg.get(key) or 0) for key in ("limit", "used", "paused"))
    over = max(0.0, used - limit) if limit else 0.0
    whole = max(limit + paused, used + paused, 1e-9)
    state = leg["state"]
    level = "calm"
    if state == "running" and leg.get("due"):
        level = urgency.level(timezone.now(), leg["due"], leg.get("warn"), leg.get("start"))
    kind = {"soon": "soon", "due": "due"}.get(level, "done" if state == "done" else "used")
    parts, at = [], 0.0
    for name, length in ((kind, used - over), ("paused", paused), ("over", over)):
        if length > 0:
            parts.append({"kind": name, "x": f"{at / whole * 100:.2f}", "width": f"{length / whole * 100:.2f}"})
            at += length
    return {
        **leg,
        "parts": parts,
        "mark": f"{(limit + paused) / whole * 100:.2f}" if over else "",
        "over": urgency.span(timedelta(minutes=over)) if over else "",
        "used_text": leg.get("used_text") or urgency.span(timedelta(minutes=used)),
        "limit_text": leg.get("limit_text") or (urgency.span(timedelta(minutes=limit)) if limit else ""),
        "paused_text": urgency.span(timedelta(minutes=paused)) if paused else "",
        "level": level,
    }


@register.simple_block_tag
def dialog(content: str, id: str, title: str, open: bool = False) -> SafeString:
    """`{% dialog id="x" title=... %} … {% enddialog %}`: opened by `data-dialog="x"`, or at once when `open`."""
    return format_html(
        '<dialog id="{id}" aria-labelledby="{id}-title"{open}>'
        '<div class="dialog-head"><h2 id="{id}-title">{title}</h2>'
        '<button type="button" class="bar-button" data-close aria-label="{close}">{icon}</button></div>'
        '<div class="dialog-body">{content}</div></dialog>',
        id=id,
        title=title,
        open=SafeString(" data-open-now") if open else "",
        close=gettext("Close"),
        icon=icon("close"),
        content=content,
    )
