"""The tables of knowledge."""

from apps.knowledge.models.catalogue import Collection, EmbeddingModel, Library, Reembedding
from apps.knowledge.models.texts import Chunk, Document, Term, Vector
from apps.knowledge.models.work import BatchText, CacheDay, CachedVector, EmbeddingBatch, FileImport

__all__ = [
    "BatchText",
    "CacheDay",
    "CachedVector",
    "Chunk",
    "Collection",
    "Document",
    "EmbeddingBatch",
    "EmbeddingModel",
    "FileImport",
    "Library",
    "Reembedding",
    "Term",
    "Vector",
]
