"""Django's settings. Everything that differs between installations comes from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from qipan.assembly import tiles
from qipan.assembly.database import APPLICATION, OWNER, Embedded
from qipan.assembly.folders import data_folder

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent
DATA = data_folder()

# What the process may be: "demo" opens one-click sign-in and the message viewer; "production" refuses unsafe settings.
MODE = os.environ.get("QIPAN_MODE", "development")
DEMO = MODE == "demo"
DEBUG = os.environ.get("QIPAN_DEBUG", "") == "1"
DEFAULT_SECRET_KEY = "only-for-development-and-the-demo-change-it"  # noqa: S105
SECRET_KEY = os.environ.get("QIPAN_SECRET_KEY", DEFAULT_SECRET_KEY)
ALLOWED_HOSTS = os.environ.get("QIPAN_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("QIPAN_ORIGINS", "").split(",") if origin]
HTTPS = os.environ.get("QIPAN_HTTPS", "1" if MODE == "production" else "") == "1"

INSTALLED_APPS = [
    "qipan.foundation.posts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "ninja",
    "csp",
    "procrastinate.contrib.django",
    "qipan.foundation.refusals",
    "qipan.foundation.interface",
    "qipan.foundation.journal",
    "qipan.foundation.vault",
    "qipan.foundation.areas",
    "qipan.foundation.devices",
    "qipan.foundation.outbox",
    "qipan.foundation.duties",
    "qipan.incidents",
    "qipan.inspections",
    "qipan.reporting",
    "qipan.workflows",
    "qipan.live",
    "qipan.assembly",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "qipan.assembly.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "qipan.foundation.posts.middleware.PostMiddleware",
    "qipan.assembly.problems.ProblemMiddleware",
]

ROOT_URLCONF = "qipan.assembly.urls"
ASGI_APPLICATION = "qipan.assembly.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qipan.assembly.shell.context",
            ],
        },
    }
]


def _database() -> dict[str, Any]:
    """The application's role by default; QIPAN_DATABASE_ROLE=owner for migrations."""
    owner = os.environ.get("QIPAN_DATABASE_ROLE") == "owner"
    url = os.environ.get("DATABASE_URL", "")
    if owner:
        url = os.environ.get("DATABASE_OWNER_URL", url)
    parts = conninfo_to_dict(url or Embedded(DATA).url(role=OWNER if owner else APPLICATION))
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database = {known[key]: str(value) for key, value in parts.items() if key in known}
    options: dict[str, Any] = {key: value for key, value in parts.items() if key not in known}
    pool = int(os.environ.get("QIPAN_POOL", "16"))
    if pool and not owner:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 20}
    return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options, "CONN_HEALTH_CHECKS": False, **database}


DATABASES = {"default": _database()}
THREADS = int(os.environ.get("QIPAN_THREADS", "8"))  # requests that one server process works on at once
LARGEST_BODY = int(os.environ.get("QIPAN_LARGEST_BODY", str(64 * 1024 * 1024)))  # bytes; more is not even read
METRICS_TOKEN = os.environ.get("QIPAN_METRICS_TOKEN", "")  # without one only this machine may read /metrics
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "posts.Person"
AUTHENTICATION_BACKENDS = ["qipan.foundation.posts.accounts.backend.SignInBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "phone")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("QIPAN_OLD_SECRET_KEYS", "").split(",") if key]

# Accounts: nobody signs up, no e-mail is needed; what is typed at sign-in never tells whether an account exists.
ACCOUNT_ADAPTER = "qipan.foundation.posts.accounts.adapters.AccountAdapter"
ACCOUNT_USER_DISPLAY = str
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# A whole hall signs in behind one address at the change of shifts; one name is tried five times in five minutes.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "30/m/ip,5/300s/key"}
MFA_ADAPTER = "qipan.foundation.posts.accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "qipan.foundation.posts.accounts.forms.AddKey",
    "authenticate": "qipan.foundation.posts.accounts.forms.Authenticate",
    "reauthenticate": "qipan.foundation.posts.accounts.forms.Reauthenticate",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # passkeys on localhost; elsewhere browsers insist on HTTPS
SOCIALACCOUNT_ADAPTER = "qipan.foundation.posts.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
OIDC_USERNAME_CLAIM = os.environ.get("QIPAN_OIDC_USERNAME_CLAIM", "preferred_username")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": []}}
if os.environ.get("QIPAN_OIDC_SERVER"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "district",
            "name": os.environ.get("QIPAN_OIDC_NAME", "OIDC"),
            "client_id": os.environ["QIPAN_OIDC_CLIENT_ID"],
            "secret": os.environ["QIPAN_OIDC_CLIENT_SECRET"],
            "settings": {"server_url": os.environ["QIPAN_OIDC_SERVER"]},
        }
    )
# Shared by all processes, so that rate limits hold for all of them together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
# Collected for production only; elsewhere files come from where they lie.
STATIC_ROOT = DATA / "static" if MODE == "production" else None
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = MODE != "production"
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"/built/assets/"  # names that change with their bytes
FILES = DATA / "files"  # photos and exports: outside every folder that is served
# Keys lie outside the database and its backups; the journal's signed heads lie outside the database too.
KEYS = Path(os.environ.get("QIPAN_KEYS", DATA / "keys"))
KEYSTORE = os.environ.get("QIPAN_KEYSTORE", "qipan.foundation.vault.keystore.FileKeyStore")
PKCS11_MODULE = os.environ.get("QIPAN_PKCS11_MODULE", "")
PKCS11_TOKEN = os.environ.get("QIPAN_PKCS11_TOKEN", "qipan")
PKCS11_PIN_FILE = os.environ.get("QIPAN_PKCS11_PIN_FILE", "")
HEADS = Path(os.environ.get("QIPAN_HEADS", DATA / "heads"))

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60  # one shift
SESSION_COOKIE_SAMESITE = "Lax"
# Whether a request came by HTTPS the server says, which believes our own proxies only (QIPAN_PROXY_ADDRESSES).
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "qipan.assembly.shell.csrf_failure"
X_FRAME_OPTIONS = "DENY"
TILES = tiles.map_below(mode=MODE)
_TILES_FROM = [tiles.origin(TILES["url"])] if TILES else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_TILES_FROM],
        "style-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF, *_TILES_FROM],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Messages: the mail server, and the hosts that a district's gateways may name (their secrets: QIPAN_SECRET_<NAME>).
_MAIL = urlsplit(os.environ.get("QIPAN_SMTP_URL", ""))  # smtps://user:password@host:465 or smtp://…:587
EMAIL_BACKEND = "django.core.mail.backends." + ("smtp.EmailBackend" if _MAIL.hostname else "dummy.EmailBackend")
EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "localhost", _MAIL.port or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_USE_SSL = _MAIL.scheme == "smtps"
EMAIL_USE_TLS = _MAIL.scheme == "smtp" and EMAIL_PORT == 587
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("QIPAN_MAIL_FROM", "qipan@localhost")
GATEWAY_TIMEOUT = 10
GATEWAY_HOSTS = [host for host in os.environ.get("QIPAN_GATEWAY_HOSTS", "").split(",") if host] or (
    [] if MODE == "production" else ["127.0.0.1", "localhost"]
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"class": "qipan.assembly.logs.Line", "format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("QIPAN_LOG", "INFO")},
    "loggers": {"procrastinate": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}
