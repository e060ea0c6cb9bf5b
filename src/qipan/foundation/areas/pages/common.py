"""What the pages of this room have in common: who may open them, one command for a form, lists as files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from qipan.foundation.areas import access, rules
from qipan.foundation.areas.models import Area
from qipan.foundation.refusals import Forbidden, Invalid, NotFound
from qipan.kernels.tables import writing

View = Callable[..., Any]
EXPORTS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class FormIncomplete(Invalid):
    """This form was not complete. Please reload the page and try again."""


class Denied(PermissionDenied):
    """A refusal in the form that the page of refusals reads."""

    def __init__(self, refusal: Forbidden) -> None:
        super().__init__(refusal.message)
        self.message = refusal.message


def opened(ability: str = rules.SEE) -> Callable[[View], View]:
    """For whoever is signed in with a post that has the ability. What does not exist for it is a 404."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not request.user.is_authenticated and viewer(request) is None:
                return redirect_to_login(request.get_full_path())
            try:
                access.require(viewer(request), ability)
                answer = view(request, *args, **kwargs)
            except NotFound as refusal:
                raise Http404 from refusal
            except Forbidden as refusal:
                raise Denied(refusal) from refusal
            answer.headers.setdefault("Cache-Control", "private, no-store")
            return answer

        return inner

    return wrap


def viewer(request: HttpRequest) -> Any:
    return getattr(request, "viewer", None)


def command_id(request: HttpRequest) -> UUID:
    """The hidden id of the form. Raises FormIncomplete."""
    try:
        return UUID(request.POST.get("command", ""))
    except ValueError:
        raise FormIncomplete from None


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
    """A list as a file that opens right in Excel. Raises NotFound for another form than csv or xlsx."""
    if form not in EXPORTS:
        raise NotFound
    stamp = timezone.localtime().strftime("%Y%m%d")
    headers = {"Content-Disposition": f'attachment; filename="{name}-{stamp}.{form}"'}
    words = [str(each) for each in header]
    if form == "csv":
        return StreamingHttpResponse(writing.csv_chunks(words, rows), content_type=EXPORTS[form], headers=headers)
    return HttpResponse(writing.xlsx(words, rows, title=name), content_type=EXPORTS[form], headers=headers)


def without(request: HttpRequest, *names: str, **more: str) -> str:
    """The query of the present address without some parts, and with others."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    for name, value in more.items():
        query[name] = value
    return query.urlencode()
