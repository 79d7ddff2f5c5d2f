"""Who has lost all trust is given no more work, somebody is told, and who was given another chance has it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.agents.switching import disable_agent, enable_agent
from apps.alerts.models import Notice
from apps.core.models import Event
from apps.core.outbox import drain
from apps.trust.models import Recommendation, TrustScore, TrustSettings
from apps.trust.steering import steer_agents
from tests.trust.test_routing import scored

pytestmark = pytest.mark.django_db

Poor = Callable[..., TrustScore]


def poor(agent: Agent, **figures: Any) -> TrustScore:
    return scored(agent, low=0.1, **{"overall": 0.2, "high": 0.28, "judged": 40, **figures})


def state(agent: Agent) -> tuple[bool, str, str]:
    agent.refresh_from_db()
    return agent.enabled, agent.disabled_reason, agent.disabled_by


def answered(agent: Agent, count: int, value: float | None = 0.0, failure: str = "", days: float = 0) -> None:
    now = timezone.now() - timedelta(days=days)
    for _ in range(count):
        Recommendation.objects.create(
            business_id=agent.business_id, agent=agent, type="draft", correlation_id="m", created_at=now, value=value,
            failure=failure, decided_at=now if value is not None else None,
        )  # fmt: skip


def test_it_switches_off_and_tells(shop: Business, writer: Agent) -> None:
    poor(writer)
    assert steer_agents(business_id=shop.pk) == 1
    assert state(writer) == (False, "Trust 0.20, below 0.30, on evidence worth 30 outcomes", "system:trust")
    notice = Notice.objects.get()
    assert (notice.severity, notice.business, notice.resolved_at) == ("critical", shop, None)
    assert notice.title == "Writer was switched off: its trust is 0.20"
    event = Event.objects.get(kind="agent.disabled")
    assert (event.actor, event.data["by"], event.business_id) == ("system:trust", "trust", shop.pk)
    assert steer_agents(business_id=shop.pk) == 0
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(
    "figures",
    [
        {"overall": 0.3},
        {"effective_n": 9.9},
        {"kind": "draft"},
    ],
)
def test_it_leaves_who_is_not_surely_poor(shop: Business, writer: Agent, figures: dict[str, Any]) -> None:
    score = poor(writer)
    TrustScore.objects.filter(pk=score.pk).update(**{"type" if k == "kind" else k: v for k, v in figures.items()})
    assert steer_agents(business_id=shop.pk) == 0
    assert state(writer)[0]


def test_it_leaves_the_agents_of_others(shop: Business, other_shop: Business, writer: Agent) -> None:
    poor(writer)
    assert steer_agents(business_id=other_shop.pk) == 0


def test_a_business_may_keep_its_agents_or_want_more_evidence(shop: Business, writer: Agent) -> None:
    poor(writer)
    chosen = TrustSettings.objects.create(business=shop, may_disable=False)
    assert steer_agents(business_id=shop.pk) == 0
    TrustSettings.objects.filter(pk=chosen.pk).update(may_disable=True, min_evidence=31)
    assert steer_agents(business_id=shop.pk) == 0
    TrustSettings.objects.filter(pk=chosen.pk).update(min_evidence=30)
    assert steer_agents(business_id=shop.pk) == 1


def test_who_is_off_already_is_left_as_it_is(shop: Business, writer: Agent) -> None:
    poor(writer)
    disable_agent(agent_id=writer.pk, reason="moving house", by="person", actor="user:a")
    assert steer_agents(business_id=shop.pk) == 0
    assert state(writer)[1] == "moving house"
    assert not Notice.objects.exists()


def test_switched_on_again_it_has_another_chance_and_the_alarm_is_over(shop: Business, writer: Agent) -> None:
    poor(writer)
    answered(writer, 40, days=1)
    steer_agents(business_id=shop.pk)
    enable_agent(agent_id=writer.pk, actor="user:a")
    drain()
    assert Notice.objects.get().resolved_at is not None
    assert steer_agents(business_id=shop.pk) == 0
    assert state(writer)[0]


@pytest.mark.parametrize(
    ("later", "again"),
    [
        ({"count": 9}, False),
        ({"count": 10}, True),
        ({"count": 10, "value": None, "failure": "timeout"}, True),
        ({"count": 10, "value": None}, False),
        ({"count": 20, "value": 0.5}, False),
    ],
)
def test_after_another_chance_it_is_judged_by_what_came_since(
    shop: Business, writer: Agent, later: dict[str, Any], again: bool
) -> None:
    poor(writer)
    answered(writer, 40, days=1)
    steer_agents(business_id=shop.pk)
    enable_agent(agent_id=writer.pk, actor="user:a")
    drain()
    answered(writer, **later)
    assert steer_agents(business_id=shop.pk) == int(again)
    assert Notice.objects.filter(resolved_at=None).count() == int(again)


def test_told_late_that_it_is_on_the_notice_of_a_new_switching_off_stays(shop: Business, writer: Agent) -> None:
    poor(writer)
    steer_agents(business_id=shop.pk)
    enable_agent(agent_id=writer.pk, actor="user:a")
    answered(writer, 10)
    steer_agents(business_id=shop.pk)
    drain()
    assert Notice.objects.filter(resolved_at=None).count() == 1
