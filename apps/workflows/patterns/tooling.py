"""RULE: a stage that a registered tool carries out, such as running tests, where the configuration names one."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.limits import Attempts, Name, Seconds
from apps.workflows.plans import StepPlan
from apps.workflows.states import StepKind


class Tooling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """tool: the name of a registered tool; empty: agents do it. arguments: given to it each time.

    passes: the argument under which it gets what it is to work on; empty: it is not told.
    """

    tool: Annotated[Name, Meta(title="Tool", description="Name of a registered tool; empty: none")] = ""
    arguments: Annotated[dict[str, Any], Meta(title="Arguments", description="Given to it each time")] = {}
    passes: Annotated[Name, Meta(title="Passed as", description="The argument for what it works on")] = ""
    seconds: Annotated[Seconds, Meta(title="Seconds for an attempt")] = 120
    attempts: Annotated[Attempts, Meta(title="Attempts")] = 2


def tool_step(tooling: Tooling, key: str, material: Any) -> StepPlan:
    """The step in which the tool works on the material; None: on things as they are."""
    passed = {tooling.passes: material} if tooling.passes and material is not None else {}
    return StepPlan(
        key=key,
        kind=StepKind.TOOL,
        does=tooling.tool,
        input={**tooling.arguments, **passed},
        timeout_seconds=tooling.seconds,
        most_attempts=tooling.attempts,
    )
