"""Every write about people, units, posts, shifts and tokens."""

from qipan.foundation.posts.operations.away import cancel_away, set_away
from qipan.foundation.posts.operations.handover import HandOver, hand_over, preview_hand_over, register_hand_over
from qipan.foundation.posts.operations.people import (
    change_person,
    create_person,
    disable_person,
    enable_person,
    end_session,
    require_second_factor,
    set_password,
)
from qipan.foundation.posts.operations.posts import appoint, change, deputise, end, expire
from qipan.foundation.posts.operations.shifts import close_shift, open_shift
from qipan.foundation.posts.operations.tokens import issue_token, revoke_token, use_token
from qipan.foundation.posts.operations.units import change_unit, close_unit, create_unit
from qipan.foundation.posts.operations.volunteers import add_volunteer, end_volunteer

__all__ = [
    "HandOver",
    "add_volunteer",
    "appoint",
    "cancel_away",
    "change",
    "change_person",
    "change_unit",
    "close_shift",
    "close_unit",
    "create_person",
    "create_unit",
    "deputise",
    "disable_person",
    "enable_person",
    "end",
    "end_session",
    "end_volunteer",
    "expire",
    "hand_over",
    "issue_token",
    "open_shift",
    "preview_hand_over",
    "register_hand_over",
    "require_second_factor",
    "revoke_token",
    "set_away",
    "set_password",
    "use_token",
]
