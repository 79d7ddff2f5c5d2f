"""SELECTOR: the embedding models a business may change to, and what the change would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from apps.knowledge.models import EmbeddingModel, Library
from apps.llm.embedders import embedding_models
from apps.llm.endpoints import Endpoint
from apps.llm.pricing import cost_of_request
from apps.llm.providing import embedding_providers
from apps.llm.responses import Tokens


@dataclass(frozen=True, slots=True)
class Amount:
    """What has to be embedded anew: passages, and their tokens as they were counted when they were cut."""

    texts: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that may be changed to. provider: "" where it is computed here. dim: None until it is known. stored: the
    numbers its vectors are stored with, None where there are none yet. usd: for all passages, None where nobody knows
    the price."""

    key: str
    provider: str
    dim: int | None
    stored: int | None
    usd: Decimal | None

    @property
    def drifted(self) -> bool:
        """Whether it gives another length than is stored under its name."""
        return None not in (self.dim, self.stored) and self.dim != self.stored


def amount_of(business_id: UUID) -> Amount:
    """What a change of the model would embed. One query over the passages of the business."""
    shelf = Library.objects.filter(business_id=business_id).values_list("shelf", flat=True).first()
    if shelf is None:
        return Amount(0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(tokens), 0) FROM knowledge_chunk"
            f" WHERE shelf = {shelf:d} AND business_id = %s",
            [business_id],
        )
        texts, tokens = cursor.fetchone()
    return Amount(texts, int(tokens))


def offers_of(business_id: UUID, amount: Amount) -> Sequence[Offer]:
    """The models the business may embed with, the local one first. Two queries at most; no provider is asked."""
    models = embedding_models(business_id)
    rows = EmbeddingModel.objects.filter(key__in=[one.key for one in models]).values_list("key", "dim")
    stored = dict(rows)
    prices = {one.name: one for one in embedding_providers(business_id)}
    return [
        Offer(one.key, one.provider, one.dim, stored.get(one.key), _usd(prices.get(one.provider), one.key, amount))
        for one in models
    ]


def _usd(endpoint: Endpoint | None, model: str, amount: Amount) -> Decimal | None:
    if endpoint is None:
        return None
    return cost_of_request(endpoint, model, Tokens(read=amount.tokens), None)[0]
