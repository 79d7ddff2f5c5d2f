"""EDGE: the embedding model of a business over REST: what is searched by, what it may change to, how far that is."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.accounts.row_access import acting_for
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.schemas import problems
from apps.knowledge import schemas
from apps.knowledge.changing import cancel, change_model, resume
from apps.knowledge.choosing import chosen_model, model_of
from apps.knowledge.models import Reembedding
from apps.knowledge.offering import Offer, amount_of, offers_of
from apps.knowledge.requests import ModelIn
from apps.knowledge.response import moment

TAGS = ["Embeddings"]


class SearchedBy(TenantView):
    """Which model; change it. A change asks the new model first, outside of any transaction."""

    scopes = {"GET": Scope.KNOWLEDGE_READ, "POST": Scope.KNOWLEDGE_WRITE}
    opens_transaction = False

    @extend_schema(
        operation_id="get_embedding_model",
        summary="The model the business is searched by, those it may change to, and its latest change",
        responses={200: schemas.ModelAnswer, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        business_id = self.principal.business_id
        with acting_for(business_id):
            model, amount = model_of(business_id), amount_of(business_id)
            offers = offers_of(business_id, amount)
            latest = Reembedding.objects.filter(business_id=business_id).select_related("model", "before").first()
        return Response(
            {
                "model": model.key,
                "dimensions": model.dim,
                "texts": amount.texts,
                "tokens": amount.tokens,
                "models": [_offer(one) for one in offers],
                "change": change_of(latest) if latest else None,
            }
        )

    @extend_schema(
        operation_id="change_embedding_model",
        summary="Change to another model: every passage is embedded anew in the background",
        description="Until that is complete the old model is searched by. Follow it by GET, or over the websocket as"
        " events of the type reembedding.",
        request=schemas.ModelRequest,
        responses={202: schemas.ModelChange, **problems(400, 404, 409, 413, 415, 422, 503)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, principal = read(request, ModelIn), self.principal
        if wanted.model in ("", "default"):
            raise Invalid("model", "Name the model to change to")
        model = chosen_model(principal.business_id, wanted.model)
        change = change_model(business_id=principal.business_id, model_key=model.key, actor=principal.actor)
        with acting_for(principal.business_id):
            return Response(change_of(change), status=202)


class CancellingChange(TenantView):
    scopes = {"POST": Scope.KNOWLEDGE_WRITE}

    @extend_schema(
        operation_id="cancel_model_change",
        summary="Call the change off and stay with the old model",
        request=None,
        responses={200: schemas.ModelChange, **problems(409)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        return Response(change_of(cancel(business_id=self.principal.business_id, actor=self.principal.actor)))


class ResumingChange(TenantView):
    scopes = {"POST": Scope.KNOWLEDGE_WRITE}

    @extend_schema(
        operation_id="resume_model_change",
        summary="Go on now with a change that has failed or waits for its next try",
        request=None,
        responses={200: schemas.ModelChange, **problems(409)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        return Response(change_of(resume(business_id=self.principal.business_id, actor=self.principal.actor)))


def _offer(one: Offer) -> dict[str, Any]:
    return {
        "model": one.key,
        "provider": one.provider,
        "dimensions": one.dim or one.stored,
        "usd": None if one.usd is None else float(one.usd),
    }


def change_of(change: Reembedding) -> dict[str, Any]:
    return {
        "id": str(change.pk),
        "model": change.model.key,
        "before": change.before.key,
        "state": change.state,
        "total": change.total,
        "done": change.done,
        "progress": round(min(1.0, change.done / change.total), 4) if change.total else 0.0,
        "tokens": change.tokens,
        "error": change.error,
        "next_try_at": moment(change.next_try_at),
        "created_at": moment(change.created_at),
        "switched_at": moment(change.switched_at),
        "ended_at": moment(change.ended_at),
    }
