"""SELECTOR: the drafts behind a figure, newest first, in pages by keyset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.approvals.models import ApprovalRequest
from apps.core.measures import Figured
from apps.drafts.figures import Figure, Part
from apps.drafts.models import Draft

PAGE = 50
# Which of the rows of a figure: all of them, its hits, or the others.
WHICH = ("all", "hits", "others")
_SQL = """
SELECT id FROM drafts_draft
WHERE business_id = ANY(%(businesses)s::uuid[]) AND {moment} >= %(since)s AND {moment} < %(until)s
  AND (%(arm)s::text IS NULL OR arm = %(arm)s::text) AND {where} AND {which}
  AND (%(after)s::uuid IS NULL OR id < %(after)s::uuid)
ORDER BY id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """One draft behind a figure. said: what about it was counted. request_id: in the queue, if it is there."""

    draft: Draft
    said: str
    request_id: UUID | None


def drafts_behind(
    figure: Figure,
    businesses: Sequence[UUID],
    since: datetime,
    until: datetime,
    *,
    arm: str | None = None,
    which: str = "all",
    after: UUID | None = None,
) -> tuple[list[Behind], UUID | None]:
    """(up to 50 of them, the id to go on after or None). Hits of a 95 % time are those above its target."""
    part = figure.part
    asked: dict[str, Any] = {
        "businesses": list(businesses), "since": since, "until": until, "arm": arm, "after": after, "most": PAGE + 1,
    }  # fmt: skip
    sql = _SQL.format(moment=part.moment.value, where=part.where, which=_which(figure, which))
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        ids = [row[0] for row in cursor.fetchall()]
    rows = {draft.pk: draft for draft in Draft.objects.filter(pk__in=ids).select_related("thread", "business")}
    requests = ApprovalRequest.objects.filter(kind="draft", subject_id__in=ids).order_by("created_at")
    latest = dict(requests.values_list("subject_id", "pk"))
    found = [Behind(rows[pk], said_of(part, rows[pk]), latest.get(pk)) for pk in ids[:PAGE] if pk in rows]
    return found, ids[PAGE - 1] if len(ids) > PAGE else None


def which_words(figure: Figure, which: str) -> str:
    """What one of WHICH is called for a figure."""
    part = figure.part
    if part.kind is Figured.QUANTILE:
        return {"hits": "slower than the target", "others": "within the target"}.get(which, "all")
    named = {
        "draft_success_rate": ("made", "not made"),
        "verification_rate": ("verification replies", "others"),
        "model_written_rate": ("by a model", "others"),
        "hallucination_count": ("with unsupported facts", "without"),
        "rag_hit_rate": ("hits", "misses"),
        "token_accuracy": ("within 10 %", "further off"),
        "draft_approval_rate": ("approved", "discarded"),
        "edit_distance": ("at most 30 % changed", "more changed"),
        "discard_rate": ("discarded", "approved"),
    }.get(part.name, ("counted", "others"))
    return {"hits": named[0], "others": named[1]}.get(which, "all")


def said_of(part: Part, draft: Draft) -> str:
    """What of a draft went into the figure, in words."""
    if part.name in ("rag_hit_rate", "rag_latency", "retrieval_timeout_rate"):
        return f"{draft.retrieval}, {draft.retrieval_ms or 0:.0f} ms"
    if part.name in ("token_accuracy", "token_error_rate", "token_error"):
        return f"{draft.tokens_estimated:,} estimated, {draft.tokens_actual:,} counted"
    if part.name in ("edit_distance", "edit_far_rate"):
        return f"{100 * (draft.edit_distance or 0):.0f} % changed"
    if part.name == "hallucination_count":
        return f"{draft.hallucinations} unsupported fact{'' if draft.hallucinations == 1 else 's'}"
    if part.name == "security_incidents":
        return f"{draft.privacy_incidents} of privacy, {draft.injection_incidents} of injection"
    if part.name == "draft_success_rate":
        return draft.error or ("made" if draft.version else "not made")
    if part.name in ("verification_rate", "model_written_rate"):
        return "verification reply" if draft.verification else draft.made_by
    return draft.state


def _which(figure: Figure, which: str) -> str:
    part = figure.part
    if which not in ("hits", "others"):
        return "true"
    if part.kind is Figured.QUANTILE:
        return f"{part.value} {'>' if which == 'hits' else '<='} {figure.target.high}"
    return f"({part.hits}) {'>' if which == 'hits' else '='} 0"
