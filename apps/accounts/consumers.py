"""EDGE: the websocket every page holds open: what changed in the business its person works in."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from django.utils.module_loading import import_string

from apps.accounts.middleware import SESSION_KEY, choose_seat
from apps.accounts.models import User
from apps.accounts.selectors import seats_of
from apps.core.live import INSTALLATION, group_of

# Changes that follow each other this closely go out together, behind one check of the person's rights.
GATHER_SECONDS = 0.05
BEAT_SECONDS = 25

SIGNED_OUT, NO_BUSINESS, OTHER_BUSINESS = 4401, 4403, 4409


class Changes(AsyncJsonWebsocketConsumer):
    """Sends {"changes": [{kind, type, id}, ...]}; first {"hello": true, ...}, later an empty list as a sign of life.

    Before every frame it is asked anew whether the session still stands and the person still belongs to the business;
    if not, the socket is closed: 4401 signed out, 4403 in no business, 4409 in another one now (connect again).
    """

    business_id: UUID | None = None

    async def connect(self) -> None:
        self.gathered: list[dict[str, Any]] = []
        self.groups: list[str] = []
        self.sending: asyncio.Task[None] | None = None
        self.beating: asyncio.Task[None] | None = None
        # Accepted before it is judged, because a browser is not told the code of a refused handshake.
        await self.accept()
        standing = await self._standing()
        self.business_id = standing.business_id
        if self.business_id is None:
            return await self.close(standing.refusal)
        self.groups = [group_of(self.business_id), *([INSTALLATION] if standing.superuser else [])]
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        # From here on nothing is missed; what changed since the page was drawn it must ask for.
        await self.send_json({"hello": True, "changes": []})
        self.beating = asyncio.create_task(self._beat())
        return None

    async def disconnect(self, code: int) -> None:
        for task in (self.sending, self.beating):
            if task and task is not asyncio.current_task():
                task.cancel()
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def changed(self, event: dict[str, Any]) -> None:
        """From the channel layer: something changed (apps/core/live.py)."""
        self.gathered.append(event)
        if self.sending is None or self.sending.done():
            self.sending = asyncio.create_task(self._send_gathered())

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Nothing is done by websocket."""

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        return None

    async def _send_gathered(self) -> None:
        while self.gathered:
            await asyncio.sleep(GATHER_SECONDS)
            changes, self.gathered = self.gathered, []
            if not await self._deliver(changes):
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if not await self._deliver([]):
                return

    async def _deliver(self, changes: list[dict[str, Any]]) -> bool:
        standing = await self._standing()
        with contextlib.suppress(RuntimeError):
            if standing.business_id == self.business_id:
                told = [change for change in changes if standing.superuser or change.get("group") != INSTALLATION]
                await self.send_json({"changes": [change["message"] for change in told]})
                return True
            await self.close(OTHER_BUSINESS if standing.business_id else standing.refusal)
        return False

    async def _standing(self) -> "Standing":
        return await database_sync_to_async(standing_of)(self.scope["session"].session_key)


@dataclass(frozen=True, slots=True)
class Standing:
    """The business a session works in now; without one, the code that says why. superuser: also everything's."""

    business_id: UUID | None
    refusal: int = 0
    superuser: bool = False


def standing_of(session_key: str | None) -> Standing:
    """How a session stands now."""
    if not session_key:
        return Standing(None, SIGNED_OUT)
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user = auth.get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return Standing(None, SIGNED_OUT)
    seat = choose_seat(seats_of(user), request.session.get(SESSION_KEY))
    return Standing(seat.business_id, 0, user.is_superuser) if seat else Standing(None, NO_BUSINESS)
