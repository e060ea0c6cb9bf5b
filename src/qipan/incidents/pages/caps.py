"""How often and how long side tracks may be granted: the project's caps, and the district's own within them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.access import require
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.refusals import Refusal
from qipan.incidents import operations
from qipan.incidents.queries.caps import caps_of
from qipan.incidents.rules.caps import BOUNDS, CAPS, SETTABLE

SHARE = "spot_check_share"  # shown and entered in per cent
NAMES: dict[str, tuple[Any, Any]] = {
    "extensions": (_("Extensions of one incident"), ""),
    "extension_days": (_("Days of one extension"), _("A petition: 30 days, by law.")),
    "holds": (_("Holds of one incident"), ""),
    "hold_days": (_("Days of a hold"), ""),
    "returns": (_("Returns of one incident"), ""),
    "automatic_reopenings": (_("Reopenings by itself after an unhappy rating"), ""),
    "attachments": (_("Photos of one incident"), ""),
    "photo_metres": (_("Metres from the place beyond which a photo is marked"), ""),
    SHARE: (_("Closed incidents drawn for a second check, per cent"), _("Settled on the spot: twice as likely.")),
}


def shown(name: str, value: float) -> int:
    return round(value * 100) if name == SHARE else int(value)


class CapsForm(forms.Form):
    """The caps that a district may set, each between its bounds."""

    def __init__(self, data: Any = None, *, district_id: int) -> None:
        super().__init__(data)
        now = caps_of(district_id)
        for name in SETTABLE:
            label, note = NAMES[name]
            least, most = (shown(name, value) for value in BOUNDS[name])
            bounds = gettext("From %(least)s to %(most)s.") % {"least": least, "most": most}
            self.fields[name] = forms.IntegerField(
                label=label, min_value=least, max_value=most, initial=shown(name, getattr(now, name)),
                help_text=f"{bounds} {note}".strip(),
            )  # fmt: skip

    def own(self) -> dict[str, float]:
        """Only what differs from the project's."""
        given = {name: value / 100 if name == SHARE else value for name, value in self.cleaned_data.items()}
        return {name: value for name, value in given.items() if value != getattr(CAPS, name)}


@staff("incidents.view")
@require_http_methods(["GET", "POST"])
def caps(request: HttpRequest) -> HttpResponse:
    """The caps in force; whoever configures the district sets its own."""
    post, status = viewer(request), 200
    form = CapsForm(request.POST or None, district_id=post.district_id)
    if request.method == "POST":
        require(post, "incidents.configure")
        status = 422
        if form.is_valid():

            def work(at: datetime) -> dict[str, Any]:
                operations.set_caps(own=form.own(), by=post, at=at)
                return {}

            try:
                once(request, "incidents.caps", work)
            except Refusal as refusal:
                if refusal.status in {403, 404}:
                    raise
                put(form, refusal)
            else:
                messages.success(request, gettext("The caps hold from now on."))
                return redirect("incident_caps")
    now = caps_of(post.district_id)
    rows = [(label, shown(name, getattr(now, name)), note) for name, (label, note) in NAMES.items()]
    context = {"rows": rows, "form": form if post.may("incidents.configure") else None}
    return render(request, "incidents/caps.html", context, status=status)
