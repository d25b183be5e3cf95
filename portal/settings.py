"""Settings of every environment, read from the environment by the typed helpers of `portal.env`.

TRUNKLINE_ENV is `production` (the default: secure cookies, HTTPS, immovable clock), `demo` (./dev up) or
`test`. There is no `if DEBUG` anywhere in the code.
"""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal import env

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = env.text("TRUNKLINE_ENV", "production")
if ENVIRONMENT not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(f"TRUNKLINE_ENV={ENVIRONMENT!r}: production, demo or test")
PRODUCTION = ENVIRONMENT == "production"
VAR_DIR = Path(env.text("TRUNKLINE_VAR", str(BASE_DIR / "var")))

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
# Element credentials and webhook secrets are encrypted with the first key; the others still decrypt (rotation).
FIELD_KEYS = env.words("FIELD_KEYS", "")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000")

OSS_APPS = [
    "oss.inventory",
    "oss.addressing",
    "oss.southbound",
    "oss.monitoring",
    "oss.alarms",
    "oss.incidents",
]
BSS_APPS = [
    "bss.customers",
    "bss.catalog",
    "bss.orders",
    "bss.usage",
    "bss.billing",
    "bss.care",
]
SERVICE_APPS = [
    "service_mgmt.design",
    "service_mgmt.services",
    "service_mgmt.provisioning",
    "service_mgmt.levels",
    "service_mgmt.problems",
    "service_mgmt.changes",
]


# TRUNKLINE_APPS narrows an installation (or a developer's run) to some of the apps.
_wanted = env.words("TRUNKLINE_APPS")


def _existing(labels: list[str]) -> list[str]:
    return [
        label
        for label in labels
        if (BASE_DIR / label.replace(".", "/") / "apps.py").exists() and (not _wanted or label in _wanted)
    ]


INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "rest_framework",
    "kernel",
    *_existing(OSS_APPS),
    *_existing(BSS_APPS),
    *_existing(SERVICE_APPS),
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kernel.middleware.RequestContextMiddleware",
    "kernel.middleware.PreferencesMiddleware",
    "kernel.middleware.LoginRequiredMiddleware",
    "kernel.middleware.StatementTimeoutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kernel.middleware.ErrorMiddleware",
]
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = (
    False  # the REST surface never answers with a redirect; pages register both forms where people type
)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "kernel.pages.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]

DATABASES = {
    "default": {
        **env.database("DATABASE_URL", "postgresql://portal@127.0.0.1:5432/trunkline"),
        "CONN_MAX_AGE": env.integer("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY = {
    "broker_url": REDIS_URL,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_default_queue": "default",
    "task_serializer": "json",
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    # Rows in PostgreSQL are the truth and the sweeper re-sends; an unacknowledged message may come back soon.
    "broker_transport_options": {"visibility_timeout": 600},
    "worker_hijack_root_logger": False,
    "timezone": "UTC",
}

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = ["kernel.permissions.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "portal:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "portal:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kernel.tmf.auth.TokenAuthentication",
        "kernel.tmf.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["kernel.tmf.render.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["kernel.tmf.render.JSONParser"],
    "EXCEPTION_HANDLER": "kernel.tmf.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
# Calls a minute of one token, by class; 0 = no limit (kernel.tmf.throttle).
API_RATES = {"read": env.integer("API_RATE_READ", 6000), "write": env.integer("API_RATE_WRITE", 3000)}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Counted across web processes; short time limits, because a call goes on without its counter.
    "shared": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "trunkline",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION and env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
BEHIND_PROXY = env.flag("BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Trunkline <noreply@trunkline.invalid>")

# The business clock moves only where this is true: the demo and the tests (kernel.clock).
CLOCK_MOVABLE = not PRODUCTION
# Webhooks never call private addresses, except networks named here (kernel.tmf.hub).
WEBHOOK_ALLOWED_NETWORKS = env.words("WEBHOOK_ALLOWED_NETWORKS", "" if PRODUCTION else "127.0.0.0/8")
# Open live streams one web process carries; each holds one of its threads, the others answer pages.
LIVE_STREAMS_MAX = env.integer("LIVE_STREAMS_MAX", 16)
# The operator itself, as it stands on documents. A JSON object in OPERATOR replaces the made-up one of the demo.
OPERATOR = env.json_object(
    "OPERATOR",
    {
        "name": "Armor Télécom",
        "legal_form": "SAS",
        "street": "1 quai des Phares",
        "postcode": "22999",
        "city": "Port-Armel",
        "country": "FR",
        "registration": "SIREN 000 000 000 RCS Port-Armel",
        "vat_id": "FR00000000000",
        "iban": "FR76 0000 0000 0000 0000 0000 000",
    },
)
# Where usage files are dropped and where the southbound listeners bind.
USAGE_DROP_DIR = Path(env.text("USAGE_DROP_DIR", str(VAR_DIR / "usage")))
TRAP_LISTEN = env.text("TRAP_LISTEN", "127.0.0.1:10162")
SYSLOG_LISTEN = env.text("SYSLOG_LISTEN", "127.0.0.1:10514")
RADIUS_LISTEN = env.text("RADIUS_LISTEN", "127.0.0.1:10813")
RADIUS_SECRET = env.text("RADIUS_SECRET", "" if PRODUCTION else "armor-radius")
# Seconds between two polls of an element.
POLL_SECONDS = env.integer("POLL_SECONDS", 60 if PRODUCTION else 5)
LAB_STATE = env.text("LAB_STATE", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "kernel.journal.LogFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django.db.backends": {"level": "WARNING"}},
}
