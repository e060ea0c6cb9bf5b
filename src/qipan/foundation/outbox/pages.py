"""The inbox of everybody; what was sent, to those who look after it (in the demo: to all); how a district sends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings as installation
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from qipan.foundation.interface import links
from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.journal.forms import attempt, once, pressed
from qipan.foundation.outbox import access, forms, operations, queries, rules, templates
from qipan.foundation.outbox.models import Gateway, Message, Policy
from qipan.foundation.outbox.rules import Channel, State
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.rules import SEE
from qipan.foundation.vault import queries as vault

SHOWN = 50
NAVIGATION = [
    {"label": gettext_lazy("Inbox"), "url_name": "inbox", "group": "work", "order": 8, "icon": "bell"},
    {
        "label": gettext_lazy("Messages sent"),
        "url_name": "outbox_sent",
        "group": "system",
        "order": 30,
        "icon": "external",
        "ability": "outbox.see",
    },
    {
        "label": gettext_lazy("Way of sending"),
        "url_name": "outbox_settings",
        "group": "system",
        "order": 31,
        "icon": "settings",
        "ability": "outbox.administer",
    },
]


@staff(SEE)
def inbox(request: Acting) -> HttpResponse:
    found = queries.inbox(person=request.post.person, after=turned(request), limit=SHOWN)
    context = {
        "rows": found.items,
        "shut": links.shut((row.link for row in found.items), viewer=request.post, own=True),
        "page": found,
        "unread": queries.unread(person=request.post.person),
    }
    return render(request, "outbox/inbox.html", context)


@staff(SEE)
@require_POST
def read(request: Acting) -> HttpResponse:
    """Everything is read."""
    once(request, "outbox.read", lambda at: {"read": operations.mark_read(by=request.post, at=at)})
    return redirect("inbox")


@staff(SEE)
@require_POST
def follow(request: Acting, message_id: UUID) -> HttpResponse:
    """Read one message and go where it leads."""
    message = access.inbox(person=request.post.person).filter(pk=message_id).first()
    if message is None:
        raise Http404
    operations.mark_read(by=request.post, at=timezone.now(), message_ids=[message_id])
    ours = message.link.startswith("/") and not message.link.startswith("//")
    if links.shut([message.link], viewer=request.post):
        messages.info(request, _("What this message is about is not open to the post you act as."))
        ours = False
    return redirect(message.link if ours else "inbox")


@staff(SEE)
def sent(request: Acting) -> HttpResponse:
    """What was sent and what became of it."""
    state, channel = request.GET.get("state", ""), request.GET.get("channel", "")
    if installation.DEMO:
        found = queries.everything(district_id=request.post.district_id, state=state, channel=channel)
    else:
        found = queries.sent(viewer=request.post, state=state, channel=channel)
    masked = vault.masked([row.to_address_card_id for row in found if row.to_address_card_id])
    rows = [{"message": row, "to": _to(row, masked)} for row in found]
    context = {
        "rows": rows,
        "states": State.choices,
        "channels": Channel.choices,
        "demo": installation.DEMO,
        "may_administer": request.post.may("outbox.administer"),
    }
    return render(request, "outbox/sent.html", context)


def _to(message: Message, masked: dict[UUID, dict[str, str]]) -> str:
    if message.to_person:
        return str(message.to_person)
    if message.to_unit:
        return str(message.to_unit)
    if message.to_address_card_id:
        return masked.get(message.to_address_card_id, {}).get("phone", "—")
    return "—"


@staff("outbox.administer")
@require_POST
def act(request: Acting, message_id: UUID, what: str) -> HttpResponse:
    """Try again, or give it up."""
    operation = {"retry": operations.retry, "cancel": operations.cancel}.get(what)
    if operation is None:
        raise Http404
    said = _("It will be tried again.") if what == "retry" else _("It will not be sent.")
    name = f"outbox.{what}:{message_id}"
    pressed(request, name, lambda at: operation(message_id=message_id, by=request.post, at=at), said=said)
    return redirect("outbox_sent")


@staff("outbox.administer")
def settings(request: Acting) -> HttpResponse:
    policy = queries.policy(request.post.district_id)
    initial = {name: getattr(policy, name) for name in forms.PolicyForm.base_fields}
    form = forms.PolicyForm(request.POST if request.method == "POST" else None, initial=initial)

    def work(at: datetime) -> Policy:
        return operations.set_policy(**form.cleaned_data, by=request.post, at=at)

    if attempt(request, form, "outbox.policy", work):
        messages.success(request, _("Saved."))
        return redirect("outbox_settings")
    own = queries.wordings(viewer=request.post)
    texts = [
        {
            "name": template.name,
            "title": template.title,
            "own": [lang for lang in rules.LANGUAGES if (name, lang) in own],
        }
        for name, template in sorted(templates.TEMPLATES.items(), key=lambda item: str(item[1].title))
    ]
    context = {"form": form, "gateways": queries.gateways(viewer=request.post), "texts": texts}
    return render(request, "outbox/settings.html", context, status=422 if form.is_bound else 200)


@staff("outbox.administer")
def gateway(request: Acting, gateway_id: int | None = None) -> HttpResponse:
    """A new gateway, or one to change."""
    row: Gateway | None = None
    if gateway_id is not None:
        row = next((one for one in queries.gateways(viewer=request.post) if one.pk == gateway_id), None)
        if row is None:
            raise Http404
    initial = forms.gateway_values(row) if row else {"method": "POST"}
    data = request.POST if request.method == "POST" else None
    form = forms.GatewayForm(data, initial=initial, district_id=request.post.district_id)
    if row:
        form.fields["name"].disabled = True

    def work(at: datetime) -> Gateway:
        return operations.set_gateway(**form.cleaned_data, by=request.post, at=at)

    if attempt(request, form, f"outbox.gateway:{gateway_id}", work):
        messages.success(request, _("Saved."))
        return redirect("outbox_settings")
    context = {"form": form, "gateway": row, "hosts": installation.GATEWAY_HOSTS}
    return render(request, "outbox/gateway.html", context, status=422 if form.is_bound else 200)


@staff("outbox.administer")
def wording(request: Acting, template: str, language: str) -> HttpResponse:
    """The district's own text for a message, beside ours."""
    known = templates.TEMPLATES.get(template)
    if known is None or language not in rules.LANGUAGES:
        raise Http404
    own = queries.wordings(viewer=request.post).get((template, language))
    ours = templates.ours(template, language)
    initial = {"subject": own.subject, "body": own.body} if own else {"subject": ours[0], "body": ours[1]}
    form = forms.WordingForm(request.POST if request.method == "POST" else None, initial=initial)

    def work(at: datetime) -> None:
        if "reset" in request.POST:
            operations.clear_wording(template=template, language=language, by=request.post, at=at)
        else:
            operations.set_wording(template=template, language=language, **form.cleaned_data, by=request.post, at=at)

    if attempt(request, form, f"outbox.wording:{template}:{language}", work):
        messages.success(request, _("Saved."))
        return redirect("outbox_settings")
    context: dict[str, Any] = {
        "form": form,
        "template": known,
        "written_in": language,  # not `language`: that is the reader's, set by the layout
        "own": own,
        "subject": ours[0],
        "body": ours[1],
        "places": ["{" + place + "}" for place in sorted(known.places)],
    }
    return render(request, "outbox/wording.html", context, status=422 if form.is_bound else 200)
