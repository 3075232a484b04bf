"""All of Wake's settings, driven by the environment; docs/settings.md explains each name."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.env import env
from config.mail import mail_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env(BASE_DIR / ".env")

# --- What must be known -----------------------------------------------------------------------
try:
    SECRET_KEY = env.read(
        env.str, "SECRET_KEY", help="Signs sessions and links, and encrypts stored secrets."
    )
except ImproperlyConfigured as missing:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. `make setup` writes one into .env; in production set SECRET_KEY "
        "or SECRET_KEY_FILE yourself and keep it: secrets stored in the database need it."
    ) from missing
SALT_KEY = env.read(
    env.str,
    "SALT_KEY",
    default="wake",
    help="Salt of the key that encrypts stored secrets; set once, before the first secret.",
)
DEBUG = env.read(env.bool, "DEBUG", default=False, help="Show tracebacks. Never in production.")
ALLOWED_HOSTS = env.read(
    env.list,
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]"],
    help="Host names Wake answers to, separated by commas.",
)
BASE_URL = env.read(
    env.str,
    "BASE_URL",
    default="http://localhost:8000",
    help="Where people reach Wake; links in mails and API answers start with it.",
).rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATA_DIR = Path(
    env.read(
        env.str,
        "DATA_DIR",
        default=str(BASE_DIR / "var"),
        help="Folder for the SQLite file, the embedded broker and collected static files.",
    )
)
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- The rooms --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts",
    "engagement",
    "feedback",
    "deployments",
    "learning",
    "dashboard",
    "digest",
    "outbound",
    "privacy",
    "demo",
    "anymail",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "encrypted_fields",
    "django_htmx",
    "template_partials",
    "chartkick.django",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "common.short_way.ShortWayMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.PersonTimezoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
# Doors for programs that need nothing of the middleware: {start of the address: the urls below}.
SHORT_WAYS = {
    "/v1/": "engagement.event_urls",
    "/api/v1/feedback/": "feedback.api_short_urls",
    "/api/v1/metrics/": "engagement.api_short_urls",
}
WSGI_APPLICATION = "config.wsgi.application"
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
                "dashboard.context.projects",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

# --- Where things are kept --------------------------------------------------------------------
DATABASES = {
    "default": env.read(
        env.db_url,
        "DATABASE_URL",
        default=f"sqlite:///{DATA_DIR / 'wake.sqlite3'}",
        help="The database: sqlite:///path or postgres://user:password@host:port/name.",
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while a worker writes; IMMEDIATE takes the write lock at the start of a
    # transaction, so that two writers wait for each other instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.read(
    env.str,
    "REDIS_URL",
    default="",
    help="redis://host:port/0 for the broker and cache; empty: an embedded broker in DATA_DIR.",
)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- Background work --------------------------------------------------------------------------
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = 1000
CELERY_TASK_TIME_LIMIT = 900
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # Longer than the longest task may run, or a task would be given out twice.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 3600}
else:
    _queue = DATA_DIR / "broker"
    for _folder in ("messages", "control"):
        (_queue / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "config.embedded_broker.Transport"
    # `celery inspect` would leave a queue for each worker's name; it needs Redis.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_queue / "messages"),
        "data_folder_out": str(_queue / "messages"),
        "control_folder": str(_queue / "control"),
        "polling_interval": 0.2,
    }
STALE_CLAIM_SECONDS = env.read(
    env.int,
    "STALE_CLAIM_SECONDS",
    default=900,
    help="A claim on due work older than this is taken over: its worker is presumed dead.",
)

DELIVERY_RETENTION_DAYS = env.read(
    env.int,
    "DELIVERY_RETENTION_DAYS",
    default=90,
    help="How long calls to webhooks are kept as they came; what they told of is kept for good.",
)

EVENT_RETENTION_DAYS = env.read(
    env.int,
    "EVENT_RETENTION_DAYS",
    default=90,
    help="How long events are kept one by one; how many there were is kept for good.",
)

# Beyond so many, feedback that is sent in a rush is sorted in before it is answered.
MOST_UNSORTED_FEEDBACK = env.read(
    env.int,
    "MOST_UNSORTED_FEEDBACK",
    default=100_000,
    help="How much feedback that came in a rush may wait to be sorted in by a worker.",
)

# How long those whom a finding is for have to look at it before the whole team is told.
ESCALATE_AFTER_HOURS = env.read(
    env.int,
    "ESCALATE_AFTER_HOURS",
    default=24,
    help="A finding that nobody it is for has opened after so many hours goes to the whole team.",
)

# --- People -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
OPEN_SIGN_UP = env.read(
    env.bool, "OPEN_SIGN_UP", default=False, help="Let anyone who reaches Wake make an account."
)

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.JSONBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.explain",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Wake API",
    "DESCRIPTION": "Tell Wake what you shipped, what customers said and what they did.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "DeploymentStatus": "deployments.models.DeploymentStatus",
        "FeedbackStatus": "feedback.models.Status",
        "DeploymentKind": "deployments.models.DeploymentKind",
        "MetricKind": "engagement.models.Kind",
        "MetricRole": "engagement.models.Role",
        "LearningState": "learning.models.Learning.State",
        "ShipState": "deployments.api_schema.SHIP_STATES",
    },
}
# A batch of 1,000 rows of 10,000 characters; larger bodies are refused before they are read.
MAX_BODY_BYTES = 12 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
MAX_UPLOAD_BYTES = env.read(
    env.int,
    "MAX_UPLOAD_BYTES",
    default=200 * 1024 * 1024,
    help="Largest file the import page takes; `manage.py import_feedback` has no limit.",
)

# --- Mail -------------------------------------------------------------------------------------
_mail = mail_settings(env)
vars().update(_mail)
ANYMAIL: dict[str, Any] = _mail["ANYMAIL"]
MAIL_PROVIDER: str = _mail["MAIL_PROVIDER"]
KEEP_MAILS: int = _mail["KEEP_MAILS"]
# Where mails are kept, EMAIL_BACKEND is the one that keeps them, and this the one that sends them.
KEEPING_BACKEND: str = _mail["KEEPING_BACKEND"]
KEPT_BACKEND: str = _mail["KEPT_BACKEND"]
DEFAULT_FROM_EMAIL = env.read(
    env.str,
    "DEFAULT_FROM_EMAIL",
    default="Wake <wake@localhost>",
    help="The sender of every mail.",
)
BOUNCE_ADDRESS = env.read(
    env.str,
    "BOUNCE_ADDRESS",
    default="",
    help="Where mail servers return digests and findings that cannot be delivered.",
)
BOUNCE_MAILBOX_URL = env.read(
    env.str,
    "BOUNCE_MAILBOX_URL",
    default="",
    help="The mailbox of BOUNCE_ADDRESS, read every five minutes: imaps://user:password@host/INBOX.",
)

# --- Language, time, files --------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "uploads"

# --- Calls that leave Wake --------------------------------------------------------------------
ALLOW_PRIVATE_HOSTS = env.read(
    env.list,
    "ALLOW_PRIVATE_HOSTS",
    default=[],
    help="Hosts in your network that outgoing calls may reach: names, addresses, networks or *.",
)

# --- Safety -----------------------------------------------------------------------------------
_https = BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
# Whose address a call comes from: limits on sign-in and on messages count by it.
ALLAUTH_TRUSTED_PROXY_COUNT = env.read(
    env.int,
    "TRUSTED_PROXIES",
    default=1 if _https else 0,
    help="How many proxies of your own stand before Wake, each adding to X-Forwarded-For.",
)
SECURE_HSTS_SECONDS = 31536000 if _https else 0
# The proxy before us redirects to https; whether sister hosts may be held to it is not ours to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.read(env.str, "LOG_LEVEL", default="INFO", help="DEBUG, INFO or WARNING."),
    },
}
