"""EDGE: what the page of one workflow is given: its stages, its configuration as a form, its versions."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.agents.models import Agent
from apps.approvals.payload_fields import Field
from apps.core.errors import GatehouseError
from apps.workflows.configs import form_fields
from apps.workflows.diagram import outline_drawn
from apps.workflows.diffing import Change, changes_between
from apps.workflows.forms import RenameForm, StartForm, grouped
from apps.workflows.models import Run, Workflow, WorkflowVersion
from apps.workflows.page_context_run import outline_of
from apps.workflows.patterns import pattern_of
from apps.workflows.plans import Pattern

MOST_VERSIONS = 30
MOST_RUNS = 10
MOST_SUGGESTED = 500


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version with what it changed from the one before, and what differs from the one in force."""

    row: WorkflowVersion
    in_force: bool
    first: bool
    changed: list[Change]
    to_restore: list[Change]


def workflow_context(workflow: Workflow) -> dict[str, Any]:
    """Three queries: versions, the last runs, the agents that may be named."""
    versions = list(WorkflowVersion.objects.filter(workflow=workflow).order_by("-number")[: MOST_VERSIONS + 1])
    current = next((one for one in versions if one.number == workflow.version), None)
    config = current.config if current else {}
    return {
        "workflow": workflow,
        "pattern": pattern_or_none(workflow.pattern),
        "config": config,
        "diagram": outline_drawn(outline_of(workflow.pattern, config)),
        "versions": _lines(versions, workflow.version, config),
        "runs": list(_runs_of(workflow)),
        "start_form": StartForm(),
        "name_form": RenameForm(initial={"name": workflow.name, "description": workflow.description}),
        **suggestions(workflow.business_id),
    }


def config_context(pattern: Pattern, config: dict[str, Any], fields: tuple[Field, ...] | None = None) -> dict[str, Any]:
    """The form of a configuration; fields: as they came in, with what was wrong."""
    drawn = form_fields(pattern, config) if fields is None else fields
    return {"groups": grouped(drawn), "wrong": sum(bool(one.error) for one in drawn)}


def suggestions(business_id: UUID) -> dict[str, Any]:
    """The agents and types that the business has, for fields that name one. One query."""
    agents = list(Agent.objects.filter(business_id=business_id).only("key", "name", "types")[:MOST_SUGGESTED])
    return {"known_agents": agents, "known_types": sorted({name for agent in agents for name in agent.types})}


def pattern_or_none(name: str) -> Pattern | None:
    try:
        return pattern_of(name)
    except GatehouseError:
        return None


def _runs_of(workflow: Workflow) -> Any:
    columns = ("title", "state", "error", "created_at", "finished_at", "version", "quality")
    return Run.objects.filter(workflow=workflow).only(*columns).order_by("-id")[:MOST_RUNS]


def _lines(versions: list[WorkflowVersion], current: int, config: dict[str, Any]) -> list[VersionLine]:
    lines = []
    for place, row in enumerate(versions[:MOST_VERSIONS]):
        before = versions[place + 1] if place + 1 < len(versions) else None
        changed = changes_between(before.config, row.config) if before else []
        lines.append(
            VersionLine(row, row.number == current, before is None, changed, changes_between(config, row.config))
        )
    return lines
