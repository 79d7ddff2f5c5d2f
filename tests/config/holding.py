"""Gatehouse's Celery application with two tasks for tests, which tell of themselves by files.

python -m celery -A tests.config.holding:app worker
"""

import time
from pathlib import Path

from config.celery import app

HOLD, NOTE = "tests.hold", "tests.note"
MOST_SECONDS = 40


@app.task(name=HOLD)
def hold(begun: str, until: str) -> None:
    """Say that it has begun, and be in hand until there is a file `until`."""
    Path(begun).touch()
    for _ in range(MOST_SECONDS * 20):
        if Path(until).exists():
            return
        time.sleep(0.05)


@app.task(name=NOTE)
def note(taken: str) -> None:
    Path(taken).touch()
