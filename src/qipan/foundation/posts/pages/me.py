"""The own account: shift, posts, days away, sessions, second factor, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from qipan.foundation.interface.browsers import browser
from qipan.foundation.interface.pages import onward, staff
from qipan.foundation.journal.forms import attempt, pressed
from qipan.foundation.posts import forms, operations, queries
from qipan.foundation.posts.middleware import Acting
from qipan.foundation.posts.models import Absence, Person, Token
from qipan.foundation.posts.rules import SEE


def _show(request: Acting, status: int = 200, **more: Any) -> HttpResponse:
    at = timezone.now()
    person = request.post.person
    profile = {"phone": person.phone, "email": person.email, "language": person.language}
    context = {
        "post": request.post,
        "posts": request.posts or [request.post],
        "shift": queries.open_shift(request.post),
        "deputies": queries.deputies(post=request.post, at=at),
        "absences": queries.absences(post=request.post, at=at),
        "sessions": [(row, browser(row.user_agent)) for row in UserSession.objects.purge_and_list(person)],
        "factors": list(Authenticator.objects.filter(user=person).order_by("type", "pk")),
        "tokens": queries.tokens(person=person),
        "now": at,
        "profile": forms.Profile(initial=profile),
        "away": forms.Away(),
        "token": forms.NewToken(posts=request.posts or [request.post]),
        **more,
    }
    return render(request, "posts/me.html", context, status=status)


@staff(SEE)
def me(request: Acting) -> HttpResponse:
    return _show(request)


@staff(SEE)
@require_POST
def profile(request: Acting) -> HttpResponse:
    form = forms.Profile(request.POST)
    person_id = request.post.person_id

    def work(at: datetime) -> Person:
        return operations.change_person(person_id=person_id, **form.cleaned_data, by=request.post, at=at)

    if not attempt(request, form, "posts.profile", work):
        return _show(request, 422, profile=form)
    messages.success(request, _("Saved."))
    return redirect("posts_me")


@staff(SEE)
@require_POST
def shift(request: Acting) -> HttpResponse:
    """Go on duty or off duty."""
    opening = request.POST.get("to") == "on"
    operation = operations.open_shift if opening else operations.close_shift
    said = _("You are on duty.") if opening else _("You are off duty.")
    pressed(request, "posts.shift", lambda at: operation(by=request.post, at=at), said=said)
    return redirect(onward(request, "/me/"))


@staff(SEE)
@require_POST
def away(request: Acting) -> HttpResponse:
    form = forms.Away(request.POST)

    def work(at: datetime) -> Absence:
        start, end = forms.start_of(form.cleaned_data["away_from"]), forms.end_of(form.cleaned_data["away_to"])
        assert start and end
        return operations.set_away(post_id=request.post.pk, away_from=start, away_to=end, by=request.post, at=at)

    if not attempt(request, form, "posts.away", work):
        return _show(request, 422, away=form)
    messages.success(request, _("Saved."))
    return redirect("posts_me")


@staff(SEE)
@require_POST
def back(request: Acting, absence_id: UUID) -> HttpResponse:

    def work(at: datetime) -> None:
        operations.cancel_away(absence_id=absence_id, by=request.post, at=at)

    pressed(request, f"posts.back:{absence_id}", work, said=_("Saved."))
    return redirect(onward(request, "/me/"))


@staff(SEE)
@require_POST
def end_session(request: Acting, session_id: int) -> HttpResponse:
    """Sign out another browser of one's own."""
    session = UserSession.objects.filter(pk=session_id, user=request.post.person_id).first()
    if session is None or session.session_key == request.session.session_key:
        raise Http404
    operations.end_session(session=session, by=request.post, at=timezone.now())
    messages.success(request, _("That session is signed out."))
    return redirect("posts_me")


@staff(SEE)
@require_POST
def new_token(request: Acting) -> HttpResponse:
    """Issue a token. Its secret is on this one answer and nowhere else, so the answer is the page itself."""
    form = forms.NewToken(request.POST, posts=request.posts or [request.post])
    issued: list[str] = []

    def work(at: datetime) -> Token:
        given = form.cleaned_data
        expires = forms.end_of(given["expires_at"])
        assert expires
        token, secret = operations.issue_token(
            post=form.posts[given["post"]],
            name=given["name"],
            scopes=given["scopes"],
            expires_at=expires,
            by=request.post,
            at=at,
        )
        issued.append(secret)
        return token

    if not attempt(request, form, "posts.token", work):
        return _show(request, 422, token=form)
    if not issued:  # the form was sent twice; what was shown the first time is not known any more
        return redirect("posts_me")
    return _show(request, secret=issued[0])


@staff(SEE)
@require_POST
def revoke_token(request: Acting, token_id: UUID) -> HttpResponse:

    def work(at: datetime) -> None:
        operations.revoke_token(token_id=token_id, by=request.post, at=at)

    pressed(request, f"posts.revoke:{token_id}", work, said=_("The token is revoked."))
    return redirect("posts_me")
