"""What must hold before anything is searched: the vectors that are stored have the length their model gives."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Warned
from django.db import connection
from django.db.models import F, OuterRef, Subquery

from apps.knowledge.models import EmbeddingModel, Library
from apps.llm.embedders import embedding_models
from apps.llm.models import Provider


@register(Tags.database)
def check_dimensions(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: an embedder gives another length than its model is noted with. E002: so do vectors that are stored. W003:
    so does a business's own provider, which stops nobody else."""
    # Nothing is there before the first migration.
    if not databases or not {"knowledge_vector", "llm_provider"} <= set(connection.introspection.table_names()):
        return []
    return [*_of_embedders(), *_of_vectors(), *_of_businesses()]


def _of_embedders() -> list[Error]:
    """What is known of models without asking a provider."""
    given = {model.key: model.dim for model in embedding_models(None) if model.dim}
    return [
        Error(
            f"{model.key} gives vectors of {given[model.key]} numbers, but {model.dim} are noted and stored.",
            hint="Give the new model a key of its own, and change businesses to it (docs/developer/search.md).",
            id="knowledge.E001",
        )
        for model in EmbeddingModel.objects.filter(key__in=given)
        if model.dim != given[model.key]
    ]


def _of_vectors() -> list[Error]:
    """Some stored vectors tell, for all of a model are written by the same statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.key, m.dim, v.dim FROM knowledge_embeddingmodel m JOIN ("
            " SELECT DISTINCT model_id, vector_dims(embedding) AS dim FROM"
            " (SELECT model_id, embedding FROM knowledge_vector_0 LIMIT 1000) AS few"
            ") AS v ON v.model_id = m.id WHERE v.dim <> m.dim"
        )
        return [
            Error(f"{key} is noted with {dim} numbers, but its stored vectors have {stored}.", id="knowledge.E002")
            for key, dim, stored in cursor.fetchall()
        ]


def _of_businesses() -> list[CheckMessage]:
    """Those searched by a model whose first provider of their own is set to another length."""
    first = Provider.objects.filter(
        business=OuterRef("business"), model=OuterRef("model__key"), kind="embedding", enabled=True, dim__isnull=False
    ).order_by("position", "created_at")
    # Named columns alone: this runs before the migrations that may bring others.
    drifted = (
        Library.objects.annotate(given=Subquery(first.values("dim")[:1]))
        .exclude(given=None)
        .exclude(given=F("model__dim"))
        .values_list("business__name", "model__key", "model__dim", "given")
    )
    return [
        Warned(
            f"{business} is searched by {key} with {dim} numbers, but its provider is set to {given}: it is searched by"
            " words alone.",
            hint="Put the provider right on the page Models, or change the model on the page Knowledge.",
            id="knowledge.W003",
        )
        for business, key, dim, given in drifted[:20]
    ]
