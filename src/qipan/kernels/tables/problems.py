"""What is wrong with a file as a whole, and what is wrong in one of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Unreadable(Exception):
    """The whole file is refused. `code` says why; `facts` fill the message that the edge writes for people."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code, self.facts = code, facts


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in one row. `line` is the line people see in their editor or sheet (features count from 1)."""

    line: int
    column: str
    code: str
    facts: dict[str, Any] = field(default_factory=dict)
