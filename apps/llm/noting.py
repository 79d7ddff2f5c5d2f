"""ACT: write down what each request to a provider came to: the only place where rows of Usage are made."""

import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.ids import new_id
from apps.core.inserting import insert
from apps.llm.endpoints import Endpoint
from apps.llm.models import Usage
from apps.llm.pricing import cost_of_request
from apps.llm.requesting import Outcome
from apps.llm.responses import Kind, Tokens
from apps.llm.tokens import note_actual

log = logging.getLogger(__name__)

LONGEST_PURPOSE = 60
LONGEST_MODEL = 120
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Call:
    """What the attempts at one answer share. subject: (type, id) of what it is for."""

    id: UUID
    business_id: UUID | None
    purpose: str
    kind: Kind = Kind.CHAT
    subject: tuple[str, UUID] | None = None


class Noted(NamedTuple):
    usage_id: UUID | None
    tokens: Tokens
    cost: Decimal | None


def note_request(
    call: Call, endpoint: Endpoint, outcome: Outcome, *, attempt: int, model: str, estimated: Tokens, texts: int = 0
) -> Noted:
    """One row for one request. estimated: unscaled, for what the provider does not count.

    A row that cannot be written is logged and lost: the answer is worth more.
    """
    answered = outcome.model or model
    tokens = outcome.tokens or _without_count(outcome, estimated)
    if outcome.tokens is not None and not outcome.why:
        note_actual(model, estimated.read, tokens.read + tokens.cached)
    cost, priced = _cost(endpoint, (answered, model), tokens, outcome)
    row = Usage(
        id=new_id(),
        business_id=call.business_id,
        at=timezone.now(),
        call=call.id,
        attempt=attempt,
        kind=call.kind,
        purpose=call.purpose[:LONGEST_PURPOSE],
        provider_id=endpoint.id,
        provider=endpoint.name,
        model=answered[:LONGEST_MODEL],
        tokens_in=tokens.read,
        tokens_cached=tokens.cached,
        tokens_out=tokens.written,
        estimated=not tokens.told,
        texts=texts,
        cost=cost,
        priced=priced,
        latency_ms=outcome.took_ms,
        first_ms=outcome.first_ms,
        finish_reason=outcome.finish_reason,
        status=outcome.status,
        why=outcome.why,
        error=outcome.error[:LONGEST_ERROR],
        subject_type=call.subject[0][:40] if call.subject else "",
        subject_id=call.subject[1] if call.subject else None,
    )
    return Noted(row.pk if _write(row) else None, tokens, cost)


def _write(row: Usage) -> bool:
    try:
        # Whoever asks may be acting for nobody yet.
        with acting_for(row.business_id) if row.business_id else transaction.atomic():
            insert(row)
    except DatabaseError as error:
        log.error("the use of a model could not be noted (%s, %s): %s", row.purpose, row.provider, type(error).__name__)
        return False
    return True


def _without_count(outcome: Outcome, estimated: Tokens) -> Tokens:
    """A request that was refused, or of which nothing came back, is taken to have cost nothing."""
    if outcome.text or (not outcome.why and outcome.status):
        return Tokens(estimated.read, 0, estimated.written, told=False)
    return Tokens()


def _cost(endpoint: Endpoint, names: tuple[str, str], tokens: Tokens, outcome: Outcome) -> tuple[Decimal | None, str]:
    """By the name the model answered under, else by the one it was asked under."""
    if outcome.cost is None and not (tokens.read or tokens.cached or tokens.written):
        return None, ""
    for name in dict.fromkeys(names):
        cost, priced = cost_of_request(endpoint, name, tokens, outcome.cost)
        if cost is not None:
            return cost, priced
    return None, ""
