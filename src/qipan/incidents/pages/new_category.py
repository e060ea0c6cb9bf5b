"""A category that a district adds to its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from qipan.foundation.interface.forms import put
from qipan.foundation.interface.pages import staff
from qipan.foundation.journal.forms import once
from qipan.foundation.posts.middleware import viewer
from qipan.foundation.refusals import NotFound, Refusal
from qipan.incidents import operations
from qipan.incidents.models import Category
from qipan.incidents.pages.settings import CONFIGURE, CategoryForm, floors
from qipan.incidents.rules.classes import CLASSES, Klass


@staff(CONFIGURE)
@require_http_methods(["GET", "POST"])
def new_category(request: HttpRequest) -> HttpResponse:
    """A new category of the class that the address names, in use from today on."""
    klass = request.GET.get("klass", Klass.HAZARD)
    if klass not in set(Klass):
        raise NotFound
    post, status = viewer(request), 200
    blank = Category(district_id=post.district_id, klass=klass)
    form = CategoryForm(request.POST or None, category=blank)
    if request.method == "POST":
        status = 422
        if form.is_valid():

            def work(at: datetime) -> dict[str, Any]:
                added = operations.add_category(
                    klass=Klass(klass), key=form.cleaned_data["key"], values=form.changes(), by=post, at=at
                )
                return {"id": str(added.pk)}

            try:
                answer = once(request, f"incidents.new-category {klass}", work)
            except Refusal as refusal:
                if refusal.status in {403, 404}:
                    raise
                put(form, refusal)
                status = refusal.status
            else:
                messages.success(request, gettext("The category is in use from today on."))
                return redirect("incident_category", category_id=answer["id"])
    context = {
        "form": form, "rule": CLASSES[Klass(klass)], "may_configure": True, "floors": floors(Klass(klass)), "new": True,
    }  # fmt: skip
    return render(request, "incidents/category.html", context, status=status)
