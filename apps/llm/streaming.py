"""ACT: ask a language model and pass its answer on while it comes in.

Until the first piece is there, a provider is tried again and the next one asked as in asking.py; after it nobody else
can continue the sentence, so what breaks off then ends with an error and what there is.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.asking import LEAST_SECONDS, Course, estimated_of, held_back, tell_breaker
from apps.llm.bodies import Wanted
from apps.llm.endpoints import Endpoint, seconds_for
from apps.llm.noting import Call
from apps.llm.providing import chat_providers
from apps.llm.reading import Read, cost_of, tokens_of
from apps.llm.requesting import Outcome, fail, failing_into, prepared, sending, storable, understand
from apps.llm.responses import LLMResponse, Piece, Turn, Why, turns_of


def ask_streaming(
    *,
    business_id: UUID | None,
    purpose: str,
    system: str,
    user: str | Sequence[Turn],
    model: str = "",
    schema: dict[str, Any] | None = None,
    max_tokens: int = 1024,
    temperature: float | None = None,
    timeout: float = 60.0,
    subject: tuple[str, UUID] | None = None,
) -> Iterator[Piece | LLMResponse]:
    """Pieces of one answer as they come, and last an LLMResponse with all of it. As `ask`; timeout: for all of it.

    Whoever stops listening closes the iterator: the request ends there, and its use is noted. Call outside of a
    transaction.
    """
    wanted = Wanted(system, turns_of(user), schema=schema, max_tokens=max_tokens, temperature=temperature)
    call = Call(new_id(), business_id, purpose, subject=subject)
    course = Course(call, model, timeout, estimated=estimated_of(wanted))
    able = course.able(chat_providers(business_id))
    for rank, endpoint in enumerate(able):
        if course.left < LEAST_SECONDS:
            break
        until = time.monotonic() + seconds_for(endpoint, course.left, able[rank + 1 :])
        outcome = yield from _at(course, endpoint, until, wanted)
        if not outcome.why or outcome.text:
            break
    yield course.ended()


def _at(course: Course, endpoint: Endpoint, until: float, wanted: Wanted) -> Generator[Piece, None, Outcome]:
    """One provider, as often as that may help while nothing has come, and again without each field it refuses."""
    outcome = Outcome()
    for state in course.tries(until, endpoint.retries, lambda ended: ended.again and not ended.text):
        while (outcome := (yield from _request(course, endpoint, until, wanted))).quirk:
            continue
        state.set_result(outcome)
    return outcome


def _request(course: Course, endpoint: Endpoint, until: float, wanted: Wanted) -> Generator[Piece, None, Outcome]:
    named = endpoint.model_for(course.model)
    deadline = min(until, time.monotonic() + endpoint.timeout)
    outcome = held_back(endpoint, deadline - time.monotonic())
    if outcome is not None:
        course.note(endpoint, outcome, named)
        return outcome
    outcome = Outcome()
    yield from _stream(course, endpoint, wanted, outcome, named, deadline)
    return outcome


def _stream(
    course: Course, endpoint: Endpoint, wanted: Wanted, outcome: Outcome, model: str, deadline: float
) -> Iterator[Piece]:
    started = time.monotonic()
    pieces: list[str] = []
    # Until something comes, a provider has its share of the time; then all that is left.
    ended = False
    try:
        with failing_into(outcome, endpoint, deadline - started):
            for text in _pieces(endpoint, wanted, outcome, model, deadline, course.deadline):
                if outcome.first_ms is None:
                    outcome.first_ms = round((time.monotonic() - started) * 1000)
                pieces.append(text)
                yield Piece(text)
        ended = True
    finally:
        outcome.took_ms = round((time.monotonic() - started) * 1000)
        outcome.text = storable("".join(pieces))
        if not ended:
            fail(outcome, Why.LEFT, "The caller left before the end", again=False)
        elif not outcome.why:
            _conclude(outcome, wanted)
        elif pieces and outcome.why in (Why.UNREACHABLE, Why.BAD_ANSWER):
            fail(outcome, Why.BROKEN_OFF, "The model provider's answer broke off", again=True)
        tell_breaker(endpoint, outcome)
        course.note(endpoint, outcome, model)


def _conclude(outcome: Outcome, wanted: Wanted) -> None:
    if not outcome.finish_reason:
        fail(outcome, Why.BROKEN_OFF, "The model provider's answer broke off", again=True)
        return
    read = Read(outcome.text, outcome.finish_reason, outcome.model, "", outcome.tokens, outcome.cost)
    understand(outcome, read, wanted)


def _pieces(
    endpoint: Endpoint, wanted: Wanted, outcome: Outcome, model: str, deadline: float, last: float
) -> Iterator[str]:
    from apps.llm.bodies import NO_STREAM_OPTIONS
    from apps.llm.clients import client_of
    from apps.llm.requesting import QUIRKS

    body = {**prepared(endpoint, wanted, model), "stream": True}
    if NO_STREAM_OPTIONS not in QUIRKS.of(endpoint, model):
        body["stream_options"] = {"include_usage": True}
    create = client_of(endpoint).chat.completions.create
    with sending(endpoint, body, outcome, deadline) as budget, create(**body) as chunks:
        outcome.status = chunks.response.status_code
        for chunk in chunks:
            budget.deadline = last
            text = _take(chunk, outcome)
            if text:
                yield text


def _known(cost: Decimal | None, before: Decimal | None) -> Decimal | None:
    return before if cost is None else cost


def _take(chunk: Any, outcome: Outcome) -> str:
    """The text of a chunk; the rest of what it tells goes into the outcome."""
    told = chunk.model_dump(warnings=False)
    usage = told.get("usage")
    if usage:
        # Some count in every chunk, and the last of it may leave out what was said before.
        outcome.tokens, outcome.cost = tokens_of(usage) or outcome.tokens, _known(cost_of(usage), outcome.cost)
    if isinstance(told.get("model"), str):
        outcome.model = storable(told["model"])[:120]
    choices = told.get("choices")
    if not choices:
        return ""
    first = choices[0]
    if isinstance(first.get("finish_reason"), str):
        outcome.finish_reason = first["finish_reason"][:40]
    text = (first.get("delta") or {}).get("content")
    return storable(text) if isinstance(text, str) else ""
