"""ACT: switch an agent off, with a reason that is shown, and on again."""

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.agents.altering import tell
from apps.agents.models import Agent
from apps.core import breaking
from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound

LONGEST_REASON = 200


def disable_agent(*, agent_id: UUID, reason: str, by: Literal["person", "trust"], actor: str) -> bool:
    """Give the agent no more work; whether it was on until now. Work it has already taken on may still end.

    reason: 1 to 200 characters. by: who decided, a person or trust's own rule. Raises Invalid, NotFound.
    """
    reason = reason.strip()
    check_storable(reason, "reason")
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Invalid("reason", f"Say why, in 1 to {LONGEST_REASON} characters")
    with transaction.atomic():
        changed = Agent.objects.filter(pk=agent_id, enabled=True).update(
            enabled=False, disabled_reason=reason, disabled_by=actor[:120], disabled_at=timezone.now()
        )
        _tell(agent_id, "disabled", actor, changed=changed, reason=reason, by=by)
    return bool(changed)


def enable_agent(*, agent_id: UUID, actor: str) -> bool:
    """Let the agent work again, and let calls through at once; whether it was off until now. Raises NotFound."""
    with transaction.atomic():
        changed = Agent.objects.filter(pk=agent_id, enabled=False).update(
            enabled=True, disabled_reason="", disabled_by="", disabled_at=None
        )
        _tell(agent_id, "enabled", actor, changed=changed)
        if changed:
            transaction.on_commit(lambda: breaking.close(agent_id))
    return bool(changed)


def _tell(agent_id: UUID, what: str, actor: str, *, changed: int, **data: Any) -> None:
    agent = Agent.objects.filter(pk=agent_id).only("key", "business_id").first()
    if agent is None:
        raise NotFound
    if changed:
        tell(agent, what, actor, **data)
