"""Workflows, runs and steps of the past, put into the database by hand: pages do not ask how they came about."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.core.ids import first_id_at, new_id
from apps.workflows.models import Run, Stage, Step, Workflow, WorkflowVersion
from apps.workflows.patterns import pattern_of


def workflow_in(shop: Business, key: str = "moves", pattern: str = "move_creation", **changes: Any) -> Workflow:
    plain = {"business": shop, "key": key, "name": key.title(), "pattern": pattern}
    made = Workflow.objects.create(**plain | changes)
    WorkflowVersion.objects.create(
        business=shop,
        workflow=made,
        number=made.version,
        config=msgspec.to_builtins(pattern_of(pattern).Config()),
        made_by="user:bob@example.com",
    )
    return made


def run_in(shop: Business, title: str = "Move the shelves", *, ago: timedelta = timedelta(0), **changes: Any) -> Run:
    """A run begun so long ago."""
    moment = timezone.now() - ago
    pk = UUID(int=first_id_at(moment).int | random.getrandbits(60)) if ago else new_id()
    plain: dict[str, Any] = {
        "id": pk,
        "business": shop,
        "pattern": "single",
        "title": title,
        "correlation_id": "matter",
        "key": str(pk),
        "started_by": "user:alice@example.com",
        "stage": 1,
    }
    run = Run.objects.create(**plain | changes)
    Run.objects.filter(pk=run.pk).update(created_at=moment)
    run.created_at = moment
    return run


def stage_in(run: Run, key: str = "work", **changes: Any) -> Stage:
    plain: dict[str, Any] = {"position": run.stages.count() + 1, "name": key.title(), "rule": "quorum", "need": 1}
    return Stage.objects.create(business_id=run.business_id, run=run, key=key, **plain | changes)


def agent_in(shop: Business, key: str = "helper") -> Agent:
    return Agent.objects.get_or_create(
        business=shop, key=key, defaults={"name": key.title(), "kind": "python", "entry": "echo", "types": ["research"]}
    )[0]


def step_in(stage: Stage, does: str = "helper", state: str = "done", **changes: Any) -> Step:
    now = timezone.now()
    agent = agent_in(stage.business, does) if changes.get("kind", "agent") == "agent" else None
    began = state in ("done", "failed", "running", "waiting")
    plain: dict[str, Any] = {
        "key": f"{stage.key}/{does}",
        "kind": "agent",
        "agent": agent,
        "does": does,
        "type": "research",
        "state": state,
        "attempt": int(began),
        "run_after": now,
        "started_at": now - timedelta(seconds=3) if began else None,
        "finished_at": now if state in ("done", "failed") else None,
    }
    return Step.objects.create(business_id=stage.business_id, run=stage.run, stage=stage, **plain | changes)
