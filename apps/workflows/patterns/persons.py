"""RULE: when a person is asked, what is put before them, and what they let through."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer
from apps.workflows.patterns.consensus import Choice
from apps.workflows.patterns.limits import Share
from apps.workflows.patterns.prompts import as_json, goal_of
from apps.workflows.plans import Barrier, Candidate, Impossible, Situation, StagePlan, StepPlan
from apps.workflows.states import StepKind

STAGE = "approval"
NAME = "Approval"
MOST_SHOWN = 400_000  # bytes of JSON of all recommendations that a person is shown together
MOST_DEPTH = 24  # levels of one of them; the queue takes payloads of 32


class When(StrEnum):
    NEVER = "never"
    UNSURE = "unsure"
    ALWAYS = "always"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a person decides before the result is given. `unsure`: when any of the bounds below is not reached.

    min_confidence: of the answer taken, as its agent states it. min_trust: lower bound of the overall trust in its
    agent. min_agreement: share of the trust of all who answered that stands behind the same answer.
    What is not known counts as not reached.
    """

    when: Annotated[When, Meta(title="A person decides")] = When.UNSURE
    min_confidence: Annotated[Share, Meta(title="Least confidence", description="As the agent states it")] = 0.7
    min_trust: Annotated[Share, Meta(title="Least trust", description="Lower bound of trust in the agent")] = 0.5
    min_agreement: Annotated[Share, Meta(title="Least agreement", description="Share behind the same answer")] = 0.0


def doubts(person: Person, choices: Iterable[Choice], situation: Situation, *, least: float | None = None) -> list[str]:
    """Why a person should look, in words: each bound that an answer taken does not reach.

    least: the quality, 0 to 100, that critics must have found; None: none were asked.
    """
    return [
        words
        for choice in choices
        for words in (
            *_confidence_doubt(person, choice),
            *_trust_doubt(person, choice, situation),
            *_agreement_doubt(person, choice),
            *_quality_doubt(least, choice),
        )
    ]


def person_stage(
    person: Person,
    situation: Situation,
    shown: Sequence[Answer],
    *,
    title: str,
    why: Sequence[str],
    key: str = STAGE,
    name: str = NAME,
    **more: Any,
) -> StagePlan | None:
    """The stage in which a person decides about these answers; None where the configuration wants nobody.

    shown: the most important first: what does not fit is left out, and is not judged. more: what the payload holds
    besides, to be read only. Raises Impossible: no answer can be shown.
    """
    wanted = person.when is When.ALWAYS or (person.when is When.UNSURE and bool(why))
    if not wanted or not shown:
        return None
    recommendations = fitting(shown)
    if not recommendations:
        raise Impossible("A person is to decide, and every answer is too large to be put before one")
    payload = {
        "goal": goal_of(situation),
        "recommendations": recommendations,
        **{key: value for key, value in more.items() if value not in (None, "", [], {})},
    }
    if left := len(shown) - len(recommendations):
        payload["left_out"] = left
    stated = next((one.confidence for one in shown if one.ref == more.get("proposed")), None)
    step = StepPlan(
        key="person",
        kind=StepKind.PERSON,
        does="person",
        input={
            "title": title,
            "why": list(why) or ["A person is always asked"],
            "judges": list(recommendations),
            "payload": payload,
            "confidence": stated,
        },
        most_attempts=1,
    )
    return StagePlan(key=key, name=name, steps=(step,), barrier=Barrier.ALL)


def kept(situation: Situation, key: str = STAGE) -> dict[str, Any] | None:
    """The recommendations a person let through, as edited, by ref; None: no person was asked, so nothing is held back.

    An answer without the object `recommendations` lets nothing through.
    """
    decided = [one for one in situation.of(key) if one.kind is StepKind.PERSON]
    if not decided:
        return None
    content = decided[-1].content
    found = content.get("recommendations") if isinstance(content, Mapping) else None
    return {str(ref): part for ref, part in found.items()} if isinstance(found, Mapping) else {}


def settled(situation: Situation, preferred: Sequence[Answer], key: str = STAGE) -> tuple[str, Any] | None:
    """(ref, content) of the first of these answers that may be used, as a person left it; None: none of them may be."""
    through = kept(situation, key)
    for one in preferred:
        if through is None:
            return one.ref, one.content
        if one.ref in through:
            return one.ref, through[one.ref]
    return None


def each_settled(
    situation: Situation, answers: Sequence[Answer], shown: Sequence[Answer], key: str = STAGE
) -> list[tuple[Answer, Any]]:
    """Those of the answers that may be used, each with its content as a person left it.

    shown: what `person_stage` was given. What did not fit there was not before the person: it is used as it is.
    """
    through = kept(situation, key)
    if through is None:
        return [(one, one.content) for one in answers]
    judged = set(fitting(shown))
    return [
        (one, through[one.ref] if one.ref in judged else one.content)
        for one in answers
        if one.ref not in judged or one.ref in through
    ]


def fitting(shown: Sequence[Answer]) -> dict[str, Any]:
    """{ref: content} of the answers that can be put before a person together, by their order."""
    room, found = MOST_SHOWN, {}
    for one in shown:
        size = _size(one.content)
        if size <= room:
            found[one.ref] = one.content
            room -= size
    return found


def _size(content: Any) -> int:
    """Bytes of JSON; more than fits for what is nested too deep to be shown."""
    if _is_deeper(content, MOST_DEPTH):
        return MOST_SHOWN + 1
    return len(as_json(content).encode(errors="replace"))


def _is_deeper(content: Any, levels: int) -> bool:
    if isinstance(content, Mapping):
        content = list(content.values())
    if not isinstance(content, list) or not content:
        return False
    return levels <= 0 or any(_is_deeper(one, levels - 1) for one in content)


def _confidence_doubt(person: Person, choice: Choice) -> Iterable[str]:
    stated = choice.answer.confidence
    if stated is None and person.min_confidence > 0:
        yield f"{choice.answer.agent} states no confidence"
    elif stated is not None and stated < person.min_confidence:
        yield f"{choice.answer.agent} is {stated:.0%} sure, less than {person.min_confidence:.0%}"


def _trust_doubt(person: Person, choice: Choice, situation: Situation) -> Iterable[str]:
    agent = _candidate(situation, choice.answer)
    if person.min_trust <= 0:
        return
    if agent is None or agent.low is None or not agent.enough:
        yield f"Too little is known of {choice.answer.agent} to trust it"
    elif agent.low < person.min_trust:
        yield f"Trust in {choice.answer.agent} may be as low as {agent.low:.2f}, below {person.min_trust:.2f}"


def _agreement_doubt(person: Person, choice: Choice) -> Iterable[str]:
    if choice.agreement < person.min_agreement:
        yield f"Agents disagree: {choice.agreement:.0%} stand behind the answer of {choice.answer.agent}"


def _quality_doubt(least: float | None, choice: Choice) -> Iterable[str]:
    if not least:
        return
    if choice.quality is None:
        yield f"Nobody else has rated the answer of {choice.answer.agent}"
    elif choice.quality < least:
        yield f"{choice.answer.agent} is rated {choice.quality:.0f} of 100, less than {least:.0f}"


def _candidate(situation: Situation, answer: Answer) -> Candidate | None:
    return next((one for one in situation.candidates.get(answer.type, ()) if one.key == answer.agent), None)
