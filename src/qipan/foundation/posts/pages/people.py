"""People of the district, for administrators; and which roles need a second factor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.posts import access, forms, operations, queries
from qipan.foundation.posts.http import Acting, attempt, once, page
from qipan.foundation.posts.models import Person
from qipan.foundation.refusals import NotFound

SHOWN = 50


@page("posts.administer")
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
    rows = rows.annotate(held=Count("posts", filter=held)).order_by("name", "username")
    given = request.GET.get("after") or request.GET.get("before") or "0"
    start = int(given) if given.isascii() and given.isdigit() else 0
    total = rows.count()
    shown = list(rows[start : start + SHOWN])
    page_of = {
        "next": str(start + SHOWN) if start + SHOWN < total else "",
        "previous": str(max(0, start - SHOWN)) if start else "",
        "total": total,
        "shown": len(shown),
    }
    return render(request, "posts/people.html", {"rows": shown, "page": page_of})


@page("posts.administer")
def add(request: Acting) -> HttpResponse:
    form = forms.NewPerson(request.POST if request.method == "POST" else None)
    made: list[Person] = []

    def work() -> None:
        given = dict(form.cleaned_data)
        given["password"] = given["password"] or None
        made.append(
            operations.create_person(**given, district=request.post.district, by=request.post, at=timezone.now())
        )

    if request.method == "POST" and attempt(request, form, "posts.person", work):
        messages.success(request, _("The account is there. Now appoint the person to a post."))
        return redirect("people_one", person_id=made[0].pk) if made else redirect("people_list")
    return render(request, "posts/person_new.html", {"form": form}, status=422 if form.is_bound else 200)


@page("posts.administer")
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


@page("posts.administer")
@require_POST
def act(request: Acting, person_id: UUID, what: str) -> HttpResponse:
    """Change, give a new password, disable or enable."""
    if what not in {"change", "password", "disable", "enable"}:
        raise Http404
    by, at = request.post, timezone.now()
    if what == "enable":
        once(
            request,
            f"posts.enable:{person_id}",
            lambda: operations.enable_person(person_id=person_id, by=by, at=at),
        )
        messages.success(request, _("Saved."))
        return redirect("people_one", person_id=person_id)
    name, kind = {
        "change": ("changing", forms.ChangedPerson),
        "password": ("password", forms.NewPassword),
        "disable": ("reason", forms.Reason),
    }[what]
    form: Any = kind(request.POST)

    def work() -> None:
        given = form.cleaned_data
        if what == "change":
            operations.change_person(person_id=person_id, **given, by=by, at=at)
        elif what == "password":
            operations.set_password(person_id=person_id, password=given["password"], by=by, at=at)
        else:
            operations.disable_person(person_id=person_id, reason=given["reason"], by=by, at=at)

    if not attempt(request, form, f"posts.{what}:{person_id}", work):
        return _one(request, person_id, 422, **{name: form})
    messages.success(request, _("Saved."))
    return redirect("people_one", person_id=person_id)


@page("posts.sign_in_rules")
def sign_in(request: Acting) -> HttpResponse:
    now = {"roles": sorted(queries.second_factor_roles(request.post.district_id))}
    form = forms.SignInRules(request.POST if request.method == "POST" else None, initial=now)

    def work() -> None:
        operations.require_second_factor(
            district=request.post.district, roles=form.cleaned_data["roles"], by=request.post, at=timezone.now()
        )

    if request.method == "POST" and attempt(request, form, "posts.sign_in", work):
        messages.success(request, _("Saved."))
        return redirect("posts_sign_in")
    return render(request, "posts/sign_in.html", {"form": form}, status=422 if form.is_bound else 200)
