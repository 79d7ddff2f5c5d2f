"""RULE: what is asked about an order, a parcel, an appointment or a refund is answered from data or not at all."""

from __future__ import annotations

import re
from typing import Any

from apps.drafts.guardrails.terms import Claim, Context, Finding, StageVerdict
from apps.drafts.states import TOOL_REQUIRED, Stage

_ASKS = re.compile(
    r"\?|\b(?:please|kindly|could you|can you|would you|let (?:us|me) know|(?:we|i)(?:'ll| will"
    r"| would)? need|send us|provide|share|confirm|reply with|which order|"
    r"bitte|könnten sie|können sie|teilen sie|s'il vous pla[iî]t|pourriez|pouvez|merci de|veuillez"
    r"|por favor|podr[ií]a|puede|env[ií]enos|kunt u|graag|alstublieft|"
    r"per favore|potrebbe|può|gentilmente|poderia|pode)\b",
    re.I,
)


def has_data(value: Any) -> bool:
    """Whether a tool's answer says anything: not null, not empty, not only an error."""
    if isinstance(value, dict):
        return any(
            has_data(v)
            for k, v in value.items()
            if str(k).lower() not in ("error", "message", "found", "status_code", "ok", "success")
        )
    if isinstance(value, list | tuple):
        return any(map(has_data, value))
    return value is not None and value != ""


def needs_verification(context: Context) -> bool:
    """Whether the intent asks for a tool's data and there is none."""
    return context.intent in TOOL_REQUIRED and not any(tool.ok and has_data(tool.data) for tool in context.tools)


def judge_tool_data(body: str, claims: tuple[Claim, ...], context: Context) -> StageVerdict:
    """Without data only a reply passes that asks for what is missing and states no fact."""
    if not needs_verification(context):
        return StageVerdict(Stage.TOOL_DATA, "pass", "It has the data it needs.")
    stated = [c for c in claims if not (c.supported and c.source and c.source.kind in ("thread", "own"))]
    findings = tuple(
        Finding(
            c.kind,
            c.start,
            c.end,
            c.text,
            c.words or "General terms of the business, not about this case.",
            place=c.place,
        )
        for c in stated
    )
    if any(not c.supported for c in stated):
        return StageVerdict(Stage.TOOL_DATA, "fail", "No tool brought data, and yet it states facts.", findings)
    if not _ASKS.search(body):
        words = "No tool brought data, and it does not ask for what is missing."
        return StageVerdict(Stage.TOOL_DATA, "fail", words)
    if stated:
        return StageVerdict(Stage.TOOL_DATA, "warn", "It asks for what is missing, and quotes general terms.", findings)
    return StageVerdict(Stage.TOOL_DATA, "pass", "No tool brought data: it asks for what is missing.")
