"""The accounts library's forms where its words mean something else here: its "Code" is an area's code with us."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import forms as library
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
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


class AddKey(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey or security key. What the tick decides is said in full: most people want to sign in with the key."""

    passwordless = forms.BooleanField(
        label=_("Sign in with this key alone"),
        required=False,
        help_text=_(
            "With the tick the key signs you in without a password; it asks for its PIN or the lock of your phone. "
            "Without the tick it is a second factor only: you still type your password first."
        ),
    )
