"""RULE: a few goals with a known answer, judged by the rules as shipped: whether the checks still do what they are for.

No database, no switch, no curve: what fails here is wrong in every business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.goals.assessment import assess
from apps.goals.facts import GoalFacts
from apps.goals.gate import Switches, Thresholds
from apps.goals.preparing import prepare_facts
from apps.goals.vocabulary import Path, Status

NOW = datetime(2026, 11, 21, tzinfo=UTC)

REFUND: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "refund_order",
        "description": "Refund money for an order to the card it was paid with",
        "parameters": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string", "description": "Number of the order, such as HP-2041"},
                "amount": {"type": "number", "description": "Amount to refund in euros"},
            },
            "required": ["order_id", "amount"],
        },
    },
}


@dataclass(frozen=True, slots=True)
class Case:
    """A goal, and the paths that would be right for it."""

    name: str
    goal: str
    context: dict[str, Any]
    right: frozenset[Path]


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules said of a case. `warned`: a check warned or failed."""

    case: Case
    path: Path
    confidence: float
    warned: bool

    @property
    def well(self) -> bool:
        return self.path in self.case.right


CASES = (
    Case(
        "clear",
        "Refund 39.90 euros for order HP-2041 to the card it was paid with",
        {"order_id": "HP-2041", "amount": 39.9},
        frozenset({Path.EXECUTE, Path.ASK}),
    ),
    Case("gibberish", "qxzv plkrt wwqj bnnx", {}, frozenset({Path.CLARIFY, Path.REJECT})),
    Case("nothing to go by", "Do it", {}, frozenset({Path.CLARIFY, Path.REJECT, Path.ASK})),
    Case("value missing", "Refund my order", {}, frozenset({Path.CLARIFY, Path.REJECT, Path.ASK})),
    Case(
        "no tool for it",
        "Compose a string quartet in the manner of Haydn",
        {},
        frozenset({Path.CLARIFY, Path.REJECT}),
    ),
    Case(
        "contradiction",
        "Refund order HP-2041 with 39.90 euros but do not refund order HP-2041",
        {"order_id": "HP-2041", "amount": 39.9},
        frozenset({Path.CLARIFY, Path.REJECT, Path.ASK}),
    ),
)


def self_test(embedder: Any, cases: Sequence[Case] = CASES) -> list[Found]:
    """Judge every case. embedder: as apps.llm.embedding.get_embedder gives it."""
    return [_judge(case, embedder) for case in cases]


def _judge(case: Case, embedder: Any) -> Found:
    facts: GoalFacts = prepare_facts(
        goal=case.goal, context=case.context, history=[], tools=[REFUND], scope=[], embedder=embedder, now=NOW
    )
    assessment = assess(facts, thresholds=Thresholds(), switches=Switches())
    warned = any(check.status is not Status.PASS for check in assessment.checks)
    return Found(case, assessment.verdict.path, assessment.confidence.value, warned)
