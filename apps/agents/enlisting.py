"""ACT: take an agent on, change it, and give it a new signing secret."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.agents.acceptance import wrong_agent
from apps.agents.altering import alter, check_fields, tell
from apps.agents.asking_http import seal_headers
from apps.agents.kinds import AgentKind
from apps.agents.models import Agent
from apps.core.errors import Invalid, NotFound
from apps.core.sealing import seal
from apps.core.signing import new_secret

MOST_AGENTS = 500


def enlist_agent(
    *,
    business_id: Any,
    actor: str,
    key: str,
    name: str,
    kind: str = AgentKind.HTTP,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> tuple[Agent, str]:
    """Add an agent; (row, signing secret). The secret is shown now and never again; "" for kinds that need none.

    headers: extra request headers, kept encrypted. more: url, model, prompt, entry, description, types, concurrency,
    timeout_seconds, price_per_call, is_demo. Raises Invalid: each field that is wrong, a key in use, too many agents.
    """
    given = {"name": name, "headers": dict(headers or {}), **more}
    check_fields(wrong_agent, AgentKind(kind), {"key": key, **given}, new=True)
    secret = new_secret() if kind == AgentKind.HTTP else ""
    given |= {"headers": seal_headers(given["headers"]), "secret": seal(secret) if secret else ""}
    try:
        with transaction.atomic():
            if Agent.objects.filter(business_id=business_id).count() >= MOST_AGENTS:
                raise Invalid("", f"A business has at most {MOST_AGENTS} agents")
            agent = Agent.objects.create(business_id=business_id, key=key, kind=kind, **given)
            tell(agent, "enlisted", actor, agent_kind=str(kind), url=agent.url)
    except IntegrityError:
        raise Invalid("key", f"There is an agent {key} already") from None
    return agent, secret


def change_agent(*, agent_id: UUID, actor: str, **changes: Any) -> Agent:
    """Change the given fields; key and kind stay. headers: replaced as a whole.

    Raises NotFound, Invalid: each field that is wrong or belongs to another kind.
    """
    with transaction.atomic():
        agent = Agent.objects.select_for_update().filter(pk=agent_id).first()
        if agent is None:
            raise NotFound
        check_fields(wrong_agent, AgentKind(agent.kind), changes, new=False)
        alter(agent, changes, actor)
    return agent


def renew_secret(*, agent: Agent, actor: str) -> str:
    """Give the agent a new secret, which alone holds from now on; shown now and never again.

    Raises Invalid: an agent of a kind whose requests are not signed.
    """
    if agent.kind != AgentKind.HTTP:
        raise Invalid("kind", "Only requests to HTTP endpoints are signed")
    secret = new_secret()
    with transaction.atomic():
        Agent.objects.filter(pk=agent.pk).update(secret=seal(secret))
        tell(agent, "secret_renewed", actor)
    return secret
