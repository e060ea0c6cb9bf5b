"""What the pages of this room have in common: the area that an address names, lists as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from qipan.foundation.areas import access
from qipan.foundation.areas.models import Area
from qipan.foundation.interface.files import sheet


def viewer(request: HttpRequest) -> Any:
    """Who looks: a post, of which this room knows only what `access.Viewer` says."""
    return request.viewer  # type: ignore[attr-defined]


def area_of(request: HttpRequest, name: str = "area") -> Area:
    """The area an address names, else the viewer's own. Raises NoSuchArea."""
    text = request.GET.get(name, "")
    if not text:
        own: Area = viewer(request).area
        return own
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise access.NoSuchArea
    return access.get(int(text), viewer=viewer(request))


def exported(form: str, *, name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Any:
    """A list as a file named after the day. Raises NotFound for another form than csv or xlsx."""
    return sheet(form, name=f"{name}-{timezone.localtime():%Y%m%d}", header=header, rows=rows, title=name)
