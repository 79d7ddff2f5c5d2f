"""RULE: what is wrong with a configuration beyond the types of its fields, found anywhere in it."""

from typing import Any

import msgspec

from apps.workflows.patterns.asking import Asking
from apps.workflows.plans import Barrier


def problem_in(config: Any, path: str = "") -> tuple[str, str] | None:
    """(dotted field, words) of the first problem in a configuration and the structs it holds."""
    if isinstance(config, Asking) and (problem := _of_asking(config)):
        return f"{path}{problem[0]}", problem[1]
    for field in msgspec.structs.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, msgspec.Struct) and (found := problem_in(value, f"{path}{field.encode_name}.")):
            return found
    return None


def _of_asking(asking: Asking) -> tuple[str, str] | None:
    if len(set(asking.types)) < len(asking.types):
        return "types", "Each type once"
    if asking.barrier is not Barrier.ALL and asking.agents and asking.need > asking.agents * len(asking.types):
        return "need", f"Only {asking.agents * len(asking.types)} agents are asked"
    if asking.barrier in (Barrier.FIRST, Barrier.QUORUM) and not asking.need:
        return "need", f"At least 1 for the rule {asking.barrier}"
    if asking.stage_seconds < asking.seconds:
        return "stage_seconds", "No less than the seconds of one attempt"
    return None
