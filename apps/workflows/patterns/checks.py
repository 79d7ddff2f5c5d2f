"""RULE: candidates put to the test, each by a tool or by agents that did not make it, and what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.workflows.patterns.answers import Answer, flag_in, number_in, text_in, trust_of
from apps.workflows.patterns.asking import Asking, able_to, asked
from apps.workflows.patterns.limits import MOST_STEPS
from apps.workflows.patterns.prompts import clipped
from apps.workflows.patterns.stages import Part, Staged
from apps.workflows.patterns.tooling import Tooling, tool_step
from apps.workflows.plans import Barrier, Rating, Situation, StagePlan
from apps.workflows.states import StepKind

CHECK = {"passed": "true or false", "why": "what was tried and what came out"}
MOST_CANDIDATES = 50
MOST_MATERIAL = 100_000


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of the checks of one candidate. share: of the trust of those who checked, 0 to 1; None: nobody did."""

    share: float | None
    checks: int
    failures: tuple[str, ...]

    @property
    def quality(self) -> float | None:
        """0 to 100."""
        return None if self.share is None else round(100 * self.share, 2)


def check_stage(
    pattern: Staged[Any],
    asking: Asking,
    tooling: Tooling,
    situation: Situation,
    candidates: Sequence[Answer],
    *,
    key: str,
    name: str,
    instruction: str,
    stages: Sequence[str] = (),
    answer: Mapping[str, Any] = CHECK,
    hand_over: str = "",
    **more: Any,
) -> StagePlan | None:
    """Each candidate is checked by the tool, or where none is set by agents other than its author if there are any.

    hand_over: the name of what a tool gets of a candidate; else, or where it is not there, the whole.
    None: there is nothing to check, or nobody to do it and that is allowed. Raises Impossible.
    """
    candidates = candidates[:MOST_CANDIDATES]
    if not candidates:
        return None
    if tooling.tool:
        steps = [
            tool_step(tooling, _key(n), text_in(one.content, hand_over) or one.content)
            for n, one in enumerate(candidates)
        ]
        return asked(_as_quorum(asking, tooling), key=key, name=name, steps=steps[:MOST_STEPS])
    if not asking.every_type and not able_to(asking, situation):
        return None
    parts = [
        Part(
            _key(n),
            instruction,
            {"candidate": one.ref, "to_check": clipped(one.content, MOST_MATERIAL), **more},
            frozenset({one.agent}),
        )
        for n, one in enumerate(candidates)
    ]
    return pattern.share_out(asking, situation, parts, key=key, name=name, stages=stages, answer=answer)


def tested(situation: Situation, candidates: Sequence[Answer], stage: str) -> dict[str, Tested]:
    """What came of the checks of each candidate. candidates: those the stage was planned with, in the same order."""
    checks = situation.of(stage)
    found = {}
    for n, one in enumerate(candidates[:MOST_CANDIDATES]):
        mine = [check for check in checks if check.key.split(".", 1)[0] == _key(n)]
        votes, failures = [], []
        for check in mine:
            passed = passed_in(check.content)
            if passed is None or (check.kind is StepKind.AGENT and check.does == one.agent):
                continue
            weight = 1.0 if check.kind is StepKind.TOOL else max(0.01, trust_of(situation, check.type, check.does))
            votes.append((passed, weight))
            if not passed:
                failures.append(text_in(check.content, "why", "reason", "error", "message")[:500])
        total = sum(weight for _, weight in votes)
        share = sum(weight for passed, weight in votes if passed) / total if votes else None
        found[one.ref] = Tested(share, len(votes), tuple(dict.fromkeys(filter(None, failures))))
    return found


def qualities_by(results: Mapping[str, Tested]) -> dict[str, float]:
    """0 to 100 by ref, of the candidates that somebody has checked."""
    return {ref: one.quality for ref, one in results.items() if one.quality is not None}


def ratings_by(results: Mapping[str, Tested]) -> tuple[Rating, ...]:
    """The workflow's own ratings: how much of the checks a candidate has passed."""
    return tuple(
        Rating(step=ref, quality=one.quality, feedback="; ".join(dict.fromkeys(one.failures))[:500])
        for ref, one in results.items()
        if one.quality is not None
    )


def passed_in(content: Any) -> bool | None:
    """Whether a check was passed: a yes or no, an exit code, or a count of failures. None: it does not say."""
    flag = flag_in(content, "passed", "ok", "success", "verdict", "result", "status")
    if flag is not None or not isinstance(content, Mapping):
        return flag
    for name in ("exit_code", "failures", "failed", "errors"):
        number = number_in(content, name)
        if number is not None:
            return number == 0
    return None


def doubts_about(best: Tested | None, least: float, what: str) -> list[str]:
    """Why a person should look at a candidate that was checked so. least: share, 0 to 1."""
    if best is None or best.share is None:
        return [f"Nobody else has checked the {what}"]
    if best.share < least:
        return [f"The {what} passed {best.share:.0%} of its checks, less than {least:.0%}"]
    return []


def _key(number: int) -> str:
    return f"c{number + 1}"


def _as_quorum(asking: Asking, tooling: Tooling) -> Asking:
    # A tool that fails on one candidate says nothing of the others, and is to be heard on every one of them.
    longest = max(asking.stage_seconds, tooling.seconds)
    return Asking(types=asking.types, barrier=Barrier.QUORUM, need=1, stage_seconds=longest)
