"""GET /live/events: what happens in a viewer's sight, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from qipan.foundation.duties.rules import SEE
from qipan.foundation.interface.pages import staff
from qipan.foundation.posts.middleware import SESSION_KEY, Acting
from qipan.foundation.posts.models import Post
from qipan.foundation.refusals import Invalid
from qipan.live import hub, rows
from qipan.live.rows import Grounds

PING = 15.0  # seconds
RETRY = b"retry: 2000\n\n"
BIGGEST = 2**63 - 1


class NotAStream(Invalid):
    """This address sends events as they happen, to pages of whoever is signed in. Open the board instead."""


@require_GET
@staff(SEE)
def events(request: Acting) -> StreamingHttpResponse:
    """The feed. Resumes after the header Last-Event-ID, or after `?after=`. Raises NotAStream, TooManyStreams."""
    session = "" if request.token_used else request.session.session_key or ""
    if not session or "text/event-stream" not in request.headers.get("Accept", ""):
        raise NotAStream
    leave = hub.seats.take(session)
    grounds = Grounds.of(request.post, session=session, chosen=str(request.session.get(SESSION_KEY, "")))
    english = (get_language() or "").startswith("en")
    after = _number(request.headers.get("Last-Event-ID") or request.GET.get("after", ""))
    response = StreamingHttpResponse(
        _stream(request.post, grounds, english=english, after=after), content_type="text/event-stream"
    )
    response.headers["X-Accel-Buffering"] = "no"  # a proxy in front passes each event on at once
    response._resource_closers.append(leave)  # type: ignore[attr-defined]
    return response


def _number(text: str) -> int | None:
    return min(int(text), BIGGEST) if text.isascii() and text.isdigit() and len(text) < 20 else None


async def _stream(post: Post, grounds: Grounds, *, english: bool, after: int | None) -> AsyncIterator[bytes]:
    yield RETRY
    board = hub.Board(grounds, english=english)
    board.after = BIGGEST  # nothing is put before it is known where to begin
    with hub.listening(board) as source:
        await source.ready.wait()
        if board.ended:
            return
        # From here to the first wait nothing else runs: what is placed up to now is the backlog, the rest is live.
        upto = source.position
        begin = upto if after is None else after
        board.after = max(begin, upto)
        yield hub.event("hello", begin, {"position": begin, "now": timezone.now()})
        if after is not None:
            missed = await source.ask(rows.missed, post=post, after=after, upto=upto)
            if missed.too_much:
                board.reset(max(upto, source.position))
            else:
                for position, key, row in missed.told:
                    yield hub.gone(position, key) if row is None else hub.incident(position, row, english=english)
                yield hub.event("duty", board.after, {})
        while not board.ended:
            if found := board.taken():
                yield found
                continue
            try:
                await asyncio.wait_for(board.wake.wait(), PING)
            except TimeoutError:
                yield b": ping\n\n"
