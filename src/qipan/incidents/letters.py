"""What reporters are written. A district may word these differently."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from qipan.foundation.outbox import templates

PLACES = {"number", "answer"}
LETTERS = {
    "incidents.accepted": (
        _("Your report was accepted"),
        _("Your report {number} was accepted and is being handled. You can follow it with your tracking code."),
    ),
    "incidents.declined": (
        _("Your report was not accepted"),
        _("Your report {number} was not accepted: {answer}"),
    ),
    "incidents.declined_private": (
        _("Your report was not accepted"),
        _("Your report {number} was not accepted. You can read the reason with your tracking code."),
    ),
    "incidents.closed_private": (
        _("Your report was completed"),
        _("Your report {number} was completed. You can read the answer and rate the result with your tracking code."),
    ),
    "incidents.merged": (
        _("Your report was joined with an earlier one"),
        _("Your report {number} concerns a matter already being handled and was joined with it. You will hear of it."),
    ),
    "incidents.unmerged": (
        _("Your report is being handled by itself"),
        _("Your report {number} is now handled by itself. Its tracking code stays the same."),
    ),
    "incidents.closed": (
        _("Your report was completed"),
        _("Your report {number} was completed: {answer} You can rate the result with your tracking code."),
    ),
    "incidents.reopened": (
        _("Your report is being handled again"),
        _("Your report {number} was opened again and is being handled."),
    ),
}  # fmt: skip


# What staff are written where the law wants a report level by level.
UPWARD = {
    "incidents.report_up": (
        _("To be reported upward"),
        _("{number} has to be reported to the level above by {due}. What is not reported by then climbs by itself."),
    ),
    "incidents.report_to_city": (
        _("To be reported to the city"),
        _("{number} has to be reported to the city by {due}. Please report it and say in its file to whom."),
    ),
}

LAPSED = (
    _("Your request has lapsed"),
    _("{number} has ended ({status}) before what you asked for was decided. Nothing more has to be done."),
)


def register() -> None:
    for name, (subject, body) in LETTERS.items():
        templates.register(name=name, title=subject, subject=subject, body=body, places=PLACES)
    subject, body = LAPSED
    templates.register(name="incidents.lapsed", title=subject, subject=subject, body=body, places={"number", "status"})
    for name, (subject, body) in UPWARD.items():
        templates.register(name=name, title=subject, subject=subject, body=body, places={"number", "due"})
