"""Free text without the numbers and names by which somebody could be found."""

from __future__ import annotations

from collections.abc import Iterable

from qipan.kernels import identity
from qipan.kernels.identity import Masked


def mask(text: str, names: Iterable[str] = ()) -> Masked:
    """The text to store, and what was found in it as (kind, value); kinds are id, phone, name."""
    return identity.mask_text(text, names=names)
