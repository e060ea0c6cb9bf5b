"""Lines of the log, without what names somebody: they lie where neither quota nor journal watches who reads them."""

from __future__ import annotations

import logging
import re

from qipan.kernels.identity import mask_text

# What PostgreSQL adds to an error: the key or the whole row that it concerns.
DETAIL = re.compile(r"DETAIL: .*?(?=\n\nThe above exception|\n\nDuring handling|\Z)", re.DOTALL)
CODE = re.compile(r"(/tokens/)[^./\s]+")  # a tracking code stands in the address of Open311


class Line(logging.Formatter):
    """A record as its format says, then masked: rows of the database, tracking codes, ID-card and phone numbers."""

    def format(self, record: logging.LogRecord) -> str:
        text = DETAIL.sub("DETAIL: left out", super().format(record))
        return mask_text(CODE.sub(r"\1***", text)).text
