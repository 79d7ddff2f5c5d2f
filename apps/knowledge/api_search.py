"""EDGE: hybrid search over what a business keeps."""

from __future__ import annotations

from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import Invalid
from apps.core.schemas import problems
from apps.knowledge import schemas_documents as schemas
from apps.knowledge.api_batches import whole_number
from apps.knowledge.requests import MOST_FOUND, MOST_QUERY, SearchIn
from apps.knowledge.response_documents import found_of
from apps.knowledge.searching import search

SECONDS = 5.0


class Search(TenantView):
    """By words and meaning, in one answer."""

    scopes = {"GET": Scope.KNOWLEDGE_READ, "POST": Scope.KNOWLEDGE_READ}

    @extend_schema(
        operation_id="search_knowledge",
        summary="Search by meaning and by words",
        request=schemas.SearchRequest,
        examples=[schemas.SEARCH_EXAMPLE],
        responses={200: schemas.SearchAnswer, **problems(400, 413, 415, 422)},
        tags=["Knowledge"],
    )
    def post(self, request: Request) -> Response:
        wanted = read(request, SearchIn)
        return Response(self._found(wanted))

    @extend_schema(
        operation_id="search_knowledge_by_address",
        summary="Search, all in the address",
        parameters=[
            OpenApiParameter("query", str, required=True),
            OpenApiParameter("limit", int, description=f"1 to {MOST_FOUND}, 10 unless told"),
        ],
        responses={200: schemas.SearchAnswer, **problems(422)},
        tags=["Knowledge"],
    )
    def get(self, request: Request) -> Response:
        query = request.query_params.get("query", "")
        if not 1 <= len(query) <= MOST_QUERY:
            raise Invalid("query", f"1 to {MOST_QUERY:,} characters")
        return Response(self._found(SearchIn(query=query, limit=whole_number(request, "limit", 10, 1, MOST_FOUND))))

    def _found(self, wanted: SearchIn) -> dict[str, Any]:
        filters: dict[str, Any] = {**wanted.filters}
        for name in ("since", "until"):
            if name in wanted.filters:
                raise Invalid(f"filters.{name}", f"Give {name} beside the filters")
            if getattr(wanted, name):
                filters[name] = getattr(wanted, name)
        settings = msgspec.structs.asdict(wanted) | {"filters": filters}
        settings.pop("since")
        settings.pop("until")
        return found_of(search(business_id=self.principal.business_id, timeout=SECONDS, **settings))
