"""Where something is: what the forms of reports ask, for staff and for residents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas import queries as areas
from qipan.foundation.areas.models import Area, Level, Premises, valid_on
from qipan.foundation.areas.rules import day_of
from qipan.foundation.posts.models import Post
from qipan.incidents.operations.report import NoPlace, Place

SHOWN = 12  # premises that a search shows


class PlaceFields(forms.Form):
    """A point, or a village or community, or premises; and words. At least one of the first three."""

    longitude = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-180, max_value=180)
    latitude = forms.FloatField(required=False, widget=forms.HiddenInput, min_value=-90, max_value=90)
    area = forms.ChoiceField(label=_("Village or community"), required=False)
    address = forms.CharField(
        label=_("Where exactly"),
        max_length=200,
        required=False,
        help_text=_("House, gate, road: what helps to find it."),
    )

    def set_areas(self, district: Area, *, inside: Area, at: datetime) -> None:
        field: Any = self.fields["area"]
        field.choices = [("", _("— choose —")), *area_choices(district, inside=inside, at=at)]

    def has_place(self) -> bool:
        data = self.cleaned_data
        return bool(data.get("area") or data.get("premises") or data.get("longitude") is not None)

    def place(self, *, district_id: int, names: tuple[str, ...] = ()) -> Place:
        """The place as it was given. Raises NoPlace."""
        data = self.cleaned_data
        area = Area.objects.filter(pk=data["area"], district=district_id).first() if data.get("area") else None
        premises = None
        if data.get("premises"):
            premises = (
                Premises.objects.filter(pk=data["premises"], district=district_id)
                .select_related("cell", "village", "township", "district")
                .first()
            )
        if not self.has_place() or (data.get("longitude") is None) != (data.get("latitude") is None):
            raise NoPlace(field="area")
        return Place(data.get("longitude"), data.get("latitude"), area, premises, data.get("address", ""), names)


def area_choices(district: Area, *, inside: Area, at: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Villages and communities by township; inside a village, its cells."""
    today = day_of(at)
    rows = areas.subtree(inside).filter(valid_on(today))
    if inside.level >= Level.VILLAGE:
        cells = rows.filter(level__gte=inside.level).order_by("level", "pinyin", "pk")
        return [(inside.name, [(str(one.pk), one.name) for one in cells])]
    found: dict[str, list[tuple[str, str]]] = {}
    villages = rows.filter(level=Level.VILLAGE).select_related("township")
    for one in villages.order_by("township__pinyin", "township_id", "pinyin", "pk"):
        assert one.township is not None  # a village lies in one
        found.setdefault(one.township.name, []).append((str(one.pk), one.name))
    return list(found.items())


def premises_found(text: str, *, viewer: Post) -> list[Premises]:
    """Premises of the viewer's area whose name or code holds the text."""
    if len(text.strip()) < 2:
        return []
    rows = areas.premises(viewer=viewer, text=text).select_related("township", "village")
    return list(rows[:SHOWN])


def premises_by_id(key: str, *, district_id: int) -> Premises | None:
    try:
        return Premises.objects.select_related("township", "village").filter(pk=UUID(key), district=district_id).first()
    except ValueError:
        return None


def district_of(key: str) -> Area | None:
    """A district by its code in force, or by its number in this installation."""
    if not key.isdigit() or len(key) > 12:
        return None
    named = Area.objects.filter(level=Level.DISTRICT, valid_to=None)
    found = named.filter(Q(codes__code=key, codes__valid_to=None)).first()
    return found or named.filter(pk=int(key)).first()


def key_of(district: Area) -> str:
    """What stands in the address of a district's public pages."""
    return areas.codes([district.pk]).get(district.pk, "") or str(district.pk)
