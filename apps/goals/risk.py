"""RULE: how much harm a goal could do if it ran wrongly, from the tool it would use and how unsure we are."""

import re
from collections.abc import Mapping

USUAL_TOOL_RISK = 0.3
READING_RISK = 0.1
IRREVERSIBLE_RISK = 0.8
WEIGHT_OF_TOOL = 0.7

# Verbs as whole words of a tool's name: what only reads, and what cannot be taken back.
_READS = re.compile(
    r"(^|[._\-\s])(get|list|find|search|read|show|look|lookup|fetch|query|check|count|view|track)($|[._\-\s])"
)
_IRREVERSIBLE = re.compile(
    r"(^|[._\-\s])(delete|remove|drop|pay|refund|transfer|send|cancel|purge|terminate|publish|charge|book|order|wire)"
    r"($|[._\-\s])"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def risk_of_tool(name: str, registered: Mapping[str, float]) -> float:
    """0 to 1: what an admin set for a registered tool, else judged by the verb in its name."""
    if name in registered:
        return registered[name]
    words = _CAMEL.sub("_", name).lower()
    if _IRREVERSIBLE.search(words):
        return IRREVERSIBLE_RISK
    return READING_RISK if _READS.search(words) else USUAL_TOOL_RISK


def risk_of_goal(*, tools: list[str], registered: Mapping[str, float], confidence: float) -> float:
    """0 to 1: the gravest tool the goal would use (the usual risk when none is known), raised by doubt."""
    worst = max((risk_of_tool(name, registered) for name in tools), default=USUAL_TOOL_RISK)
    return round(WEIGHT_OF_TOOL * worst + (1 - WEIGHT_OF_TOOL) * (1 - confidence), 4)
