"""ACT: tell the caller's callback URL that its goal has ended: signed, and repeated over hours."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone
from django.utils.crypto import salted_hmac

from apps.core import outbound
from apps.core.signing import as_secret, signed_headers
from apps.goals.models import Goal
from apps.goals.response import response_of
from apps.goals.states import CallbackState

TIMEOUT_SECONDS = 15
WAITS_SECONDS = (5, 60, 300, 1800, 7200, 18_000, 36_000)


def callback_secret(business_id: UUID) -> str:
    """The whsec_ secret that a business's callbacks are signed with; the same for ever under one SECRET_KEY."""
    digest = salted_hmac("gatehouse.callbacks", str(business_id), algorithm="sha256").digest()
    return as_secret(digest)


def send_callback(*, goal_id: UUID) -> None:
    """One attempt, if one is due."""
    now = timezone.now()
    due = Goal.objects.filter(pk=goal_id, callback_state=CallbackState.PENDING, callback_after__lte=now)
    # Taking the turn moves the next one away, so that two workers do not both send.
    if not due.update(callback_after=now + timedelta(seconds=2 * TIMEOUT_SECONDS)):
        return
    goal = Goal.objects.get(pk=goal_id)
    try:
        delivered = _send(goal)
    except (outbound.Refused, outbound.Unreachable):
        delivered = False
    _note(goal, delivered)


def _send(goal: Goal) -> bool:
    now = timezone.now()
    content = msgspec.json.encode(
        {"type": f"goal.{goal.state}", "timestamp": now.isoformat(), "data": response_of(goal)}
    )
    keys = [callback_secret(goal.business_id)]
    headers = signed_headers(keys, message_id=f"callback_{goal.pk}", at=now, content=content)
    answer = outbound.send("POST", goal.callback_url, content=content, headers=headers, timeout=TIMEOUT_SECONDS)
    return 200 <= answer.status < 300


def _note(goal: Goal, delivered: bool) -> None:
    attempt = goal.callback_attempts
    changes: dict[str, Any]
    if delivered:
        changes = {"callback_state": CallbackState.DELIVERED, "callback_after": None}
    elif attempt >= len(WAITS_SECONDS):
        changes = {"callback_state": CallbackState.FAILED, "callback_after": None}
    else:
        wait = WAITS_SECONDS[attempt] * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
        changes = {"callback_after": timezone.now() + timedelta(seconds=wait)}
    Goal.objects.filter(pk=goal.pk).update(callback_attempts=attempt + 1, **changes)
