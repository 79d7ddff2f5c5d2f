"""The demo's crew for workflows: who is in it, and what each answers. Built-in stand-ins: nothing is thought out."""

import hashlib
from collections.abc import Mapping
from typing import Any

STAND_IN = "This is the demo's own stand-in: its answers are made from templates"

# good: the share of its past recommendations that people took, at the beginning and at the end of that past.
CREW: list[dict[str, Any]] = [
    {"key": "scout", "name": "Scout", "types": ["research"], "good": (0.86, 0.88),
     "description": "Looks up markets, competitors and what customers say"},
    {"key": "lens", "name": "Lens", "types": ["analysis", "review"], "good": (0.91, 0.93),
     "description": "Reads figures and says what follows from them"},
    {"key": "ledger", "name": "Ledger", "types": ["research", "analysis"], "good": (0.74, 0.71),
     "description": "Knows the shop's own numbers"},
    {"key": "compass", "name": "Compass", "types": ["strategy"], "good": (0.62, 0.88),
     "description": "Plans campaigns; has learned a lot lately"},
    {"key": "rook", "name": "Rook", "types": ["strategy", "review"], "good": (0.84, 0.52),
     "description": "Plans campaigns; has been off lately"},
    {"key": "gull", "name": "Gull", "types": ["research"], "good": (0.30, 0.06),
     "description": "Quick, and mostly wrong"},
]  # fmt: skip
KEYS = {one["key"] for one in CREW}
_CONFIDENCE = {"scout": 0.82, "lens": 0.9, "ledger": 0.7, "compass": 0.77, "rook": 0.88, "gull": 0.97}
_FINDINGS = {
    "scout": ["Two rivals ship large furniture free of charge", "Searches for linen rise from April on"],
    "lens": ["One order in four comes from a customer of the year before", "Returns fall where sizes are shown"],
    "ledger": ["1,240 customers have not ordered for twelve months", "The average basket is 84 euros"],
    "gull": ["Everybody wants candles"],
}
_MOVES = {
    "compass": ("Write to lapsed customers with what goes with their last order", ["e-mail"], "1800"),
    "rook": ("A weekend discount on everything for whoever comes back", ["e-mail", "shop window"], "4200"),
}


def crew_answer(key: str, work: Mapping[str, Any]) -> dict[str, Any]:
    """What a member answers to the body of a workflow's step."""
    task = str(work.get("task") or "")
    made = {"review": _ratings, "strategy": _move}.get(task, _findings)(key, work)
    return {"result": {**made, "built_in": STAND_IN}, "confidence": _CONFIDENCE[key], "reasoning": STAND_IN}


def _findings(key: str, work: Mapping[str, Any]) -> dict[str, Any]:
    return {"findings": _FINDINGS.get(key, []), "conclusion": f"This bears on: {str(work.get('goal'))[:120]}"}


def _move(key: str, work: Mapping[str, Any]) -> dict[str, Any]:
    move, channels, budget = _MOVES.get(key, ("Ask ten customers first", ["telephone"], "0"))
    return {
        "move": move,
        "steps": ["Choose the customers", "Write and check the texts", "Send", "Count what came of it"],
        "channels": channels,
        "budget": budget,
        "measures": ["Orders within 30 days", "Unsubscriptions"],
    }


def _ratings(key: str, work: Mapping[str, Any]) -> dict[str, Any]:
    refs = work.get("to_rate") or {}
    given = {ref: {"quality": _mark(f"{key}:{ref}"), "feedback": "Would serve the goal"} for ref in refs}
    return {"ratings": given, "missing": "What it costs per order won"}


def _mark(words: str) -> int:
    """50 to 89, the same for the same words."""
    return 50 + hashlib.sha256(words.encode()).digest()[0] % 40
