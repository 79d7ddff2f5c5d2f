"""ACT: take an agent on, and give it a new signing secret."""

from typing import Any

from django.db import transaction

from apps.agents.models import Agent
from apps.core.errors import Invalid
from apps.core.events import record
from apps.core.outbound import check_url
from apps.core.sealing import seal
from apps.core.signing import new_secret


def enlist_agent(*, business_id: Any, actor: str, key: str, name: str, url: str, **more: Any) -> tuple[Agent, str]:
    """Add an agent; (row, signing secret). The secret is shown now and never again.

    more: description, timeout_seconds, is_demo. Raises Invalid: an address that may not be called, a key in use.
    """
    check_url(url)
    if Agent.objects.filter(business_id=business_id, key=key).exists():
        raise Invalid("key", f"There is an agent {key} already")
    secret = new_secret()
    with transaction.atomic():
        agent = Agent.objects.create(business_id=business_id, key=key, name=name, url=url, secret=seal(secret), **more)
        _record("agent.enlisted", agent, actor, url=url)
    return agent, secret


def renew_secret(*, agent: Agent, actor: str) -> str:
    """Give the agent a new secret, which alone holds from now on; shown now and never again."""
    secret = new_secret()
    with transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(secret=seal(secret))
        _record("agent.secret_renewed", agent, actor)
    return secret


def _record(kind: str, agent: Agent, actor: str, **data: Any) -> None:
    record(
        kind=kind,
        subject_type="agent",
        subject_id=agent.pk,
        business_id=agent.business_id,
        actor=actor,
        key=agent.key,
        **data,
    )
