"""EDGE: files into a collection over REST: as the body itself, or as the parts of a form."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http.multipartparser import MultiPartParserError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.rest import TenantView
from apps.accounts.roles import Scope
from apps.core.bodies import TooLarge
from apps.core.errors import Invalid, Malformed
from apps.core.schemas import problems
from apps.knowledge import schemas_documents as schemas
from apps.knowledge import working
from apps.knowledge.documents import collection_of
from apps.knowledge.formats.entries import MOST_BYTES
from apps.knowledge.importing import cancel_import, import_file, resume_import
from apps.knowledge.models import Collection, FileImport
from apps.knowledge.response_documents import import_of

TAGS = ["Knowledge"]
MOST_FILES = 20


class Importing(TenantView):
    scopes = {"POST": Scope.KNOWLEDGE_WRITE}

    @extend_schema(
        operation_id="import_documents",
        summary="Import files: Markdown, text, HTML, or CSV of snippets",
        description=f"The body is one file, named by `name`; or multipart/form-data with up to {MOST_FILES} parts"
        f" `file`. At most {MOST_BYTES // 1024 // 1024} MB each. They are read in the background: follow the imports.",
        parameters=[
            schemas.COLLECTION,
            OpenApiParameter("name", str, description="Name of the file, by whose end its kind is known"),
        ],
        request={
            "text/plain": OpenApiTypes.STR,
            "text/markdown": OpenApiTypes.STR,
            "text/csv": OpenApiTypes.STR,
            "text/html": OpenApiTypes.STR,
        },
        responses={202: schemas.ImportAnswers, **problems(400, 404, 413, 422)},
        tags=TAGS,
    )
    def post(self, request: Request, key: str) -> Response:
        principal = self.principal
        collection_of(principal.business_id, key)
        made = [
            import_file(business_id=principal.business_id, collection=key, name=name, raw=raw, actor=principal.actor)
            for name, raw in _files(request)
        ]
        return Response({"results": [import_of(one, key) for one in made]}, status=202)


class Imports(TenantView):
    scopes = {"GET": Scope.KNOWLEDGE_READ}

    @extend_schema(
        operation_id="list_imports",
        summary="The newest imports of a collection",
        parameters=[schemas.COLLECTION],
        responses={200: schemas.ImportAnswers, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, key: str) -> Response:
        place = collection_of(self.principal.business_id, key)
        rows = FileImport.objects.filter(business_id=place.business_id, collection=place).defer("content")[:50]
        return Response({"results": [import_of(row, key) for row in rows]})


class OneImport(TenantView):
    scopes = {"GET": Scope.KNOWLEDGE_READ}

    @extend_schema(
        operation_id="get_import",
        summary="How far an import is, and what could not be read, by line",
        responses={200: schemas.ImportAnswer, **problems(404)},
        tags=TAGS,
    )
    def get(self, request: Request, import_id: UUID) -> Response:
        return _answer(working.find(FileImport, self.principal.business_id, import_id))


class CancellingImport(TenantView):
    scopes = {"POST": Scope.KNOWLEDGE_WRITE}

    @extend_schema(
        operation_id="cancel_import",
        summary="Stop an import; what is in stays",
        request=None,
        responses={200: schemas.ImportAnswer, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, import_id: UUID) -> Response:
        principal = self.principal
        return _answer(cancel_import(business_id=principal.business_id, import_id=import_id, actor=principal.actor))


class ResumingImport(TenantView):
    scopes = {"POST": Scope.KNOWLEDGE_WRITE}

    @extend_schema(
        operation_id="resume_import",
        summary="Go on with an import that was cancelled or has failed",
        request=None,
        responses={200: schemas.ImportAnswer, **problems(404, 409)},
        tags=TAGS,
    )
    def post(self, request: Request, import_id: UUID) -> Response:
        principal = self.principal
        return _answer(resume_import(business_id=principal.business_id, import_id=import_id, actor=principal.actor))


def _answer(work: FileImport) -> Response:
    return Response(import_of(work, Collection.objects.values_list("key", flat=True).get(pk=work.collection_id)))


def _files(request: Request) -> list[tuple[str, bytes]]:
    """(name, content) of what was sent, read no further than it may be. Raises TooLarge, Malformed, Invalid."""
    plain = request._request
    if (plain.content_type or "").startswith("multipart/"):
        return _parts(request)
    name = request.query_params.get("name", "")
    if not name:
        raise Invalid("name", "Say what the file is called: ?name=snippets.csv")
    raw = plain.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"At most {MOST_BYTES // 1024 // 1024} MB are taken")
    return [(name, raw)]


def _parts(request: Request) -> list[tuple[str, bytes]]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_FILES * MOST_BYTES:
        raise TooLarge(f"At most {MOST_FILES} files of {MOST_BYTES // 1024 // 1024} MB are taken")
    try:
        files = request._request.FILES.getlist("file")
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Malformed(f"Not a form with files: {error}") from None
    if not 1 <= len(files) <= MOST_FILES:
        raise Invalid("file", f"1 to {MOST_FILES} parts of that name; there are {len(files)}")
    for file in files:
        if (file.size or 0) > MOST_BYTES:
            raise TooLarge(f"{file.name} has more than {MOST_BYTES // 1024 // 1024} MB")
    return [(file.name or "", file.read()) for file in files]
