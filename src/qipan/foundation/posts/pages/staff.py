"""Posts: the list, one post, appointing, deputies, hand-over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, Model, OuterRef, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.areas.models import Area
from qipan.foundation.interface.cursors import keyset
from qipan.foundation.interface.files import sheet
from qipan.foundation.interface.pages import staff, turned
from qipan.foundation.journal import kinds
from qipan.foundation.journal import queries as journal
from qipan.foundation.journal.forms import attempt
from qipan.foundation.posts import access, forms, operations, queries
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Person, Post, Shift
from qipan.foundation.posts.operations.handover import HOOKS
from qipan.foundation.posts.rules import SEE, PostKind, Role

SHOWN = 50
SORTS = {
    "name": ("person__name", "person__username"),
    "role": ("role", "area__level", "area__pinyin"),
    "area": ("area__level", "area__pinyin", "role"),
    "unit": ("unit_name", "role"),
    "until": ("until", "person__name"),
}
NEVER = datetime(9999, 12, 31, tzinfo=UTC)  # what has no end sorts last

# By the last part of the address: the form's name on the page, the form, what it does.
ACTS: dict[str, tuple[str, Any, Callable[..., Model]]] = {
    "end": ("ending", forms.Ending, operations.end),
    "change": ("changing", forms.Changing, operations.change),
    "deputy": ("deputising", forms.Deputising, operations.deputise),
    "away": ("away", forms.Away, operations.set_away),
}


def _rows(request: Acting, at: Any) -> tuple[Any, tuple[str, ...]]:
    """The posts that the address asks for, and their order."""
    rows = access.visible_posts(viewer=request.post).with_names()
    rows = forms.search(rows, request.post, request.GET.dict(), at)
    if request.GET.get("duty") == "here":  # who is on duty in the viewer's area
        rows = rows.filter(pk__in=queries.on_shift(viewer=request.post, at=at).order_by().values("pk"))
    rows = rows.annotate(
        on_duty=Exists(Shift.objects.filter(post=OuterRef("pk"), closed_at=None)),
        unit_name=Coalesce("unit__name", Value("")),
        until=Coalesce("valid_to", Value(NEVER)),
    )
    wanted = request.GET.get("sort", "area")
    order = SORTS.get(wanted.lstrip("-"), SORTS["area"])
    sign = "-" if wanted.startswith("-") else ""
    return rows, (*(sign + name for name in order), "id")


@staff(SEE)
def listed(request: Acting) -> HttpResponseBase:
    at = timezone.now()
    rows, order = _rows(request, at)
    if form := request.GET.get("format"):
        return _export(rows.order_by(*order), form)
    total = rows.count()
    found = keyset(rows, order=order, after=turned(request), limit=SHOWN)
    return render(
        request,
        "posts/list.html",
        {
            "rows": found.items,
            "page": {"next": found.next, "previous": found.previous, "total": total, "shown": len(found.items)},
            "sort": request.GET.get("sort", "area"),
            "roles": Role.choices,
            "kinds": PostKind.choices,
            "units": queries.units(viewer=request.post, at=at),
            "townships": Area.objects.filter(district=request.post.district_id, level=2, valid_to=None).order_by(
                "pinyin"
            ),
            "may_administer": request.post.may("posts.administer"),
            "may_hand_over": request.post.may("posts.hand_over"),
        },
    )


def _export(rows: Any, form: str) -> HttpResponseBase:
    header = [_("Name"), _("User name"), _("Role"), _("Kind"), _("Unit"), _("Area"), _("From"), _("Until")]
    lines = (
        [
            post.person.name,
            post.person.username,
            post.get_role_display(),
            post.get_kind_display(),
            post.unit.name if post.unit else "",
            post.area.name,
            post.valid_from,
            post.last_day,
        ]
        for post in rows.iterator(chunk_size=500)
    )
    return sheet(form, name="posts", header=header, rows=lines, title=_("Posts"))


@staff(SEE)
def one(request: Acting, post_id: UUID) -> HttpResponse:
    return _one(request, access.post(post_id, viewer=request.post))


def _one(request: Acting, post: Post, status: int = 200, **more: Any) -> HttpResponse:
    at = timezone.now()
    viewer = request.post
    administers = viewer.may("posts.administer") and viewer.covers(post.area.path)
    entries = [
        {
            "title": kinds.text(entry.kind),
            "at": entry.at,
            "who": entry.by_text,
            "reason": entry.reason,
            "weight": "aside" if "shift" in entry.kind else "",
        }
        for entry in reversed(journal.history("posts.post", post.pk, privacy=0))
    ]
    context = {
        "one": post,
        "in_force": queries.one_in_force(post.pk, at) is not None,
        "ended": bool(post.valid_to and post.valid_to <= at),
        "shift": queries.open_shift(post),
        "deputies": queries.deputies(post=post, at=at),
        "absences": queries.absences(post=post, at=at),
        "history": entries[:60],
        "administers": administers,
        "ending": forms.Ending(prefix="end"),
        "changing": forms.Changing(viewer=viewer, prefix="change", initial={"unit": post.unit}),
        "deputising": forms.Deputising(viewer=viewer, prefix="deputy"),
        "away": forms.Away(prefix="away"),
        **more,
    }
    return render(request, "posts/one.html", context, status=status)


@staff("posts.administer")
@require_POST
def act(request: Acting, post_id: UUID, what: str) -> HttpResponse:
    """End, change, deputise, or say that the holder is away."""
    if what not in ACTS:
        raise Http404
    post, viewer = access.post(post_id, viewer=request.post), request.post
    name, kind, operation = ACTS[what]
    more = {"viewer": viewer} if issubclass(kind, forms.ForPost) else {}
    form = kind(request.POST, prefix=what, **more)

    def work(at: datetime) -> Model:
        given = dict(form.cleaned_data)
        if "valid_to" in given:
            given["valid_to"] = forms.end_of(given["valid_to"])
        if "away_to" in given:
            given |= {"away_from": forms.start_of(given["away_from"]), "away_to": forms.end_of(given["away_to"])}
        return operation(post_id=post.pk, **given, by=viewer, at=at)

    if not attempt(request, form, f"posts.{what}:{post_id}", work):
        return _one(request, post, 422, **{name: form})
    messages.success(request, _("Saved."))
    return redirect("posts_one", post_id=post_id)


@staff("posts.administer")
def appoint(request: Acting) -> HttpResponse:
    if request.method != "POST":
        initial = {
            "person": request.GET.get("person"),
            "unit": request.GET.get("unit"),
            "area": request.GET.get("area"),
        }
        form = forms.Appointing(viewer=request.post, initial={key: value for key, value in initial.items() if value})
        return render(request, "posts/appoint.html", {"form": form})
    form = forms.Appointing(request.POST, viewer=request.post)
    made = attempt(
        request, form, "posts.appoint", lambda at: operations.appoint(**form.values(), by=request.post, at=at)
    )
    if not made:
        return render(request, "posts/appoint.html", {"form": form}, status=422 if form.is_bound else 200)
    messages.success(request, _("Appointed."))
    return redirect("posts_one", post_id=made["id"])


@staff("posts.hand_over")
def hand_over(request: Acting) -> HttpResponse:
    """Choose who gives and who takes, look at what would change hands, then do it."""
    chosen = request.POST if request.method == "POST" else request.GET
    form = forms.HandingOver(chosen if chosen.get("giver") else None, viewer=request.post)
    context: dict[str, Any] = {"form": form, "reason": forms.Reason(), "kinds": [hook.title for hook in HOOKS.values()]}
    if not form.is_bound or not form.is_valid():
        return render(request, "posts/hand_over.html", context, status=422 if form.is_bound else 200)
    giver, taker = form.cleaned_data["giver"], form.cleaned_data["taker"]
    if request.method == "POST":
        reason = forms.Reason(request.POST)
        done = attempt(request, reason, "posts.hand_over", lambda at: _hand_over(request, giver, taker, reason, at))
        if done:
            messages.success(request, _("Handed over: {count}.").format(count=done["count"]))
            return redirect("posts_list")
        context["reason"] = reason
    found = operations.preview_hand_over(person_id=giver.pk, viewer=request.post, at=timezone.now())
    context["preview"] = [(post, [counts[name] for name in HOOKS], sum(counts.values())) for post, counts in found]
    context["giver"], context["taker"] = giver, taker
    return render(request, "posts/hand_over.html", context, status=422 if request.method == "POST" else 200)


def _hand_over(request: Acting, giver: Person, taker: Person, reason: Any, at: datetime) -> dict[str, Any]:
    totals = operations.hand_over(
        giver_id=giver.pk, taker_id=taker.pk, by=request.post, at=at, reason=reason.cleaned_data["reason"]
    )
    return {"count": sum(totals.values())}
