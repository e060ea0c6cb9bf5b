"""The wall screen's page, and the page that sets what it rotates through."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from qipan.foundation.areas.models import Area
from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.access import require
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Refusal
from qipan.live import operations
from qipan.live.models import LONGEST, MOST_VIEWS, SHORTEST, WallView
from qipan.live.queries import start
from qipan.live.queries import wall as queries
from qipan.live.wall_words import WALL_TEXTS
from qipan.live.words import BOARD_TEXTS


@staff("incidents.view")
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """The shell of the wall screen; its script does the rest."""
    post = viewer(request)
    begun = start.start(viewer=post, now=timezone.now())
    data = {
        "texts": {key: str(value) for key, value in (BOARD_TEXTS | WALL_TEXTS).items()},
        "addresses": {
            "map": "/api/v1/incidents/map",
            "premises": "/api/v1/board/premises",
            "points": "/api/v1/board/points",
            "areas": {level: f"/api/v1/board/areas?level={name}&v={begun['map']['outlines']}"
                      for name, level in start.LEVELS.items() if level >= post.level},
            "events": reverse("live_events"),
            "wall": "/api/v1/board/wall",
            "page": reverse("board_wall"),
            "sign_in": f"{reverse('account_login')}?next={reverse('board_wall')}",
        },
        "start": begun,
        "views": queries.views(viewer=post),
    }  # fmt: skip
    return render(request, "live/wall.html", {"data": data})


class ViewsForm(forms.Form):
    """So many rows of kind, part and seconds; a row without a kind is none."""

    def __init__(self, data: Any = None, *, post: Post) -> None:
        super().__init__(data)
        rows = queries.views(viewer=post)  # what holds now, be it of the area above
        below = Area.objects.filter(parent=post.area_id, valid_to=None).order_by("pinyin").values_list("pk", "name")
        parts, kinds = [("", "—"), *below], [("", "—"), *WallView.Kind.choices]
        for number in range(1, MOST_VIEWS + 1):
            row = rows[number - 1] if number <= len(rows) else None
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                label=_("What is shown"), choices=kinds, required=False, initial=row["kind"] if row else ""
            )
            self.fields[f"part_{number}"] = forms.ChoiceField(
                label=_("Part"),
                choices=parts,
                required=False,
                initial=str(row["part"]["id"]) if row and row["part"] else "",
            )
            self.fields[f"seconds_{number}"] = forms.IntegerField(
                label=_("Seconds"), min_value=SHORTEST, max_value=LONGEST, required=False,
                initial=row["seconds"] if row else 20,
            )  # fmt: skip

    def rows(self) -> list[list[Any]]:
        names = ("kind", "part", "seconds")
        return [[self[f"{name}_{number}"] for name in names] for number in range(1, MOST_VIEWS + 1)]

    def views(self) -> list[operations.View]:
        data = self.cleaned_data
        return [
            operations.View(kind, data[f"seconds_{number}"] or 20, int(data[f"part_{number}"] or 0) or None)
            for number in range(1, MOST_VIEWS + 1)
            if (kind := data[f"kind_{number}"])
        ]


@staff("incidents.view")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """What the wall screens of the viewer's area rotate through; for who commands or administers it."""
    post, status = viewer(request), 200
    require(post, operations.ABILITY)
    form = ViewsForm(request.POST or None, post=post)
    if request.method == "POST":
        status = 422
        if form.is_valid():

            def work(at: datetime) -> dict[str, Any]:
                operations.set_views(views=form.views(), by=post, at=at)
                return {}

            try:
                once(request, "live.wall", work)
            except Refusal as refusal:
                if refusal.status in {403, 404}:
                    raise
                put(form, refusal)
            else:
                messages.success(request, gettext("The wall screens show it at their next turn."))
                return redirect("board_wall_views")
    context = {"form": form, "area": post.area, "shortest": SHORTEST, "longest": LONGEST}
    return render(request, "live/wall_views.html", context, status=status)
