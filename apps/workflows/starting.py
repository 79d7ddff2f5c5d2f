"""ACT: begin a run, once for each key, with its first stage open."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import event_of
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.core.locking import wait_lock
from apps.workflows.advancing import begin
from apps.workflows.models import Run, Workflow, WorkflowVersion
from apps.workflows.patterns import pattern_of
from apps.workflows.states import Priority

MOST_TITLE, MOST_KEY, MOST_CORRELATION = 200, 160, 80


def start_run(
    *,
    business_id: UUID,
    pattern: str,
    config: dict[str, Any],
    input: dict[str, Any],  # noqa: A002
    title: str,
    key: str,
    correlation_id: str,
    started_by: str,
    workflow: Workflow | None = None,
    version: int = 0,
    subject: tuple[str, UUID] | None = None,
    priority: Priority = Priority.NORMAL,
    deadline: datetime | None = None,
) -> Run:
    """A new run whose first stage is open, or the one of this key that is there. Call inside a transaction.

    config: as the pattern has it. title is cut to 200 characters; key at most 160, correlation_id at most 80. subject:
    what waits for the end, (type of settings.RUN_OUTCOMES, id). Workers are woken after commit. A run that cannot even
    begin (nobody to ask) is there as failed. Raises NotFound (no such pattern), Invalid (config, key, deadline).
    """
    _check(pattern, config, input, key, correlation_id)
    now = timezone.now()
    wait_lock(f"run:{business_id}:{key}")
    there = Run.objects.filter(business_id=business_id, key=key).first()
    if there is not None:
        return there
    if deadline is not None and deadline <= now:
        raise Invalid("deadline", "This moment has passed")
    run = Run(
        id=new_id(),
        business_id=business_id,
        workflow=workflow,
        pattern=pattern,
        version=version,
        config=config,
        input=input,
        title=title[:MOST_TITLE],
        subject_type=subject[0] if subject else "",
        subject_id=subject[1] if subject else None,
        correlation_id=correlation_id,
        key=key,
        started_by=started_by[:120],
        priority=int(priority),
        deadline=deadline,
        advance_after=deadline,
    )
    insert(run, _started(run))
    begin(run, now)
    return run


def start_workflow(
    *,
    business_id: UUID,
    key: str,
    input: dict[str, Any],  # noqa: A002
    actor: str,
    run_key: str = "",
    title: str = "",
    correlation_id: str = "",
    subject: tuple[str, UUID] | None = None,
    priority: Priority = Priority.NORMAL,
    deadline: datetime | None = None,
) -> Run:
    """A run of the workflow of this key, by its current version. run_key: starting again with it starts nothing.

    Raises NotFound (no such workflow), StaleState (it is switched off), Invalid.
    """
    with transaction.atomic():
        workflow = Workflow.objects.filter(business_id=business_id, key=key).first()
        if workflow is None:
            raise NotFound(f"There is no workflow {key[:60]}")
        if not workflow.enabled:
            raise StaleState(f"The workflow {workflow.name} is switched off")
        version = WorkflowVersion.objects.get(workflow=workflow, number=workflow.version)
        return start_run(
            business_id=business_id,
            pattern=workflow.pattern,
            config=version.config,
            input=input,
            title=title or workflow.name,
            key=run_key or f"run:{new_id()}",
            correlation_id=correlation_id,
            started_by=actor,
            workflow=workflow,
            version=version.number,
            subject=subject,
            priority=priority,
            deadline=deadline,
        )


def _check(pattern: str, config: dict[str, Any], given: dict[str, Any], key: str, correlation_id: str) -> None:
    rule = pattern_of(pattern)
    try:
        msgspec.convert(config, rule.Config)
    except msgspec.ValidationError as error:
        raise Invalid("config", str(error)) from None
    for field, text, most in (("key", key, MOST_KEY), ("correlation_id", correlation_id, MOST_CORRELATION)):
        if len(text) > most:
            raise Invalid(field, f"At most {most} characters")
        check_storable(text, field)
    if not key:
        raise Invalid("key", "At least 1 character")
    check_storable(given, "input")


def _started(run: Run) -> Any:
    return event_of(
        kind="run.started",
        subject_type="run",
        subject_id=run.pk,
        business_id=run.business_id,
        actor=run.started_by,
        title=run.title,
        pattern=run.pattern,
        version=run.version,
        correlation_id=run.correlation_id,
        priority=Priority(run.priority).name,
    )
