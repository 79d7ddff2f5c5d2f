"""Settings of the processes that tests.journeys.kills starts and kills: those of `make run`, and the tests' pattern."""

from config.settings.local import *  # noqa: F403

CELERY_IMPORTS = ["tests.workflows.made"]
