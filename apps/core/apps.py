import sys
from typing import Any

from django.apps import AppConfig
from django.core.signals import got_request_exception


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Audit"

    def ready(self) -> None:
        got_request_exception.connect(_after_error, dispatch_uid="drop dead connections")


def _after_error(**kwargs: Any) -> None:
    # Loaded here because the handler needs the app registry, which is not there yet when this module is read.
    from apps.core.connections import AWAY, drop_dead_connections

    if isinstance(sys.exc_info()[1], AWAY):
        drop_dead_connections()
