"""What is wrong with a file as a whole, and what is wrong in one of its rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from qipan.kernels.identity import mask_text

SHOWN = 80  # characters of a value that are told
CELL_CODE = re.compile(r"[0-9]{15}")  # a grid cell's code; it may read as an identification number of before 1999


class Unreadable(Exception):
    """The whole file is refused. `code` says why; `facts` fill the message that the edge writes for people."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, {name: told(value) for name, value in facts.items()}
        super().__init__(code, self.facts)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one row. `line` is the line people see in their editor or sheet (features count from 1).

    What is told of the row goes to screens, into error files and into the database: a number by which a person can be
    found, perhaps from a column that has slipped, is masked here, and a long text is cut.
    """

    line: int
    column: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        facts = {name: told(value, most=SHOWN if name == "value" else 0) for name, value in self.facts.items()}
        object.__setattr__(self, "column", told(self.column))
        object.__setattr__(self, "facts", facts)


def told(value: Any, *, most: int = 0) -> Any:
    """What stood in a file as it may be repeated: identification and phone numbers masked, cut after `most` characters
    where that is given."""
    if not isinstance(value, str) or CELL_CODE.fullmatch(value):
        return value
    masked = mask_text(value).text
    return f"{masked[: most - 1]}…" if 0 < most < len(masked) else masked
