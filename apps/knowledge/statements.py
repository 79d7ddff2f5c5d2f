"""The statement of a search: nearest vectors, words, and the fusion of both, in one snapshot.

Fusion is by reciprocal rank (Cormack, Clarke and Buettcher 2009) with k = 20. What the words say counts by the square
of the share that a chunk holds of the question's words, weighed by how rare they are: else the first of those that hold
one word of ten would count like the nearest in meaning (docs/developer/search.md has the figures). Chunks of equal
score share the mean of their places. The score is given as a share of the best there is. The cosine of what only words
found is computed for the passages that are given, unless a floor asks for it earlier. The text is the same for
every search of one kind on one shelf, so that the server plans it once; limits stand in it as numbers, or no plan would
look good for all values.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from apps.knowledge.found import Mode

K = 20
DEPTH = 50  # candidates of each part
WIDER = 4  # times as many are asked of the index under a filter, for it goes on less thoroughly than it began
TEXT_BUDGET = 600  # chunks read by words alone
BESIDE_BUDGET = 200  # and beside vectors
# A filter that leaves no more chunks than these is obeyed by comparing them one by one; the index obeys the others.
FEW = 4000
# The values a statement may ask for, and their types.
TYPES = {
    "business": "uuid", "vector": "halfvec", "tag": "text", "words": "text[]", "stemmers": "text[]", "total": "integer",
    "mean_tokens": "float8", "facets": "tsquery", "collections": "uuid[]", "since": "timestamptz",
    "until": "timestamptz", "least": "float8", "ids": "uuid[]",
}  # fmt: skip
_VALUE = re.compile(r"\$([a-z_]+)")


class Statement(NamedTuple):
    """SQL, and the names of its values in the order in which it numbers them."""

    sql: str
    values: tuple[str, ...]


_NEAR = """
near AS MATERIALIZED (
    SELECT id, similarity, row_number() OVER (ORDER BY similarity DESC, id) AS place FROM (
        SELECT v.chunk_id AS id, -({distance}) AS similarity
        FROM knowledge_vector_{shelf} v {join}
        WHERE v.business_id = $business AND v.model_id = {model} {where}
        ORDER BY {order} LIMIT {depth}
    ) AS nearest
)"""
_WORDS = """
words AS MATERIALIZED (
    SELECT id, first, (first + (count(*) OVER (PARTITION BY score) - 1) / 2.0)::float8 AS place,
        score * score AS weight
    FROM (
        SELECT id, score, rank() OVER (ORDER BY score DESC) AS first
        FROM knowledge_text_hits_{shelf}($business, $tag, $words, $stemmers, $total, $mean_tokens, $facets,
            $collections, $since, $until, {budget}, {depth}, {every})
    ) AS hits
)"""
_FUSED = {
    Mode.VECTOR: """
fused AS (
    SELECT id, similarity, {unit} / ({k} + place) AS score, place AS vector_rank, NULL::bigint AS text_rank FROM near
)""",
    Mode.TEXT: """
fused AS (
    SELECT w.id, {similarity} AS similarity, {unit} / ({k} + w.place) AS score, NULL::bigint AS vector_rank,
        w.first AS text_rank
    FROM words w {beside}
)""",
    Mode.HYBRID: """
fused AS (
    SELECT coalesce(n.id, w.id) AS id, coalesce(n.similarity, {similarity}) AS similarity,
        {half} * (coalesce(1.0::float8 / ({k} + n.place), 0) + coalesce(w.weight / ({k} + w.place), 0)) AS score,
        n.place AS vector_rank, w.first AS text_rank
    FROM near n FULL JOIN words w ON w.id = n.id {beside}
)""",
}
_BESIDE = (
    "LEFT JOIN knowledge_vector_{shelf} v ON v.business_id = $business AND v.chunk_id = {of} AND v.model_id = {model}"
)
_WHOLE = """
SELECT f.id, {shown} AS similarity, f.score, c.document_id, c.collection_id, c.heading, c.text, c.created_at, d.key,
    d.title, d.meta, d.source, f.vector_rank, f.text_rank, {met} AS met
FROM (
    SELECT * FROM fused {floor} ORDER BY score DESC, similarity DESC NULLS LAST, id LIMIT {limit}
) AS f {late}
JOIN knowledge_chunk_{shelf} c ON c.business_id = $business AND c.id = f.id
JOIN knowledge_document d ON d.id = c.document_id
ORDER BY f.score DESC, f.similarity DESC NULLS LAST, f.id
"""
_KEPT = "SELECT * FROM knowledge_kept_{shelf}($business, $facets, $collections, $since, $until, {few})"


@lru_cache(maxsize=4096)
def statement(
    shelf: int, model: int, dim: int, mode: Mode, *, compared: bool, exact: bool,
    filters: tuple[bool, bool, bool, bool], chosen: bool, limit: int, floored: bool,
) -> Statement:  # fmt: skip
    """The SQL of a search. compared: there is a vector. exact: compare every vector instead of asking the index.
    filters: whether there are collections, facets, since, until. chosen: compare those of `ids` only. floored: nothing
    below `least`. The last column: how many the index met of what a filter leaves."""
    distance = f"v.embedding::halfvec({dim}) <#> $vector::halfvec({dim})"
    alone = mode is Mode.TEXT
    names = {
        "shelf": shelf, "model": model, "distance": distance, "k": K, "unit": float(K + 1), "half": (K + 1) / 2,
        "budget": TEXT_BUDGET if alone else BESIDE_BUDGET, "every": "true" if alone else "false",
        "similarity": "NULL::float8", "beside": "", "limit": limit, "depth": max(DEPTH, limit), "met": "NULL::bigint",
        "floor": "WHERE similarity >= $least" if floored else "", "shown": "f.similarity", "late": "",
    }  # fmt: skip
    if compared and mode is not Mode.VECTOR and floored:
        names["similarity"] = f"-({distance})"
        names["beside"] = _BESIDE.format(
            **names, of="CASE WHEN n.id IS NULL THEN w.id END" if mode is Mode.HYBRID else "w.id"
        )
    elif compared and mode is not Mode.VECTOR:
        names["shown"] = f"coalesce(f.similarity, -({distance}))"
        names["late"] = _BESIDE.format(**names, of="CASE WHEN f.similarity IS NULL THEN f.id END")
    parts = []
    if mode is not Mode.TEXT:
        if any(filters) and not exact and not chosen:
            wide = {**names, "depth": max(DEPTH, limit) * WIDER}
            names["met"] = "(SELECT count(*) FROM near)"
            parts.append(_near(wide, exact, filters, chosen))
        else:
            parts.append(_near(names, exact, filters, chosen))
    if mode is not Mode.VECTOR:
        parts.append(_WORDS.format(**names))
    parts.append(_FUSED[mode].format(**names))
    return _numbered(f"WITH {', '.join(parts)}{_WHOLE.format(**names)}")


@lru_cache(maxsize=4096)
def kept_statement(shelf: int) -> Statement:
    """The SQL that names the chunks a filter leaves, at most one more than FEW."""
    return _numbered(_KEPT.format(shelf=shelf, few=FEW + 1))


def _near(names: dict[str, object], exact: bool, filters: tuple[bool, bool, bool, bool], chosen: bool) -> str:
    collections, facets, since, until = filters
    join = where = ""
    if chosen:
        where = "AND v.chunk_id = ANY ($ids)"
    else:
        where = "AND v.collection_id = ANY ($collections)" if collections else ""
        if facets or since or until:
            join = f"JOIN knowledge_chunk_{names['shelf']} c ON c.business_id = v.business_id AND c.id = v.chunk_id"
            where += " AND c.terms @@ $facets" if facets else ""
            where += " AND c.created_at >= $since" if since else ""
            where += " AND c.created_at < $until" if until else ""
    # No index is built on the similarity, only on the distance.
    order = "similarity DESC" if exact or chosen else names["distance"]
    return _NEAR.format(**names, join=join, where=where, order=order)


def _numbered(text: str) -> Statement:
    """`$name` as `$3::type`."""
    names: dict[str, int] = {}
    sql = _VALUE.sub(lambda m: f"${names.setdefault(m[1], len(names) + 1)}::{TYPES[m[1]]}", text)
    return Statement(sql, tuple(names))
