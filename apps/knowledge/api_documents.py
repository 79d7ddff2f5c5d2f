"""EDGE: collections and documents over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import read
from apps.core.errors import NotFound
from apps.core.pagination import Cursor
from apps.core.schemas import CURSOR, problems
from apps.knowledge import response_documents as response
from apps.knowledge import schemas_documents as schemas
from apps.knowledge.counting import document_counts
from apps.knowledge.documents import (
    add_collection,
    collection_of,
    delete_collection,
    delete_document,
    find_document,
    put_document,
)
from apps.knowledge.models import Collection, Document
from apps.knowledge.requests import CollectionIn, DocumentIn
from apps.knowledge.selectors import chunks_of

TAGS = ["Knowledge"]
SCOPES: dict[str, str] = {
    "GET": Scope.KNOWLEDGE_READ,
    "POST": Scope.KNOWLEDGE_WRITE,
    "DELETE": Scope.KNOWLEDGE_WRITE,
}


class Collections(TenantView):
    """Add a collection; list collections."""

    scopes = SCOPES

    @extend_schema(
        operation_id="add_collection",
        summary="Add a collection; the same again changes nothing",
        request=schemas.CollectionRequest,
        responses={200: schemas.CollectionAnswer, 201: schemas.CollectionAnswer, **problems(400, 409, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        wanted, principal = read(request, CollectionIn), self.principal
        found, is_new = add_collection(
            business_id=principal.business_id, actor=principal.actor, **msgspec.structs.asdict(wanted)
        )
        counts = document_counts(principal.business_id)
        return Response(response.collection_of(found, counts.get(found.pk, 0)), status=201 if is_new else 200)

    @extend_schema(
        operation_id="list_collections",
        summary="List collections",
        responses={200: schemas.CollectionList, **problems()},
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        rows = Collection.objects.filter(business_id=self.principal.business_id)
        counts = document_counts(self.principal.business_id)
        return Response({"results": [response.collection_of(row, counts.get(row.pk, 0)) for row in rows]})


class OneCollection(TenantView):
    scopes = SCOPES

    @extend_schema(
        operation_id="get_collection",
        summary="Read a collection",
        parameters=[schemas.COLLECTION],
        responses={200: schemas.CollectionAnswer, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        row = collection_of(self.principal.business_id, key)
        return Response(response.collection_of(row, document_counts(self.principal.business_id, row.pk).get(row.pk, 0)))

    @extend_schema(
        operation_id="delete_collection",
        summary="Remove a collection with all that is in it",
        parameters=[schemas.COLLECTION],
        responses={204: None, **problems(404)},
        tags=TAGS,
    )
    def delete(self, request: Request, key: str) -> Response:
        delete_collection(business_id=self.principal.business_id, key=key, actor=self.principal.actor)
        return Response(status=204)


class Documents(TenantView):
    scopes = SCOPES

    @extend_schema(
        operation_id="put_document",
        summary="Add a document, or replace the one of that key",
        parameters=[schemas.COLLECTION],
        request=schemas.DocumentRequest,
        examples=[schemas.DOCUMENT_EXAMPLE],
        responses={201: schemas.IndexedAnswer, 200: schemas.IndexedAnswer, **problems(400, 404, 413, 415, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        wanted = msgspec.structs.asdict(read(request, DocumentIn))
        principal = self.principal
        made = put_document(business_id=principal.business_id, collection=key, actor=principal.actor, **wanted)
        body: dict[str, Any] = {"id": str(made.document_id), "chunks": made.chunks, "state": made.state}
        return Response(body, status=201 if made.state == "indexed" else 200)

    @extend_schema(
        operation_id="list_documents",
        summary="List documents of a collection, newest first",
        parameters=[schemas.COLLECTION, *CURSOR],
        responses={200: schemas.DocumentPage, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        place = collection_of(self.principal.business_id, key)
        pages = Cursor()
        rows = Document.objects.filter(collection=place).defer("text", "searchable")
        found = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([response.summary_of(row) for row in found or []])


class OneDocument(TenantView):
    scopes = SCOPES

    @extend_schema(
        operation_id="get_document",
        summary="Read a document with the passages it is found by",
        parameters=[schemas.COLLECTION],
        responses={200: schemas.DocumentAnswer, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str, document_id: UUID) -> Response:
        document = self._document(key, document_id)
        return Response(response.document_of(document, chunks_of(document)))

    @extend_schema(
        operation_id="delete_document",
        summary="Remove a document",
        parameters=[schemas.COLLECTION],
        responses={204: None, **problems(404)},
        tags=TAGS,
    )
    def delete(self, request: Request, key: str, document_id: UUID) -> Response:
        document = self._document(key, document_id)
        delete_document(business_id=self.principal.business_id, document_id=document.pk, actor=self.principal.actor)
        return Response(status=204)

    def _document(self, key: str, document_id: UUID) -> Document:
        collection_of(self.principal.business_id, key)
        document = find_document(self.principal.business_id, document_id)
        if document.collection.key != key:
            raise NotFound
        return document
