"""Work is handed over only once the change that wants it is committed."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import transaction

from apps.core import later as module
from apps.core.later import later

TASK = "apps.core.tasks.forget_kept_answers"


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of this test alone, which no worker reads."""
    name = f"test-{uuid.uuid4()}"
    yield name
    redis.Redis.from_url(django_settings.REDIS_URL).delete(name)


def waiting(queue: str) -> list[str]:
    client: Any = redis.Redis.from_url(django_settings.REDIS_URL)
    return [json.loads(message)["headers"]["task"] for message in client.lrange(queue, 0, -1)]


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_after_the_commit_and_not_before(queue: str) -> None:
    with transaction.atomic():
        later(TASK, queue=queue)
        assert waiting(queue) == []
    assert waiting(queue) == [TASK]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_sends_nothing(queue: str) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        later(TASK, queue=queue)
        raise ZeroDivisionError
    assert waiting(queue) == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_make_the_change_fail(
    queue: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(module.current_app, "send_task", refuse)
    with transaction.atomic():
        later(TASK, queue=queue)
    assert "nobody listens" in caplog.text
