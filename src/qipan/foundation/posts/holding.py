"""Who somebody is at this moment, in one statement: asked for every request, so it is written by hand.

The same question as `models.Posts.in_force`, which builds its statement anew each time (milliseconds); a test holds the
two to the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from qipan.foundation.areas.models import Area
from qipan.foundation.posts.models import Person, Post, Unit
from qipan.foundation.posts.rules import TRUSTED

HELD = "{0}.valid_from <= %(at)s AND ({0}.valid_to IS NULL OR {0}.valid_to > %(at)s)"
STATEMENT = f"""
SELECT {{columns}},
  CASE WHEN EXISTS (SELECT 1 FROM mfa_authenticator f WHERE f.user_id = person.id AND f.type <> 'recovery_codes')
      THEN false
    WHEN post.role = ANY (%(trusted)s) THEN true
    ELSE EXISTS (SELECT 1 FROM posts_signinrule r
                 WHERE r.district_id = post.district_id AND post.role = ANY (r.second_factor))
  END
FROM posts_person person
LEFT JOIN posts_post post ON post.person_id = person.id AND person.is_active AND {HELD.format("post")}
  AND (post.kind <> 'deputy'
    OR NOT EXISTS (SELECT 1 FROM posts_post main JOIN posts_person holder ON holder.id = main.person_id
                   WHERE main.id = post.deputy_of_id AND holder.is_active AND {HELD.format("main")})
    OR EXISTS (SELECT 1 FROM posts_absence a
               WHERE a.post_id = post.deputy_of_id AND a.away_from <= %(at)s AND a.away_to > %(at)s)
    OR (post.stands_in = 'off_duty' AND NOT EXISTS (
          SELECT 1 FROM posts_shift s WHERE s.post_id = post.deputy_of_id AND s.opened_at <= %(at)s
            AND (s.closed_at IS NULL OR s.closed_at > %(at)s))))
LEFT JOIN areas_area area ON area.id = post.area_id
LEFT JOIN areas_area district ON district.id = post.district_id
LEFT JOIN posts_unit unit ON unit.id = post.unit_id
WHERE person.id = %(person)s
ORDER BY area.level, post.kind, post.id::text COLLATE "C"
"""  # noqa: S608
PARTS: tuple[tuple[str, Any], ...] = (
    ("person", Person), ("post", Post), ("area", Area), ("district", Area), ("unit", Unit),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A post in force, and whether its holder still needs a second factor for it."""

    post: Post
    lacks_factor: bool


@cache
def _statement() -> tuple[str, list[tuple[str, Any, list[str], slice]]]:
    columns: list[str] = []
    parts = []
    for alias, model in PARTS:
        fields = model._meta.concrete_fields
        parts.append(
            (alias, model, [field.attname for field in fields], slice(len(columns), len(columns) + len(fields)))
        )
        columns += [f'{alias}."{field.column}"' for field in fields]
    return STATEMENT.format(columns=", ".join(columns)), parts


def held(*, person_id: UUID, at: datetime, production: bool) -> tuple[Person | None, list[Held]]:
    """A person (None: there is no such) and its posts in force, the highest area first; all names are loaded.

    `production`: trusted roles need a second factor whatever the district says.
    """
    statement, parts = _statement()
    trusted = sorted(TRUSTED) if production else []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"person": person_id, "at": at, "trusted": trusted})
        rows = cursor.fetchall()
    person: Person | None = None
    found = []
    for row in rows:
        made = {
            alias: model.from_db("default", names, row[place]) if row[place.start] is not None else None
            for alias, model, names, place in parts
        }
        person = person or made["person"]
        if post := made["post"]:
            post.person, post.area, post.district, post.unit = person, made["area"], made["district"], made["unit"]
            found.append(Held(post, row[-1]))
    return person, found
