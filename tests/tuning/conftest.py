"""Labelled goals that the tests of calibration are told with."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.goals import configuration
from apps.goals.calibration import Curve
from apps.goals.models import Goal
from apps.tuning import refitting
from apps.tuning.models import ReviewedGoal

AS_SAID = Curve.through([(0.0, 0.0), (1.0, 1.0)])


@pytest.fixture(autouse=True)
def shipped_as_said(monkeypatch: Any) -> None:
    """The shipped curve is fitted anew now and then; what is told here begins with one that changes nothing."""
    monkeypatch.setattr(configuration, "_SHIPPED", configuration.CurveInForce(AS_SAID, None))
    monkeypatch.setattr(refitting, "SHIPPED", AS_SAID)


def past_goals(business: Business, number: int, *, seed: int = 1, **changes: Any) -> list[Goal]:
    """Goals that were judged, spread over the last weeks; their sums evenly from 0.3 to 1."""
    chance, now = random.Random(seed), timezone.now()
    goals = []
    for place in range(number):
        raw = chance.uniform(0.3, 1.0)
        path = "executed" if raw >= 0.85 else "approved" if raw >= 0.55 else "clarification"
        plain: dict[str, Any] = {
            "id": new_id(),
            "business": business,
            "text": f"Goal {place}",
            "submitted_by": "key:test",
            "state": "done",
            "approval_state": "not_required" if path == "executed" else "approved",
            "execution_path": path,
            "confidence": raw,
            "raw_confidence": raw,
            "unsure_path": "clarification",
            "kind": "refund_order" if place % 2 else "find_order",
        }
        goals.append(Goal(**plain | changes))
    for place, goal in enumerate(goals):
        goal.created_at = now - timedelta(days=1 + place * 40 / number)
    created: Any = Goal._meta.get_field("created_at")
    created.auto_now_add = False
    try:
        Goal.objects.bulk_create(goals, batch_size=5000)
    finally:
        created.auto_now_add = True
    return goals


def label(goal: Goal, *, right: bool, source: str = "decision", weight: float = 1.0) -> ReviewedGoal:
    assert goal.raw_confidence is not None
    assert goal.confidence is not None
    return ReviewedGoal(
        goal=goal,
        business_id=goal.business_id,
        kind=goal.kind,
        raw_confidence=goal.raw_confidence,
        confidence=goal.confidence,
        stopped=not goal.unsure_path,
        outcome="approved" if right else "rejected",
        right=right,
        source=source,
        weight=weight,
        decided_at=goal.created_at,
    )


@pytest.fixture
def history(db: None) -> Callable[..., list[ReviewedGoal]]:
    """history(shop, 200): so many labelled goals that went well as often as the square of their sum."""

    def make(business: Business, number: int, *, seed: int = 1, **changes: Any) -> list[ReviewedGoal]:
        chance = random.Random(seed + 1000)
        goals = past_goals(business, number, seed=seed, **changes)
        rows = [label(goal, right=chance.random() < (goal.raw_confidence or 0) ** 2) for goal in goals]
        return ReviewedGoal.objects.bulk_create(rows, batch_size=2000)

    return make
