"""ACT: try a provider out, because a person asks: one small request, whether it is switched on or resting or not."""

import time
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.advising import Failure, advice
from apps.llm.asking import tell_breaker
from apps.llm.bodies import Wanted
from apps.llm.clients import load_library
from apps.llm.embedders import request_vectors
from apps.llm.endpoints import Endpoint
from apps.llm.noting import Call, note_request
from apps.llm.requesting import Outcome, request_text
from apps.llm.responses import Kind, Tokens, Turn, Why
from apps.llm.trial_states import seconds_of

PURPOSE = "test"
_WANTED = Wanted("Answer in one word.", (Turn("user", "Say: ready"),), max_tokens=64)


@dataclass(frozen=True, slots=True)
class Tried:
    """words: for a person, of success as of failure. dim: of the vectors of an embedding model."""

    ok: bool
    words: str
    took_ms: int
    dim: int | None = None


def try_provider(*, endpoint: Endpoint, business_id: UUID | None) -> Tried:
    """Ask it for a word, or for a vector. Its breaker hears how that went, and the use is noted."""
    load_library()
    kind = endpoint.kind
    send = _SEND[kind]
    call = Call(new_id(), business_id, PURPOSE, kind=kind)
    outcome = Outcome()
    seconds = seconds_of(endpoint.timeout)
    deadline = time.monotonic() + seconds
    # Once, and again without each field that it refuses.
    for attempt in range(1, 6):
        outcome = send(replace(endpoint, dim=None), model=endpoint.model, deadline=deadline)
        tell_breaker(endpoint, outcome)
        estimated = Tokens(12, 0, 1, told=False)
        texts = 1 if kind is Kind.EMBEDDING else 0
        note_request(call, endpoint, outcome, attempt=attempt, model=endpoint.model, estimated=estimated, texts=texts)
        if not outcome.quirk:
            break
    return _tried(endpoint, outcome, seconds)


def _tried(endpoint: Endpoint, outcome: Outcome, seconds: float) -> Tried:
    said = outcome.model or endpoint.model
    took = f"in {outcome.took_ms:,} ms"
    if outcome.why is Why.EMPTY and outcome.finish_reason == "length":
        # Models that think first have used up the few tokens of a test before they write.
        return Tried(True, f"{said} answered {took}, with all its tokens used up in thinking", outcome.took_ms)
    if outcome.why:
        return Tried(False, advice(_failure(endpoint, outcome)), outcome.took_ms)
    slow = f", slow for the {seconds:g} s it has" if outcome.took_ms > 500 * seconds else ""
    if outcome.vectors:
        dim = len(outcome.vectors[0])
        words = f"{said} answered {took} with a vector of {dim} numbers{slow}"
        if endpoint.dim and endpoint.dim != dim:
            return Tried(False, f"{words}, where {endpoint.dim} are set", outcome.took_ms, dim)
        return Tried(True, words, outcome.took_ms, dim)
    return Tried(True, f"{said} answered {took}{slow}", outcome.took_ms)


def _failure(endpoint: Endpoint, outcome: Outcome) -> Failure:
    return Failure(
        why=outcome.why,
        error=outcome.error,
        about=outcome.about,
        status=outcome.status,
        wait=outcome.wait,
        model=endpoint.model,
        has_key=bool(endpoint.sealed_key or endpoint.plain_key),
    )


_SEND = {
    Kind.CHAT: partial(request_text, wanted=_WANTED),
    Kind.EMBEDDING: partial(request_vectors, texts=["ready"], dim=None),
}
