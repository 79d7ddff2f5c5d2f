"""EDGE: workflows, their versions and runs as the JSON that programs read."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core.errors import Invalid
from apps.workflows.configs import decode, defaults, input_schema_of, schema_of
from apps.workflows.diffing import changes_between
from apps.workflows.models import Run, Stage, Step, Workflow, WorkflowVersion
from apps.workflows.patterns import PATTERNS, pattern_of
from apps.workflows.patterns.prompts import clipped
from apps.workflows.plans import Pattern, StageOutline
from apps.workflows.states import Priority

LONGEST_RESULT = 20_000  # characters of JSON of a step's result, where a whole run is told


def pattern_as_json(pattern: Pattern) -> dict[str, Any]:
    """A pattern of the library with all that is needed to set up a workflow of it."""
    return {
        "name": pattern.name,
        "title": pattern.title,
        "description": pattern.description,
        "stages": [_outlined(stage) for stage in pattern.outline(pattern.Config())],
        "config_schema": schema_of(pattern),
        "input_schema": input_schema_of(pattern),
        "defaults": defaults(pattern),
    }


def workflow_as_json(workflow: Workflow) -> dict[str, Any]:
    return {
        "key": workflow.key,
        "name": workflow.name,
        "description": workflow.description,
        "pattern": workflow.pattern,
        "version": workflow.version,
        "enabled": workflow.enabled,
        "created_at": workflow.created_at.isoformat(),
    }


def whole_workflow(workflow: Workflow, versions: list[WorkflowVersion]) -> dict[str, Any]:
    """A workflow with its configuration, its stages by it, and its versions. versions: the newest first."""
    current = next((one for one in versions if one.number == workflow.version), None)
    config = current.config if current else {}
    return workflow_as_json(workflow) | {
        "config": config,
        "stages": stages_to_come(workflow.pattern, config),
        "config_schema": schema_of(pattern_of(workflow.pattern)) if workflow.pattern in PATTERNS else {},
        "input_schema": input_schema_of(pattern_of(workflow.pattern)) if workflow.pattern in PATTERNS else {},
        "versions": [version_line(one) for one in versions],
    }


def version_line(version: WorkflowVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "note": version.note,
        "made_by": version.made_by,
        "made_at": version.made_at.isoformat(),
    }


def version_as_json(version: WorkflowVersion, against: WorkflowVersion | None) -> dict[str, Any]:
    """A version with what differs from another one."""
    changes = changes_between(against.config, version.config) if against else []
    return version_line(version) | {
        "config": version.config,
        "against": against.number if against else None,
        "changes": [{"field": one.path, "before": one.before, "after": one.after} for one in changes],
    }


def stages_to_come(pattern: str, config: dict[str, Any]) -> list[dict[str, Any]]:
    """All stages that may come, by a configuration; none where the library takes it no more."""
    if pattern not in PATTERNS:
        return []
    rule = pattern_of(pattern)
    try:
        return [_outlined(stage) for stage in rule.outline(decode(rule, config))]
    except Invalid:
        return []


def run_as_json(run: Run) -> dict[str, Any]:
    """A run in a list. Reads `workflow`: select it with the row."""
    return {
        "id": str(run.pk),
        "workflow": run.workflow.key if run.workflow else None,
        "pattern": run.pattern,
        "version": run.version or None,
        "title": run.title,
        "state": run.state,
        "priority": Priority(run.priority).name.lower(),
        "correlation_id": run.correlation_id,
        "subject_type": run.subject_type,
        "subject_id": str(run.subject_id) if run.subject_id else None,
        "started_by": run.started_by,
        "quality": run.quality,
        "cost": _money(run.cost),
        "error": run.error,
        "deadline": _moment(run.deadline),
        "created_at": run.created_at.isoformat(),
        "finished_at": _moment(run.finished_at),
    }


def whole_run(run: Run, stages: list[Stage]) -> dict[str, Any]:
    """A run with its stages and steps, and the stages that may still come."""
    begun = {stage.key for stage in stages}
    coming = stages_to_come(run.pattern, run.config) if run.finished_at is None else []
    keys = [stage["key"] for stage in coming]
    last = max((keys.index(key) for key in begun if key in keys), default=-1)
    return run_as_json(run) | {
        "input": run.input,
        "config": run.config,
        "result": run.result,
        "stages": [_stage(stage) for stage in stages],
        "to_come": coming[last + 1 :],
    }


def step_as_json(step: Step, *, longest: int | None = None) -> dict[str, Any]:
    """Reads `agent`: select it with the row. longest: characters of JSON after which the result is cut; None: never."""
    return {
        "id": str(step.pk),
        "key": step.key,
        "kind": step.kind,
        "does": step.does,
        "agent": {"key": step.agent.key, "name": step.agent.name} if step.agent else None,
        "type": step.type,
        "state": step.state,
        "priority": Priority(step.priority).name.lower(),
        "attempt": step.attempt,
        "most_attempts": step.most_attempts,
        "expected": step.expected,
        "result": step.result if longest is None else clipped(step.result, longest),
        "confidence": step.confidence,
        "reasoning": step.reasoning if longest is None else step.reasoning[:longest],
        "error": step.error,
        "why": step.why,
        "cost": None if step.cost is None else _money(step.cost),
        "took_ms": step.took_ms,
        "late_answers": step.late_answers,
        "approval_request": str(step.request_id) if step.request_id else None,
        "recommendation": str(step.recommendation_id) if step.recommendation_id else None,
        "started_at": _moment(step.started_at),
        "finished_at": _moment(step.finished_at),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "position": stage.position,
        "key": stage.key,
        "name": stage.name,
        "state": stage.state,
        "rule": stage.rule,
        "need": stage.need,
        "says": stage.says,
        "opened_at": stage.opened_at.isoformat(),
        "due_at": _moment(stage.due_at),
        "closed_at": _moment(stage.closed_at),
        "steps": [step_as_json(step, longest=LONGEST_RESULT) for step in stage.steps.all()],
    }


def _outlined(stage: StageOutline) -> dict[str, Any]:
    return {"key": stage.key, "name": stage.name, "says": stage.says, "types": list(stage.types)}


def _money(amount: Decimal) -> str:
    return f"{amount:f}"


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
