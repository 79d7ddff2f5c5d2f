"""EDGE: texts to vectors over REST, in the shape of OpenAI's API and in our own."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.schemas import problems
from apps.knowledge import schemas
from apps.knowledge.choosing import chosen_model
from apps.knowledge.embedders import count_tokens
from apps.knowledge.models import EmbeddingModel
from apps.knowledge.requests import (
    MOST_COMPARED,
    MOST_INPUTS,
    CreateIn,
    EmbeddingsIn,
    SimilarityIn,
    check_texts,
    inputs_of,
)
from apps.knowledge.shapes import cut, openai_error, openai_list, similarities, written
from apps.knowledge.vectors import Vectors, vectors_of

TAGS = ["Embeddings"]


class EmbeddingView(TenantView):
    """Embeds outside of any transaction: the model may be far away."""

    scopes = {"POST": Scope.EMBEDDINGS_CREATE}
    opens_transaction = False

    def model(self, asked: str, dimensions: int | None = None) -> EmbeddingModel:
        return chosen_model(self.principal.business_id, asked, dimensions)

    def vectors(self, model: EmbeddingModel, texts: list[str]) -> Vectors:
        return vectors_of(business_id=self.principal.business_id, model=model, texts=texts)


class OpenAIEmbeddings(EmbeddingView):
    """The same for OpenAI's clients; an error also tells them what they read of one."""

    @extend_schema(
        operation_id="openai_embeddings",
        summary="Embed texts, in the shape of OpenAI's API",
        request=schemas.OpenAIRequest,
        examples=[schemas.OPENAI_EXAMPLE],
        responses={200: schemas.OpenAIAnswer, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, EmbeddingsIn)
        texts = inputs_of(wanted.input)
        model = self.model(wanted.model, wanted.dimensions)
        rows = cut(self.vectors(model, texts).rows, wanted.dimensions)
        tokens = sum(count_tokens(texts))
        return Response(openai_list(rows, model=model.key, encoding=wanted.encoding_format or "float", tokens=tokens))

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(response.data, dict):
            body: dict[str, Any] = response.data
            errors = body.get("errors") or [{"field": ""}]
            slug = str(body.get("type", "")).rpartition("#")[2]
            body["error"] = openai_error(
                response.status_code, str(body.get("detail", "")), field=str(errors[0].get("field", "")), slug=slug
            )
        return response


class Create(EmbeddingView):
    """Embed one text or several, and say how many were known already."""

    @extend_schema(
        operation_id="create_embeddings",
        summary="Embed one text, or texts",
        request=schemas.CreateRequest,
        examples=[schemas.CREATE_EXAMPLE],
        responses={200: schemas.CreateAnswer, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, CreateIn)
        if (wanted.text is None) == (wanted.texts is None):
            raise Invalid("texts", "Give text or texts")
        texts = [wanted.text] if wanted.text is not None else wanted.texts or []
        check_texts(texts, "texts" if wanted.text is None else "text", MOST_INPUTS)
        model = self.model(wanted.model, wanted.dimensions)
        made = self.vectors(model, texts)
        rows = cut(made.rows, wanted.dimensions)
        return Response(
            {
                "model": model.key,
                "dimensions": int(rows.shape[1]),
                "embeddings": [written(row, "float") for row in rows],
                "cached": made.hits,
                "created": made.misses,
                "tokens": sum(count_tokens(texts)),
            }
        )


class Similarity(EmbeddingView):
    """How alike texts are."""

    @extend_schema(
        operation_id="similarity",
        summary="Compare texts with others",
        request=schemas.SimilarityRequest,
        examples=[schemas.SIMILARITY_EXAMPLE],
        responses={200: schemas.SimilarityAnswer, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, SimilarityIn)
        check_texts(wanted.texts, "texts", MOST_COMPARED)
        check_texts(wanted.against, "against", MOST_COMPARED)
        model = self.model(wanted.model)
        rows = self.vectors(model, [*wanted.texts, *wanted.against]).rows
        count = len(wanted.texts)
        return Response({"model": model.key, "similarities": similarities(rows[:count], rows[count:])})
