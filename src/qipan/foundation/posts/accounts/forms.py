"""The accounts library's forms where its words mean something else here: its "Code" is an area's code with us."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import forms as library
from django.utils.translation import gettext_lazy as _

LABEL = _("Authenticator code")


class Authenticate(library.AuthenticateForm):  # type: ignore[misc]
    """The second step of a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = LABEL


class Reauthenticate(library.ReauthenticateForm):  # type: ignore[misc]
    """The same, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = LABEL
