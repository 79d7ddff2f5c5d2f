"""RULE: agents that rate the answers of others, and what their ratings come to."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.workflows.patterns.answers import Answer, number_in, ref_of, text_in, trust_of, usable
from apps.workflows.patterns.asking import Asking, able_to, agent_steps, asked, pick
from apps.workflows.patterns.prompts import body, clipped
from apps.workflows.plans import Candidate, Rating, Situation, StagePlan
from apps.workflows.states import StepKind

MOST_RATED = 200_000  # characters of all answers that critics are shown together
SHAPE = {
    "ratings": {"<stage>/<step>": {"quality": "0 to 100", "feedback": "why, in a sentence or two"}},
    "missing": "what none of them has, or nothing",
}


def critics_stage(
    asking: Asking,
    situation: Situation,
    judged: Sequence[Answer],
    *,
    pattern: str,
    key: str,
    name: str,
    instruction: str,
    stages: Iterable[str] = (),
    **more: Any,
) -> StagePlan | None:
    """A stage in which agents rate the answers of others. more: what their bodies hold besides.

    None when there is nothing to rate, or nobody but the author to rate it. Raises Impossible: nobody gives the type.
    """
    each = max(1000, MOST_RATED // max(1, len(judged)))
    shown = {one.ref: (one.agent, clipped(one.content, each)) for one in judged}
    critics = _critics(asking, situation, {one.agent for one in judged})
    if not shown or not critics:
        return None

    def build(type_: str, agent: Candidate, step: str) -> Mapping[str, Any]:
        of_others = {ref: content for ref, (author, content) in shown.items() if author != agent.key}
        return body(
            pattern=pattern, stage=key, step=step, task=type_, instruction=instruction, situation=situation,
            stages=stages, answer=SHAPE, to_rate=of_others, **more,
        )  # fmt: skip

    return asked(asking, key=key, name=name, steps=agent_steps(asking, critics, build))


def marks_of(situation: Situation, *stages: str) -> dict[str, list[tuple[float, float, str]]]:
    """What critics gave each answer: {ref: [(quality 0 to 100, trust in the critic, feedback)]}.

    A rating that is no number, or of an answer of the critic's own, does not count; one beyond the scale is cut to it.
    """
    authors = {ref_of(one): one.does for one in situation.results if one.kind is StepKind.AGENT}
    found: dict[str, list[tuple[float, float, str]]] = {}
    for stage in stages:
        for critic in situation.of(stage):
            weight = max(0.01, trust_of(situation, critic.type, critic.does))
            for ref, quality, feedback in _ratings_in(critic.content):
                if authors.get(ref, critic.does) != critic.does:
                    found.setdefault(ref, []).append((quality, weight, feedback))
    return found


def qualities_of(situation: Situation, *stages: str) -> dict[str, float]:
    """The mean quality of each answer that critics rated, weighted by the trust in them."""
    return {ref: _mean(marks) for ref, marks in marks_of(situation, *stages).items()}


def ratings_from(situation: Situation, rated: Iterable[str], critics: Iterable[str]) -> tuple[Rating, ...]:
    """The workflow's own ratings of the answers of the stages `rated`: by the critics; 0 of what holds nothing.

    What no critic has rated gets no rating: agreement alone says nothing of quality.
    """
    marks = marks_of(situation, *critics)
    found = []
    for stage in rated:
        for one in situation.of(stage):
            if one.kind is not StepKind.AGENT:
                continue
            if not usable(one.content):
                found.append(Rating(step=ref_of(one), quality=0.0, feedback="The answer holds nothing"))
            elif given := marks.get(ref_of(one)):
                found.append(Rating(step=ref_of(one), quality=_mean(given), feedback=_feedback(given)))
    return tuple(found)


def mean_quality(qualities: Iterable[float | None]) -> float | None:
    """The mean of the known ones, 0 to 100; None when none is known."""
    known = [one for one in qualities if one is not None]
    return round(statistics.fmean(known), 2) if known else None


def feedback_on(situation: Situation, ref: str, *stages: str) -> list[str]:
    """What critics said about one answer."""
    return [feedback for _, _, feedback in marks_of(situation, *stages).get(ref, []) if feedback]


def _critics(asking: Asking, situation: Situation, authors: set[str]) -> list[tuple[str, Candidate]]:
    """Who rates: an author too, as long as there is an answer of somebody else to rate."""
    if not asking.every_type and not able_to(asking, situation):
        return []
    return [(type_, one) for type_, one in pick(asking, situation) if authors - {one.key}]


def _ratings_in(content: Any) -> list[tuple[str, float, str]]:
    given = content.get("ratings", content) if isinstance(content, Mapping) else None
    found = []
    for ref, mark in given.items() if isinstance(given, Mapping) else ():
        quality = number_in(mark, "quality", "score", "rating")
        if isinstance(ref, str) and quality is not None:
            found.append((ref, min(100.0, max(0.0, quality)), _words_in(mark)))
    return found


def _words_in(mark: Any) -> str:
    return text_in(mark, "feedback", "why", "reason")[:500] if isinstance(mark, Mapping) else ""


def _mean(marks: Sequence[tuple[float, float, str]]) -> float:
    total = sum(weight for _, weight, _ in marks)
    return round(sum(quality * weight for quality, weight, _ in marks) / total, 2)


def _feedback(marks: Sequence[tuple[float, float, str]]) -> str:
    return "; ".join(dict.fromkeys(feedback for _, _, feedback in marks if feedback))[:500]
