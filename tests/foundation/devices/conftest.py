"""The phone of a town's handler, as in the tests of the field app."""

from tests.incidents.conftest import town
from tests.workflows.field.conftest import files, phone

__all__ = ["files", "phone", "town"]
