"""Several at once, each with a connection of its own. Needs django_db(transaction=True)."""

import threading
from collections.abc import Callable

from django.db import connection


def in_threads(count: int, act: Callable[[int], object]) -> None:
    """Run act(n) in so many threads at once, each with its own connection."""
    begin = threading.Barrier(count)
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            begin.wait(10)
            act(number)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed, failed
