"""ACT: ask a language model, whichever of the business's providers answers first.

The choke point: every request for a text goes through `carry_out` or, as it comes in, through streaming.py; both keep
to one deadline, the breakers, and one row of Usage for each request. Importing this module loads no client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from apps.core import breaking
from apps.core.ids import new_id
from apps.llm.bodies import Wanted
from apps.llm.clients import load_library
from apps.llm.endpoints import Endpoint, seconds_for
from apps.llm.estimating import MESSAGE, estimate
from apps.llm.noting import Call, Noted, note_request
from apps.llm.providing import chat_providers, has_provider
from apps.llm.requesting import Outcome, request_text
from apps.llm.responses import NO_PROVIDER, Attempt, LLMResponse, Tokens, Turn, Why, turns_of

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["LLMResponse", "Turn", "ask", "carry_out", "has_provider"]

# What a process may need beyond the time of the request before another is let through to find out in its place.
PROBE_MARGIN = 5.0
FIRST_WAIT, LONGEST_WAIT = 0.25, 8.0  # seconds between attempts at one provider, where it asks for none
LEAST_SECONDS = 0.005  # with less than this left nothing is begun


class Send(Protocol):
    """One request to one provider. deadline: by time.monotonic(). Raises nothing for what a provider does."""

    def __call__(self, endpoint: Endpoint, *, model: str, deadline: float) -> Outcome: ...


def ask(
    *,
    business_id: UUID | None,
    purpose: str,
    system: str,
    user: str | Sequence[Turn],
    model: str = "",
    schema: dict[str, Any] | None = None,
    json: bool = False,
    max_tokens: int = 1024,
    temperature: float | None = None,
    timeout: float = 30.0,
    retries: int | None = None,
    subject: tuple[str, UUID] | None = None,
) -> LLMResponse:
    """One answer. Never raises for what providers do: `error` tells, and is "no provider" when none is set up.

    purpose: a short fixed word for the usage table, such as "draft". user: a message, or the turns so far. model: ""
    for each provider's own. schema: JSON Schema of the object wanted, which comes as `data`. json: any one object is
    wanted, which comes as `text`, unchecked. timeout: seconds for everything, waiting and fallbacks included. retries:
    at each provider, in place of its own. subject: (type, id).
    Call outside of a transaction. Content and keys are neither stored nor logged.
    """
    turns = turns_of(user)
    wanted = Wanted(system, turns, schema=schema, json=json, max_tokens=max_tokens, temperature=temperature)
    call = Call(new_id(), business_id, purpose, subject=subject)
    order = chat_providers(business_id)
    return carry_out(call, wanted, order, model=model, timeout=timeout, retries=retries)


def carry_out(
    call: Call,
    wanted: Wanted,
    order: Sequence[Endpoint],
    *,
    model: str = "",
    timeout: float,
    retries: int | None = None,
) -> LLMResponse:
    """Ask the providers of `order` in turn until one answers. As `ask`, for callers that choose whom to ask."""
    if not any(endpoint.model_for(model) for endpoint in order):
        return LLMResponse(error=NO_PROVIDER, why=Why.MISSING)
    course = Course(call, model, timeout, estimated=estimated_of(wanted))
    along(course, order, partial(request_text, wanted=wanted), retries)
    return course.ended()


def estimated_of(wanted: Wanted) -> int:
    """Tokens of a request as estimated, unscaled."""
    return estimate(wanted.text) + MESSAGE * (len(wanted.turns) + 1)


class Course:
    """What a call has come to so far: its requests, written down, and the time that is left to it.

    model: asked for, "" for each provider's own. estimated: tokens of a request. texts: embedded at once.
    """

    def __init__(self, call: Call, model: str, timeout: float, *, estimated: int, texts: int = 0) -> None:
        self.call, self.model = call, model
        load_library()
        self.started = time.monotonic()
        self.deadline = self.started + timeout
        self._estimated, self._texts = estimated, texts
        self.attempts: list[Attempt] = []
        self.last: tuple[Endpoint, Outcome, Noted] | None = None
        self.cost: Decimal | None = None
        self.error, self.why = "There was no time to ask", Why.TIMEOUT

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    def able(self, order: Sequence[Endpoint]) -> list[Endpoint]:
        """Those of `order` that can be asked for the model."""
        able = [endpoint for endpoint in order if endpoint.model_for(self.model)]
        if not able:
            self.error, self.why = NO_PROVIDER, Why.MISSING
        return able

    def tries(self, until: float, retries: int, again: Callable[[Outcome], bool]) -> Iterator[RetryCallState]:
        """As many tries at one provider as may help and as fit, the waits between them kept. Set the result of each.

        until: by time.monotonic(). again: whether another may help.
        """
        from tenacity import Retrying, retry_if_result, wait_random_exponential

        jitter = wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)

        def wait(state: RetryCallState) -> float:
            asked = _of(state).wait
            return float(jitter(state)) if asked is None else asked

        def enough(state: RetryCallState) -> bool:
            return state.attempt_number > retries or time.monotonic() + state.upcoming_sleep > until - LEAST_SECONDS

        trying = Retrying(stop=enough, wait=wait, retry=retry_if_result(again), retry_error_callback=_of)
        return (attempt.retry_state for attempt in trying)

    def note(self, endpoint: Endpoint, outcome: Outcome, model: str) -> None:
        """Write the attempt down."""
        noted = note_request(
            self.call,
            endpoint,
            outcome,
            attempt=len(self.attempts) + 1,
            model=model,
            estimated=Tokens(self._estimated, 0, estimate(outcome.text), told=False),
            texts=self._texts,
        )
        if noted.cost is not None:
            self.cost = (self.cost or Decimal(0)) + noted.cost
        said = outcome.model or model
        self.attempts.append(Attempt(endpoint.name, said, outcome.why, outcome.error, outcome.took_ms, noted.usage_id))
        self.last = (endpoint, outcome, noted)

    def ended(self) -> LLMResponse:
        """What it all came to: the last attempt, and what was spent on all of them."""
        if self.last is None:
            return LLMResponse(error=self.error, why=self.why, again=self.why is Why.TIMEOUT)
        endpoint, outcome, noted = self.last
        return LLMResponse(
            text=outcome.text,
            data=outcome.data,
            model=self.attempts[-1].model,
            provider=endpoint.name,
            tokens_in=noted.tokens.read,
            tokens_cached=noted.tokens.cached,
            tokens_out=noted.tokens.written,
            cost=self.cost,
            latency_ms=round((time.monotonic() - self.started) * 1000),
            finish_reason=outcome.finish_reason,
            error=outcome.error,
            why=outcome.why,
            again=outcome.again or outcome.why is Why.RESTING,
            status=outcome.status,
            usage_id=noted.usage_id,
            attempts=tuple(self.attempts),
        )


def along(course: Course, order: Sequence[Endpoint], send: Send, retries: int | None = None) -> Outcome | None:
    """Try one provider after the other; what the last of them said. retries: at each, in place of its own."""
    able = course.able(order)
    for rank, endpoint in enumerate(able):
        if course.left < LEAST_SECONDS:
            break
        until = time.monotonic() + seconds_for(endpoint, course.left, able[rank + 1 :])
        again = endpoint.retries if retries is None else retries
        if not _at(course, endpoint, until, send, again).why:
            break
    return course.last[1] if course.last else None


def _at(course: Course, endpoint: Endpoint, until: float, send: Send, retries: int) -> Outcome:
    outcome = Outcome()
    for state in course.tries(until, retries, lambda ended: ended.again):
        # A field the provider does not know is left out at once; there are only so many to refuse.
        while (outcome := _request(course, endpoint, until, send)).quirk:
            continue
        state.set_result(outcome)
    return outcome


def _request(course: Course, endpoint: Endpoint, until: float, send: Send) -> Outcome:
    named = endpoint.model_for(course.model)
    deadline = min(until, time.monotonic() + endpoint.timeout)
    outcome = held_back(endpoint, deadline - time.monotonic())
    if outcome is None:
        outcome = send(endpoint, model=named, deadline=deadline)
        tell_breaker(endpoint, outcome)
    course.note(endpoint, outcome, named)
    return outcome


def held_back(endpoint: Endpoint, seconds: float) -> Outcome | None:
    """The outcome of a request that is not sent, because the provider keeps failing; None when it may be sent."""
    wait = breaking.may_call(endpoint.id, probe_seconds=max(seconds, 0) + PROBE_MARGIN)
    if not wait:
        return None
    return Outcome(why=Why.RESTING, error=breaking.words("model provider", wait), sent=False)


def tell_breaker(endpoint: Endpoint, outcome: Outcome) -> None:
    """How a request ended, where that says whether the provider is there."""
    if not outcome.sent or outcome.why is Why.LEFT:
        return
    if outcome.counts:
        breaking.note(endpoint.id, ok=False, why=outcome.why, told=outcome.error)
    elif not outcome.why or outcome.answered:
        breaking.note(endpoint.id, ok=True)


def _of(state: RetryCallState) -> Outcome:
    assert state.outcome is not None
    outcome: Outcome = state.outcome.result()
    return outcome
