"""Who may do what to an incident: abilities and the roles that carry them."""

from __future__ import annotations

from qipan.foundation.posts.rules import Role

DESK = {Role.DISPATCHER}
COMMAND = {Role.COMMANDER}

ABILITIES: dict[str, set[Role]] = {
    "incidents.view": DESK | COMMAND | {Role.HANDLER, Role.GRID_WORKER, Role.ADMINISTRATOR, Role.AUDITOR, Role.DPO},
    "incidents.report": DESK | COMMAND | {Role.HANDLER, Role.GRID_WORKER},
    "incidents.settle": {Role.GRID_WORKER, Role.HANDLER},
    "incidents.receive": DESK,
    "incidents.accept": DESK,
    "incidents.dispatch": DESK,
    "incidents.merge": DESK,
    "incidents.refer": DESK,
    "incidents.handle": {Role.HANDLER, Role.GRID_WORKER},
    "incidents.ask": {Role.HANDLER, Role.GRID_WORKER, Role.DISPATCHER},
    "incidents.decide": DESK | COMMAND,
    "incidents.verify": DESK | {Role.GRID_WORKER},
    "incidents.close": DESK,
    "incidents.call-back": DESK,
    "incidents.reopen": DESK | COMMAND,
    "incidents.report-up": DESK | COMMAND,
    "incidents.rate": DESK,
    "incidents.remind": DESK | COMMAND,
    "incidents.supervise": COMMAND,
    "incidents.check": DESK | COMMAND,
    "incidents.configure": {Role.ADMINISTRATOR, Role.COMMANDER},
    "incidents.route": {Role.ADMINISTRATOR, Role.COMMANDER},
    "incidents.export": DESK | COMMAND | {Role.AUDITOR},
    "incidents.scores": DESK | COMMAND | {Role.ADMINISTRATOR, Role.AUDITOR, Role.PROGRAMME},
}
