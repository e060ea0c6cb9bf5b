"""The texts of messages. A room or domain registers its own; a district may word them differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import Promise

from qipan.foundation.outbox import rules
from qipan.foundation.outbox.models import Wording


@dataclass(frozen=True)
class Template:
    """`subject` and `body` are lazy translations with places in braces; `places` are all that may stand there."""

    name: str
    title: str | Promise
    subject: str | Promise
    body: str | Promise
    places: frozenset[str]


TEMPLATES: dict[str, Template] = {}


def register(
    *, name: str, title: str | Promise, subject: str | Promise, body: str | Promise, places: set[str]
) -> Template:
    """Register a text, once, when the app is ready. A place that `places` does not name is a mistake in the code."""
    template = Template(name, title, subject, body, frozenset(places))
    for text in (subject, body):
        with translation.override("en"):
            if unknown := rules.places(str(text)) - places:
                raise ValueError(f"{name}: {unknown}")
    TEMPLATES[name] = template
    return template


def ours(name: str, language: str) -> tuple[str, str]:
    """Our own subject and body, with their places."""
    template = TEMPLATES[name]
    with translation.override(language):
        return str(template.subject), str(template.body)


def render(*, name: str, district_id: int, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body in one language: the district's wording, else ours. An unknown template is a KeyError."""
    own = Wording.objects.filter(district=district_id, template=name, language=language).first()
    return words(name=name, own=own, language=language, context=context)


def words(*, name: str, own: Wording | None, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body filled: in the district's wording where it is given, else in ours. Values may be lazy texts."""
    subject, body = (own.subject, own.body) if own else ours(name, language)
    with translation.override(language):
        values = {key: str(value) for key, value in context.items()}
    return rules.fill(subject, values), rules.fill(body, values)
