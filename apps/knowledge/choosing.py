"""SELECTOR: which embedding model a business is served by, and which it may ask for."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, NotFound
from apps.knowledge.embedders import installed_model
from apps.knowledge.embedders import model_of as row_of
from apps.knowledge.models import EmbeddingModel, Library
from apps.llm.embedders import embedding_models


class NoSuchModel(NotFound):
    slug = "model-not-found"
    title = "There is no embedding model of that name"


DEFAULT = ("", "default")


def model_of(business_id: UUID) -> EmbeddingModel:
    """The model the business is searched by: its library's, else the installation's. One query, or two."""
    library = Library.objects.filter(business_id=business_id).select_related("model").first()
    return library.model if library else installed_model()


def chosen_model(business_id: UUID, asked: str, dimensions: int | None = None) -> EmbeddingModel:
    """The model that was asked for by its key; "" or default: the one the business is searched by.

    One of those the business may embed with: what others embed with is neither given nor named. Asks a provider whose
    vectors' length nobody noted. Raises NoSuchModel, EmbeddingFailed, and Invalid for more dimensions than it has.
    """
    if asked in DEFAULT:
        with acting_for(business_id):
            model = model_of(business_id)
    else:
        known = [one.key for one in embedding_models(business_id)]
        if asked not in known:
            listed = ", ".join(known[:20])
            raise NoSuchModel(f"There is no embedding model {asked!r}. There are: default, {listed}")
        model = row_of(asked, business_id)
    if dimensions is not None and dimensions > model.dim:
        raise Invalid("dimensions", f"{model.key} has {model.dim} dimensions")
    return model
