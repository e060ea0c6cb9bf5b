"""A year at a glance, years imported, working hours, orders that stretch clocks: looked at before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.areas import access as areas
from qipan.foundation.areas import queries as places
from qipan.foundation.duties import queries
from qipan.foundation.duties.kinds import title
from qipan.foundation.duties.operations import years
from qipan.foundation.duties.operations.recount import Effect
from qipan.foundation.duties.rules import SEE
from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import command_id, staff
from qipan.foundation.journal.rules import Class
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.refusals import NotFound, Refusal
from qipan.kernels import clock
from qipan.kernels.clock.wording import holiday_name

SHOWN = 50  # moved deadlines listed in a preview
KINDS = {"holiday": "off", "weekend": "weekend", "adjusted": "worked", "workday": ""}


@staff(SEE)
def year(request: Acting) -> HttpResponse:
    """One year, with the sources of all."""
    now = timezone.now()
    this = timezone.localdate(now).year
    wanted = request.GET.get("year", "")
    chosen = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) == 4 else this
    if not 2000 <= chosen <= 2199:
        raise NotFound
    found = queries.year(district_id=request.post.district_id, year=chosen)
    language = get_language() or "zh-hans"
    return render(
        request,
        "duties/calendar.html",
        {
            "year": found,
            "months": [_month(days, language) for days in found.months],
            "weekdays": _("Mo Tu We Th Fr Sa Su").split(),
            "years": queries.years(district_id=request.post.district_id, now=now),
            "missing": queries.missing_years(district_id=request.post.district_id, on=timezone.localdate(now)),
            "may_import": request.post.may("duties.calendar"),
            "today": timezone.localdate(now),
        },
    )


def _month(days: list[clock.Day], language: str) -> dict[str, Any]:
    """A month as weeks from Monday on, empty places None."""
    first = days[0].date
    cells: list[dict[str, Any] | None] = [None] * first.weekday()
    for day in days:
        name = holiday_name(day.name, language) if day.name else ""
        words = {"holiday": _("off"), "adjusted": _("worked"), "weekend": _("weekend")}.get(day.kind.value, "")
        cells.append(
            {
                "number": day.date.day,
                "date": day.date,
                "kind": KINDS[day.kind.value],
                "title": " ".join(part for part in (name, words) if part),
                "mark": {"holiday": "休", "adjusted": "班"}.get(day.kind.value, ""),
            }
        )
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[place : place + 7] for place in range(0, len(cells), 7)]
    return {"name": date_format(first, "F"), "weeks": weeks}


def _effect(effect: Effect) -> dict[str, Any]:
    """What a preview shows of moved deadlines."""
    moves = sorted(effect.moves, key=lambda move: abs(move.by.total_seconds()) if move.by else 0, reverse=True)
    return {
        "counted": effect.counted,
        "moved": len(effect.moves),
        "later": effect.later,
        "earlier": effect.earlier,
        "settled": effect.settled,
        "longest": effect.longest,
        "moves": [
            {
                "title": move.duty.title if move.duty.privacy == Class.OPEN else title(move.duty.kind),
                "label": move.duty.about_label,
                "before": move.before,
                "after": move.after,
                "by": move.by,
                "later": move.later,
            }
            for move in moves[:SHOWN]
        ],
        "more": max(0, len(moves) - SHOWN),
    }


class YearForm(forms.Form):
    """A year's calendar as a CSV file."""

    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=2000, max_value=2199)
    source = forms.CharField(
        label=gettext_lazy("Number of the notice"),
        max_length=100,
        help_text=gettext_lazy("As on the State Council's notice, for example 国办发明电〔2026〕9号."),
    )
    file = forms.FileField(
        label=gettext_lazy("Calendar (CSV)"),
        help_text=gettext_lazy("Columns date, kind (off or work), name; one row a day off or a weekend day worked."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    content = forms.CharField(required=False, widget=forms.HiddenInput, max_length=years.MOST_BYTES)

    def data_of(self) -> bytes:
        file = self.cleaned_data.get("file")
        if file is not None:
            content: bytes = file.read(years.MOST_BYTES + 1)
            return content
        return str(self.cleaned_data.get("content", "")).encode()


@staff("duties.calendar")
def import_year(request: Acting) -> HttpResponse:
    """A file, what it would change, and then the change."""
    missing = queries.missing_years(district_id=request.post.district_id, on=timezone.localdate())
    form = YearForm(
        request.POST or None,
        request.FILES or None,
        initial={"year": missing[0] if missing else timezone.localdate().year + 1},
    )
    found: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        district = request.post.district
        data = form.data_of()
        values = {"district": district, "data": data, "year": form.cleaned_data["year"]}
        values |= {"source": form.cleaned_data["source"], "at": timezone.now()}
        try:
            if request.POST.get("step") == "apply":
                tell = bool(request.POST.get("tell"))
                effect = years.import_year(**values, by=request.post, command_id=command_id(request), tell=tell)
                _done(request, effect)
                return redirect(f"/calendar/?year={form.cleaned_data['year']}")
            preview = years.preview_year(**values)
        except years.YearFileRefused as refusal:
            found["problems"] = refusal.problems
            form.add_error("file", _("Nothing was imported. Mend the file and choose it again."))
        except Refusal as refusal:
            form.add_error("file", refusal.message)
        else:
            language = get_language() or "zh-hans"
            found |= {
                "preview": preview,
                "effect": _effect(preview.effect),
                "content": data.decode("utf-8-sig", errors="replace") if _is_utf8(data) else data.decode("gb18030"),
                "days": [
                    {
                        "date": clock.text.day(after.date, language=language, weekday=True),
                        "before": _kind(before),
                        "after": _kind(after),
                        "name": holiday_name(after.name or before.name, language),
                    }
                    for before, after in preview.differing
                ],
            }
    return render(request, "duties/calendar_import.html", found, status=422 if form.errors else 200)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _kind(day: clock.Day) -> str:
    return {
        "holiday": _("day off"),
        "adjusted": _("worked"),
        "weekend": _("weekend"),
        "workday": _("working day"),
    }[day.kind.value]


def _done(request: Acting, effect: Effect) -> None:
    text = _("Done: {moved} of {counted} open deadlines were counted anew and have moved.")
    messages.success(request, text.format(moved=len(effect.moves), counted=effect.counted))


class HoursForm(forms.Form):
    """Hours as people write them."""

    working = forms.CharField(
        label=gettext_lazy("Working hours"),
        max_length=200,
        help_text=gettext_lazy("For clocks of working hours and working days, for example 08:30-12:00, 14:30-18:00."),
    )
    staffed = forms.CharField(
        label=gettext_lazy("Staffed hours on working days"),
        max_length=200,
        help_text=gettext_lazy("When the desks take reports: outside these hours clocks of acceptance stand still."),
    )
    rest_days = forms.CharField(
        label=gettext_lazy("Staffed hours on weekends and holidays"), max_length=200, required=False
    )
    valid_from = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "working": {"spans": given["working"]},
            "staffed": {"spans": given["staffed"], "rest_days": given["rest_days"]},
            "valid_from": given["valid_from"],
        }


@staff(SEE)
def hours(request: Acting) -> HttpResponse:
    """The hours by which clocks run, now and before, and others from a day on."""
    district = request.post.district
    versions = queries.hours(district_id=district.pk)
    today = timezone.localdate()
    now = next(one for one in versions if one["valid_from"] is None or one["valid_from"] <= today)
    initial = {
        "working": now["working"]["spans"],
        "staffed": now["staffed"]["spans"],
        "rest_days": now["staffed"].get("rest_days", ""),
        "valid_from": today,
    }
    form = HoursForm(request.POST or None, initial=initial)
    may_set = request.post.may("duties.calendar")
    found: dict[str, Any] = {"form": form, "versions": versions, "now": now, "may_set": may_set}
    if request.method == "POST" and not may_set:
        raise NotFound
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {"district": district, "at": timezone.now(), **form.values()}

        def apply() -> Effect:
            return years.set_hours(**values, by=request.post, command_id=command_id(request))

        done = _tried(request, form, found, preview=lambda: years.preview_hours(**values), apply=apply)
        if done:
            return redirect("calendar_hours")
    return render(request, "duties/hours.html", found, status=422 if form.errors else 200)


def _tried(
    request: Acting,
    form: forms.Form,
    found: dict[str, Any],
    *,
    preview: Callable[[], Effect],
    apply: Callable[[], Effect],
) -> bool:
    """Look, or do; a refusal goes beside its field. Whether it was done."""
    try:
        if request.POST.get("step") == "apply":
            _done(request, apply())
            return True
        found["effect"] = _effect(preview())
    except Refusal as refusal:
        if refusal.status not in (409, 422, 503):
            raise
        put(form, refusal)
    return False


class OrderForm(forms.Form):
    """An order as on its paper."""

    number = forms.CharField(label=gettext_lazy("Number of the order"), max_length=60)
    ground = forms.CharField(label=gettext_lazy("Ground"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    area = forms.TypedChoiceField(label=gettext_lazy("Area"), coerce=int)
    begins = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("To"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    factor = forms.DecimalField(
        label=gettext_lazy("Times as long"),
        required=False,
        max_digits=4,
        decimal_places=2,
        help_text=gettext_lazy("For example 1.5; empty: the clocks stand still."),
    )


@staff(SEE)
def orders(request: Acting) -> HttpResponse:
    """Orders that stretch or suspend clocks, and a new one."""
    viewer = request.post
    may_give = viewer.may("duties.order")
    if request.method == "POST" and not may_give:
        raise NotFound
    tomorrow = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    form = OrderForm(request.POST or None, initial={"area": viewer.area_id, "begins": tomorrow})
    choices = [(viewer.area_id, str(viewer.area))]
    if viewer.level < 3:
        below = places.subtree(viewer.area, level=viewer.level + 1).filter(valid_to=None).order_by("pinyin")
        choices += [(one.pk, str(one)) for one in below]
    form.fields["area"].choices = choices  # type: ignore[attr-defined]
    found: dict[str, Any] = {"form": form, "may_give": may_give, "orders": queries.orders(viewer=viewer)}
    found["now"] = timezone.now()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        values: dict[str, Any] = {
            "area": areas.get(given["area"], viewer=viewer),
            "number": given["number"],
            "ground": given["ground"],
            "begins_at": given["begins"],
            "ends_at": given["ends"],
            "factor": given["factor"],
            "at": timezone.now(),
        }

        def apply() -> Effect:
            tell = bool(request.POST.get("tell"))
            return years.give_order(**values, by=viewer, command_id=command_id(request), tell=tell)[1]

        if _tried(request, form, found, preview=lambda: years.preview_order(**values), apply=apply):
            return redirect("calendar_orders")
    return render(request, "duties/orders.html", found, status=422 if form.errors else 200)


@require_POST
@staff("duties.order")
def revoke(request: Acting, order_id: UUID) -> HttpResponse:
    """An order holds no longer."""
    try:
        effect = years.revoke_order(
            order_id=order_id,
            by=request.post,
            at=timezone.now(),
            reason=request.POST.get("reason", "").replace("\0", "")[:300],
            command_id=command_id(request),
        )
    except years.OrderRevoked as refusal:
        messages.error(request, refusal.message)
    else:
        _done(request, effect)
    return redirect("calendar_orders")
