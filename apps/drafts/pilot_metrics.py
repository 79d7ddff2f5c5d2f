"""SELECTOR: how drafts fare, as metrics for rollouts (settings.PILOT_METRICS), each one SQL statement by index.

What each of them counts stands in figures.py. Drafts are counted by when they were there, or when they were decided.
"""

from __future__ import annotations

from dataclasses import replace

from apps.core.measures import Figured, Metric
from apps.core.sampling import Statement
from apps.drafts.figures import BASIS, BY_NAME, Part

_HITS = {
    Figured.SHARE: "coalesce(sum({hits}), 0)::float8",
    Figured.COUNT: "coalesce(sum({hits}), 0)::float8",
    Figured.QUANTILE: "CASE WHEN %(limit)s::float8 IS NULL THEN NULL ELSE"
    " count(*) FILTER (WHERE {value} > %(limit)s::float8) END",
}
_VALUE = {
    Figured.SHARE: "NULL::float8",
    Figured.COUNT: "NULL::float8",
    Figured.QUANTILE: "percentile_cont(%(quantile)s) WITHIN GROUP (ORDER BY {value})",
}
_SQL = """
SELECT {{business}}, coalesce(sum({n}), 0)::bigint, {hits_sql}, {value_sql}
FROM drafts_draft
WHERE business_id = ANY(%(businesses)s::uuid[]) AND {moment} >= %(since)s AND {moment} < %(until)s
  AND (%(arm)s::text IS NULL OR arm = %(arm)s::text) AND {where}
{{grouped}}
"""


def statement_of(part: Part, arm: str | None = None) -> Statement:
    """The statement that takes a part, of one arm of the comparison or of all drafts (None)."""
    words = {"n": part.n, "hits": part.hits, "value": part.value, "where": part.where, "moment": part.moment.value}
    sql = _SQL.format(hits_sql=_HITS[part.kind].format(**words), value_sql=_VALUE[part.kind].format(**words), **words)
    return Statement(part.kind, sql, {"arm": arm})


def metric_for(part: Part, arm: str | None = None) -> Metric:
    """A part as a metric of rollouts."""
    title = part.title if arm is None else f"{part.title} ({arm or 'not compared'})"
    made = statement_of(part, arm).as_metric(
        name=part.name, title=title, of=part.of, meaning=part.meaning, unit=part.unit, better=part.better
    )
    basis = BASIS.get(part.name)
    return replace(
        made,
        name=part.name if arm is None else f"{part.name}:{arm or 'none'}",
        basis=metric_for(BY_NAME[basis], arm) if basis else None,
    )


draft_success_rate = metric_for(BY_NAME["draft_success_rate"])
verification_rate = metric_for(BY_NAME["verification_rate"])
hallucination_count = metric_for(BY_NAME["hallucination_count"])
rag_hit_rate = metric_for(BY_NAME["rag_hit_rate"])
rag_latency = metric_for(BY_NAME["rag_latency"])
model_written_rate = metric_for(BY_NAME["model_written_rate"])
token_accuracy = metric_for(BY_NAME["token_accuracy"])
token_error_rate = metric_for(BY_NAME["token_error_rate"])
token_error = metric_for(BY_NAME["token_error"])
draft_approval_rate = metric_for(BY_NAME["draft_approval_rate"])
edit_distance = metric_for(BY_NAME["edit_distance"])
edit_far_rate = metric_for(BY_NAME["edit_far_rate"])
discard_rate = metric_for(BY_NAME["discard_rate"])
retrieval_timeout_rate = metric_for(BY_NAME["retrieval_timeout_rate"])
tool_error_rate = metric_for(BY_NAME["tool_error_rate"])
security_incidents = metric_for(BY_NAME["security_incidents"])
