"""Five hundred staff who are signed in already, and what each of them asks for."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.middleware.csrf import _get_new_csrf_string, _mask_cipher_secret

from qipan.foundation.posts.middleware import SESSION_KEY as POST_KEY
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Role
from qipan.incidents.models import Category, Incident
from qipan.incidents.rules.steps import Status

ROLES = (Role.COMMANDER, Role.DISPATCHER, Role.HANDLER, Role.GRID_WORKER, Role.ADMINISTRATOR)


@dataclass(slots=True)
class Member:
    """One of the staff: the headers of every request, and what it has seen so far."""

    role: str
    level: int
    post: str
    area: int
    unit: int | None
    person: str
    cookie: str
    token: str
    ids: list[str] = field(default_factory=list)
    after: str = ""
    position: int = 0


def sign_in(*, count: int, at: datetime, seed: int = 1) -> list[Member]:
    """Sessions for `count` people in force, written as signing in would write them; all commanders and dispatchers
    are among them, then handlers and grid workers."""
    order = {role: place for place, role in enumerate(ROLES)}
    posts = Post.objects.filter(role__in=ROLES, kind="regular").in_force(at).with_names().order_by("id")
    chosen = sorted(posts, key=lambda post: order[Role(post.role)])
    commanders = [post for post in chosen if post.role in {Role.COMMANDER, Role.DISPATCHER, Role.ADMINISTRATOR}]
    others = [post for post in chosen if post.role in {Role.HANDLER, Role.GRID_WORKER}]
    random.Random(seed).shuffle(others)
    found, seen = [], set()
    for post in [*commanders[: count // 2], *others]:
        if len(found) < count and post.person_id not in seen:
            seen.add(post.person_id)
            found.append(_session(post))
    _second_factors([member.person for member in found])
    return found


def again(members: list[Member], *, count: int) -> list[Member]:
    """`count` more sessions of these people, in turn, as of one who is signed in on many screens."""
    posts = {str(one.pk): one for one in Post.objects.filter(pk__in={one.post for one in members}).with_names()}
    return [_session(posts[one.post]) for one in itertools.islice(itertools.cycle(members), count)]


def _second_factors(people: list[str]) -> None:
    """In production trusted roles are let in with a second factor only."""
    have = {str(key) for key in Authenticator.objects.values_list("user", flat=True)}
    Authenticator.objects.bulk_create(
        [Authenticator(user_id=key, type="totp", data={"secret": ""}) for key in people if key not in have]
    )


def _session(post: Post) -> Member:
    store = SessionStore()
    store[SESSION_KEY] = str(post.person_id)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = post.person.get_session_auth_hash()
    store[POST_KEY] = str(post.pk)
    store.create()
    secret = _get_new_csrf_string()
    return Member(
        post.role, post.level, str(post.pk), post.area_id, post.unit_id, str(post.person_id),
        f"sessionid={store.session_key}; csrftoken={secret}", _mask_cipher_secret(secret),
    )  # fmt: skip


@dataclass(slots=True)
class Work:
    """What can be written: for each step, open incidents with those who may take it; places to report from."""

    accept: list[tuple[str, Member]] = field(default_factory=list)
    dispatch: list[tuple[str, Member, int]] = field(default_factory=list)
    sign: list[tuple[str, Member]] = field(default_factory=list)
    answer: list[tuple[str, Member]] = field(default_factory=list)
    spots: list[tuple[float, float]] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)


def work(members: list[Member], *, seed: int = 1) -> Work:
    """Open incidents of the signed-in ones' desks and units, in an order that the seed decides."""
    found = Work()
    desks: dict[int, list[Member]] = {}
    handlers: dict[int, list[Member]] = {}
    for member in members:
        if member.unit is not None and member.role == Role.DISPATCHER:
            desks.setdefault(member.unit, []).append(member)
        if member.unit is not None and member.role == Role.HANDLER:
            handlers.setdefault(member.unit, []).append(member)
    dice = random.Random(seed)
    rows = list(
        Incident.objects.filter(
            status__in=(Status.AWAITING, Status.FILED, Status.DISPATCHED, Status.SIGNED, Status.HANDLING)
        )
        .order_by("id")
        .values_list(
            "id", "status", "desk", "unit", "category__photo_reason", "klass", "private", "hidden_from_village"
        )
    )
    dice.shuffle(rows)
    units = sorted(handlers)
    for key, status, desk, unit, photo, klass, private, hidden in rows:
        if status == Status.AWAITING and desk in desks and klass != "police" and not hidden:
            found.accept.append((str(key), dice.choice(desks[desk])))
        elif status == Status.FILED and desk in desks and units and klass != "police" and not hidden and not private:
            found.dispatch.append((str(key), dice.choice(desks[desk]), dice.choice(units)))
        elif status == Status.DISPATCHED and unit in handlers:
            found.sign.append((str(key), dice.choice(handlers[unit])))
        elif status in (Status.SIGNED, Status.HANDLING) and unit in handlers and not photo:
            found.answer.append((str(key), dice.choice(handlers[unit])))
    spots: Any = Incident.objects.filter(longitude__isnull=False, private=False).order_by("-reported_at")
    found.spots = list(spots.values_list("longitude", "latitude")[:2000])
    found.categories = list(
        Category.objects.filter(
            valid_to=None, private=False, urgent_default=False, klass__in=("city", "facility")
        ).values_list("key", flat=True)
    )
    return found
