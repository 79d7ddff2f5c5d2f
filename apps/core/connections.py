"""What happens to database connections when the server has gone away."""

import logging
from typing import Any

from django.db import InterfaceError, OperationalError, connection

log = logging.getLogger(__name__)

# What Django raises when the server cannot be reached, ended the connection, or has no connection left to give.
AWAY = (OperationalError, InterfaceError)


def drop_dead_connections(**kwargs: Any) -> None:
    """Throw the pool's dead connections away at once, so that a restart of the server costs one failed request, not one
    for each connection. Checking every connection before each use would cost every request instead."""
    pool = getattr(connection, "pool", None)
    if pool is not None:
        log.warning("the database went away; checking the connections of the pool")
        pool.check()
