"""A gateway and a mail server that the tests can make misbehave, and a template to send."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils.translation import gettext_lazy as _

from qipan.foundation.outbox import templates


class GatewayServer(ThreadingHTTPServer):
    """Remembers what it got; answers what the test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[dict] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.hold = threading.Event()
        self.hold.set()
        self.reached = threading.Event()
        self.drip = 0.0  # seconds between two bytes of an answer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: GatewayServer

    def log_message(self, *_: object) -> None: ...

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.got.append(
            {"path": self.path, "headers": dict(self.headers), "body": self.rfile.read(length).decode()}
        )
        self.server.reached.set()
        self.server.hold.wait(20)
        status, headers, body = self.server.answers.pop(0) if self.server.answers else (200, {}, b'{"errcode": 0}')
        try:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for start in range(0, len(body), step := 1 if self.server.drip else max(1, len(body))):
                self.wfile.write(body[start : start + step])
                time.sleep(self.server.drip)
        except OSError:
            pass  # whoever asked has gone

    do_PUT = do_POST  # noqa: N815


@pytest.fixture
def gateway_server() -> Iterator[GatewayServer]:
    server = GatewayServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


class MailHandler(socketserver.StreamRequestHandler):
    """Just enough of RFC 5321."""

    def handle(self) -> None:
        self.say("220 test")
        letter: list[str] = []
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            word = line.split(":")[0].upper()
            if word == "DATA":
                self.say("354 go on")
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    letter.append(text)
                self.server.letters.append("\n".join(letter))  # type: ignore[attr-defined]
                self.say("250 taken")
            elif word == "RCPT TO" and (answer := self.server.refusal):  # type: ignore[attr-defined]
                self.say(answer)
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server(settings) -> Iterator[socketserver.ThreadingTCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailHandler)
    server.daemon_threads = True
    server.letters, server.refusal = [], ""  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def template() -> Iterator[str]:
    templates.register(
        name="test.told",
        title="Test",
        subject=_("Message of {number}"),
        body="{number}: {text}",
        places={"number", "text"},
    )
    yield "test.told"
    del templates.TEMPLATES["test.told"]


def body_of(call: dict) -> dict:
    return json.loads(call["body"])
