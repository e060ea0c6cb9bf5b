"""What django-allauth asks of us: nobody signs up, no mail is sent, secrets are sealed, outside accounts match ours."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext

from qipan.foundation.posts.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People are appointed, they do not sign up. What happens to an account is journalled instead of mailed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        return None

    def send_notification_mail(self, *words: Any, **fields: Any) -> None:
        return None


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds are stored encrypted under the installation's secret key."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        return gettext("Qipan")

    def _get_site_name(self) -> str:
        return gettext("Qipan")


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by the district's own service (OIDC): it says who somebody is, never that there is somebody new."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connect an account seen for the first time to the person whose user name it carries."""
        if sociallogin.is_existing:
            return
        claims = sociallogin.account.extra_data
        claims = {**claims.get("userinfo", {}), **claims.get("id_token", {}), **claims}
        username = claims.get(settings.OIDC_USERNAME_CLAIM)
        person = Person.objects.filter(username__iexact=str(username), is_active=True).first() if username else None
        if person is None or SocialAccount.objects.filter(user=person).exists():
            raise ImmediateHttpResponse(render(request, "posts/no_account.html", status=403))
        sociallogin.connect(request, person)


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second-factor:" + key.encode()).digest())) for key in keys]
    )
