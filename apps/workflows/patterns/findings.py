"""RULE: findings of several reviewers of code, merged where they mean the same, and confirmed or refuted by others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.workflows.patterns.answers import Answer, flag_in, items_in, number_in, text_in
from apps.workflows.patterns.consensus import likeness

NEAR_LINES = 3
ALIKE = 0.5


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


RANK = {severity.value: rank for rank, severity in enumerate(Severity)}


@dataclass(slots=True)
class Finding:
    """One thing found, by one or several. sources: refs of the steps that found it. votes: (confirmed, weight)."""

    file: str
    line: int | None
    severity: str
    message: str
    suggestion: str
    agents: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)
    votes: list[tuple[bool, float]] = field(default_factory=list)

    def stands(self, need: int) -> bool:
        """Whether more of the trust confirms than refutes it; without a vote, whether enough have found it."""
        if not self.votes:
            return len(self.agents) >= need
        return sum(weight if confirmed else -weight for confirmed, weight in self.votes) > 0


def findings_of(answers: Iterable[tuple[Answer, Any]], most: int) -> list[Finding]:
    """The findings of these answers (each with its content, as a person may have left it), the worst first.

    Two are one where they are in the same file, at most 3 lines apart, and their messages are half alike.
    """
    merged: list[Finding] = []
    for answer, content in answers:
        for item in items_in(content, "findings", "issues"):
            _add(merged, _read(item), answer)
    return sorted(merged, key=lambda one: (-RANK[one.severity], -len(one.agents)))[:most]


def vote(findings: Sequence[Finding], content: Any, agent: str, weight: float) -> None:
    """Count what a reviewer says of findings f1, f2, ...; of one's own finding it does not count."""
    verdicts = content.get("verdicts", content) if isinstance(content, Mapping) else None
    if not isinstance(verdicts, Mapping):
        return
    for number, finding in enumerate(findings, start=1):
        mark = verdicts.get(f"f{number}")
        said = flag_in(mark, "verdict", "confirmed") if isinstance(mark, Mapping) else flag_in(mark)
        if said is not None and agent not in finding.agents:
            finding.votes.append((said, weight))


def as_told(findings: Sequence[Finding]) -> dict[str, dict[str, Any]]:
    """The findings as reviewers are shown them: by number, without who found them."""
    return {
        f"f{number}": {
            "file": one.file, "line": one.line, "severity": one.severity, "message": one.message,
            "suggestion": one.suggestion,
        }
        for number, one in enumerate(findings, start=1)
    }  # fmt: skip


def precision_and_recall(findings: Sequence[Finding], need: int, ref: str, peers: set[str]) -> float | None:
    """F1, 0 to 100, of one step's findings against those that stand (van Rijsbergen, 1979); None: nothing to go by.

    peers: refs of the steps with the same task: what stands of theirs could have been found by this one too.
    """
    judged = [one for one in findings if one.votes]
    mine = [one for one in judged if ref in one.sources]
    true = [one for one in judged if one.stands(need) and peers & set(one.sources)]
    if not mine and not true:
        return None
    hits = sum(one.stands(need) for one in mine)
    return round(200 * hits / (len(mine) + len(true)), 2)


def _read(item: Any) -> Finding:
    severity = text_in(item, "severity").lower() if isinstance(item, Mapping) else ""
    line = number_in(item, "line") if isinstance(item, Mapping) else None
    return Finding(
        file=text_in(item, "file", "path")[:300] if isinstance(item, Mapping) else "",
        line=int(line) if line is not None and abs(line) < 1e9 else None,
        severity=severity if severity in RANK else Severity.MEDIUM.value,
        message=(text_in(item, "message", "what", "description") or str(item))[:2000],
        suggestion=text_in(item, "suggestion", "fix")[:2000] if isinstance(item, Mapping) else "",
    )


def _add(merged: list[Finding], found: Finding, answer: Answer) -> None:
    same = next((one for one in merged if _is_same(one, found)), None)
    if same is None:
        merged.append(same := found)
    same.agents.add(answer.agent)
    if answer.ref not in same.sources:
        same.sources.append(answer.ref)
    if RANK[found.severity] > RANK[same.severity]:
        same.severity = found.severity


def _is_same(one: Finding, other: Finding) -> bool:
    if one.file != other.file:
        return False
    if one.line is not None and other.line is not None and abs(one.line - other.line) > NEAR_LINES:
        return False
    return likeness(one.message, other.message) >= ALIKE
