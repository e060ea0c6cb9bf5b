"""The server's own part: bodies, streams, health and numbers, without a network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.translation import get_language

from qipan.assembly import asgi, health, metrics
from qipan.foundation.posts import operations
from tests import factories

closed = threading.Event()


def echo(request: HttpRequest, number: int) -> HttpResponse:
    response = HttpResponse(request.body + threading.current_thread().name.encode())
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


def rows(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        try:
            for number in range(3):
                yield f"{number},{threading.current_thread().name}\n".encode()
        finally:
            closed.set()

    return StreamingHttpResponse(parts())


def feed(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        try:
            yield b"data: 1\n\n"
            yield b"data: 2\n\n"
        finally:
            closed.set()

    return StreamingHttpResponse(parts(), content_type="text/event-stream")


def tongue(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_language() or "none")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("inside")


urlpatterns = [
    path("echo/<int:number>/", echo),
    path("rows/", rows),
    path("feed/", feed),
    path("broken/", broken),
    path("tongue/", tongue),
]


@pytest.fixture
def application(settings):
    settings.ROOT_URLCONF = __name__
    closed.clear()
    made = asgi.Application(threads=2)
    yield made
    made.threads.shutdown()


def ask(application, method: str, address: str, client=("127.0.0.1", 5000), **more) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=application, client=client, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            return await http.request(method, address, **more)

    # In a thread: the browser tests' own loop may be running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, go()).result()


def test_a_request_runs_in_a_thread_of_the_pool_and_every_cookie_comes_back(application):
    answer = ask(application, "GET", "/echo/1/")
    assert answer.text.startswith("request_")
    assert {"one=1; Path=/", "two=2; Path=/"} == set(answer.headers.get_list("set-cookie"))


def test_a_request_leaves_its_language_to_nobody_not_even_where_the_language_is_not_chosen_anew(application, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    one = asgi.Application(threads=1)
    assert ask(one, "GET", "/tongue/", headers={"Accept-Language": "en"}).text == "en"
    assert one.threads.submit(get_language).result() == "zh-hans"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Locale" not in name]
    plain = asgi.Application(threads=1)
    plain.threads, one.threads = one.threads, plain.threads
    assert ask(plain, "GET", "/tongue/", headers={"Accept-Language": "en"}).text == "zh-hans"
    plain.threads.shutdown()


def test_a_body_larger_than_allowed_is_not_even_read(application, settings):
    settings.LARGEST_BODY = 10
    assert ask(application, "PUT", "/echo/1/", content=b"x" * 11).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"xxxx"

    assert ask(application, "PUT", "/echo/1/", content=chunks()).status_code == 413


@pytest.mark.parametrize(("address", "text"), [("/rows/", "0,request_"), ("/feed/", "data: 1")])
def test_streams_arrive_whole_and_are_closed(application, address, text):
    answer = ask(application, "GET", address)
    assert answer.text.startswith(text)
    assert answer.text.count("\n") >= 3
    assert closed.wait(5)


def test_an_error_inside_is_a_page_without_the_inside(application):
    answer = ask(application, "GET", "/broken/")
    assert answer.status_code == 500
    assert "RuntimeError" not in answer.text
    assert "inside" not in answer.text


def test_requests_are_counted_by_route_never_by_address(application):
    before = metrics.REQUESTS.labels("GET", "/echo/<int:number>/", "200")._value.get()
    nowhere = metrics.REQUESTS.labels("GET", "(none)", "404")._value.get()
    for address in ("/echo/1/", "/echo/2/", "/nowhere/1", "/nowhere/2"):
        ask(application, "GET", address)
    assert metrics.REQUESTS.labels("GET", "/echo/<int:number>/", "200")._value.get() == before + 2
    assert metrics.REQUESTS.labels("GET", "(none)", "404")._value.get() == nowhere + 2


def test_up_is_answered_without_the_database_and_for_any_host(application):
    answer = ask(application, "GET", "/healthz", headers={"Host": "10.0.0.7"})
    assert (answer.status_code, answer.json()) == (200, {"up": True})


def test_numbers_are_for_this_machine_or_for_whoever_has_the_token(application, settings, monkeypatch):
    monkeypatch.setattr(metrics, "text", lambda: b"numbers")
    assert ask(application, "GET", "/metrics").text == "numbers"
    assert ask(application, "GET", "/metrics", client=("192.0.2.1", 5000)).status_code == 404
    settings.METRICS_TOKEN = "t0ken"
    assert ask(application, "GET", "/metrics").status_code == 404
    given = {"Authorization": "Bearer t0ken"}
    assert ask(application, "GET", "/metrics", client=("192.0.2.1", 5000), headers=given).text == "numbers"


@pytest.mark.django_db
def test_ready_says_what_is_missing(settings, monkeypatch, tmp_path):
    settings.KEYS = tmp_path
    health._first_seen.clear()
    assert set(health.ready().values()) == {""}
    post = factories.post()
    operations.open_shift(by=post, at=post.valid_from)
    assert health.ready()["journal"] == ""
    clock = health.time.monotonic() + health.LONGEST_LAG + 1
    monkeypatch.setattr(health.time, "monotonic", lambda: clock)
    assert "worker" in health.ready()["journal"]
    assert health.journal_lag()[0] == 1
    monkeypatch.setattr(health, "unapplied", lambda: 2)
    health._migrated.clear()
    assert "qipan init" in health.ready()["migrations"]


@pytest.mark.django_db
def test_numbers_tell_of_duties_messages_and_the_journal(settings, tmp_path):
    post = factories.post()
    operations.open_shift(by=post, at=post.valid_from)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_pending")
        (pending,) = cursor.fetchone()
    text = metrics.text().decode()
    assert f"qipan_journal_pending {float(pending)}" in text
    assert 'qipan_duties{state="breached"} 0.0' in text
    assert 'qipan_messages{state="failed"} 0.0' in text
