"""SELECTOR: find passages of one business by meaning and by words."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec

from apps.core.errors import Invalid
from apps.knowledge.asking import OutOfTime, ask, within
from apps.knowledge.confidence import confidence, similarity_for
from apps.knowledge.embedders import EmbeddingFailed, embed
from apps.knowledge.filters import Filters, read_filters
from apps.knowledge.found import LONGEST_QUERY, MOST, MOST_WORDS, Found, Mode, Passage
from apps.knowledge.highlighting import Marker
from apps.knowledge.indexes import LARGEST_INDEXED
from apps.knowledge.languages import stemmers_for_query
from apps.knowledge.models import EmbeddingModel
from apps.knowledge.reranking import FIRST, order_again, windows_of
from apps.knowledge.shelves import literal
from apps.knowledge.standing import Shelved, Standing, standing_of
from apps.knowledge.statements import DEPTH, FEW, WIDER, kept_statement, statement
from apps.knowledge.words import tag_of, words_of

__all__ = ["Found", "Mode", "Passage", "search"]

LEAST_TO_RERANK = 0.5  # seconds that must be left
SHARED = 0  # the shelf of small businesses


def search(
    *,
    business_id: UUID,
    query: str,
    vector: Sequence[float] | None = None,
    collections: Sequence[str] = (),
    kinds: Sequence[str] = (),
    filters: Mapping[str, Any] | None = None,
    limit: int = 10,
    mode: str = "hybrid",
    floor: float | None = None,
    rerank: bool = False,
    timeout: float | None = None,
) -> Found:
    """The best passages for `query`, best first.

    vector: of the query, where the caller has it. collections, kinds: only these (keys; kinds of collections). filters:
    apps/knowledge/filters.py. limit: 1 to 100. floor: no passage of less confidence, 0 to 1. timeout: seconds, all in;
    what was not found by then is missing and `timed_out` is set. rerank: put the first 20 in order once more by their
    nearest sentence, which costs an embedding of each. An embedder that fails leaves the words. Raises Invalid.
    """
    began = time.perf_counter()
    asked = _asked(mode, limit, floor)
    wanted = read_filters(business_id, filters)
    query = query.replace("\x00", " ").strip()[:LONGEST_QUERY]
    standing = standing_of(business_id)
    if standing is None or not (query or vector is not None):
        return Found((), _since(began), 0.0, "")
    places = standing.ids_of(collections, kinds)
    if places == []:
        return Found((), _since(began), 0.0, "")
    found_vector, embed_ms, problem = None, 0.0, ""
    if asked is not Mode.TEXT or floor is not None:
        found_vector, embed_ms, problem = _vector(standing, query, vector, timeout)
    if found_vector is None:
        asked = Mode.TEXT
    most = max(limit, FIRST) if rerank else limit
    asking = _Asking(standing, asked, found_vector, places, wanted, words_of(query, MOST_WORDS), most, floor)
    try:
        rows = asking.rows(query, None if timeout is None else timeout - (time.perf_counter() - began))
    except OutOfTime:
        return Found((), _since(began), embed_ms, "", timed_out=True, problem="out of time")
    mark, shelved = Marker(tuple(asking.words)), {one.id: one for one in standing.collections}
    passages = [_passage(row, standing, shelved, mark) for row in rows]
    if rerank and query and len(passages) > 1:
        left = None if timeout is None else timeout - (time.perf_counter() - began)
        passages, problem = _ordered_again(passages, standing, query, left, problem)
    model = standing.model if found_vector else ""
    return Found(tuple(passages[:limit]), _since(began), embed_ms, model, problem=problem)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One search, as the database is asked."""

    standing: Standing
    mode: Mode
    vector: str | None
    places: list[UUID] | None
    filters: Filters
    words: list[str]
    limit: int
    floor: float | None

    def rows(self, query: str, seconds: float | None) -> list[Any]:
        """Raises OutOfTime."""
        if seconds is not None and seconds <= 0.001:
            raise OutOfTime
        one, filters = self.standing, self.filters
        values: dict[str, Any] = {
            "business": one.business_id, "vector": self.vector, "tag": tag_of(one.business_id), "words": self.words,
            "stemmers": stemmers_for_query(query, list(one.languages)), "total": one.chunks,
            "mean_tokens": one.mean_tokens, "facets": filters.facets or None, "collections": self.places,
            "since": filters.since, "until": filters.until,
            "least": None if self.floor is None else similarity_for(self.floor, one.model),
        }  # fmt: skip
        with within(seconds):
            chosen = self._few(values) if self.mode is not Mode.TEXT else None
            exact = one.shelf == SHARED or one.dim > LARGEST_INDEXED
            rows = self._found(values, chosen, exact)
            if chosen is None and not exact and self._filtered and self._gave_up(rows):
                rows = self._found(values, None, True)
            return rows

    def _gave_up(self, rows: list[Any]) -> bool:
        """Whether the index met too little of what a filter leaves, which is more than FEW: then all of that is
        compared. What is below a floor is not worth that."""
        return rows[0][-1] < max(DEPTH, self.limit) * WIDER if rows else self.floor is None

    def _found(self, values: dict[str, Any], chosen: list[UUID] | None, exact: bool) -> list[Any]:
        one, filters = self.standing, self.filters
        sql = statement(
            one.shelf, one.model_id, one.dim, self.mode, compared=self.vector is not None, exact=exact,
            chosen=chosen is not None, limit=self.limit, floored=self.floor is not None,
            filters=(self.places is not None, bool(filters.facets), bool(filters.since), bool(filters.until)),
        )  # fmt: skip
        return ask(sql, {**values, "ids": chosen})

    @property
    def _filtered(self) -> bool:
        return self.mode is not Mode.TEXT and (self.filters.any or self.places is not None)

    def _few(self, values: dict[str, Any]) -> list[UUID] | None:
        """The chunks a filter leaves, where they are few on a shelf of many; None for anything else.

        An index that is asked for the nearest first would have to go through most of it to find them.
        """
        if self.standing.shelf == SHARED or not self._filtered:
            return None
        kept = [row[0] for row in ask(kept_statement(self.standing.shelf), values)]
        return kept if len(kept) <= FEW else None


def _asked(mode: str, limit: int, floor: float | None) -> Mode:
    if mode not in set(Mode):
        raise Invalid("mode", f"one of {', '.join(Mode)}")
    if not 1 <= limit <= MOST:
        raise Invalid("limit", f"1 to {MOST}")
    if floor is not None and not 0 <= floor <= 1:
        raise Invalid("floor", "0 to 1")
    return Mode(mode)


def _vector(
    standing: Standing, query: str, given: Sequence[float] | None, timeout: float | None
) -> tuple[str | None, float, str]:
    """(as pgvector reads it, milliseconds it took, what went wrong)."""
    import numpy as np

    if given is not None:
        row = np.asarray(given, dtype=np.float32)
        if row.shape != (standing.dim,) or not np.isfinite(row).all():
            raise Invalid("vector", f"{standing.dim} numbers")
        length = float(np.linalg.norm(row))
        return literal(row / length if length else row), 0.0, ""
    began = time.perf_counter()
    model = _model_of(standing)
    try:
        return literal(embed(model, [query], business_id=standing.business_id, timeout=timeout)[0]), _since(began), ""
    except EmbeddingFailed as error:
        return None, _since(began), error.detail


def _ordered_again(
    passages: list[Passage], standing: Standing, query: str, seconds: float | None, problem: str
) -> tuple[list[Passage], str]:
    """The first of them by their nearest sentence; as they were where the embedder has no answer or no time."""
    import numpy as np

    if seconds is not None and seconds < LEAST_TO_RERANK:
        return passages, problem or "no time to rerank"
    head, rest = passages[:FIRST], passages[FIRST:]
    windows = [windows_of(one.title, one.text) for one in head]
    try:
        rows = embed(
            _model_of(standing), [query, *chain.from_iterable(windows)], business_id=standing.business_id,
            timeout=seconds,
        )  # fmt: skip
    except EmbeddingFailed as error:
        return passages, problem or error.detail
    starts = np.cumsum([0, *map(len, windows[:-1])])
    nearest = np.maximum.reduceat(rows[1:] @ rows[0], starts).tolist()
    order = order_again([one.score for one in head], nearest)
    return [replace(head[place], score=score) for place, score in order] + rest, problem


def _model_of(standing: Standing) -> EmbeddingModel:
    return EmbeddingModel(pk=standing.model_id, key=standing.model, dim=standing.dim)


def _passage(row: Any, standing: Standing, shelved: Mapping[UUID, Shelved], mark: Marker) -> Passage:
    chunk_id, similarity, score, document_id, collection_id, heading, text, created_at, key, title, *rest = row
    meta, source, vector_rank, text_rank, _ = rest
    place = shelved.get(collection_id)
    return Passage(
        chunk_id, document_id, place.key if place else "", place.kind if place else "", key, title, heading, text,
        float(score), similarity,
        0.0 if similarity is None else confidence(similarity, standing.model), msgspec.json.decode(meta), source,
        created_at, vector_rank, text_rank, mark,
    )  # fmt: skip


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
