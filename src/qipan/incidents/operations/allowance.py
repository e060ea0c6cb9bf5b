"""What a page that needs no account lets one address, or all of a district, do in a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.crypto import salted_hmac

from qipan.foundation.refusals import TooMany
from qipan.incidents.models import Reporter
from qipan.incidents.operations.report import CODE_LENGTH, code_digest, plain_code


class TryLater(TooMany):
    """Too many requests have come from here. Please try again later, or call the hotline 12345."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """So many in so long."""

    most: int
    within: timedelta


# Behind one address of a mobile network stand many residents, so one address may do more than one person needs.
REPORTS_FROM_HERE = Allowed(20, timedelta(hours=1))
REPORTS_IN_DISTRICT = Allowed(600, timedelta(hours=1))
LOOKS_FROM_HERE = Allowed(60, timedelta(minutes=10))
WRONG_CODES_FROM_HERE = Allowed(10, timedelta(hours=1))
KEPT = timedelta(days=1)


def spend(*, what: str, who: str, allowed: Allowed, at: datetime) -> int:
    """Use one of an allowance; how many are used now. Raises TryLater beyond it. Counted at once, exactly, by all
    processes together; `who` (an address, a district) is kept only as a keyed digest."""
    seconds = int(allowed.within.total_seconds())
    window = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=at.tzinfo)
    key = salted_hmac("incidents.allowance", f"{what} {who}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO incidents_allowance (key, "window", used) VALUES (%s, %s, 1) ON CONFLICT (key) DO UPDATE SET '
            'used = CASE WHEN incidents_allowance."window" = EXCLUDED."window" THEN incidents_allowance.used + 1 '
            'ELSE 1 END, "window" = EXCLUDED."window" RETURNING used',
            [key, window],
        )
        used = int(cursor.fetchone()[0])
        if used == 1:  # now and then, the forgotten ones go
            cursor.execute(
                "DELETE FROM incidents_allowance WHERE key IN "
                '(SELECT key FROM incidents_allowance WHERE "window" < %s LIMIT 100)',
                [at - KEPT],
            )
    if used > allowed.most:
        raise TryLater
    return used


def find_reporter(*, code: str, who: str, at: datetime) -> Reporter | None:
    """Whose tracking code it is. Every look counts, and wrong codes once more. Raises TryLater."""
    spend(what="look", who=who, allowed=LOOKS_FROM_HERE, at=at)
    wrong = WRONG_CODES_FROM_HERE
    if used(what="wrong code", who=who, allowed=wrong, at=at) >= wrong.most:
        raise TryLater
    rows = Reporter.objects.filter(code=code_digest(code)).select_related(
        "incident__category", "incident__district", "incident__township", "incident__village"
    )
    found = rows.first() if len(plain_code(code)) == CODE_LENGTH else None
    if found is None:
        spend(what="wrong code", who=who, allowed=wrong, at=at)
    return found


def used(*, what: str, who: str, allowed: Allowed, at: datetime) -> int:
    """How much of an allowance is used, without using any."""
    seconds = int(allowed.within.total_seconds())
    window = datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, tz=at.tzinfo)
    key = salted_hmac("incidents.allowance", f"{what} {who}", algorithm="sha256").hexdigest()
    with connection.cursor() as cursor:
        cursor.execute('SELECT used FROM incidents_allowance WHERE key = %s AND "window" = %s', [key, window])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
