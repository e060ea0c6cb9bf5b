"""Forms of the outbox."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qipan.foundation.outbox.models import Gateway
from qipan.foundation.outbox.rules import Channel, GatewayKind
from qipan.foundation.posts.models import Unit

OUTSIDE = [(Channel.EMAIL, Channel.EMAIL.label), (Channel.HTTP, _("Text message"))]


class PolicyForm(forms.Form):
    quiet_from = forms.TimeField(label=_("Quiet from"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    quiet_to = forms.TimeField(label=_("until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    staff_channels = forms.MultipleChoiceField(
        choices=OUTSIDE, required=False, widget=forms.CheckboxSelectMultiple, label=_("Staff get messages also by")
    )
    urgent_channels = forms.MultipleChoiceField(
        choices=OUTSIDE, required=False, widget=forms.CheckboxSelectMultiple, label=_("Urgent messages also by")
    )


class WordingForm(forms.Form):
    subject = forms.CharField(max_length=200, label=_("Subject"))
    body = forms.CharField(max_length=2000, label=_("Text"), widget=forms.Textarea)


class JSONText(forms.CharField):
    """JSON typed as text; kept as it was typed when it is wrong."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "").strip()
        if not text:
            return {}
        try:
            return json.loads(text)
        except ValueError:
            raise forms.ValidationError(_("This is not JSON.")) from None


class GatewayForm(forms.Form):
    name = forms.CharField(max_length=80, label=_("Name of the gateway"))
    kind = forms.ChoiceField(choices=GatewayKind.choices, label=_("Kind"))
    unit = forms.ModelChoiceField(
        Unit.objects.none(), required=False, label=_("Unit"), help_text=_("For a robot: whose group it writes to.")
    )
    url = forms.CharField(max_length=500, label=_("Web address"))
    method = forms.ChoiceField(choices=[(word, word) for word in ("POST", "PUT", "GET")], label=_("Method"))
    headers = JSONText(required=False, label=_("Headers"), help_text='{"Authorization": "Bearer {secret_SMS}"}')
    body = JSONText(
        required=False,
        label=_("Body"),
        help_text=_("JSON with places: {phone} {subject} {text} {link} {id} {secret_NAME}."),
    )
    form = forms.BooleanField(required=False, label=_("Send the body as form fields"))
    sign_with = forms.CharField(
        required=False, max_length=40, label=_("Signing secret"), help_text=_("DingTalk robots: the secret's name.")
    )
    success_field = forms.CharField(
        required=False, max_length=40, label=_("Field of the answer"), help_text=_("Such as errcode.")
    )
    success_value = forms.CharField(required=False, max_length=40, label=_("Its value when it went well"))
    enabled = forms.BooleanField(required=False, initial=True, label=_("In use"))

    def __init__(self, *args: Any, district_id: int, **values: Any) -> None:
        super().__init__(*args, **values)
        unit = self.fields["unit"]
        assert isinstance(unit, forms.ModelChoiceField)
        unit.queryset = Unit.objects.filter(district=district_id, valid_to=None).order_by("name")


def gateway_values(gateway: Gateway) -> dict[str, Any]:
    """A gateway as its form shows it."""
    values = {name: getattr(gateway, name) for name in GatewayForm.base_fields}
    for name in ("headers", "body"):
        values[name] = json.dumps(values[name], ensure_ascii=False, indent=2) if values[name] else ""
    return values
