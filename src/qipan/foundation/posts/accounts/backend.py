"""Checking a password without telling whether there is such an account."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]
    """A disabled account answers as a wrong password does, after the same work."""

    @classmethod
    def _stash_user(cls, user: AbstractBaseUser | None) -> AbstractBaseUser | None:
        return super()._stash_user(None)  # type: ignore[no-any-return]
