"""The websocket of every page: whose changes it tells, and when it falls silent."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.test import Client

from apps.accounts.models import Business, Membership, User
from apps.core.live import INSTALLATION, group_of, groups_of
from apps.core.models import Event
from config.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)

CHANGE = {"kind": "approval.approved", "type": "approval", "id": "1"}


class Socket(ApplicationCommunicator):
    """The browser's end of a websocket."""

    async def open(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(timeout=3))["type"] == "websocket.accept"

    async def greeted(self) -> None:
        assert await self.open()
        assert await self.heard() == {"hello": True, "changes": []}

    async def heard(self) -> dict[str, Any]:
        return dict(json.loads((await self.receive_output(timeout=3))["text"]))

    async def close(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=3)


def socket_of(client: Client, origin: str = "http://localhost:8000") -> Socket:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"origin", origin.encode()), (b"cookie", cookies.encode()), (b"host", b"localhost")]
    scope = {"type": "websocket", "path": "/ws/changes/", "query_string": b"", "headers": headers, "subprotocols": []}
    return Socket(application, scope)


def run(talk: Callable[[], Awaitable[None]]) -> None:
    async_to_sync(talk)()


async def tell(business: Business) -> None:
    layer: Any = get_channel_layer()
    await layer.group_send(group_of(business.pk), {"type": "changed", "message": CHANGE})


async def closing_code(socket: Socket) -> int:
    message = await socket.receive_output(timeout=3)
    assert message["type"] == "websocket.close"
    return int(message["code"])


def test_it_tells_what_changed_in_the_business_and_nothing_of_another(
    signed_in: Callable[[User], Client], alice: User, shop: Business, other_shop: Business
) -> None:
    client = signed_in(alice)

    async def talk() -> None:
        socket = socket_of(client)
        await socket.greeted()
        await tell(other_shop)
        await tell(shop)
        await tell(shop)
        assert await socket.heard() == {"changes": [CHANGE, CHANGE]}
        assert await socket.receive_nothing(timeout=0.2)
        await socket.close()

    run(talk)


def test_who_has_left_the_business_hears_nothing_more(
    signed_in: Callable[[User], Client], alice: User, shop: Business
) -> None:
    client = signed_in(alice)

    async def talk() -> None:
        socket = socket_of(client)
        await socket.greeted()
        await sync_to_async(Membership.objects.filter(user=alice).delete)()
        await tell(shop)
        assert await closing_code(socket) == 4403

    run(talk)


def test_who_has_signed_out_hears_nothing_more(
    signed_in: Callable[[User], Client], alice: User, shop: Business
) -> None:
    client = signed_in(alice)

    async def talk() -> None:
        socket = socket_of(client)
        await socket.greeted()
        await sync_to_async(client.session.flush)()
        await tell(shop)
        assert await closing_code(socket) == 4401

    run(talk)


def test_who_has_gone_to_another_business_connects_anew(
    signed_in: Callable[[User], Client], alice: User, shop: Business, other_shop: Business
) -> None:
    Membership.objects.create(business=other_shop, user=alice, role="reviewer")
    client = signed_in(alice)
    session = client.session
    session["business_id"] = str(shop.pk)
    session.save()

    def move() -> None:
        session["business_id"] = str(other_shop.pk)
        session.save()

    async def talk() -> None:
        socket = socket_of(client)
        await socket.greeted()
        await sync_to_async(move)()
        await tell(shop)
        assert await closing_code(socket) == 4409

    run(talk)


def test_a_stranger_is_sent_away() -> None:
    async def talk() -> None:
        socket = socket_of(Client())
        await socket.open()
        assert await closing_code(socket) == 4401

    run(talk)


def test_a_page_of_another_site_cannot_listen(signed_in: Callable[[User], Client], alice: User) -> None:
    client = signed_in(alice)

    async def talk() -> None:
        assert not await socket_of(client, "https://evil.example").open()

    run(talk)


def test_what_is_said_to_it_does_nothing(signed_in: Callable[[User], Client], alice: User, shop: Business) -> None:
    client = signed_in(alice)

    async def talk() -> None:
        socket = socket_of(client)
        await socket.greeted()
        await socket.send_input({"type": "websocket.receive", "text": "not json at all"})
        await tell(shop)
        assert await socket.heard() == {"changes": [CHANGE]}
        await socket.close()

    run(talk)


async def tell_superusers() -> None:
    message = {"kind": "feature.enabled", "type": "feature", "id": "2"}
    told = {"type": "changed", "message": message, "group": INSTALLATION}
    await get_channel_layer().group_send(INSTALLATION, told)


def test_a_superuser_hears_of_the_installation_wherever_they_are_and_nobody_else_does(
    root: User, alice: User, shop: Business, other_shop: Business
) -> None:
    Membership.objects.create(business=other_shop, user=root, role="admin")
    browsers = {user: Client() for user in (root, alice)}
    for user, browser in browsers.items():
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    mine, hers = (socket_of(browser) for browser in browsers.values())

    async def talk() -> None:
        for socket in (mine, hers):
            await socket.greeted()
        await tell_superusers()
        assert (await mine.heard())["changes"] == [{"kind": "feature.enabled", "type": "feature", "id": "2"}]
        await tell(shop)
        assert (await hers.heard())["changes"] == [CHANGE]
        # Whoever is none any more hears nothing more of it.
        await sync_to_async(User.objects.filter(pk=root.pk).update)(is_superuser=False)
        await tell_superusers()
        assert (await mine.heard())["changes"] == []
        for socket in (mine, hers):
            await socket.close()

    run(talk)


def test_what_belongs_to_no_business_goes_to_superusers(shop: Business) -> None:
    of_none, of_shop = Event(subject_type="business"), Event(subject_type="feature", business_id=shop.pk)
    assert groups_of(of_none) == [INSTALLATION]
    assert groups_of(of_shop) == [group_of(shop.pk), INSTALLATION]
    assert groups_of(Event(subject_type="goal", business_id=shop.pk)) == [group_of(shop.pk)]
