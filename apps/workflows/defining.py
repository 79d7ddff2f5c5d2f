"""ACT: set up workflows of a business: make, alter in new versions, switch, restore, install the library's."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.core.bodies import check_storable
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.events import record
from apps.workflows.configs import altered, decode, defaults, encode
from apps.workflows.diffing import changes_between
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.patterns import PATTERNS, pattern_of

SUBJECT = "workflow"
# What stands in addresses in the place of a key.
RESERVED = frozenset({"runs", "patterns", "steps", "new", "ready", "install", "library"})
MOST_NAME, MOST_DESCRIPTION, MOST_NOTE = 120, 500, 200
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def create_workflow(
    *,
    business_id: UUID,
    key: str,
    pattern: str,
    actor: str,
    name: str = "",
    description: str = "",
    config: Mapping[str, Any] | None = None,
    note: str = "",
) -> Workflow:
    """Set up a workflow, with its first version. config: what differs from the pattern's defaults.

    name: the pattern's title where it is empty. Raises Invalid naming the field (config by dotted path).
    """
    if pattern not in PATTERNS:
        raise Invalid("pattern", f"One of {', '.join(PATTERNS)}")
    rule = pattern_of(pattern)
    _check_key(key)
    whole = encode(decode(rule, config or {}))
    workflow = Workflow(
        business_id=business_id,
        key=key,
        name=_line(name, "name", MOST_NAME) or rule.title,
        description=_line(description, "description", MOST_DESCRIPTION),
        pattern=pattern,
    )
    with transaction.atomic():
        _insert(workflow)
        _write_version(workflow, 1, whole, _line(note, "note", MOST_NOTE), actor)
        _tell("created", workflow, actor, pattern=pattern)
    return workflow


def change_workflow(
    *,
    workflow_id: UUID,
    actor: str,
    name: str | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    config: Mapping[str, Any] | None = None,
    note: str = "",
    expected: int | None = None,
) -> Workflow:
    """Change what is given. config: what differs from the current one; it makes a new version, unless nothing differs.

    expected: the version the change was made from; StaleState where it is another by now. Runs that have begun go on
    as they began. Raises NotFound, StaleState, Invalid naming the field.
    """
    with transaction.atomic():
        workflow = _held(workflow_id, expected)
        news = _news(workflow, name, description, enabled)
        if news:
            Workflow.objects.filter(pk=workflow.pk).update(**news)
            for column, value in news.items():
                setattr(workflow, column, value)
            _tell(_word(news), workflow, actor, changed=sorted(news))
        if config is not None:
            before = _current(workflow)
            _advance(workflow, before, altered(pattern_of(workflow.pattern), before, config), note, actor)
    return workflow


def restore_version(*, workflow_id: UUID, number: int, actor: str, expected: int | None = None) -> Workflow:
    """Make a new version with the configuration of an earlier one. Raises NotFound, StaleState; Invalid where the
    pattern does not take that configuration any more.
    """
    with transaction.atomic():
        workflow = _held(workflow_id, expected)
        old = WorkflowVersion.objects.filter(workflow=workflow, number=number).first()
        if old is None:
            raise NotFound(f"There is no version {number}")
        whole = encode(decode(pattern_of(workflow.pattern), old.config))
        _advance(workflow, _current(workflow), whole, f"As version {number}", actor)
    return workflow


def install_ready_workflows(*, business_id: UUID, actor: str) -> list[Workflow]:
    """Give a business a workflow of each pattern it has none of yet, with the defaults; the new ones.

    One whose key is taken by a workflow of another pattern is left out. Doing it again adds nothing.
    """
    made = []
    with transaction.atomic():
        rows = Workflow.objects.filter(business_id=business_id)
        taken = {value for pair in rows.values_list("key", "pattern") for value in pair}
        for pattern in PATTERNS.values():
            if pattern.name in taken:
                continue
            workflow = Workflow(
                business_id=business_id,
                key=pattern.name,
                name=pattern.title,
                description=pattern.description[:MOST_DESCRIPTION],
                pattern=pattern.name,
            )
            if not _inserted(workflow):
                continue  # somebody was doing the same at this moment
            _write_version(workflow, 1, defaults(pattern), "As the library has it", actor)
            _tell("created", workflow, actor, pattern=pattern.name)
            made.append(workflow)
    return made


def _held(workflow_id: UUID, expected: int | None) -> Workflow:
    workflow = Workflow.objects.select_for_update().filter(pk=workflow_id).first()
    if workflow is None:
        raise NotFound
    if expected is not None and expected != workflow.version:
        raise StaleState(f"Somebody has made version {workflow.version} meanwhile", version=workflow.version)
    return workflow


def _news(workflow: Workflow, name: str | None, description: str | None, enabled: bool | None) -> dict[str, Any]:
    """What differs, by column."""
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _line(name, "name", MOST_NAME)
        if not wanted["name"]:
            raise Invalid("name", "A name is needed")
    if description is not None:
        wanted["description"] = _line(description, "description", MOST_DESCRIPTION)
    if enabled is not None:
        wanted["enabled"] = enabled
    return {column: value for column, value in wanted.items() if getattr(workflow, column) != value}


def _word(news: Mapping[str, Any]) -> str:
    if "enabled" not in news:
        return "renamed"
    return "enabled" if news["enabled"] else "disabled"


def _current(workflow: Workflow) -> dict[str, Any]:
    config: dict[str, Any] = WorkflowVersion.objects.values_list("config", flat=True).get(
        workflow=workflow, number=workflow.version
    )
    return config


def _advance(workflow: Workflow, before: dict[str, Any], whole: dict[str, Any], note: str, actor: str) -> None:
    changes = changes_between(before, whole)
    if not changes:
        return
    workflow.version += 1
    _write_version(workflow, workflow.version, whole, _line(note, "note", MOST_NOTE), actor)
    Workflow.objects.filter(pk=workflow.pk).update(version=workflow.version)
    paths = [change.path for change in changes][:50]
    _tell("configured", workflow, actor, version=workflow.version, changed=paths)


def _write_version(workflow: Workflow, number: int, config: dict[str, Any], note: str, actor: str) -> None:
    WorkflowVersion.objects.create(
        business_id=workflow.business_id,
        workflow=workflow,
        number=number,
        config=config,
        note=note,
        made_by=actor[:120],
    )


def _insert(workflow: Workflow) -> None:
    if not _inserted(workflow):
        raise Invalid("key", "There is a workflow of this key already")


def _inserted(workflow: Workflow) -> bool:
    try:
        with transaction.atomic():
            workflow.save(force_insert=True)
    except IntegrityError as error:
        if "workflow_once" not in str(error):
            raise
        return False
    return True


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise Invalid("key", "1 to 60 lower-case letters, digits, - and _, the first a letter or digit")
    if key in RESERVED:
        raise Invalid("key", f"{key} stands for something else in addresses; take another")


def _line(text: str, field: str, most: int) -> str:
    check_storable(text, field)
    if len(text.strip()) > most:
        raise Invalid(field, f"At most {most} characters")
    return text.strip()


def _tell(what: str, workflow: Workflow, actor: str, **data: Any) -> None:
    record(
        kind=f"workflow.{what}",
        subject_type=SUBJECT,
        subject_id=workflow.pk,
        business_id=workflow.business_id,
        actor=actor,
        key=workflow.key,
        **data,
    )
