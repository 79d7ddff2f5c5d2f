"""EDGE: batches of texts over REST: made once, followed, read page by page, cancelled and resumed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView, create_once
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, IDEMPOTENCY_KEY, problems
from apps.knowledge import schemas, working
from apps.knowledge.batching import cancel_batch, create_batch, resume_batch
from apps.knowledge.choosing import chosen_model
from apps.knowledge.models import EmbeddingBatch
from apps.knowledge.requests import MOST_BATCH, BatchIn, TextIn, wrong_text
from apps.knowledge.response import batch_of, batch_results_of

TAGS = ["Embeddings"]
MOST_RESULTS = 500


class Batches(TenantView):
    """Make a batch; list batches."""

    scopes = {"GET": Scope.EMBEDDINGS_CREATE, "POST": Scope.EMBEDDINGS_CREATE}

    @extend_schema(
        operation_id="create_embedding_batch",
        summary="Embed many texts as a job",
        description="Follow it by its address, or over the websocket as events of the type embedding_batch.",
        parameters=[IDEMPOTENCY_KEY],
        request=schemas.BatchRequest,
        examples=[schemas.BATCH_EXAMPLE],
        responses={202: schemas.BatchAnswer, **problems(400, 404, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, BatchIn)
        texts, principal = texts_of(wanted), self.principal

        def act() -> tuple[int, dict[str, Any]]:
            model = chosen_model(principal.business_id, wanted.model, wanted.dimensions)
            batch = create_batch(
                business_id=principal.business_id, texts=texts, model=model.key, actor=principal.actor,
                name=wanted.name, dimensions=wanted.dimensions,
            )  # fmt: skip
            return 202, batch_of(batch)

        return create_once(request, act)

    @extend_schema(
        operation_id="list_embedding_batches",
        summary="List batches, newest first",
        parameters=CURSOR,
        responses={200: schemas.BatchPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        rows = EmbeddingBatch.objects.filter(business_id=self.principal.business_id)
        found = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([batch_of(row) for row in found or []])


class OneBatch(TenantView):
    scopes = {"GET": Scope.EMBEDDINGS_CREATE}

    @extend_schema(
        operation_id="get_embedding_batch",
        summary="How far a batch is",
        responses={200: schemas.BatchAnswer, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, batch_id: UUID) -> Response:
        return Response(batch_of(working.find(EmbeddingBatch, self.principal.business_id, batch_id)))


class Results(TenantView):
    scopes = {"GET": Scope.EMBEDDINGS_CREATE}

    @extend_schema(
        operation_id="get_embedding_batch_results",
        summary="The vectors of a batch, in the order of its texts",
        parameters=[
            OpenApiParameter("after", int, description="From `next_after`; the first page without it"),
            OpenApiParameter("limit", int, description=f"1 to {MOST_RESULTS}, 100 unless told"),
        ],
        responses={200: schemas.BatchResults, **problems(404, 422)},
        tags=TAGS,
    )
    def get(self, request: Request, batch_id: UUID) -> Response:
        batch = working.find(EmbeddingBatch, self.principal.business_id, batch_id)
        after = whole_number(request, "after", -1, -1, 2**31 - 1)
        limit = whole_number(request, "limit", 100, 1, MOST_RESULTS)
        return Response(batch_results_of(batch, after=after, limit=limit))


class Cancelling(TenantView):
    scopes = {"POST": Scope.EMBEDDINGS_CREATE}

    @extend_schema(
        operation_id="cancel_embedding_batch",
        summary="Stop a batch; what is embedded stays",
        request=None,
        responses={200: schemas.BatchAnswer, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        principal = self.principal
        batch = cancel_batch(business_id=principal.business_id, batch_id=batch_id, actor=principal.actor)
        return Response(batch_of(batch))


class Resuming(TenantView):
    scopes = {"POST": Scope.EMBEDDINGS_CREATE}

    @extend_schema(
        operation_id="resume_embedding_batch",
        summary="Go on with a batch that was cancelled or has failed",
        request=None,
        responses={200: schemas.BatchAnswer, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        principal = self.principal
        batch = resume_batch(business_id=principal.business_id, batch_id=batch_id, actor=principal.actor)
        return Response(batch_of(batch))


def texts_of(wanted: BatchIn) -> list[tuple[str, str]]:
    """(reference, text) pairs. Raises Invalid, which names the place."""
    if not 1 <= len(wanted.texts) <= MOST_BATCH:
        raise Invalid("texts", f"1 to {MOST_BATCH:,} texts; there are {len(wanted.texts):,}")
    pairs = [(one.id, one.text) if isinstance(one, TextIn) else ("", one) for one in wanted.texts]
    for place, (reference, text) in enumerate(pairs):
        if wrong := wrong_text(text):
            raise Invalid(f"texts[{place}]", wrong)
        if "\0" in reference:
            raise Invalid(f"texts[{place}].id", "The null character cannot be stored")
    return pairs


def whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A parameter of the address. Raises Invalid."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        raise Invalid(name, "A whole number") from None
    if not low <= value <= high:
        raise Invalid(name, f"{low} to {high}")
    return value
