"""ACT: give the demo's crew a past of recommendations and what people made of them, workflows to run, and runs.

The past is rows, like that of the goals; trust is then learned from it by a real cycle.
"""

import hashlib
import random
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import new_id
from apps.core.sealing import seal
from apps.core.signing import new_secret
from apps.ops.demo.crew import CREW
from apps.ops.demo.history import REVIEWERS, SEED, id_at
from apps.trust.learning import run_cycle
from apps.trust.models import LearningCycle, Outcome, Recommendation, TrustScore
from apps.trust.verdicts import Source, Verdict
from apps.workflows.defining import create_workflow, install_ready_workflows
from apps.workflows.models import Run, Workflow
from apps.workflows.starting import start_workflow

BY = "demo:crew"
MATTERS, DAYS = 260, 56
STAGES = (("research", ["research"]), ("analysis", ["analysis"]), ("strategy", ["strategy"]), ("review", ["review"]))
FAILED, LATE, UNJUDGED = 0.03, 0.05, 0.12
MOVES = [
    "Win back customers who have not ordered for a year",
    "Sell what is left of the garden furniture before winter",
    "Make the linen collection known to people who rent",
]
KEY = "campaign"


def load_crew(business: Business, *, now: datetime) -> int:
    """Enlist the crew, install the ready workflows, write the past and learn from it, start three runs; each once.

    Call acting for the business. Gives the number of recommendations written.
    """
    crew = _enlist(business)
    install_ready_workflows(business_id=business.pk, actor=BY)
    written = 0
    if not Recommendation.objects.filter(business=business).exists():
        written = _write_past(business, crew, now)
    if written or not TrustScore.objects.filter(business=business).exists():
        run_cycle(business_id=business.pk, kind=LearningCycle.Kind.FULL, started_by=BY)
    _start_runs(business)
    return written


def _enlist(business: Business) -> dict[str, Agent]:
    for one in CREW:
        described = {name: one[name] for name in ("name", "types", "description")}
        fixed = {"url": "http://127.0.0.1/", "secret": seal(new_secret()), "is_demo": True, "concurrency": 4}
        Agent.objects.get_or_create(business=business, key=one["key"], defaults=described | fixed)
    return {agent.key: agent for agent in Agent.objects.filter(business=business)}


def _start_runs(business: Business) -> None:
    if not Workflow.objects.filter(business=business, key=KEY).exists():
        create_workflow(
            business_id=business.pk,
            key=KEY,
            name="Campaign",
            pattern="move_creation",
            description="The shop's campaigns: a person decides about each",
            config={"audience": "customers of a home goods shop", "budget_usd": 5000, "person": {"when": "always"}},
            actor=BY,
        )
    if Run.objects.filter(business=business, workflow__key=KEY).exists():
        return
    for words in MOVES:
        given = {"goal": words, "context": {}}
        start_workflow(business_id=business.pk, key=KEY, input=given, actor=BY, title=words, run_key=f"demo:{words}")


def _write_past(business: Business, crew: dict[str, Agent], now: datetime) -> int:
    chance = random.Random(SEED)  # noqa: S311 a stage, not a secret
    told = _Told()
    rows: list[Recommendation] = []
    for moment in sorted(now - timedelta(days=1 + (DAYS - 1) * chance.random()) for _ in range(MATTERS)):
        age = (now - moment) / timedelta(days=DAYS)
        matter = str(id_at(moment, chance))
        for stage, types in STAGES:
            rows += _asked(business, crew, stage, types, matter, moment, age, chance, told)
    with transaction.atomic():
        Recommendation.objects.bulk_create(rows, batch_size=500)
        judged = [
            _outcome(row, row.value, row.decided_at, chance) for row in rows if row.value is not None and row.decided_at
        ]
        Outcome.objects.bulk_create(judged, batch_size=500)
    return len(rows)


class _Told:
    """What people have said so far of each agent: the running average, and a smoothed one for what trust expected."""

    def __init__(self) -> None:
        self.sums: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
        self.smooth: dict[str, float] = defaultdict(lambda: 0.6)

    def average(self, key: str) -> float | None:
        said, good = self.sums[key]
        return good / said if said else None

    def add(self, key: str, value: float) -> None:
        said, good = self.sums[key]
        self.sums[key] = (said + 1, good + value)
        self.smooth[key] += (value - self.smooth[key]) / 25


def _asked(
    business: Business,
    crew: dict[str, Agent],
    stage: str,
    types: list[str],
    matter: str,
    moment: datetime,
    age: float,
    chance: random.Random,
    told: _Told,
) -> list[Recommendation]:
    """Those who were asked side by side in one stage. Who is right says the same, so that they agree."""
    rows = []
    for one in CREW:
        if not set(one["types"]) & set(types):
            continue
        begin, end = one["good"]
        right = chance.random() < begin + (end - begin) * (1 - age)
        row = Recommendation(
            id=id_at(moment, chance),
            business=business,
            agent=crew[one["key"]],
            type=types[0],
            correlation_id=matter,
            group=f"{matter}:{stage}",
            confidence=min(1.0, max(0.0, round(chance.gauss(0.85 if right else 0.72, 0.1), 2))),
            latency_ms=round(chance.lognormvariate(7.2, 0.5)),
            on_time=chance.random() > LATE,
            expected=told.smooth[one["key"]],
            average=told.average(one["key"]),
            created_at=moment,
        )
        _judge(row, one["key"], right, chance, told)
        rows.append(row)
    return rows


def _judge(row: Recommendation, key: str, right: bool, chance: random.Random, told: _Told) -> None:
    if chance.random() < FAILED:
        row.failure, row.confidence = "timeout", None
        return
    words = "sound" if right else f"{key} alone"
    row.digest = hashlib.sha256(f"{row.group}:{words}".encode()).hexdigest()
    if chance.random() < UNJUDGED:
        return
    value = 1.0 if right else 0.0
    row.verdict = Verdict.APPROVED if right else Verdict.REJECTED
    if right and chance.random() < 0.2:
        value, row.verdict = round(chance.uniform(0.6, 0.95), 3), Verdict.PARTIAL
    row.value, row.quality = value, round(100 * value * chance.uniform(0.85, 1), 1)
    row.decided_at = row.created_at + timedelta(hours=chance.lognormvariate(0, 0.8))
    told.add(key, value)


def _outcome(row: Recommendation, value: float, at: datetime, chance: random.Random) -> Outcome:
    return Outcome(
        id=new_id(),
        business_id=row.business_id,
        recommendation_id=row.pk,
        source=Source.APPROVAL,
        verdict=row.verdict,
        value=value,
        quality=row.quality,
        edited=None if row.verdict == Verdict.REJECTED else round(1 - value, 3),
        judged_by=chance.choice(REVIEWERS),
        judged_at=at,
    )
