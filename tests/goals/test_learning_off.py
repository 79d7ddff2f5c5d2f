"""With learning switched off everything else is as it was: goals, workflows, people's decisions; nothing is kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.principals import Principal
from apps.accounts.roles import Role, scopes_of
from apps.agents.models import Agent
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.goals.carrying import carry
from apps.goals.models import Goal
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature
from apps.pilots.switching import switch_off
from apps.trust.folding import fold
from apps.trust.models import Buffered, DailyTally, Delta, LearningCycle, Outcome, Recommendation, TrustScore
from apps.trust.recommending import flush_buffer
from apps.trust.tasks import learn_all, refresh_trust
from apps.workflows.defining import create_workflow
from apps.workflows.models import Step
from apps.workflows.working import work_steps
from tests.fakes import Outsider
from tests.goals.conftest import CLEAR

pytestmark = pytest.mark.django_db

WORKERS = {"ada": 0.9, "ben": 0.2}
KEPT: list[Any] = [Buffered, Recommendation, Outcome, Delta, DailyTally, LearningCycle]


@pytest.fixture
def workflow(shop: Business, agent: tuple[Agent, str], outside: Outsider) -> None:
    for key in WORKERS:
        Agent.objects.create(
            business=shop, key=key, name=key.title(), url=f"{outside.url}/{key}", secret=agent[0].secret,
            types=["research", "strategy"],
        )  # fmt: skip
    config = {"research": {"types": ["research"]}, "review": {"every_type": False}, "person": {"when": "always"}}
    create_workflow(business_id=shop.pk, key="move", pattern="move_creation", config=config, actor="user:bob")


def known(shop: Business, key: str, overall: float) -> None:
    """What a cycle has found out of an agent, so that there is something to leave out of account."""
    TrustScore.objects.create(
        business=shop, agent=Agent.objects.get(key=key), type="", overall=overall, low=max(0.0, overall - 0.1),
        high=min(1.0, overall + 0.1), accuracy=overall, consistency=1, timeliness=1, reliability=1, effective_n=99,
        enough=True, boost=max(-0.5, overall - 0.6), computed_at=timezone.now(),
    )  # fmt: skip


def carry_through(api: APIClient, shop: Business, alice: User) -> Goal:
    """A goal runs its workflow, a person approves a part of it, the run goes to its end."""
    answer = api.post("/v1/goals", {**CLEAR, "workflow": "move"}, format="json").json()
    goal = Goal.objects.get(pk=answer["goal_id"])
    carry(goal_id=goal.pk)
    while work_steps():
        pass
    request = ApprovalRequest.objects.get(kind="step", state="awaiting_approval")
    parts = dict(list(request.payload["recommendations"].items())[:-1])
    decide(
        request_id=request.pk,
        by=Principal(
            business_id=shop.pk, scopes=scopes_of(Role.REVIEWER), actor="user:alice@example.com", user=alice,
            role=Role.REVIEWER,
        ),
        verdict="approve",
        payload_hash=request.payload_hash,
        payload={**request.payload, "recommendations": parts},
    )  # fmt: skip
    while work_steps():
        pass
    goal.refresh_from_db()
    return goal


def told_of(goal: Goal) -> tuple[Any, ...]:
    """What everybody sees of a goal and its run, but for ids and times."""
    steps = Step.objects.filter(run__subject_id=goal.pk).order_by("key")
    return (
        goal.state, goal.confidence, goal.execution_path, goal.error, goal.result,
        [(step.key, step.kind, step.state, step.does, step.result, step.error) for step in steps],
    )  # fmt: skip


def test_with_learning_off_all_else_is_unchanged_and_nothing_is_kept(
    api: APIClient, shop: Business, alice: User, workflow: None, outside: Outsider,
    thresholds: Callable[[float, float], None],
) -> None:  # fmt: skip
    thresholds(0.3, 0.1)
    outside.answer = (200, b'{"result": {"move": "Write to them"}, "confidence": 0.8}', {})
    on = told_of(carry_through(api, shop, alice))
    assert on[0] == "done"
    flush_buffer()
    assert Recommendation.objects.count() == 4
    assert Outcome.objects.filter(source="approval").count() == 4
    for model in (Outcome, Recommendation, Delta, Buffered):
        model.objects.all().delete()

    learning, _ = Feature.objects.get_or_create(key="LEARNING_ENABLED", defaults={"variants": ON_OFF})
    switch_off(feature_id=learning.pk, business_id=shop.pk, actor="user:bob@example.com", hold=True)
    known(shop, "ada", 0.95)
    known(shop, "ben", 0.1)
    assert told_of(carry_through(api, shop, alice)) == on
    assert set(Step.objects.order_by("-id").values_list("priority", flat=True)[:5]) == {1}
    assert list(Step.objects.filter(kind="agent").order_by("-id").values_list("expected", flat=True)[:4]) == [None] * 4

    flush_buffer()
    fold(business_id=shop.pk, today=timezone.now().date())
    learn_all()
    refresh_trust()
    assert [model.__name__ for model in KEPT if model.objects.exists()] == []
    assert Agent.objects.get(key="ben").enabled
    assert api.post("/v1/learning/cycles", {}, format="json").status_code == 409
    assert api.get("/v1/trust").status_code == 200
