"""manage.py watch_mail: notice new mail at once, by IMAP IDLE, until Ctrl-C."""

import queue
import signal
import threading
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from apps.drafts.watching import watch


class Command(BaseCommand):
    help = "Idle at all mailboxes and have each looked into as soon as it has mail. One process for the installation."

    def handle(self, *args: Any, **options: Any) -> None:
        ended, news = threading.Event(), queue.SimpleQueue[UUID | None]()

        def end(*_: Any) -> None:
            ended.set()
            news.put(None)

        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, end)
        watch(ended=ended, news=news)
