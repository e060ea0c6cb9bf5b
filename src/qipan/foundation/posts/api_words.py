"""Texts of the API's own documents: lazy translations that ninja's types take for plain strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.utils.translation import gettext_lazy

_ = cast(Callable[[str], str], gettext_lazy)
