"""Settings of the tests: the real servers that `make test` starts, quick password hashing."""

import os

os.environ.setdefault("GATEHOUSE_ENV_FILE", os.devnull)

from config.settings.base import *
from config.settings.base import REDIS_URL, env

SECRET_KEY = "test-only-0123456789abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105
FIELD_ENCRYPTION_KEY = "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHktMDA="
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"])
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Tests that run side by side must not hear of each other's changes.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "live-" + os.environ.get("PYTEST_XDIST_WORKER", "alone")},
    },
}
