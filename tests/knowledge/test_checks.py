"""Vectors of another length than their model's are told of before anything is searched."""

from typing import Any

import pytest

from apps.knowledge.checks import check_dimensions
from apps.knowledge.confidence import confidence, similarity_for
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import EmbeddingModel, Library
from apps.llm.models import Provider

pytestmark = pytest.mark.django_db


def test_all_is_well(shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    index_document(business_id=shop.pk, collection="faq", key="k", title="", text="A text.")
    assert check_dimensions(databases=["default"]) == []
    assert check_dimensions() == []


def test_an_embedder_of_another_length_is_told_of(shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    EmbeddingModel.objects.update(dim=512)
    assert [error.id for error in check_dimensions(databases=["default"])] == ["knowledge.E001"]


def test_stored_vectors_of_another_length_are_told_of(shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    index_document(business_id=shop.pk, collection="faq", key="k", title="", text="A text.")
    EmbeddingModel.objects.update(key="another", dim=512)
    errors = check_dimensions(databases=["default"])
    assert [error.id for error in errors] == ["knowledge.E002"] and "512" in errors[0].msg


def test_a_business_whose_own_provider_gives_another_length_is_warned_of(shop: Any) -> None:
    model = EmbeddingModel.objects.create(key="house", dim=16, provider="provider")
    Library.objects.create(business=shop, model=model)
    Provider.objects.create(
        business=shop, name="h", base_url="http://127.0.0.1:9", model="house", kind="embedding", dim=8
    )
    (told,) = check_dimensions(databases=["default"])
    assert told.id == "knowledge.W003" and not told.is_serious()
    assert "Corner Shop is searched by house with 16 numbers, but its provider is set to 8" in told.msg
    Provider.objects.update(dim=16)
    assert check_dimensions(databases=["default"]) == []


@pytest.mark.parametrize("floor", [0.05, 0.3, 0.5, 0.7, 0.95])
def test_a_floor_of_confidence_is_a_floor_of_similarity(floor: Any) -> None:
    for model in ("all-MiniLM-L6-v2", "another"):
        assert confidence(similarity_for(floor, model), model) == pytest.approx(floor)
    assert similarity_for(0, "x") == -1 and similarity_for(1, "x") == 1
