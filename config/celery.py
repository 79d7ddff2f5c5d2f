"""The Celery application: workers and beat find their tasks here."""

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

broker.use()
app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def warm_up(sender: Any, **_: Any) -> None:
    """Have the embedding model read before the first draft waits for it, where threads of one process share it."""
    from celery.concurrency.thread import TaskPool

    if isinstance(sender.pool, TaskPool):
        threading.Thread(target=_read_model, name="warm-up", daemon=True).start()


def _read_model() -> None:
    from apps.llm.embedding import get_embedder

    get_embedder().embed(["warm"])
