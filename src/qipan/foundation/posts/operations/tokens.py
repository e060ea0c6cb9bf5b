"""API tokens: shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from qipan.foundation.journal import operations as journal
from qipan.foundation.posts import holding, rules
from qipan.foundation.posts.models import Post, Token
from qipan.foundation.refusals import Conflict, Invalid, NotFound

PREFIX = "qipan_"
LONGEST = timedelta(days=366)
SEEN_EVERY = timedelta(minutes=1)
GENERAL_SCOPES = ("read", "write")


class UnknownScope(Invalid):
    """There is no scope called {scope}."""


class TooLong(Invalid):
    """A token lives for a year at most, and ends after today."""


class RevokedAlready(Conflict):
    """This token is revoked already."""


def digest(secret: str) -> bytes:
    """What is kept of a token. It has 256 random bits, so a fast digest cannot be searched backwards."""
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def issue_token(
    *, post: Post, name: str, scopes: Iterable[str], expires_at: datetime, by: Post, at: datetime
) -> tuple[Token, str]:
    """A token that acts as `post`, one of the writer's own. The second value is the secret, shown this once.

    Scopes: `read` (everything it may see), `write` (everything it may do), or single abilities ("incidents.file").
    Raises UnknownScope, TooLong, NotFound for a post of somebody else.
    """
    wanted = sorted(set(scopes))
    if post.person_id != by.person_id:
        raise NotFound
    unknown = [scope for scope in wanted if scope not in GENERAL_SCOPES and scope not in rules.MAY]
    if unknown or not wanted:
        raise UnknownScope(field="scopes", scope=", ".join(unknown) or "—")
    if not at < expires_at <= at + LONGEST:
        raise TooLong(field="expires_at")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        post=post, name=name, digest=digest(secret), scopes=wanted, created_at=at, expires_at=expires_at
    )
    journal.record(
        "posts.token_issued", token, by=by, at=at, scopes=wanted, expires_at=expires_at.isoformat(), post=str(post.pk)
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token_id: UUID, by: Post, at: datetime) -> None:
    """End a token: its owner, or an administrator of the area. Raises RevokedAlready."""
    rows = Token.objects.select_for_update(of=("self",)).select_related("post__area", "post__person", "post__unit")
    token = rows.filter(pk=token_id, post__district=by.district_id).first()
    if token is None or not (
        token.post.person_id == by.person_id or (by.may("posts.administer") and by.covers(token.post.area.path))
    ):
        raise NotFound
    if token.revoked_at:
        raise RevokedAlready
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    journal.record("posts.token_revoked", token, by=by, at=at)


def use_token(*, secret: str, at: datetime) -> Post | None:
    """The post in force that a secret acts as, with the token's scopes on it; None for any other secret."""
    if not secret.startswith(PREFIX):
        return None
    rows = Token.objects.filter(digest=digest(secret), revoked_at=None, expires_at__gt=at)
    token = rows.select_related("post").only("post__person_id", "scopes", "last_used_at").first()
    if token is None:
        return None
    _person, held = holding.held(person_id=token.post.person_id, at=at, production=False)
    post = next((one.post for one in held if one.post.pk == token.post_id), None)
    if post is None:
        return None
    unseen = Q(last_used_at=None) | Q(last_used_at__lt=at - SEEN_EVERY)
    if token.last_used_at is None or token.last_used_at < at - SEEN_EVERY:
        Token.objects.filter(unseen, pk=token.pk).update(last_used_at=at)
    post.scopes = frozenset(token.scopes)
    return post
