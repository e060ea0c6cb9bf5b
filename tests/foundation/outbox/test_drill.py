"""Workers that are killed, and many workers at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from qipan.foundation.outbox import operations, rules, worker
from qipan.foundation.outbox.models import Message
from qipan.foundation.posts.rules import Role
from tests import factories
from tests.foundation.outbox.test_outbox import contact, gateway, tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PROGRAM = """
import os, django
django.setup()
from datetime import datetime
from qipan.foundation.outbox import worker
worker.deliver(datetime.fromisoformat(os.environ["AT"]))
"""


def database_url() -> str:
    values = connection.settings_dict
    return (
        f"postgresql://{values['USER']}:{values.get('PASSWORD', '')}@/{connection.connection.info.dbname}"
        f"?host={values['HOST']}&port={values['PORT'] or 5432}"
    )


def four_times(work: Callable[[], None]) -> None:
    """The same work by four at once, to its end."""
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_worker_killed_while_sending_leaves_the_message_to_another_and_it_is_known_as_the_same(
    template, gateway_server
):
    post = factories.post(Role.HANDLER)
    admin = factories.post(Role.ADMINISTRATOR, post.area)
    gateway(admin, gateway_server)
    (message,) = tell(post, to=contact(post))
    (told,) = tell(post)
    gateway_server.hold.clear()
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "qipan.assembly.settings",
        "AT": NOON.isoformat(),
    }
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment)
    try:
        assert gateway_server.reached.wait(30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    gateway_server.hold.set()
    message.refresh_from_db()
    assert message.state == "sending"
    assert worker.deliver(NOON) == 0
    assert worker.deliver(NOON + rules.LEASE) == 1
    message.refresh_from_db()
    told.refresh_from_db()
    assert (message.state, message.tries) == ("sent", 2)
    assert [call["headers"]["Idempotency-Key"] for call in gateway_server.got] == [str(message.pk)] * 2
    assert Message.objects.filter(channel="app").count() == 1


def test_many_workers_send_each_message_once(template, gateway_server):
    post = factories.post(Role.HANDLER)
    admin = factories.post(Role.ADMINISTRATOR, post.area)
    gateway(admin, gateway_server)
    to = contact(post)
    sent = {str(tell(post, to=to)[0].pk) for _ in range(40)}

    def work() -> None:
        while worker.deliver(NOON, batch=3):
            pass
        connection.close()

    four_times(work)
    assert Counter(call["headers"]["Idempotency-Key"] for call in gateway_server.got) == dict.fromkeys(sent, 1)
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_the_same_thing_told_by_two_at_once_is_told_once(template):
    post = factories.post(Role.HANDLER)
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait()
        tell(post, dedupe="once")
        connection.close()

    four_times(work)
    assert Message.objects.count() == 1
    assert operations.mark_read(by=post, at=NOON) == 1
