"""Settings every installation shares. Each value with a name in .env.example can be set from the environment."""

import os
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF
from django.urls import reverse_lazy

BASE_DIR = Path(__file__).resolve().parents[2]

env = environ.Env()
# Tests and checks name an empty file instead, so that nobody's .env changes what they find.
environ.Env.read_env(os.environ.get("GATEHOUSE_ENV_FILE") or BASE_DIR / ".env", overwrite=False)

SECRET_KEY = env("SECRET_KEY", default="")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env("PUBLIC_URL", default="http://localhost:8000")
# Where the browser opens its websocket; empty means the page's own origin (one public port behind a
# proxy), and {host} stands for the host the page came from.
LIVE_URL = env("GATEHOUSE_LIVE_URL", default="")
GATEHOUSE_PORT = env.int("GATEHOUSE_PORT", default=8000)
# Serve the demo shop's built-in agents below /demo/ (local installations only).
DEMO_AGENTS = False

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "apps.ops.apps.OpsConfig",
    "apps.accounts.apps.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "django_celery_beat",
    "pgtrigger",
    "axes",
    "csp",
    "apps.core.apps.CoreConfig",
    "apps.accounts.apps.AccountsConfig",
    "apps.llm.apps.LlmConfig",
    "apps.approvals.apps.ApprovalsConfig",
    "apps.alerts.apps.AlertsConfig",
    "apps.agents.apps.AgentsConfig",
    "apps.pilots.apps.PilotsConfig",
    "apps.knowledge.apps.KnowledgeConfig",
    "apps.trust.apps.TrustConfig",
    "apps.workflows.apps.WorkflowsConfig",
    "apps.goals.apps.GoalsConfig",
    "apps.drafts.apps.DraftsConfig",
    "apps.watch.apps.WatchConfig",
    "apps.tuning.apps.TuningConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.CurrentBusinessMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.accounts.context.current_business",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------------------------------

DATABASE_ROLE = env("GATEHOUSE_DB_ROLE", default="")
DATABASES: dict[str, dict[str, Any]] = {"default": env.db("DATABASE_URL", default="postgres://localhost/gatehouse")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"].setdefault("OPTIONS", {})
# Searches look at 100 neighbours, and further while a filter leaves too few (docs/developer/search.md).
_OPTIONS = "-c hnsw.ef_search=100 -c hnsw.iterative_scan=relaxed_order -c hnsw.max_scan_tuples=40000"
DATABASES["default"]["OPTIONS"]["options"] = _OPTIONS + (f" -c role={DATABASE_ROLE}" if DATABASE_ROLE else "")
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=0)
if DATABASE_POOL_SIZE:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 10}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env("REDIS_URL", default="redis://localhost:6379/0")
# Redis unix sockets are spelled differently by its clients: redis-py takes unix://, Celery redis+socket://.
_REDIS_IS_SOCKET = REDIS_URL.startswith("unix://")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "live"},
    },
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_DIR = Path(env("GATEHOUSE_DATA_DIR", default=str(BASE_DIR / "var")))

# --- Work -------------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = env(
    "CELERY_BROKER_URL", default=REDIS_URL.replace("unix://", "redis+socket://") if _REDIS_IS_SOCKET else REDIS_URL
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Seconds after which a connection to Redis counts as lost: a host that vanished would be waited for without end.
_PATIENCE = {"socket_timeout": 10, "socket_connect_timeout": 5, "socket_keepalive": True}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 120, **_PATIENCE}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# --- People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
# Modules whose urlpatterns become pages of the admin site, and the page that a person comes in on.
ADMIN_PAGES = [
    "apps.accounts.page_urls",
    "apps.approvals.page_urls",
    "apps.goals.page_urls",
    "apps.workflows.page_urls",
    "apps.watch.page_urls",
    "apps.tuning.page_urls",
    "apps.pilots.page_urls",
    "apps.trust.page_urls",
    "apps.knowledge.page_urls",
    "apps.llm.page_urls",
    "apps.drafts.page_urls",
    "apps.drafts.page_urls_figures",
]
ADMIN_HOME = "admin:queue"
LOGIN_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_CLIENT_IP_CALLABLE = "apps.accounts.sign_in.client_address"
# How many proxies of our own stand in front: as many entries at the end of X-Forwarded-For are to be believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# Unfold's pages run Alpine, which evaluates expressions in attributes: hence unsafe-eval, and nothing looser.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE, "'unsafe-eval'"],
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *([LIVE_URL.replace("{host}", "*")] if LIVE_URL else [])],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Language, static files, mail, logs -------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail:///" + str(DATA_DIR / "mail").lstrip("/"))
if EMAIL_CONFIG.get("EMAIL_FILE_PATH"):
    # The parser drops the first slash, which would write mails below the folder we happen to run in.
    EMAIL_CONFIG["EMAIL_FILE_PATH"] = "/" + EMAIL_CONFIG["EMAIL_FILE_PATH"].lstrip("/")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Gatehouse <gatehouse@localhost>")

LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": "apps.core.logs.render",
            "foreign_pre_chain": ["apps.core.logs.add_level", "apps.core.logs.add_time"],
        },
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("axes", "httpx", "httpx2")},
        # What a server of users answers badly is told where it was called; this would repeat it with a traceback.
        "mcp": {"level": "CRITICAL"},
    },
}

# --- Gatehouse --------------------------------------------------------------------------------------------------------

HIGH_CONFIDENCE_THRESHOLD = env.float("HIGH_CONFIDENCE_THRESHOLD", default=0.85)
MEDIUM_CONFIDENCE_THRESHOLD = env.float("MEDIUM_CONFIDENCE_THRESHOLD", default=0.55)
CLARIFICATION_ROUNDS = env.int("CLARIFICATION_ROUNDS", default=3)

# Alerts look at the last so many minutes, and say nothing of a figure with fewer goals.
WATCH_WINDOW_MINUTES = env.int("WATCH_WINDOW_MINUTES", default=60)
WATCH_MINIMUM = env.int("WATCH_MINIMUM", default=30)

FIELD_ENCRYPTION_KEY = env("FIELD_ENCRYPTION_KEY", default="")
# Private addresses a user-set URL may still reach, as networks: "127.0.0.0/8" for the demo's local agents.
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=[])
IDEMPOTENCY_KEEP_HOURS = env.int("IDEMPOTENCY_KEEP_HOURS", default=24)

PAGERDUTY_EVENTS_URL = env("PAGERDUTY_EVENTS_URL", default="https://events.pagerduty.com")
LLM_BASE_URL = env("LLM_BASE_URL", default="")
LLM_API_KEY = env("LLM_API_KEY", default="")
LLM_MODEL = env("LLM_MODEL", default="")
LLM_TIMEOUT_SECONDS = env.float("LLM_TIMEOUT_SECONDS", default=8.0)

from config.settings.agents import *  # noqa: E402
from config.settings.drafts import *  # noqa: E402
from config.settings.pilots import *  # noqa: E402
from config.settings.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: E402, F401
from config.settings.unfold import UNFOLD  # noqa: E402, F401
from config.settings.wiring import *  # noqa: E402
