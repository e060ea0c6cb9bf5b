"""A day of a phone without a network, sent in when it comes back: everything once, also over a line that breaks.

python3 run.py bench drain [--incidents 4000] [--map small] [--cuts 5] [--json FILE] [--keep]

The queue: 200 steps with 50 photos of about 200 KB. A shift begins, 50 incidents are signed for, begun and answered
(each answer with its photo), 48 are reported, the shift ends. The real server (`qipan serve`, production mode, with its
worker) as a process of its own; the phone is bound with its person's session and speaks as the field app does: the
photos one by one, then all steps in one call.

1. In one go.
2. Another such queue over a line that is cut `--cuts` times: in the middle of a photo, between two photos, in the
   middle of the steps, and just after the steps were sent, while the server carries them out. After each cut everything
   is sent again from the beginning.

Then everything is counted in the database: steps, incidents, photos, entries of the journal; and the journal is proved.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from benchmarks.board import base
from benchmarks.board.base import say
from qipan.assembly.database import Embedded
from qipan.assembly.folders import data_folder

HANDLED, REPORTED = 50, 48
KINDS = ("incidents.signed", "incidents.started", "incidents.answered")


class Cut(Exception):
    """The line broke where the benchmark breaks it."""


@dataclass
class Phone:
    """One signed-in phone over plain sockets, so that a line can be cut in the middle of a body."""

    port: int
    cookie: str
    token: str
    device: str = ""
    requests: int = 0
    sent: int = 0
    line: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: bytes, *, kind: str = "application/json", cut: str = "") -> Any:
        """`cut`: `body` closes the line after half of it, a number after so many seconds without the answer."""
        self.line = self.line or http.client.HTTPConnection("localhost", self.port, timeout=300)
        self.requests += 1
        half = body[: len(body) // 2] if cut == "body" else body
        self.line.putrequest(method, f"/api/v1/field{path}")
        for name, value in self._headers(kind, len(body)).items():
            self.line.putheader(name, value)
        self.line.endheaders()
        self.line.send(half)
        self.sent += len(half)
        if cut:
            time.sleep(0.05 if cut == "body" else float(cut))
            self.hang_up()
            raise Cut
        answer = self.line.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300].decode(errors='replace')}")
        return json.loads(content)

    def hang_up(self) -> None:
        if self.line is not None:
            if self.line.sock is not None:
                self.line.sock.shutdown(socket.SHUT_RDWR)
            self.line.close()
            self.line = None

    def _headers(self, kind: str, length: int) -> dict[str, str]:
        return {
            "Cookie": self.cookie, "X-CSRFToken": self.token, "Content-Type": kind, "Content-Length": str(length),
            "Idempotency-Key": str(uuid4()), "Field-Version": "1", "Field-Clock": datetime.now(UTC).isoformat(),
        }  # fmt: skip


@dataclass
class Queue:
    """What the phone holds: its steps in their order, and the photo of each that has one."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid4().hex[:8])

    def add(self, name: str, *, photo: bytes = b"", **more: Any) -> None:
        step = {"id": str(uuid4()), "seq": len(self.steps) + 1, "step": name, **more,
                "device_time": (datetime.now(UTC) - timedelta(minutes=400 - len(self.steps))).isoformat()}  # fmt: skip
        self.steps.append(step)
        if photo:
            self.photos[step["id"]] = photo

    def send(self, phone: Phone, cut: str = "") -> Counter[str]:
        """Everything from the beginning: photos, then steps. Raises Cut where told to."""
        where, _, how = cut.partition(":")
        for number, (key, photo) in enumerate(self.photos.items()):
            here = where == f"photo{number}"
            if here and how == "between":
                phone.hang_up()
                raise Cut
            phone.call("PUT", f"/photos/{key}?device={phone.device}", photo, kind="image/jpeg", cut=how if here else "")
        body = json.dumps({"device": phone.device, "commands": self.steps}).encode()
        answers = phone.call("POST", "/commands", body, cut=how if where == "steps" else "")["answers"]
        refused = [one for one in answers if one["result"] not in {"applied", "repeated"}]
        if refused:
            raise SystemExit(f"refused: {refused[:3]}")
        return Counter(one["result"] for one in answers)


CUTS = ("photo10:body", "photo30:between", "steps:body", "steps:0.4", "steps:1.5")


def main() -> None:
    options = base.options(__doc__, folder=data_folder() / "bench-drain")
    options.set_defaults(incidents=4_000, map="small", staff=200)
    options.add_argument("--cuts", type=int, default=len(CUTS))
    given = options.parse_args()
    with base.database(given) as server:
        figures = run(given, server)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1, default=str))


def run(given: argparse.Namespace, server: Embedded) -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    from benchmarks.board import staff
    from qipan.foundation.posts.models import Post

    base.prepare(given)
    members = staff.sign_in(count=100, at=timezone.now())
    handler = next(one for one in members if one.role == "handler" and one.unit)
    post = Post.objects.get(pk=handler.post)
    queues = {"in one go": (make(post), ()), "cut": (make(post), [CUTS[n % len(CUTS)] for n in range(given.cuts)])}
    sizes = [len(photo) for queue, _cuts in queues.values() for photo in queue.photos.values()]
    mean = sum(sizes) / len(sizes)
    say(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}; load before {os.getloadavg()[0]:.1f}")
    say(f"photos: {len(sizes)} of {min(sizes) / 1e3:.0f} to {max(sizes) / 1e3:.0f} KB, {mean / 1e3:.0f} KB in the mean")
    connection.close()
    figures: dict[str, Any] = {"photo_bytes": mean}
    with base.Server(server, workers=given.workers) as served:
        phone = Phone(served.port, handler.cookie, handler.token)
        for name, (queue, cuts) in queues.items():
            phone.device = bind(phone)
            figures[name] = drain(name, queue, list(cuts), phone, served)
        figures["journal"] = proved(served)
    return figures


def make(post: Any) -> Queue:
    """A day's queue about incidents that a dispatcher has just sent to the handler's unit."""
    from django.utils import timezone

    from qipan.foundation.areas.models import Area
    from qipan.foundation.posts.models import Post, Shift
    from qipan.foundation.posts.operations import close_shift
    from qipan.incidents import operations
    from qipan.incidents.models import Category
    from qipan.incidents.operations.report import Place

    if Shift.objects.filter(post=post, closed_at=None).exists():
        close_shift(by=post, at=timezone.now())
    dispatcher = Post.objects.in_force(timezone.now()).filter(role="dispatcher", area=post.district_id).first()
    cells = list(Area.objects.filter(level=4, district=post.district_id, valid_to=None).order_by("id")[:HANDLED])
    category = Category.objects.get(district=post.district_id, key="street-light", valid_to=None)
    queue, dice = Queue(), random.Random(uuid4().int)
    queue.add("shift_on")
    for number in range(HANDLED):
        at, place = timezone.now(), Place(area=cells[number % len(cells)])
        incident, _code = operations.report(category=category, place=place, title=f"路灯 {queue.mark}-{number}",
                                            source="staff", by=dispatcher, at=at)  # fmt: skip
        operations.accept(incident_id=incident.pk, by=dispatcher, at=at)
        incident = operations.dispatch(incident_id=incident.pk, unit=post.unit, by=dispatcher, at=at)
        known = {"about": str(incident.pk), "base": incident.version}
        queue.add("sign", body={}, **known)
        queue.add("start", body={}, **known)
        queue.add("answer", body={"text": "已修复，照明恢复。"}, photo=picture(dice), **known)
    for number in range(REPORTED):
        queue.add("report", body={"category": "street-light", "title": f"巡查 {queue.mark}-{number}",
                                  "area": cells[number % len(cells)].pk})  # fmt: skip
    queue.add("shift_off")
    return queue


def picture(dice: random.Random) -> bytes:
    """A JPEG of about 200 KB such as a phone's camera gives once it is made smaller, no two alike."""
    from PIL import Image

    rough = Image.frombytes("RGB", (200, 150), dice.randbytes(200 * 150 * 3))
    out = io.BytesIO()
    rough.resize((1280, 960), Image.Resampling.BICUBIC).save(out, "JPEG", quality=60)
    return out.getvalue()


def bind(phone: Phone) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    from qipan.foundation.devices import boxes

    key = base64.b64encode(boxes.raw_public(ec.generate_private_key(boxes.CURVE))).decode()
    return str(phone.call("POST", "/bind", json.dumps({"name": "bench", "public_key": key}).encode())["device"])


def drain(name: str, queue: Queue, cuts: list[str], phone: Phone, served: base.Server) -> dict[str, Any]:
    """Sends the queue until it is through, and counts what came of it."""
    phone.requests = phone.sent = 0
    before, began = served.processor(), time.perf_counter()
    for cut in cuts:
        try:
            queue.send(phone, cut)
        except Cut:
            continue
        raise SystemExit(f"the line was not cut at {cut}")
    results = queue.send(phone)
    took = time.perf_counter() - began
    used = {key: after - before.get(key, 0) for key, after in served.processor().items()}
    found = counted(queue, phone.device)
    say(
        f"{name}: {len(queue.steps)} steps, {len(queue.photos)} photos, {len(cuts)} cuts: {took:.1f} s, "
        f"{phone.requests} requests, {phone.sent / 1e6:.1f} MB sent; last answer "
        + ", ".join(f"{count} {result}" for result, count in sorted(results.items()))
    )
    say(f"  duplicates {found['duplicates']}, missing {found['missing']}, photos left waiting {found['waiting']}")
    say("  processor seconds: " + ", ".join(f"{key} {seconds:.1f}" for key, seconds in used.items()))
    if found["duplicates"] or found["missing"]:
        raise SystemExit("not everything is there once")
    return {"seconds": took, "requests": phone.requests, "bytes": phone.sent, "cuts": len(cuts), "used": used, **found}


def counted(queue: Queue, device: str) -> dict[str, int]:
    """How many things are there twice, and how many not at all: steps, their entries, incidents and photos."""
    from django.db import connection
    from django.db.models import Count

    from qipan.foundation.devices.models import Carried, Photo
    from qipan.foundation.journal.models import Entry
    from qipan.incidents.models import Attachment, Incident

    steps = [step["id"] for step in queue.steps]
    handled = {step["about"] for step in queue.steps if step.get("about")}
    entries = Entry.objects.filter(kind="workflows.field_step", command_id__in=steps)
    counts = {
        "steps": (len(steps), list(entries.values("command_id").annotate(n=Count("id")).values_list("n", flat=True))),
        "carried": (len(steps), [1] * Carried.objects.filter(pk__in=steps, device=device).count()),
        "photos": (len(queue.photos), list(Attachment.objects.filter(incident__in=handled).values("incident")
                                           .annotate(n=Count("id")).values_list("n", flat=True))),
        "reports": (REPORTED, list(Incident.objects.filter(title__startswith=f"巡查 {queue.mark}-").values("title")
                                   .annotate(n=Count("id")).values_list("n", flat=True))),
    }  # fmt: skip
    for kind in KINDS:
        rows = Entry.objects.filter(kind=kind, about_id__in=handled).values("about_id").annotate(n=Count("id"))
        counts[kind] = (len(handled), list(rows.values_list("n", flat=True)))
    found = {
        "duplicates": sum(sum(times) - len(times) for _wanted, times in counts.values()),
        "missing": sum(wanted - len(times) for wanted, times in counts.values()),
        "waiting": Photo.objects.filter(device=device).count(),
    }
    connection.close()
    return found


def proved(served: base.Server) -> dict[str, Any]:
    """Waits until everything has its position, then has the journal verified by the command line."""
    from django.db import connection

    until = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute("SELECT count(*) FROM journal_pending")
            if not cursor.fetchone()[0]:
                break
            time.sleep(0.2)
    connection.close()
    done = subprocess.run(
        [sys.executable, "-m", "qipan", "--json", "journal", "verify"],
        env=served.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the journal does not verify: {done.stdout[-500:]}{done.stderr[-500:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    word = "sound" if report["sound"] else "NOT SOUND"
    say(f"journal: {report['entries']:,} entries verified, {report['waiting']} waiting: {word}")
    if not report["sound"]:
        raise SystemExit("the journal is not sound")
    return {key: report[key] for key in ("entries", "sound", "waiting")}


if __name__ == "__main__":
    main()
