"""The server's way into Django: one hop into a thread for each request, and back.

Django's own ASGI handler crosses between the loop and threads once for every synchronous middleware and gives each
request a thread of its own. All our views are synchronous, so the whole request runs in one thread of a small pool
here, with its database connection, and only bytes come back.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core import signals
from django.core.asgi import get_asgi_application
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http.response import HttpResponseBase, HttpResponseServerError
from django.urls import set_script_prefix

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qipan.assembly.settings")
get_asgi_application()  # sets Django up; the handler below takes its place

from qipan.assembly import health, metrics  # noqa: E402
from qipan.live import hub  # noqa: E402

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Coroutine[Any, Any, None]]
log = logging.getLogger(__name__)
TOO_LARGE = b"413 Payload too large"


class Arriving:
    """A request's body on its way. Once it is larger than we ever take, we hang up."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.receive = receive
        length = dict(scope["headers"]).get(b"content-length", b"")
        self.left: int = settings.LARGEST_BODY
        self.too_large = length.isdigit() and int(length) > self.left

    async def __call__(self) -> Message:
        if not self.too_large:
            message = await self.receive()
            self.left -= len(message.get("body", b""))
            self.too_large = self.left < 0
        return {"type": "http.disconnect"} if self.too_large else message


class Application(ASGIHandler):
    """`threads`: how many requests are worked on at once; more wait their turn."""

    def __init__(self, *, threads: int) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"] in health.PATHS:
                await self._health(scope, send)
            else:
                await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        arriving = Arriving(scope, receive)
        try:
            body = await self.read_body(arriving)
        except RequestAborted:
            if arriving.too_large:
                await _plain(send, 413, TOO_LARGE)
            return
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        try:
            response, content = await loop.run_in_executor(self.threads, context.run, self._work, scope, body)
            if response is None:
                await _plain(send, 400, content)
            elif not response.streaming:
                await send(_start(response))
                await send({"type": "http.response.body", "body": content})
            elif getattr(response, "is_async", False):
                await self._stream_async(response, receive, send)
            else:
                await loop.run_in_executor(self.threads, context.run, self._stream, response, send, loop)
        finally:
            body.close()

    def _work(self, scope: Scope, body: Any) -> tuple[HttpResponseBase | None, bytes]:
        """In a thread: the whole request, from its first middleware to its closed database connection."""
        started = time.perf_counter()
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, problem = self.create_request(scope, body)
        if request is None:
            signals.request_finished.send(sender=self.__class__)
            return None, getattr(problem, "content", b"")
        response: Any
        try:
            response = self.get_response(request)
        except Exception:  # the page of errors itself is broken
            log.exception("no answer to %s", request.path)
            response = HttpResponseServerError(b"500 Internal Server Error", content_type="text/plain")
        response._handler_class = self.__class__
        content = b""
        if not response.streaming:
            content = response.content
            response.close()
        elif getattr(response, "is_async", False):
            close_old_connections()  # it is sent from the loop, for hours perhaps: this thread's work is over
        metrics.count(request, response.status_code, time.perf_counter() - started)
        return response, content

    def _stream(self, response: Any, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: a synchronous stream (an export), its rows read from the database as they are sent."""

        def tell(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(send(message), loop).result()

        try:
            tell(_start(response))
            for part in response:
                tell({"type": "http.response.body", "body": part, "more_body": True})
            tell({"type": "http.response.body", "body": b""})
        finally:
            response.close()

    async def _stream_async(self, response: Any, receive: Receive, send: Send) -> None:
        """A live feed: sent from the loop until either side ends it."""
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self.send_response(response, send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:  # also when the server ends
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
            await asyncio.get_running_loop().run_in_executor(self.threads, response.close)

    async def _health(self, scope: Scope, send: Send) -> None:
        """Beside Django: an answer even while every thread is busy, whatever host name the question came to."""
        answer = await asyncio.to_thread(health.answer, scope)
        await _plain(send, answer.status, answer.body, answer.content_type)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                hub.close_at_signals()
                hub.settle()
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.threads.shutdown)
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(response: HttpResponseBase) -> dict[str, Any]:
    headers = [(key.encode("ascii"), value.encode("latin1")) for key, value in response.items()]
    headers += [(b"Set-Cookie", morsel.OutputString().encode("ascii")) for morsel in response.cookies.values()]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


async def _plain(send: Send, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


__all__ = ["ASGIRequest", "Application", "application"]
application = Application(threads=settings.THREADS)
