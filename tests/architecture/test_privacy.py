"""Every model of ours says of each field what it is, and nothing personal is stored in clear."""

from __future__ import annotations

import pytest
from django.apps import apps

from qipan.foundation.refusals.privacy import declared

OURS = sorted(
    (model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("qipan.")),
    key=lambda model: model._meta.label,
)
SEALED_ENDINGS = ("card", "card_id", "cards", "sealed")
# The vault's own: ciphertext, the masks that may be shown, keyed digests.
VAULT = {"vault.Card": {"sealed", "masked"}, "vault.Index": {"digest"}}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_model_declares_the_privacy_of_its_fields(model):
    privacy = declared(model)
    assert privacy is not None, f"{model._meta.label} has no `privacy: ClassVar[Privacy]`"
    fields = {field.name for field in model._meta.concrete_fields} | {
        field.attname for field in model._meta.concrete_fields
    }
    unknown = {*privacy.personal, *privacy.staff} - fields
    assert not unknown, f"{model._meta.label} declares what it has not: {unknown}"
    assert not set(privacy.personal) & set(privacy.staff)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_personal_fields_are_references_to_cards_or_ciphertext(model):
    privacy = declared(model)
    in_clear = {
        name
        for name in (privacy.personal if privacy else ())
        if not name.endswith(SEALED_ENDINGS) and name not in VAULT.get(model._meta.label, ())
    }
    assert not in_clear, f"{model._meta.label} stores personal data in clear: {in_clear}"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_fields_named_like_personal_data_are_declared(model):
    """A field called phone, id_number, email or home_address is somebody's: personal, or staff."""
    privacy = declared(model)
    telling = {"phone", "mobile", "id_number", "email", "home_address", "reporter_name", "resident_name"}
    named = {field.name for field in model._meta.concrete_fields} & telling
    assert not named - {*(privacy.personal if privacy else ()), *(privacy.staff if privacy else ())}
