"""People of the district, for administrators; and which roles need a second factor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.journal.forms import attempt, pressed
from qipan.foundation.posts import access, forms, operations, queries
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Person
from qipan.foundation.refusals import NotFound

SHOWN = 50


@staff("posts.administer")
def listed(request: Acting) -> HttpResponse:
    at = timezone.now()
    rows = access.visible_people(viewer=request.post)
    if text := request.GET.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=text) | Q(username__icontains=text))
    if request.GET.get("state") == "disabled":
        rows = rows.filter(is_active=False)
    elif request.GET.get("state") != "all":
        rows = rows.filter(is_active=True)
    held = Q(posts__valid_from__lte=at) & (Q(posts__valid_to=None) | Q(posts__valid_to__gt=at))
    rows = rows.annotate(held=Count("posts", filter=held))
    total = rows.count()
    found = keyset(rows, order=("name", "username", "id"), after=turned(request), limit=SHOWN)
    page_of = {"next": found.next, "previous": found.previous, "total": total, "shown": len(found.items)}
    return render(request, "posts/people.html", {"rows": found.items, "page": page_of})


@staff("posts.administer")
def add(request: Acting) -> HttpResponse:
    form = forms.NewPerson(request.POST if request.method == "POST" else None)

    def work(at: datetime) -> Person:
        given = form.cleaned_data | {"password": form.cleaned_data["password"] or None}
        return operations.create_person(**given, district=request.post.district, by=request.post, at=at)

    if made := attempt(request, form, "posts.person", work):
        messages.success(request, _("The account is there. Now appoint the person to a post."))
        return redirect("people_one", person_id=made["id"])
    return render(request, "posts/person_new.html", {"form": form}, status=422 if form.is_bound else 200)


@staff("posts.administer")
def one(request: Acting, person_id: UUID) -> HttpResponse:
    return _one(request, person_id)


def _one(request: Acting, person_id: UUID, status: int = 200, **more: Any) -> HttpResponse:
    person = access.visible_people(viewer=request.post).filter(pk=person_id).first()
    if person is None:
        raise NotFound
    at = timezone.now()
    context = {
        "person": person,
        "posts": access.visible_posts(viewer=request.post).filter(person=person).with_names().order_by("-valid_from"),
        "now": at,
        "changing": forms.ChangedPerson(initial={"name": person.name, "phone": person.phone, "email": person.email}),
        "password": forms.NewPassword(),
        "reason": forms.Reason(),
        **more,
    }
    return render(request, "posts/person.html", context, status=status)


@staff("posts.administer")
@require_POST
def act(request: Acting, person_id: UUID, what: str) -> HttpResponse:
    """Change, give a new password, disable or enable."""
    if what not in {"change", "password", "disable", "enable"}:
        raise Http404
    by = request.post
    if what == "enable":
        pressed(
            request,
            f"posts.enable:{person_id}",
            lambda at: operations.enable_person(person_id=person_id, by=by, at=at),
            said=_("Saved."),
        )
        return redirect("people_one", person_id=person_id)
    name, kind = {
        "change": ("changing", forms.ChangedPerson),
        "password": ("password", forms.NewPassword),
        "disable": ("reason", forms.Reason),
    }[what]
    form: Any = kind(request.POST)

    operation: Any = {
        "change": operations.change_person,
        "password": operations.set_password,
        "disable": operations.disable_person,
    }[what]

    def work(at: datetime) -> Person:
        return operation(person_id=person_id, **form.cleaned_data, by=by, at=at)  # type: ignore[no-any-return]

    if not attempt(request, form, f"posts.{what}:{person_id}", work):
        return _one(request, person_id, 422, **{name: form})
    messages.success(request, _("Saved."))
    return redirect("people_one", person_id=person_id)


@staff("posts.sign_in_rules")
def sign_in(request: Acting) -> HttpResponse:
    now = {"roles": sorted(queries.second_factor_roles(request.post.district_id))}
    form = forms.SignInRules(request.POST if request.method == "POST" else None, initial=now)

    def work(at: datetime) -> None:
        roles = form.cleaned_data["roles"]
        operations.require_second_factor(district=request.post.district, roles=roles, by=request.post, at=at)

    if attempt(request, form, "posts.sign_in", work):
        messages.success(request, _("Saved."))
        return redirect("posts_sign_in")
    return render(request, "posts/sign_in.html", {"form": form}, status=422 if form.is_bound else 200)
