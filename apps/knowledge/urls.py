"""The site map of embeddings, search, collections and precedents over REST."""

from django.urls import path
from drf_spectacular.utils import extend_schema

from apps.accounts.rest import TenantView
from apps.knowledge import (
    api_batches,
    api_documents,
    api_embeddings,
    api_imports,
    api_models,
    api_precedents,
    api_search,
)


def undescribed(view: type[TenantView]) -> type[TenantView]:
    """The same view once more, left out of the OpenAPI document."""
    return extend_schema(exclude=True)(type(f"Literal{view.__name__}", (view,), {}))


urlpatterns = [
    path("v1/embeddings", api_embeddings.OpenAIEmbeddings.as_view()),
    path("v1/embeddings/create", api_embeddings.Create.as_view()),
    path("v1/embeddings/similarity", api_embeddings.Similarity.as_view()),
    path("v1/embeddings/search", api_search.Search.as_view()),
    path("v1/embeddings/batch", api_batches.Batches.as_view()),
    path("v1/embeddings/batch/<uuid:batch_id>", api_batches.OneBatch.as_view()),
    path("v1/embeddings/batch/<uuid:batch_id>/results", api_batches.Results.as_view()),
    path("v1/embeddings/batch/<uuid:batch_id>/cancel", api_batches.Cancelling.as_view()),
    path("v1/embeddings/batch/<uuid:batch_id>/resume", api_batches.Resuming.as_view()),
    path("v1/embeddings/model", api_models.SearchedBy.as_view()),
    path("v1/embeddings/model/cancel", api_models.CancellingChange.as_view()),
    path("v1/embeddings/model/resume", api_models.ResumingChange.as_view()),
    path("v1/collections", api_documents.Collections.as_view()),
    path("v1/collections/<slug:key>", api_documents.OneCollection.as_view()),
    path("v1/collections/<slug:key>/documents", api_documents.Documents.as_view()),
    path("v1/collections/<slug:key>/documents/<uuid:document_id>", api_documents.OneDocument.as_view()),
    path("v1/collections/<slug:key>/imports", api_imports.Imports.as_view()),
    path("v1/collections/<slug:key>/documents/import", api_imports.Importing.as_view()),
    path("v1/approvals/<uuid:request_id>/precedents", api_precedents.ApprovalPrecedents.as_view()),
    path("v1/imports/<uuid:import_id>", api_imports.OneImport.as_view()),
    path("v1/imports/<uuid:import_id>/cancel", api_imports.CancellingImport.as_view()),
    path("v1/imports/<uuid:import_id>/resume", api_imports.ResumingImport.as_view()),
]

# The same under the literal paths that some clients know; what is there is described once, below /v1.
urlpatterns += [
    path(str(one.pattern).removeprefix("v1/"), undescribed(one.callback.cls).as_view())  # type: ignore[attr-defined]
    for one in urlpatterns
    if str(one.pattern).startswith("v1/embeddings/")
]
