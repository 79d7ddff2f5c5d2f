"""ACT: the client of each provider, made once a process and kept while nothing about the provider changes."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from apps.core.sealing import unseal
from apps.llm.endpoints import Endpoint

if TYPE_CHECKING:
    from openai import OpenAI

MOST_KEPT = 128
# These write down headers and addresses of requests when they are asked to be chatty.
_CHATTY = ("openai", "httpx2", "httpcore2")

_kept: OrderedDict[tuple[object, ...], OpenAI] = OrderedDict()
_lock = threading.Lock()


def load_library() -> None:
    """Load what clients are made of, before a clock is running: at first it takes as long as a whole request."""
    import openai  # noqa: F401

    import apps.llm.guarded  # noqa: F401


def client_of(endpoint: Endpoint) -> OpenAI:
    """Raises CannotUnseal when its key or headers cannot be opened."""
    # A forked process must not share sockets with its parent.
    known_by = (
        os.getpid(), endpoint.id, endpoint.base_url, endpoint.sealed_key, endpoint.sealed_headers,
        hash(endpoint.plain_key), endpoint.trusted,
    )  # fmt: skip
    with _lock:
        client = _kept.get(known_by)
        if client is not None:
            _kept.move_to_end(known_by)
            return client
    client = _make(endpoint)
    with _lock:
        client = _kept.setdefault(known_by, client)
        while len(_kept) > MOST_KEPT:
            # Whoever is still using it keeps it alive; closing it would cut them off.
            _kept.popitem(last=False)
    return client


def _make(endpoint: Endpoint) -> OpenAI:
    import httpx2
    from openai import OpenAI

    from apps.llm.guarded import GuardedTransport

    for name in _CHATTY:
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.WARNING:
            logger.setLevel(logging.WARNING)
    key = unseal(endpoint.sealed_key) if endpoint.sealed_key else endpoint.plain_key
    headers = json.loads(unseal(endpoint.sealed_headers)) if endpoint.sealed_headers else {}
    http = httpx2.Client(
        transport=GuardedTransport(endpoint.base_url, trusted=endpoint.trusted),
        trust_env=False,
        follow_redirects=False,
        timeout=None,
    )
    client = OpenAI(
        base_url=endpoint.base_url, api_key=key or "none", default_headers=headers, max_retries=0, http_client=http
    )
    # What the library has read from the environment of the process belongs to no provider of ours.
    client.organization = client.project = None
    client._custom_headers = headers
    return client
