"""Agents, recommendations and their outcomes, made as they come out of tracking and folding, without the way there."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.trust.models import LearningCycle, Recommendation
from apps.trust.verdicts import Verdict


def agents_of(business: Business, names: Iterable[str]) -> list[Agent]:
    return [
        Agent.objects.create(business=business, key=f"agent-{n}", name=name, url="https://example.com", secret="x")
        for n, name in enumerate(names)
    ]


def cycle_of(business: Business, kind: str = "full", **given: Any) -> LearningCycle:
    """A cycle that is over, unless told otherwise, so that a test may have several."""
    now = timezone.now()
    facts: dict[str, Any] = {"state": "done", "started_by": "system:test", "started_at": now, "seen_at": now} | given
    return LearningCycle.objects.create(business=business, kind=kind, **facts)


@dataclass
class Shop:
    """A business at work: `answer` makes one recommendation, `keep` writes all of them and what they add up to."""

    business: Business

    def __post_init__(self) -> None:
        self.rows: list[Recommendation] = []

    def answer(
        self,
        agent: Agent,
        value: float | None,
        *,
        days_ago: float = 1.0,
        type: str = "research",  # noqa: A002
        group: str = "",
        digest: str = "d",
        confidence: float | None = None,
        weight: float = 1.0,
        **more: Any,
    ) -> Recommendation:
        made = noon() - timedelta(days=days_ago)
        verdict = Verdict.PENDING if value is None else Verdict.APPROVED if value > 0 else Verdict.REJECTED
        row = Recommendation(
            business=self.business,
            agent=agent,
            type=type,
            correlation_id=more.pop("correlation_id", f"c{len(self.rows)}"),
            group=group,
            digest=digest,
            confidence=confidence,
            value=value,
            verdict=verdict.value,
            weight=weight,
            created_at=made,
            decided_at=made + timedelta(minutes=5) if value is not None else None,
            **more,
        )
        self.rows.append(row)
        return row

    def keep(self) -> None:
        Recommendation.objects.bulk_create(self.rows, batch_size=2000)
        self.rows = []
        tally(self.business)


def tally(business: Business) -> None:
    """The daily tallies, all anew, as the learning cycle would have left them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM trust_dailytally WHERE business_id = %s", [business.pk])
        cursor.execute(
            """
            INSERT INTO trust_dailytally (id, business_id, agent_id, type, day, asked, answered, on_time, judged,
                weight, weight2, value, value2, approved, rejected, rated, quality, claimed, confidence, changed_at)
            SELECT gen_random_uuid(), business_id, agent_id, type, (created_at AT TIME ZONE 'UTC')::date, count(*),
                count(*) FILTER (WHERE failure = ''), count(*) FILTER (WHERE on_time AND failure = ''), count(value),
                coalesce(sum(weight) FILTER (WHERE value IS NOT NULL), 0),
                coalesce(sum(weight * weight) FILTER (WHERE value IS NOT NULL), 0),
                coalesce(sum(weight * value), 0), coalesce(sum(weight * value * value), 0),
                count(*) FILTER (WHERE value > 0), count(*) FILTER (WHERE value = 0), count(quality),
                coalesce(sum(quality), 0), count(confidence), coalesce(sum(confidence), 0), clock_timestamp()
            FROM trust_recommendation WHERE business_id = %s GROUP BY 2, 3, 4, 5
            """,
            [business.pk],
        )


def noon() -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


def today() -> date:
    return timezone.now().date()


def luck(seed: int) -> random.Random:
    return random.Random(seed)
