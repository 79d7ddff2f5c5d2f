"""RULE: who may say what about a request, and when enough people have said it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.roles import Role, at_least
from apps.approvals.payloads import problem_of
from apps.approvals.states import STATE_AFTER, OnTimeout, State, Verdict
from apps.core.errors import GatehouseError, Invalid, NotAllowed, StaleState

MAX_REASON = 80
MAX_COMMENT = 4000


@dataclass(frozen=True, slots=True)
class EditVerdict:
    """What the checks of a kind say about an edited payload. None leaves a figure of the request as it was."""

    allowed: bool
    reason: str = ""
    confidence: float | None = None
    factors: tuple[dict[str, Any], ...] | list[dict[str, Any]] | None = None
    checks: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verdict depends on, of the request."""

    state: str
    payload_hash: str
    decider_role: str
    approvers_needed: int
    requester_may_decide: bool
    requested_by: str
    requester_id: UUID | None
    fields: frozenset[str]
    on_timeout: str
    deadline: datetime
    held_by_id: UUID | None
    held_by: str
    held_until: datetime | None
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decider:
    """Who speaks: a person with a role, or a program (user_id and role None) whose key `made_by` issued."""

    actor: str
    user_id: UUID | None = None
    role: str | None = None
    made_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said, and about which payload."""

    verdict: str
    payload_hash: str
    edited: bool = False
    reason: str = ""
    comment: str = ""
    answers: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: the kind of error and its words. `facts` go to the caller beside them."""

    error: type[GatehouseError]
    words: str
    field: str = ""
    facts: tuple[tuple[str, Any], ...] = ()

    def as_error(self) -> GatehouseError:
        return Invalid(self.field, self.words) if self.error is Invalid else self.error(self.words, **dict(self.facts))


def refusal(asked: Asked, by: Decider, saying: Saying, now: datetime) -> Refusal | None:
    """The first reason why this may not be said by this one now; None when it may."""
    return next(_refusals(asked, by, saying, now), None)


def is_enough(approvers: Iterable[str], needed: int) -> bool:
    """Whether these, each counted once, are as many as must approve."""
    return len(set(approvers)) >= needed


def is_requester(asked: Asked, by: Decider) -> bool:
    """Whether the one who speaks is the one who asked: the same name, person, or a key that person issued."""
    same_person = asked.requester_id is not None and asked.requester_id in (by.user_id, by.made_by)
    return same_person or by.actor == asked.requested_by


def over(asked: Asked) -> Refusal | None:
    """The refusal that says who ended this and when, if it has ended."""
    if asked.state == State.WAITING:
        return None
    who = asked.decided_by.removeprefix("user:") or "The deadline"
    when = asked.decided_at.isoformat(timespec="seconds") if asked.decided_at else None
    words = f"{who} ended this as {asked.state}" + (f" at {when}" if when else "")
    facts = (("state", asked.state), ("decided_by", asked.decided_by), ("decided_at", when))
    return Refusal(StaleState, words, facts=facts)


def held(asked: Asked, user_id: UUID | None, now: datetime) -> Refusal | None:
    """The refusal that says who holds this now, if somebody else does."""
    if asked.held_by_id is None or asked.held_until is None or asked.held_until <= now or asked.held_by_id == user_id:
        return None
    until = asked.held_until.isoformat(timespec="seconds")
    return Refusal(
        StaleState,
        f"{asked.held_by} is deciding this, until {until} at the latest",
        facts=(("claimed_by", asked.held_by), ("claimed_until", until)),
    )


def _refusals(asked: Asked, by: Decider, saying: Saying, now: datetime) -> Iterator[Refusal]:
    yield from _unfit(asked, by, saying)
    for found in (over(asked), _too_late(asked, now), held(asked, by.user_id, now)):
        if found:
            yield found
    if saying.payload_hash != asked.payload_hash:
        words = "The payload has changed since you saw it; look again before you decide"
        yield Refusal(StaleState, words, facts=(("payload_hash", asked.payload_hash),))
    yield from _misspoken(asked, saying)


def _unfit(asked: Asked, by: Decider, saying: Saying) -> Iterator[Refusal]:
    if by.user_id is None:
        yield from _unfit_program(asked, by, saying)
    elif not at_least(by.role, asked.decider_role):
        yield Refusal(NotAllowed, f"Only the role {asked.decider_role} or above may decide this")
    # Whoever asked is often the very one who knows the answer.
    if saying.verdict != Verdict.ANSWER and is_requester(asked, by) and not _requester_may(asked):
        yield Refusal(NotAllowed, "You asked for this yourself, so somebody else must decide it")


def _unfit_program(asked: Asked, by: Decider, saying: Saying) -> Iterator[Refusal]:
    if saying.verdict == Verdict.ANSWER:
        return
    if asked.approvers_needed > 1:
        yield Refusal(NotAllowed, "Several people must approve this; a key is not one of them")
    if not at_least(Role.REVIEWER, asked.decider_role):
        yield Refusal(NotAllowed, f"A key decides as a reviewer; this needs a person of the role {asked.decider_role}")


def _requester_may(asked: Asked) -> bool:
    return asked.requester_may_decide and asked.approvers_needed == 1


def _too_late(asked: Asked, now: datetime) -> Refusal | None:
    if asked.on_timeout == OnTimeout.REJECT and now >= asked.deadline:
        return Refusal(StaleState, "The deadline has passed", facts=(("deadline", asked.deadline.isoformat()),))
    return None


def _misspoken(asked: Asked, saying: Saying) -> Iterator[Refusal]:
    if saying.verdict not in STATE_AFTER:
        yield Refusal(Invalid, f"One of {', '.join(STATE_AFTER)}", "verdict")
    if saying.edited and saying.verdict != Verdict.APPROVE:
        yield Refusal(Invalid, "Only an approval may change the payload", "payload")
    for field, text, most in (("reason", saying.reason, MAX_REASON), ("comment", saying.comment, MAX_COMMENT)):
        if len(text) > most:
            yield Refusal(Invalid, f"At most {most} characters", field)
        if not _can_be_stored(text):
            yield Refusal(Invalid, "Holds a character that cannot be stored", field)
    if saying.verdict == Verdict.REJECT and not (saying.reason.strip() or saying.comment.strip()):
        yield Refusal(Invalid, "Say why, by a reason or a comment", "reason")
    yield from _misanswered(asked, saying)


def _misanswered(asked: Asked, saying: Saying) -> Iterator[Refusal]:
    if saying.verdict == Verdict.APPROVE and asked.fields:
        yield Refusal(Invalid, "This asks for an answer, not for an approval", "verdict")
    if saying.verdict != Verdict.ANSWER:
        if saying.answers:
            yield Refusal(Invalid, "Answers belong to the verdict answer", "answers")
        return
    if not asked.fields:
        yield Refusal(Invalid, "Nothing was asked here", "verdict")
    if problem := problem_of(dict(saying.answers or {})):
        yield Refusal(Invalid, problem, "answers")
    given = {field for field, answer in (saying.answers or {}).items() if answer not in (None, "", [])}
    for field in sorted(set(saying.answers or {}) - asked.fields):
        yield Refusal(Invalid, "This was not asked", f"answers.{field}")
    if not given:
        yield Refusal(Invalid, "Answer at least one question", "answers")


def _can_be_stored(text: str) -> bool:
    return "\x00" not in text and text.encode(errors="ignore").decode() == text
