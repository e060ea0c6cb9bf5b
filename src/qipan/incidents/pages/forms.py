"""Forms of the steps and side tracks of an incident. Fields bear the names that refusals give to what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qipan.foundation.posts import queries as posts
from qipan.foundation.posts.access import inside as of_area
from qipan.foundation.posts.access import visible_units
from qipan.foundation.posts.models import Post, Unit
from qipan.foundation.posts.rules import Role
from qipan.incidents import routing
from qipan.incidents.models import Category, Incident
from qipan.incidents.operations.asks import extension_days
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.caps import CAPS
from qipan.incidents.rules.classes import CLASSES, Klass

REASON = 500


class Photos(forms.FileInput):
    """A field that takes several photos."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PhotosField(forms.Field):
    """Bytes of each photo; what they are is checked where they are written anew."""

    widget = Photos

    def clean(self, value: Any) -> list[bytes]:
        files = list(value or [])
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if len(files) > CAPS.attachments:
            raise forms.ValidationError(
                _("An incident takes at the most %(most)s photos."), params={"most": CAPS.attachments}
            )
        found = []
        for file in files:
            found.append(file.read())
            file.seek(0)
        return found


def words(label: Any, *, most: int = REASON, rows: int = 3, required: bool = True, help: Any = "") -> forms.CharField:
    """A field for sentences."""
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": most})
    return forms.CharField(label=label, max_length=most, widget=widget, required=required, help_text=help)


class StepForm(forms.Form):
    """One step of one incident. `at`: now; `viewer`: who would take it."""

    def __init__(self, *args: Any, incident: Incident, viewer: Post, at: datetime, **kwargs: Any) -> None:
        self.incident, self.viewer, self.at = incident, viewer, at
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices."""


class Reason(StepForm):
    reason = words(_("Reason"))


class ToldReason(StepForm):
    reason = words(_("Reason"), help=_("The person who reported it will read it."))


class MarkedSelect(forms.Select):
    """A choice whose never mediated options are marked: only they show what is asked about the victim."""

    marked: frozenset[str] = frozenset()

    def create_option(self, name: str, value: Any, *given: Any, **named: Any) -> dict[str, Any]:
        found = super().create_option(name, value, *given, **named)
        if str(value) in self.marked:
            found["attrs"]["data-never-mediated"] = True
        return found


def cannot_act() -> forms.BooleanField:
    """Asked only where the category is never mediated."""
    return forms.BooleanField(
        label=_("The victim is a minor or cannot act for themselves"), required=False,
        help_text=_("Then it goes to the police at once, and to nobody else."),
    )  # fmt: skip


class Accept(StepForm):
    category = forms.ChoiceField(label=_("Category"), widget=MarkedSelect)
    victim_cannot_act = cannot_act()
    urgent = forms.BooleanField(label=_("Urgent"), required=False)

    def prepare(self) -> None:
        choices = category_choices(self.incident.district_id)
        self.fields["category"].choices = choices  # type: ignore[attr-defined]
        self.fields["category"].initial = self.incident.category.key
        self.fields["category"].widget.marked = never_mediated(self.incident.district_id)
        self.fields["victim_cannot_act"].initial = self.incident.victim_cannot_act
        self.fields["urgent"].initial = self.incident.urgent

    def chosen(self) -> Category:
        return Category.objects.get(
            district=self.incident.district_id, key=self.cleaned_data["category"], valid_to=None
        )


class VictimChoice(StepForm):
    """A step that, of what is never mediated, follows the choice of a victim who can choose."""

    chosen_by_victim = forms.BooleanField(
        label=_("The victim was asked and chose this"), required=False,
        help_text=_("The police, the women's federation, civil affairs or another: the victim decides."),
    )  # fmt: skip

    def prepare(self) -> None:
        if not self.incident.category.never_mediated or self.incident.victim_cannot_act:
            del self.fields["chosen_by_victim"]


class Dispatch(VictimChoice):
    unit = forms.ChoiceField(label=_("Unit"))
    note = words(_("Remark"), rows=2, required=False)

    def prepare(self) -> None:
        super().prepare()
        suggested = routing.suggest(self.incident, at=self.at)
        field = self.fields["unit"]
        field.choices = unit_choices(self.viewer, self.at, without=self.incident.accused_id)  # type: ignore[attr-defined]
        if suggested:
            field.initial = str(suggested.pk)
            field.help_text = _("The routing rules suggest: %(unit)s") % {"unit": suggested.name}

    def chosen(self) -> Unit:
        return _unit(self.viewer, self.cleaned_data["unit"])


class Merge(StepForm):
    number = forms.CharField(label=_("Number of the file it joins"), max_length=24)
    reason = words(_("Reason"), rows=2, required=False)


class Refer(VictimChoice):
    receipt = words(_("Receipt of the police"), rows=2, help=_("Number or who received it; nothing else is kept."))


class Answer(StepForm):
    text = words(_("What was done"), most=2000, rows=4, help=_("The person who reported it will read it."))
    photos = PhotosField(label=_("Photos"), required=False)

    def prepare(self) -> None:
        if reason := self.incident.category.photo_reason:
            self.fields["photos"].help_text = _("A photo is needed here: %(why)s") % {"why": reason}
            have = self.incident.attachments.filter(stage="answer").exists()
            self.fields["photos"].required = not have
        elif self.incident.private:
            del self.fields["photos"]


class CheckBack(StepForm):
    verifier = forms.ChoiceField(label=_("Who looks at it"), required=False)

    def prepare(self) -> None:
        handler = self.incident.handler
        found = posts.nearest(at=self.at, areas=self.incident.areas(), roles=[Role.GRID_WORKER])
        others = [post for post in found[:30] if handler is None or post.person_id != handler.person_id]
        default = routing.verifier(self.incident, at=self.at)
        self.fields["verifier"].choices = [  # type: ignore[attr-defined]
            ("", _("the desk itself") if default is None else _("automatically: %(name)s") % {"name": default.person}),
            *((str(post.pk), f"{post.person} · {post.area.name}") for post in others),
        ]


class Note(StepForm):
    note = words(_("Remark"), rows=2, required=False)


class ReportUp(StepForm):
    note = words(_("To whom it was reported, and how"), rows=2)


class Verified(StepForm):
    note = words(_("What was found"), rows=2, required=False)
    photos = PhotosField(label=_("Photos"), required=False)

    def prepare(self) -> None:
        if self.incident.private:
            del self.fields["photos"]


class CallNote(StepForm):
    note = words(
        _("What was said on the telephone"), rows=3, help=_("Telephone numbers and names are not needed here.")
    )


class MorePhotos(StepForm):
    photos = PhotosField(label=_("Photos"))


class Nothing(StepForm):
    """A step that needs no more than a yes."""


class Ask(StepForm):
    kind = forms.ChoiceField(label=_("What for"), widget=forms.RadioSelect)
    days = forms.IntegerField(label=_("Days"), required=False, min_value=1)
    unit = forms.ChoiceField(label=_("Unit that is to assist"), required=False)
    reason = words(_("Reason"))

    def prepare(self) -> None:
        caps = caps_of(self.incident.district_id)
        limits = {"extension": extension_days(self.incident, caps), "hold": caps.hold_days}
        help_text = _("For an extension (at most %(extension)s days) or a hold (at most %(hold)s days).")
        self.fields["days"].help_text = help_text % limits
        field: Any = self.fields["unit"]
        field.choices = [("", "—"), *unit_choices(self.viewer, self.at, without=self.incident.unit_id)]
        field.help_text = _("For assistance only.")

    def offer(self, kinds: Iterable[tuple[str, Any]]) -> None:
        kinds = list(kinds)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        names = {name for name, _label in kinds}
        if not names & {"extension", "hold"}:
            del self.fields["days"]
        if "assist" not in names:
            del self.fields["unit"]

    def helper(self) -> Unit | None:
        return _unit(self.viewer, self.cleaned_data["unit"]) if self.cleaned_data.get("unit") else None


class Decide(StepForm):
    decision = forms.ChoiceField(
        label=_("Decision"), widget=forms.RadioSelect, choices=[("yes", _("Grant")), ("no", _("Do not grant"))]
    )
    reason = words(_("Reason"), rows=2, required=False, help=_("Needed for a refusal."))


class Supervise(StepForm):
    question = words(_("Question and demand"))
    days = forms.IntegerField(label=_("Working days to answer"), min_value=1, max_value=30, initial=2)
    listed = forms.BooleanField(label=_("Listed supervision of a major hazard"), required=False)

    def prepare(self) -> None:
        if self.incident.major != "confirmed":
            del self.fields["listed"]


class SuperviseAnswer(StepForm):
    text = words(_("Answer"), most=1000, rows=4)


class AssistAnswer(StepForm):
    text = words(_("What your unit did"), most=1000)


class Check(StepForm):
    confirmed = forms.ChoiceField(
        label=_("What the second check found"),
        widget=forms.RadioSelect,
        choices=[("yes", _("Solved, as the file says")), ("no", _("Not solved: reopen"))],
    )
    note = words(_("Remark"), rows=2, required=False, help=_("Needed where it is not solved."))


class Look(forms.Form):
    reason = words(
        _("Reason"), most=200, rows=2, help=_("It is kept, and the auditor reads it. Such looks are counted.")
    )


def never_mediated(district_id: int) -> frozenset[str]:
    """The keys of the categories in use that nobody mediates."""
    rows = Category.objects.filter(district=district_id, valid_to=None, never_mediated=True)
    return frozenset(rows.values_list("key", flat=True))


def category_choices(district_id: int, *, public: bool = False) -> list[tuple[str, list[tuple[str, str]]]]:
    """Categories in use, by class."""
    today = timezone.localdate()
    rows = Category.objects.filter(district=district_id, valid_to=None, valid_from__lte=today)
    if public:
        rows = rows.filter(public=True)
    groups: dict[str, list[tuple[str, str]]] = {klass.value: [] for klass in Klass}
    for category in rows.order_by("order", "key"):
        groups[category.klass].append((category.key, str(category)))
    return [(str(CLASSES[Klass(klass)].name), found) for klass, found in groups.items() if found]


def unit_choices(
    viewer: Post, at: datetime, *, without: int | None = None, inside: bool = False
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Units of the district, or of the viewer's own area only, by the area that they are of."""
    groups: dict[str, list[tuple[str, str]]] = {}
    own = set(visible_units(viewer=viewer).filter(of_area(viewer)).values_list("pk", flat=True)) if inside else set()
    for unit in posts.units(viewer=viewer, at=at):
        if unit.pk != without and (not inside or unit.pk in own):
            groups.setdefault(unit.area.name, []).append((str(unit.pk), unit.name))
    return list(groups.items())


def _unit(viewer: Post, key: str) -> Unit:
    return Unit.objects.select_related("area").get(pk=int(key), district=viewer.district_id)
