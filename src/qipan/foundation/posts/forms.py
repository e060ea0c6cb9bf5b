"""Forms of posts, people and units: what can be picked is what the viewer may pick."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qipan.foundation.areas.models import Area, Code
from qipan.foundation.areas.rules import TIME_ZONE
from qipan.foundation.posts import access, rules
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.posts.operations.tokens import GENERAL_SCOPES
from qipan.foundation.posts.rules import PostKind, Role, StandsIn, UnitKind


def day(**more: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def start_of(value: date | None) -> datetime | None:
    """The first instant of a day in the district."""
    return datetime(value.year, value.month, value.day, tzinfo=TIME_ZONE) if value else None


def end_of(value: date | None) -> datetime | None:
    """The first instant after a day in the district."""
    start = start_of(value)
    return start + timedelta(days=1) if start else None


def area_choices(viewer: Post) -> list[Any]:
    """Areas of the viewer down to villages, townships as groups."""
    rows = Area.objects.filter(_below(viewer.area), level__lte=3, valid_to=None)
    found = list(rows.order_by("level", "pinyin", "name").values_list("pk", "level", "name", "township"))
    groups: dict[int, tuple[str, list[tuple[int, str]]]] = {}
    top = [(pk, name) for pk, level, name, _township in found if level == 1]
    for pk, level, name, township in found:
        if level == 2:
            groups[pk] = (name, [(pk, name)])
        elif level == 3 and township is not None:
            groups.setdefault(township, ("", []))[1].append((pk, name))
    return [*top, *groups.values()]


def _below(area: Area) -> Any:
    column = {1: "district", 2: "township", 3: "village"}.get(area.level)

    return Q(**{column: area.pk}) if column else Q(pk=area.pk)


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.username})"


class ForPost(forms.Form):
    """A form whose choices depend on who fills it in."""

    def __init__(self, *args: Any, viewer: Post, **values: Any) -> None:
        super().__init__(*args, **values)
        self.viewer = viewer
        self.now = timezone.now()
        self.prepare()

    def prepare(self) -> None: ...

    def offer_people(self, name: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = access.visible_people(viewer=self.viewer).filter(is_active=True).order_by("name", "username")

    def offer_units(self, name: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        rows = access.visible_units(viewer=self.viewer).filter(valid_to=None).select_related("area")
        field.queryset = rows.order_by("area__level", "area__pinyin", "name")

    def offer_areas(self, name: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", "—"), *area_choices(self.viewer)]

    def chosen_area(self) -> Area:
        return Area.objects.get(pk=self.cleaned_data["area"])


class Appointing(ForPost):
    person = PersonField(Person.objects.none(), empty_label="—", label=_("Person"))
    role = forms.ChoiceField(choices=Role.choices, label=_("Role"))
    area = forms.TypedChoiceField(coerce=int, label=_("Area"))
    cell = forms.CharField(
        required=False, max_length=20, label=_("Grid cell"), help_text=_("Code of the cell, for grid workers.")
    )
    unit = forms.ModelChoiceField(Unit.objects.none(), required=False, empty_label="—", label=_("Unit"))
    head = forms.BooleanField(required=False, label=_("Leads the unit"))
    kind = forms.ChoiceField(
        choices=[(PostKind.REGULAR, PostKind.REGULAR.label), (PostKind.EMERGENCY, PostKind.EMERGENCY.label)],
        label=_("Kind"),
        help_text=_("An emergency post expires by itself."),
    )
    valid_from = day(required=False, label=_("From"), help_text=_("Empty: from now on."))
    valid_to = day(required=False, label=_("Last day"))
    reason = forms.CharField(required=False, max_length=200, label=_("Reason"))

    def prepare(self) -> None:
        self.offer_people("person")
        self.offer_units("unit")
        self.offer_areas("area")

    def clean_cell(self) -> str:
        code = str(self.cleaned_data["cell"]).strip()
        if code:
            rows = Code.objects.filter(code=code, district=self.viewer.district_id, valid_to=None, area__level=4)
            self.found_cell = Area.objects.filter(pk__in=rows.values("area")).first()
            if self.found_cell is None:
                raise forms.ValidationError(_("No grid cell of this district has this code."))
        return code

    def chosen_area(self) -> Area:
        return self.found_cell if self.cleaned_data["cell"] and self.found_cell else super().chosen_area()

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "person": given["person"],
            "role": given["role"],
            "area": self.chosen_area(),
            "unit": given["unit"],
            "head": given["head"],
            "kind": given["kind"],
            "valid_from": start_of(given["valid_from"]),
            "valid_to": end_of(given["valid_to"]),
            "reason": given["reason"],
        }


class Changing(ForPost):
    unit = forms.ModelChoiceField(Unit.objects.none(), required=False, empty_label="—", label=_("Unit"))
    valid_to = day(required=False, label=_("Last day"))
    reason = forms.CharField(max_length=200, label=_("Reason"))

    def prepare(self) -> None:
        self.offer_units("unit")


class Ending(forms.Form):
    reason = forms.CharField(max_length=200, label=_("Reason"))


class Deputising(ForPost):
    person = PersonField(Person.objects.none(), empty_label="—", label=_("Deputy"))
    stands_in = forms.ChoiceField(choices=StandsIn.choices, label=_("Stands in"))
    valid_to = day(required=False, label=_("Last day"))

    def prepare(self) -> None:
        self.offer_people("person")


class Away(forms.Form):
    away_from = day(label=_("First day away"))
    away_to = day(label=_("Last day away"))


class HandingOver(ForPost):
    giver = PersonField(Person.objects.none(), empty_label="—", label=_("Gives"))
    taker = PersonField(Person.objects.none(), empty_label="—", label=_("Takes over"))

    def prepare(self) -> None:
        self.offer_people("giver")
        self.offer_people("taker")
        # Somebody who has left is exactly whose work must be handed over.
        giver = self.fields["giver"]
        assert isinstance(giver, forms.ModelChoiceField)
        giver.queryset = access.visible_people(viewer=self.viewer).order_by("name", "username")


class Reason(forms.Form):
    reason = forms.CharField(max_length=200, label=_("Reason"))


class NewPerson(forms.Form):
    username = forms.CharField(max_length=150, label=_("User name"), help_text=_("Not a telephone or ID-card number."))
    name = forms.CharField(max_length=150, label=_("Name"))
    phone = forms.CharField(required=False, max_length=32, label=_("Duty telephone"))
    email = forms.EmailField(required=False, label=_("E-mail"))
    password = forms.CharField(
        required=False,
        max_length=200,
        label=_("First password"),
        help_text=_("At least 10 characters. Empty: sign-in by the district's own service only."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )


class ChangedPerson(forms.Form):
    name = forms.CharField(max_length=150, label=_("Name"))
    phone = forms.CharField(required=False, max_length=32, label=_("Duty telephone"))
    email = forms.EmailField(required=False, label=_("E-mail"))


class Profile(forms.Form):
    phone = forms.CharField(required=False, max_length=32, label=_("Duty telephone"))
    email = forms.EmailField(required=False, label=_("E-mail"))
    language = forms.ChoiceField(
        choices=[("zh-hans", "中文"), ("en", "English")], label=_("Language of messages"), widget=forms.RadioSelect
    )


class NewPassword(forms.Form):
    password = forms.CharField(
        max_length=200,
        label=_("New password"),
        help_text=_("At least 10 characters. The person's sessions end."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )


class UnitFields(ForPost):
    name = forms.CharField(max_length=120, label=_("Name of the unit"))
    short_name = forms.CharField(required=False, max_length=40, label=_("Short name"))
    kind = forms.ChoiceField(choices=UnitKind.choices, label=_("Kind"))
    code = forms.CharField(required=False, max_length=40, label=_("Code"))
    parent = forms.ModelChoiceField(Unit.objects.none(), required=False, empty_label="—", label=_("Belongs to"))
    contact_text = forms.CharField(required=False, max_length=200, label=_("Contact"))

    def prepare(self) -> None:
        self.offer_units("parent")


class NewUnit(UnitFields):
    area = forms.TypedChoiceField(coerce=int, label=_("Area"))
    field_order = ("name", "short_name", "kind", "area", "code", "parent", "contact_text")

    def prepare(self) -> None:
        super().prepare()
        self.offer_areas("area")


class NewVolunteer(forms.Form):
    name = forms.CharField(max_length=200, label=_("Name"))
    phone = forms.CharField(required=False, max_length=40, label=_("Telephone"))
    skills = forms.CharField(required=False, max_length=200, label=_("Skills"), help_text=_("Separated by commas."))

    def skill_list(self) -> Iterable[str]:
        return str(self.cleaned_data["skills"]).replace("，", ",").replace("、", ",").split(",")


class NewToken(forms.Form):
    name = forms.CharField(max_length=80, label=_("What it is for"))
    post = forms.ChoiceField(label=_("Acts as"))
    scopes = forms.MultipleChoiceField(label=_("Scopes"), widget=forms.CheckboxSelectMultiple)
    expires_at = day(label=_("Last day"))

    def __init__(self, *args: Any, posts: list[Post], **values: Any) -> None:
        super().__init__(*args, **values)
        self.posts = {str(post.pk): post for post in posts}
        self.fields["post"].choices = [  # type: ignore[attr-defined]
            (key, f"{post.get_role_display()} · {post.unit or post.area}") for key, post in self.posts.items()
        ]
        named = {"read": _("Read what the post may see"), "write": _("Do all that the post may do")}
        held = sorted({ability for post in posts for ability in rules.abilities(post.role)})
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            *[(scope, named[scope]) for scope in GENERAL_SCOPES],
            *[(ability, ability) for ability in held],
        ]


class SignInRules(forms.Form):
    roles = forms.MultipleChoiceField(
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Roles that need a second factor"),
        help_text=_("In production commanders, administrators, auditors and data-protection officers always do."),
    )


def search(rows: Any, viewer: Post, given: dict[str, str], now: datetime) -> Any:
    """Posts that a list's filters ask for: q, role, unit, township, kind, when."""

    if text := given.get("q", "").strip():
        words = Q(person__name__icontains=text) | Q(person__username__icontains=text) | Q(unit__name__icontains=text)
        rows = rows.filter(words | Q(area__name__icontains=text))
    if given.get("role") in Role.values:
        rows = rows.filter(role=given["role"])
    if given.get("kind") in PostKind.values:
        rows = rows.filter(kind=given["kind"])
    if given.get("unit", "").isdigit():
        rows = rows.filter(unit=int(given["unit"]))
    if given.get("township", "").isdigit():
        rows = rows.filter(area__township=int(given["township"]))
    when = given.get("when", "now")
    if when == "ended":
        return rows.filter(valid_to__lte=now)
    if when == "coming":
        return rows.filter(valid_from__gt=now)
    return rows if when == "all" else rows.held(now)
