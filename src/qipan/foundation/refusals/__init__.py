"""Refusals: what the system will not do, and why, in the user's words.

A refusal is a small class beside the function that raises it. Its docstring is the message (translated; `{name}`
places are filled from the keywords it was raised with), its class name is the code. `status` maps it to HTTP, `exit`
to the command line; both are set once, here, by family.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.utils.translation import gettext


class Refusal(Exception):
    """This cannot be done."""

    status: ClassVar[int] = 400
    exit: ClassVar[int] = 2

    def __init__(self, *, field: str = "", row: int | None = None, **facts: Any) -> None:
        super().__init__()
        self.field, self.row, self.facts = field, row, facts

    @property
    def code(self) -> str:
        """The class name in the form used by the API: WrongStep is `wrong-step`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    @property
    def message(self) -> str:
        text = " ".join((type(self).__doc__ or "").split())
        return gettext(text).format_map(_Facts(self.facts))

    def __str__(self) -> str:
        return self.message


class Invalid(Refusal):
    """What was given is not valid."""

    status, exit = 422, 3


class Forbidden(Refusal):
    """Your post does not allow this."""

    status, exit = 403, 4


class NotFound(Refusal):
    """There is no such record in your area."""

    status, exit = 404, 5


class Conflict(Refusal):
    """This is not possible in the present state."""

    status, exit = 409, 6


class TooMany(Refusal):
    """Too many requests. Please wait a moment."""

    status, exit = 429, 7


class Unavailable(Refusal):
    """A part of the system that this needs cannot be reached. Nothing was changed."""

    status, exit = 503, 8


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"
