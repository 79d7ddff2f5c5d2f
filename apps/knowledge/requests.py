"""RULE: what a caller may send about texts and vectors, as typed structs, and the limits of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from apps.core.errors import Invalid

MOST_INPUTS = 2_048
MOST_CHARS = 100_000
MOST_BATCH = 20_000
MOST_COMPARED = 256
MOST_FOUND = 50
MOST_QUERY = 4_000

Model = Annotated[str, Meta(max_length=120)]
Dimensions = Annotated[int, Meta(ge=1, le=16_000)]


class EmbeddingsIn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/embeddings, as OpenAI's clients send it."""

    input: Any
    model: Model = ""
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Dimensions | None = None
    user: Annotated[str, Meta(max_length=200)] | None = None


class CreateIn(msgspec.Struct, forbid_unknown_fields=True):
    """One text, or texts."""

    text: str | None = None
    texts: list[str] | None = None
    model: Model = ""
    dimensions: Dimensions | None = None


class ModelIn(msgspec.Struct, forbid_unknown_fields=True):
    """The model a business is to be searched by."""

    model: Model


class TextIn(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    id: Annotated[str, Meta(max_length=200)] = ""


class BatchIn(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to be embedded as a job: strings, or objects with an id of the caller's."""

    texts: list[str | TextIn]
    model: Model = ""
    dimensions: Dimensions | None = None
    name: Annotated[str, Meta(max_length=120)] = ""


class SearchIn(msgspec.Struct, forbid_unknown_fields=True):
    """A search over what the business keeps. filters: values of `meta` that must be equal."""

    query: Annotated[str, Meta(min_length=1, max_length=MOST_QUERY)]
    collections: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(max_length=20)] = []
    kinds: Annotated[list[Literal["replies", "snippets", "documents", "precedents"]], Meta(max_length=4)] = []
    filters: dict[Annotated[str, Meta(max_length=60)], str | int | bool] = {}
    since: datetime | None = None
    until: datetime | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST_FOUND)] = 10
    mode: Literal["hybrid", "vector", "text"] = "hybrid"
    floor: Annotated[float, Meta(ge=0, le=1)] | None = None
    rerank: bool = False


class SimilarityIn(msgspec.Struct, forbid_unknown_fields=True):
    """Texts, each of which is compared with each of the others given."""

    texts: list[str]
    against: list[str]
    model: Model = ""


class CollectionIn(msgspec.Struct, forbid_unknown_fields=True):
    key: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,59}$")]
    name: Annotated[str, Meta(max_length=120)] = ""
    kind: Literal["snippets", "documents"] = "documents"


class DocumentIn(msgspec.Struct, forbid_unknown_fields=True):
    """key: what its source calls it; without one it is made of the title."""

    text: Annotated[str, Meta(min_length=1, max_length=2_000_000)]
    title: Annotated[str, Meta(max_length=300)] = ""
    key: Annotated[str, Meta(max_length=250)] = ""
    tags: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=20)] = []
    intent: Annotated[str, Meta(max_length=40)] = ""
    meta: Annotated[dict[str, Any], Meta(max_length=50)] = {}
    source: Annotated[str, Meta(max_length=250)] = ""
    expires_at: datetime | None = None


def check_texts(texts: list[str], field: str, most: int) -> list[str]:
    """The texts, if there are some and none is empty or too long. Raises Invalid, which names the place."""
    if not texts:
        raise Invalid(field, "Give at least one text")
    if len(texts) > most:
        raise Invalid(field, f"{len(texts):,} texts; at most {most:,} at once")
    for place, text in enumerate(texts):
        if wrong := wrong_text(text):
            raise Invalid(f"{field}[{place}]", wrong)
    return texts


def wrong_text(text: str) -> str:
    """What is wrong with a text, "" for nothing."""
    if not text.strip():
        return "An empty text has no vector"
    if len(text) > MOST_CHARS:
        return f"{len(text):,} characters; at most {MOST_CHARS:,}"
    return "The null character cannot be stored" if "\0" in text else ""


def inputs_of(given: Any) -> list[str]:
    """The texts of an `input` as OpenAI's clients send it. Raises Invalid."""
    if isinstance(given, str):
        if wrong := wrong_text(given):
            raise Invalid("input", wrong)
        return [given]
    if not isinstance(given, list):
        raise Invalid("input", "A text, or a list of texts")
    if any(isinstance(one, int | float | list) for one in given):
        raise Invalid("input", "Token arrays are not taken: send the text itself")
    if not all(isinstance(one, str) for one in given):
        raise Invalid("input", "A text, or a list of texts")
    return check_texts(given, "input", MOST_INPUTS)
