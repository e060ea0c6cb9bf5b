"""Refusals beside the fields of a form, with what was typed kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django import forms

from qipan.foundation.refusals import Forbidden, NotFound, Refusal, TooMany


@contextmanager
def refused_into(form: forms.BaseForm, *, fields: Mapping[str, str] | None = None) -> Iterator[None]:
    """A refusal inside becomes an error of the form: beside the field that it names, or above the form.

        if form.is_valid():
            with refused_into(form):
                incident = operations.report(...)
                return redirect(...)
        return render(request, "…", {"form": form}, status=422 if form.is_bound else 200)

    `fields` maps an operation's names to the form's where they differ. What is not the form's matter (another
    jurisdiction, a post that may not, too many requests) goes on to the error pages.
    """
    try:
        yield
    except (NotFound, Forbidden, TooMany):
        raise
    except Refusal as refusal:
        refusal.field = (fields or {}).get(refusal.field, refusal.field)
        put(form, refusal)


def put(form: forms.BaseForm, refusal: Refusal) -> None:
    """Show a refusal beside the field that it names, or above the form."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    form.refused = refusal.status  # type: ignore[attr-defined]


def status(form: forms.BaseForm) -> int:
    """Of a page with this form: as the refusal in it says, 422 where it was not filled in right, else 200."""
    return getattr(form, "refused", 422) if form.is_bound else 200
