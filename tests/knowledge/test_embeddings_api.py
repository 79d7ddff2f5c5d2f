"""Embeddings over REST: OpenAI's shape and our own, what is refused, and what is kept for the next time."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.knowledge import cache_counting
from apps.knowledge.models import CacheDay, CachedVector
from apps.knowledge.vectors import forget_memory
from tests.conftest import client_for

pytestmark = pytest.mark.django_db
URL = "/v1/embeddings"


def send(api: APIClient, url: str = URL, **body: Any) -> Any:
    return api.post(url, body, format="json")


def test_it_answers_in_the_shape_of_openai(api: APIClient) -> None:
    answer = send(api, input=["Where is my parcel?", "Opening hours"], model="default").json()
    assert answer["object"] == "list" and answer["model"] == "all-MiniLM-L6-v2"
    assert [one["index"] for one in answer["data"]] == [0, 1]
    assert {one["object"] for one in answer["data"]} == {"embedding"}
    assert len(answer["data"][0]["embedding"]) == 384
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 4


def test_base64_is_the_same_vector(api: APIClient) -> None:
    plain = send(api, input="Where is my parcel?").json()["data"][0]["embedding"]
    coded = send(api, input="Where is my parcel?", encoding_format="base64").json()["data"][0]["embedding"]
    assert np.allclose(np.frombuffer(b64decode(coded), dtype="<f4"), plain)


def test_fewer_dimensions_are_of_length_one_again(api: APIClient) -> None:
    vector = send(api, input="Where is my parcel?", dimensions=64).json()["data"][0]["embedding"]
    assert len(vector) == 64
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["ok", " "]}, "input[1]"),
        ({"input": {"a": 1}}, "input"),
        ({"input": None}, "input"),
        ({}, "input"),
        ({"input": "a\0b"}, "input"),
        ({"input": ["x"] * 2049}, "input"),
        ({"input": "x" * 100_001}, "input"),
        ({"input": "x", "dimensions": 385}, "dimensions"),
        ({"input": "x", "dimensions": 0}, "dimensions"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "x", "surprise": 1}, "surprise"),
    ],
    ids=[
        "tokens", "token_lists", "none", "empty", "blank", "object", "null", "missing", "null_character", "many",
        "long", "too_wide", "no_dimensions", "encoding", "unknown",
    ],
)  # fmt: skip
def test_what_is_refused_is_named_in_both_shapes(api: APIClient, body: dict[str, Any], field: str) -> None:
    answer = send(api, **body)
    assert answer.status_code == 422
    told = answer.json()
    assert told["errors"][0]["field"] == field
    assert told["error"]["param"] == field
    assert told["error"]["type"] == "invalid_request_error" and told["error"]["message"]


def test_an_unknown_model_is_told_with_those_there_are(api: APIClient) -> None:
    answer = send(api, input="x", model="text-embedding-3-small")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert "all-MiniLM-L6-v2" in answer.json()["detail"]


def test_it_needs_its_scope(shop: Business) -> None:
    _, whole = issue_key(business=shop, name="k", scopes=["knowledge:read"], by=None)
    assert send(client_for(whole), input="x").status_code == 403
    assert APIClient().post(URL, {"input": "x"}, format="json").status_code == 401


def test_literal_paths_are_the_same(api: APIClient) -> None:
    body = {"text": "Where is my parcel?"}
    assert send(api, "/embeddings/create", **body).json()["embeddings"] == send(
        api, "/v1/embeddings/create", **body
    ).json()["embeddings"]  # fmt: skip
    assert api.get("/embeddings/nowhere").json()["status"] == 404


def test_create_says_what_was_known(api: APIClient, shop: Business) -> None:
    first = send(api, "/v1/embeddings/create", texts=["one thing", "another thing", "one thing"]).json()
    assert (first["created"], first["cached"], len(first["embeddings"])) == (2, 0, 3)
    again = send(api, "/v1/embeddings/create", texts=["one thing", "a third thing"]).json()
    assert (again["created"], again["cached"]) == (1, 1)
    forget_memory()
    kept = send(api, "/v1/embeddings/create", texts=["one thing", "a third thing"]).json()
    assert (kept["created"], kept["cached"]) == (0, 2)
    assert kept["embeddings"][0] == first["embeddings"][0]
    assert send(api, "/v1/embeddings/create", text="a", texts=["b"]).status_code == 422
    assert send(api, "/v1/embeddings/create").status_code == 422


def test_what_one_business_embedded_is_not_kept_for_another(
    api: APIClient, other_api: APIClient, shop: Business, other_shop: Business
) -> None:
    send(api, "/v1/embeddings/create", text="our secret plan")
    assert send(other_api, "/v1/embeddings/create", text="our secret plan").json()["created"] == 1
    with acting_for(other_shop.pk):
        assert set(CachedVector.objects.values_list("business_id", flat=True)) == {other_shop.pk}


def test_hits_and_misses_are_counted(
    api: APIClient, shop: Business, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(cache_counting, "FLUSH_SECONDS", 0)
    with django_capture_on_commit_callbacks(execute=True):
        send(api, "/v1/embeddings/create", texts=["counted once", "counted twice"])
        send(api, "/v1/embeddings/create", texts=["counted twice"])
        forget_memory()
        send(api, "/v1/embeddings/create", texts=["counted twice"])
    day = CacheDay.objects.get(business=shop)
    assert (day.misses, day.memory_hits, day.stored_hits) == (2, 1, 1)


def test_similarity_compares_each_with_each(api: APIClient) -> None:
    answer = send(
        api, "/v1/embeddings/similarity", texts=["Where is my parcel?"], against=["Track my order", "A red bicycle"]
    ).json()
    (alike, other), = answer["similarities"]  # fmt: skip
    assert alike > other + 0.2
    assert send(api, "/v1/embeddings/similarity", texts=[], against=["a"]).json()["errors"][0]["field"] == "texts"
    assert send(api, "/v1/embeddings/similarity", texts=["a"], against=["a"] * 257).status_code == 422


def test_the_queries_of_an_embedding_do_not_grow_with_its_texts(
    api: APIClient, django_assert_max_num_queries: Any
) -> None:
    send(api, input="warm")
    with django_assert_max_num_queries(16):
        send(api, input=[f"text number {number}" for number in range(40)])
