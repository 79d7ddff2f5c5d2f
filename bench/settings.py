"""Settings of the benchmarks: those of `make run`, with the peer endpoints beside the product's own."""

from config.settings.local import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
# For measurements only; what it seals goes away with the servers of the run.
FIELD_ENCRYPTION_KEY = "YmVuY2gtb25seS1iZW5jaC1vbmx5LWJlbmNoLW9ubHk="
# Names without the hashes of collected files: nothing is collected here.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
# An agent that does nothing, for bench.orchestrator.
AGENT_ENTRY_POINTS = {"bench-nothing": "bench.orchestrating:answer"}
OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
