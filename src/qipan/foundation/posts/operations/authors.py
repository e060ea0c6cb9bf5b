"""Who writes: a post, which must be allowed to, or an author such as the system itself."""

from __future__ import annotations

from qipan.foundation.areas.models import Area
from qipan.foundation.journal.rules import Author
from qipan.foundation.posts import access
from qipan.foundation.posts.models import Post
from qipan.foundation.posts.rules import Ability
from qipan.foundation.refusals import NotFound


class OutsideYourArea(NotFound):
    """There is no such place in your area."""


def check(by: Post | Author, ability: Ability, *areas: Area) -> None:
    """Raises NotYours if a post may not do this, OutsideYourArea if one of the areas is not its own or below it."""
    if isinstance(by, Post):
        access.require(by, ability)
        if not all(by.covers(area.path) for area in areas):
            raise OutsideYourArea
