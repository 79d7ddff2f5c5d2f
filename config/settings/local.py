"""Settings of `make run`: one machine, loopback, plain HTTP."""

from config.settings.base import *
from config.settings.base import env

SECRET_KEY = env("SECRET_KEY", default="local-only-not-a-secret-0123456789abcdefghijklmnopqrstuvwxyz")
OUTBOUND_ALLOWED_NETWORKS = env.list("OUTBOUND_ALLOWED_NETWORKS", default=["127.0.0.0/8", "::1/128"])
DEMO_AGENTS = True
