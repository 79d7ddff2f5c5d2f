"""The stream of changes as an ASGI application: what it sends, to whom, and when it ends."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from apps.accounts.keys import issue_key, revoke_key
from apps.accounts.models import ApiKey, Business
from apps.accounts.roles import Scope
from apps.pilots import flags, ofrep_stream
from apps.pilots.defining import create_feature
from apps.pilots.models import Feature
from apps.pilots.switching import switch_on

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = "user:root@example.com"


@pytest.fixture
def own_key(shop: Business) -> ApiKey:
    return issue_key(business=shop, name="program", scopes=[Scope.FLAGS_EVALUATE], by=None)[0]


@pytest.fixture
def offered(shop: Business) -> Feature:
    return create_feature(key="BULK_APPROVE", home_id=shop.pk, actor=ACTOR)


class Listener:
    """A client of the application in this process. `come` waits for the next thing it sends, None at its end."""

    def __init__(self, key: ApiKey | None, *, method: str = "GET", last: str = "") -> None:
        token = ofrep_stream._signer.sign(key.prefix) if key else "nonsense"
        headers = [(b"last-event-id", last.encode())] if last else []
        self.scope = {"method": method, "query_string": f"token={token}".encode(), "headers": headers}
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.left: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.running = asyncio.create_task(ofrep_stream.events(self.scope, self.left.get, self.sent.put))

    async def status(self) -> int:
        return int((await asyncio.wait_for(self.sent.get(), 3))["status"])

    async def come(self) -> str | None:
        message = await asyncio.wait_for(self.sent.get(), 3)
        return message["body"].decode() if message.get("more_body") else None

    async def leave(self) -> None:
        await self.left.put({"type": "http.disconnect"})
        await asyncio.wait_for(self.running, 3)


def run(story: Callable[[], Any]) -> None:
    async def told() -> None:
        try:
            await story()
        finally:
            # The connection of the thread that looked things up would outlive the tests.
            await sync_to_async(lambda: connection.close())()

    asyncio.run(told())


def data_of(text: str | None) -> dict[str, str]:
    (line,) = [line for line in (text or "").splitlines() if line.startswith("data: ")]
    return json.loads(line.removeprefix("data: "))


def test_it_begins_with_an_event_and_sends_one_at_each_change(
    shop: Business, own_key: ApiKey, offered: Feature
) -> None:
    async def story() -> None:
        listener = Listener(own_key)
        assert await listener.status() == 200
        assert (await listener.come() or "").startswith("retry: ")
        first = data_of(await listener.come())
        await sync_to_async(switch_on)(feature_id=offered.pk, business_id=shop.pk, actor=ACTOR)
        second = data_of(await listener.come())
        assert first["type"] == second["type"] == "refetchEvaluation"
        assert first["etag"] != second["etag"]
        await listener.leave()
        again = Listener(own_key, last=second["etag"])
        await again.status()
        await again.come()
        await asyncio.sleep(0.2)
        assert again.sent.empty()
        await again.leave()
        assert not flags._snapshot.watchers
        assert not ofrep_stream._open

    run(story)


def test_it_gives_signs_of_life_and_ends_with_the_key(own_key: ApiKey, offered: Feature, monkeypatch: Any) -> None:
    monkeypatch.setattr(ofrep_stream, "BEAT_SECONDS", 0.1)

    async def story() -> None:
        listener = Listener(own_key)
        await listener.status()
        begun = [await listener.come() or "" for _ in range(4)]
        assert begun[2:] == [": still here\n\n"] * 2
        await sync_to_async(revoke_key)(key=own_key, by=None)
        while await listener.come() is not None:
            pass
        await asyncio.wait_for(listener.running, 3)
        assert not ofrep_stream._open

    run(story)


def test_who_may_not_ask_may_not_listen(shop: Business, offered: Feature) -> None:
    without_scope = issue_key(business=shop, name="other", scopes=[Scope.GOALS_READ], by=None)[0]

    async def story() -> None:
        assert await Listener(None).status() == 401
        assert await Listener(without_scope).status() == 401

    run(story)


def test_a_key_may_have_so_many_streams(own_key: ApiKey, offered: Feature, monkeypatch: Any) -> None:
    monkeypatch.setattr(ofrep_stream, "MOST_STREAMS", 2)

    async def story() -> None:
        two = [Listener(own_key), Listener(own_key)]
        assert [await one.status() for one in two] == [200, 200]
        assert await Listener(own_key).status() == 429
        await two[0].leave()
        fourth = Listener(own_key)
        assert await fourth.status() == 200
        await fourth.leave()
        await two[1].leave()

    run(story)


def test_only_get_is_a_stream(own_key: ApiKey) -> None:
    async def story() -> None:
        assert await Listener(own_key, method="POST").status() == 405

    run(story)
