"""ACT: try a provider out, because a person asks: one small request, whether it is switched on or resting or not."""

import time
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from apps.core.ids import new_id
from apps.llm.asking import tell_breaker
from apps.llm.bodies import Wanted
from apps.llm.clients import load_library
from apps.llm.embedders import request_vectors
from apps.llm.endpoints import Endpoint
from apps.llm.noting import Call, note_request
from apps.llm.requesting import Outcome, request_text
from apps.llm.responses import Kind, Tokens, Turn

SECONDS = 15.0
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
    for attempt in range(1, 6):
        deadline = time.monotonic() + min(SECONDS, endpoint.timeout)
        outcome = send(replace(endpoint, dim=None), model=endpoint.model, deadline=deadline)
        tell_breaker(endpoint, outcome)
        estimated = Tokens(12, 0, 1, told=False)
        texts = 1 if kind is Kind.EMBEDDING else 0
        note_request(call, endpoint, outcome, attempt=attempt, model=endpoint.model, estimated=estimated, texts=texts)
        if not outcome.quirk:
            break
    return _tried(endpoint, outcome)


def _tried(endpoint: Endpoint, outcome: Outcome) -> Tried:
    if outcome.why:
        return Tried(False, outcome.error, outcome.took_ms)
    said = outcome.model or endpoint.model
    if outcome.vectors:
        dim = len(outcome.vectors[0])
        words = f"{said} answered in {outcome.took_ms} ms with a vector of {dim} numbers"
        if endpoint.dim and endpoint.dim != dim:
            return Tried(False, f"{words}, where {endpoint.dim} are set", outcome.took_ms, dim)
        return Tried(True, words, outcome.took_ms, dim)
    return Tried(True, f"{said} answered in {outcome.took_ms} ms", outcome.took_ms)


_SEND = {
    Kind.CHAT: partial(request_text, wanted=_WANTED),
    Kind.EMBEDDING: partial(request_vectors, texts=["ready"], dim=None),
}
