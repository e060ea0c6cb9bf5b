"""How a message leaves the house: by SMTP, or by HTTP to a gateway. No database here; every wait has an end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import smtplib
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from qipan.foundation.outbox import rules
from qipan.kernels import identity

LONGEST_ANSWER = 64 * 1024


class Undelivered(Exception):
    """It did not go this time. `final`: trying again will not help. `after`: seconds the other side asks to wait.

    `why` is kept with the message and journalled, and may hold what the other side said: numbers in it are masked.
    """

    def __init__(self, why: str, *, final: bool = False, after: int | None = None) -> None:
        super().__init__(why)
        self.why, self.final, self.after = identity.mask_text(why).text[:300], final, after


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a channel needs of a message."""

    id: str
    subject: str
    text: str
    link: str
    address: str


def mail(letter: Letter) -> None:
    """Send by SMTP. The message's own id is its Message-ID, so that a copy sent again is known as one."""
    message = EmailMessage(
        subject=" ".join(letter.subject.split()),
        body=letter.text + (f"\n\n{letter.link}" if letter.link else ""),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.address],
        headers={"Message-ID": f"<{letter.id}@qipan>"},
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
    )
    if settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        raise Undelivered("no mail server is set", final=True)
    try:
        if message.send() != 1:
            raise Undelivered("the mail server took nothing")
    except (OSError, ValueError) as problem:  # smtplib's errors are OSErrors
        code = getattr(problem, "smtp_code", 0)
        if isinstance(problem, smtplib.SMTPRecipientsRefused):
            code = max(code for code, _text in problem.recipients.values())
        raise Undelivered(type(problem).__name__, final=500 <= code < 600 and code != 535) from problem


@dataclass(frozen=True, slots=True)
class Service:
    """A gateway, without its row."""

    url: str
    method: str
    headers: dict[str, str]
    body: Any
    form: bool
    sign_with: str
    success_field: str
    success_value: str


def post(service: Service, letter: Letter, *, at: datetime) -> None:
    """Send to a gateway. `Idempotency-Key` carries the message's id: a gateway that knows it drops a second copy."""
    values = {
        "phone": letter.address,
        "subject": letter.subject,
        "text": letter.text,
        "link": letter.link,
        "id": letter.id,
        **_secrets(service),
    }
    url = rules.fill(service.url, {key: quote(value, safe="") for key, value in values.items()})
    if service.sign_with:
        url = _signed(url, secret=secret(service.sign_with), at=at)
    headers = {key: _one_line(rules.fill(value, values)) for key, value in service.headers.items()}
    headers = {"Idempotency-Key": letter.id, **headers}
    body = rules.fill_tree(service.body, values)
    content: dict[str, Any] = {}
    if service.method != "GET":
        content = {"data": body} if service.form else {"json": body}
    try:
        with (
            httpx.Client(timeout=settings.GATEWAY_TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream(service.method, url, headers=headers, **content) as answer,
        ):
            text = _read(answer)
    except httpx.HTTPError as problem:
        raise Undelivered(type(problem).__name__) from problem
    _judge(answer, text, service)


def _judge(answer: httpx.Response, text: bytes, service: Service) -> None:
    if answer.status_code in {408, 425, 429} or answer.status_code >= 500:
        wait = answer.headers.get("Retry-After", "")
        raise Undelivered(f"HTTP {answer.status_code}", after=min(int(wait), 3600) if wait.isdigit() else None)
    if not answer.is_success:
        raise Undelivered(f"HTTP {answer.status_code}", final=True)
    if service.success_field:
        try:
            found = json.loads(text)[service.success_field]
        except (ValueError, KeyError, TypeError):
            raise Undelivered(f"the answer has no {service.success_field}") from None
        if str(found) != service.success_value:
            # Masked before it is cut: half a number is not seen to be one.
            raise Undelivered(f"{service.success_field} {identity.mask_text(str(found)).text[:40]}")


def _read(answer: httpx.Response) -> bytes:
    text, until = b"", time.monotonic() + settings.GATEWAY_TIMEOUT
    for part in answer.iter_bytes():
        text += part
        if len(text) > LONGEST_ANSWER:
            raise Undelivered("the answer is too long")
        if time.monotonic() > until:  # one that comes byte by byte never keeps us waiting for the next
            raise Undelivered("the answer takes too long")
    return text


def secret(name: str) -> str:
    """A secret of the environment. Raises Undelivered if there is none."""
    try:
        return os.environ[f"QIPAN_SECRET_{name}"]
    except KeyError:
        raise Undelivered(f"QIPAN_SECRET_{name} is not set") from None


def _secrets(service: Service) -> dict[str, str]:
    text = json.dumps([service.url, service.headers, service.body], ensure_ascii=False)
    names = {place.removeprefix("secret_") for place in rules.places(text) if place.startswith("secret_")}
    return {f"secret_{name}": secret(name) for name in names}


def _signed(url: str, *, secret: str, at: datetime) -> str:
    """DingTalk's signature of a robot's address: HMAC-SHA256 over time and secret (open.dingtalk.com)."""
    stamp = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
