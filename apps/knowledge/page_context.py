"""EDGE: who looks at the pages of knowledge, and what their templates are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.principals import actor_of
from apps.accounts.roles import Scope, scopes_of
from apps.core.models import Event
from apps.knowledge.choosing import model_of
from apps.knowledge.found import Found, Mode, Passage
from apps.knowledge.models import CacheDay, CachedVector, Collection, Document, EmbeddingBatch
from apps.knowledge.models.catalogue import KINDS
from apps.knowledge.page_lines import FEW, changes_of, imports_of, line
from apps.knowledge.pruning import PRUNED
from apps.knowledge.searching import search

View = Callable[..., HttpResponse]
PAGE = 50
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Who:
    """The person at the page, in the business they have entered."""

    actor: str
    business_id: UUID
    may_write: bool


def who(request: HttpRequest) -> Who:
    """Raises PermissionDenied for somebody in no business."""
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    scopes = scopes_of(seat.role)
    if Scope.KNOWLEDGE_READ not in scopes:
        raise PermissionDenied
    return Who(actor_of(cast(User, request.user)), seat.business_id, Scope.KNOWLEDGE_WRITE in scopes)


def for_readers(view: View) -> View:
    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        return view(request, who(request), **rest)

    return run


def for_writers(view: View) -> View:
    """For those who may change what is kept; anyone else gets 403."""

    @wraps(view)
    def run(request: HttpRequest, **rest: Any) -> HttpResponse:
        person = who(request)
        if not person.may_write:
            raise PermissionDenied
        return view(request, person, **rest)

    return run


def page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shell = {**admin.site.each_context(request), "title": "Knowledge", "now": timezone.now()}
    return TemplateResponse(request, template, {**shell, "who": who(request), **context}, status=status)


# --- Search ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; a filter that is not understood is none. after: the id of the last document shown before."""

    query: str = ""
    mode: str = Mode.HYBRID.value
    intent: str = ""
    kind: str = ""
    after: UUID | None = None

    def address(self, **changes: Any) -> str:
        values = {
            "q": self.query,
            "mode": self.mode if self.mode != Mode.HYBRID else "",
            "intent": self.intent,
            "kind": self.kind,
        }
        return "?" + urlencode({name: value for name, value in (values | changes).items() if value})


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage as it is shown. pieces: (text, whether it is a word of the query). parts: what found it."""

    passage: Passage
    pieces: tuple[tuple[str, bool], ...]
    parts: tuple[str, ...]
    cut: bool


def wanted_from(asked: QueryDict) -> Wanted:
    mode = asked.get("mode", "")
    return Wanted(
        query=asked.get("q", "").replace("\0", "").strip()[:400],
        mode=mode if mode in set(Mode) else Mode.HYBRID.value,
        intent=asked.get("intent", "").replace("\0", "").strip()[:40],
        kind=kind if (kind := asked.get("kind", "")) in dict(KINDS) else "",
        after=_uuid(asked.get("after", "")),
    )


def search_context(business_id: UUID, wanted: Wanted, collection: str = "") -> dict[str, Any]:
    """{found, hits}: found is None where nothing is looked for."""
    if not wanted.query:
        return {"found": None, "hits": ()}
    found: Found = search(
        business_id=business_id, query=wanted.query, collections=[collection] if collection else (), mode=wanted.mode,
        kinds=[wanted.kind] if wanted.kind else (), filters={"intent": wanted.intent} if wanted.intent else None,
        limit=20, timeout=SECONDS,
    )  # fmt: skip
    return {"found": found, "hits": tuple(_hit(one) for one in found.passages)}


LONGEST_SHOWN = 900


def _hit(one: Passage) -> Hit:
    text, shown = one.text, one.text[:LONGEST_SHOWN]
    pieces, at = [], 0
    for start, end in one.highlights:
        if end > len(shown):
            break
        pieces += [(shown[at:start], False), (shown[start:end], True)]
        at = end
    pieces.append((shown[at:], False))
    return Hit(one, tuple(piece for piece in pieces if piece[0]), _parts(one), len(text) > len(shown))


def _parts(one: Passage) -> tuple[str, ...]:
    """Which part of the search found it, with its place there where that is known."""
    ranks = {"meaning": getattr(one, "vector_rank", None), "words": getattr(one, "text_rank", None)}
    if any(rank is not None for rank in ranks.values()):
        return tuple(f"by {part}: place {rank}" for part, rank in ranks.items() if rank is not None)
    return tuple(
        part
        for part, is_so in (("by meaning", one.similarity is not None), ("by words", bool(one.highlights)))
        if is_so
    )


# --- Pages ----------------------------------------------------------------------------------------------------------


def overview_context(person: Who, asked: QueryDict) -> dict[str, Any]:
    """Eight queries and those of a search."""
    business_id, wanted = person.business_id, wanted_from(asked)
    counted = (
        Document.objects.filter(business_id=business_id)
        .order_by()
        .values("collection_id")
        .annotate(documents=Count("pk"), passages=Sum("chunks_count"), newest=Max("indexed_at"))
    )
    figures: dict[UUID, dict[str, Any]] = {row["collection_id"]: dict(row) for row in counted}
    rows = [(one, figures.get(one.pk, {})) for one in Collection.objects.filter(business_id=business_id)]
    return {
        "rows": rows,
        "kinds": [kind for kind in KINDS if any(one.kind == kind[0] for one, _ in rows)],
        "modes": [mode.value for mode in Mode],
        "totals": {name: sum(row.get(name) or 0 for _, row in rows) for name in ("documents", "passages")},
        "model": model_of(business_id),
        "change": next(iter(changes_of(business_id, most=1)), None),
        "batches": [line(one) for one in EmbeddingBatch.objects.filter(business_id=business_id)[:FEW]],
        "imports": imports_of(business_id),
        "cache": cache_figures(business_id),
        "wanted": wanted,
        **search_context(business_id, wanted),
    }


def collection_context(person: Who, place: Collection, asked: QueryDict) -> dict[str, Any]:
    wanted = wanted_from(asked)
    rows = Document.objects.filter(business_id=person.business_id, collection=place).defer("text", "searchable")
    if wanted.intent:
        rows = rows.filter(meta__intent=wanted.intent)
    shown = rows.filter(pk__lt=wanted.after) if wanted.after else rows
    found = list(shown.order_by("-id")[: PAGE + 1])
    return {
        "place": place,
        "is_written": place.kind in ("snippets", "documents"),
        "is_snippets": place.kind == "snippets",
        "documents": found[:PAGE],
        "count": rows.count(),
        "older": wanted.address(q="", after=str(found[PAGE - 1].pk)) if len(found) > PAGE else "",
        "newest": wanted.address(q="") if wanted.after else "",
        "intents": sorted(
            rows.exclude(meta__intent=None).order_by().values_list("meta__intent", flat=True).distinct()[:50]
        )
        if place.kind == "snippets"
        else [],
        "modes": [mode.value for mode in Mode],
        "imports": imports_of(person.business_id, place),
        "wanted": wanted,
        **search_context(person.business_id, wanted, place.key),
    }


def cache_figures(business_id: UUID) -> dict[str, Any]:
    """Of the last seven days: hits in memory and in the database, misses, the share of hits, and how many were pruned;
    how many are kept, and may be."""
    since = timezone.now().date() - timedelta(days=6)
    sums = CacheDay.objects.filter(business_id=business_id, day__gte=since).aggregate(
        memory=Sum("memory_hits"), stored=Sum("stored_hits"), misses=Sum("misses")
    )
    figures: dict[str, Any] = {name: value or 0 for name, value in sums.items()}
    asked = sum(figures.values())
    figures["asked"] = asked
    figures["share"] = (figures["memory"] + figures["stored"]) / asked if asked else None
    figures["kept"] = CachedVector.objects.filter(business_id=business_id).count()
    told = Event.objects.filter(business_id=business_id, kind=PRUNED, at__gte=timezone.now() - timedelta(days=7))
    figures["pruned"] = sum(sum(one.values()) for one in told.values_list("data", flat=True))
    return figures | {"most": settings.EMBEDDING_CACHE_MOST, "days": settings.EMBEDDING_CACHE_DAYS}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
