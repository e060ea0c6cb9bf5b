"""Roles, what each may do, and when a post counts. Plain values; the tables are in models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The work that a post does (the table of users in the product's description)."""

    COMMANDER = "commander", _("Duty commander")
    DISPATCHER = "dispatcher", _("Dispatcher")
    HANDLER = "handler", _("Handler")
    GRID_WORKER = "grid_worker", _("Grid worker")
    INVESTIGATOR = "investigator", _("Case investigator")
    SAMPLER = "sampler", _("Sampler")
    REGISTRAR = "registrar", _("Registrar at the table")
    COURIER = "courier", _("Specimen courier")
    LAB = "lab", _("Laboratory technician")
    SITE_HEAD = "site_head", _("Head of an isolation site")
    PROGRAMME = "programme", _("Programme office")
    DPO = "dpo", _("Data-protection officer")
    AUDITOR = "auditor", _("Security auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class PostKind(TextChoices):
    REGULAR = "regular", _("Regular")
    DEPUTY = "deputy", _("Deputy")
    EMERGENCY = "emergency", _("Emergency")


class StandsIn(TextChoices):
    """When a deputy's rights are in force."""

    OFF_DUTY = "off_duty", _("Whenever the main post has no open shift")
    AWAY = "away", _("Only on the dates the main post is away")


class UnitKind(TextChoices):
    DEPARTMENT = "department", _("District department")
    TOWNSHIP = "township", _("Township or subdistrict office")
    VILLAGE = "village", _("Village or community committee")
    STATION = "station", _("Station (police, fire, health)")
    CENTRE = "centre", _("Command centre")
    LAB = "lab", _("Laboratory")
    SITE = "site", _("Isolation site")
    TEAM = "team", _("Special team")
    COMPANY = "company", _("Company or public service")
    VOLUNTEERS = "volunteers", _("Volunteer team")


# Roles whose holders can see or decide so much that production asks them for a second factor.
TRUSTED = frozenset({Role.COMMANDER, Role.ADMINISTRATOR, Role.AUDITOR, Role.DPO})

Ability = str
MAY: dict[str, frozenset[Role]] = {}
DISTRICT_WIDE: set[Ability] = {"posts.sign_in_rules"}
EVERYBODY = frozenset(Role)
SEE = "posts.see"


def register_abilities(abilities: Mapping[Ability, Iterable[Role]]) -> None:
    """Say which roles may do what. Each room and domain registers its own, once, when it starts ("incidents.file")."""
    for ability, roles in abilities.items():
        given = frozenset(Role(role) for role in roles)
        if MAY.setdefault(ability, given) != given:
            raise ValueError(f"{ability} is registered twice, differently")


def register_district_wide(*names: Ability) -> None:
    """Abilities whose doing reaches the whole district: posts of a township, village or cell do not have them."""
    DISTRICT_WIDE.update(names)


def may(role: Role | str, ability: Ability) -> bool:
    """Whether posts of this role may do it. An ability nobody registered is a mistake in the code: KeyError."""
    return Role(role) in MAY[ability]


def abilities(role: Role | str) -> frozenset[Ability]:
    """Everything this role may do."""
    return frozenset(ability for ability, roles in MAY.items() if Role(role) in roles)


ABILITIES: dict[Ability, frozenset[Role]] = {
    SEE: EVERYBODY,
    "posts.administer": frozenset({Role.ADMINISTRATOR}),
    "posts.hand_over": frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.COMMANDER}),
    "posts.volunteers": frozenset({Role.ADMINISTRATOR, Role.DISPATCHER, Role.COMMANDER}),
    "posts.sign_in_rules": frozenset({Role.ADMINISTRATOR}),
}

# What the journal calls the things this room does.
KINDS = {
    "posts.appointed": _("Appointed"),
    "posts.deputised": _("Deputy appointed"),
    "posts.changed": _("Post changed"),
    "posts.ended": _("Post ended"),
    "posts.expired": _("Post expired"),
    "posts.away": _("Away"),
    "posts.back": _("Back from absence"),
    "posts.shift_opened": _("On duty"),
    "posts.shift_closed": _("Off duty"),
    "posts.handed_over": _("Duties handed over"),
    "posts.token_issued": _("API token issued"),
    "posts.token_revoked": _("API token revoked"),
    "posts.unit_created": _("Unit created"),
    "posts.unit_changed": _("Unit changed"),
    "posts.unit_closed": _("Unit closed"),
    "posts.person_created": _("Account created"),
    "posts.person_changed": _("Account changed"),
    "posts.person_disabled": _("Account disabled"),
    "posts.person_enabled": _("Account enabled"),
    "posts.password_set": _("Password set by an administrator"),
    "posts.password_changed": _("Password changed"),
    "posts.sign_in_rule_set": _("Sign-in rule set"),
    "posts.signed_in": _("Signed in"),
    "posts.signed_out": _("Signed out"),
    "posts.session_ended": _("Session ended"),
    "posts.sign_in_failed": _("Sign-in failed"),
    "posts.factor_added": _("Second factor added"),
    "posts.factor_removed": _("Second factor removed"),
    "posts.factor_reset": _("Second factor renewed"),
    "posts.imported": _("Posts imported"),
    "posts.units_imported": _("Units imported"),
    "posts.volunteer_added": _("Volunteer added"),
    "posts.volunteer_ended": _("Volunteer ended"),
}
