"""EDGE: what the templates of the pages of models are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.http import urlencode

from apps.core.breaking import Light, Standing, standings
from apps.llm.models import Provider, Trial
from apps.llm.providing import SETTINGS, settings_id
from apps.llm.responses import Kind
from apps.llm.selectors import BY, Total, UsageFilter, choices_of, providers_of, total_of, totals_of, usage_of
from apps.llm.trial_states import LOST, MOST_SECONDS, UNDER_WAY, lost_words, seconds_of, standing_of

DAYS = (1, 7, 30, 90)
_WORDS = ("purpose", "model", "provider")
ROWS = 50  # of single requests on a page
_LIGHTS = {Light.CLOSED: "ready", Light.OPEN: "left in peace", Light.HALF_OPEN: "tried next"}


@dataclass(frozen=True, slots=True)
class Tested:
    """The last test of a provider. state: one of TrialState, or lost. seconds: it may take."""

    state: str
    words: str
    by: str
    at: datetime
    seconds: float

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY


@dataclass(frozen=True, slots=True)
class Line:
    """One provider in the list. place: its turn among those asked for the same, "" when it is off."""

    id: UUID
    name: str
    host: str
    model: str
    kind: str
    owner: str
    place: str
    enabled: bool
    may_change: bool
    has_key: bool
    light: str
    light_words: str
    last_words: str
    wait: int
    day: Total | None
    tested: Tested | None
    may_test: bool = True


def models_context(business_id: UUID, *, everywhere: bool, now: datetime) -> dict[str, Any]:
    """The providers in the order in which they are asked, with their breakers and the last day's figures."""
    rows = providers_of(business_id)
    known = standings([row.pk for row in rows] + ([_settings_id()] if settings.LLM_BASE_URL else []))
    rows_of_day = usage_of(business_id, UsageFilter(since=now - timedelta(days=1)))
    day = {total.of: total for total in totals_of(rows_of_day, "provider")}
    trials = {trial.provider_id: trial for trial in Trial.objects.filter(business_id=business_id)}
    places: dict[str, int] = {}
    lines = []
    for row in rows:
        tested = _tested(trials.get(row.pk), row.timeout_seconds, now)
        lines.append(_line(row, known[row.pk], day.get(row.name), tested, places, everywhere))
    if settings.LLM_BASE_URL:
        tested = _tested(trials.get(_settings_id()), MOST_SECONDS, now)
        lines.append(_settings_line(known[_settings_id()], day.get(SETTINGS), tested, places))
    groups = [
        {"kind": kind, "lines": [line for line in lines if line.kind == kind]} for kind in (Kind.CHAT, Kind.EMBEDDING)
    ]
    return {"groups": groups, "day": total_of(rows_of_day)}


def usage_context(business_id: UUID, query: Mapping[str, str]) -> dict[str, Any]:
    """Totals and single requests of the days asked for."""
    wanted, days = wanted_of(query)
    by = query.get("by", "day")
    by = by if by in BY else "day"
    rows = usage_of(business_id, wanted)
    page = _page(query)
    found = list(rows[page * ROWS : (page + 1) * ROWS + 1])
    kept = {name: query.get(name, "") for name in (*_WORDS, "failed") if query.get(name)}
    return {
        "days": days,
        "day_choices": DAYS,
        "by": by,
        "groupings": BY,
        "wanted": wanted,
        "choices": choices_of(business_id, wanted.since or timezone.now()),
        "all": total_of(rows),
        "totals": totals_of(rows, by),
        "rows": found[:ROWS],
        "page": page,
        "older": page + 1 if len(found) > ROWS else None,
        "kept": urlencode(kept),
        "query": urlencode({"days": str(days), "by": by, **kept}),
    }


def wanted_of(query: Mapping[str, str]) -> tuple[UsageFilter, int]:
    """The filter a page's address names, whatever stands in it, and its days."""
    days = int(query["days"]) if query.get("days", "") in map(str, DAYS) else 7
    purpose, model, provider = (query.get(name, "").replace("\x00", "")[:120] for name in _WORDS)
    since = timezone.now() - timedelta(days=days)
    failed = query.get("failed") == "1"
    return UsageFilter(since, purpose=purpose, model=model, provider=provider, failed=failed), days


def host_of(url: str) -> str:
    """Where an address leads, without what a path may tell."""
    return urlsplit(url).netloc


def _page(query: Mapping[str, str]) -> int:
    text = query.get("page", "")
    return min(int(text), 1000) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _tested(trial: Trial | None, timeout: float, now: datetime) -> Tested | None:
    if trial is None:
        return None
    state = standing_of(trial.state, trial.asked_at, now)
    words = lost_words(trial.state) if state == LOST else trial.words
    by = trial.asked_by.partition(":")[2] or trial.asked_by
    return Tested(state, words, by, trial.ended_at or trial.asked_at, seconds_of(timeout))


def _line(
    row: Provider,
    standing: Standing,
    day: Total | None,
    tested: Tested | None,
    places: dict[str, int],
    everywhere: bool,
) -> Line:
    mine = row.business_id is not None
    return Line(
        id=row.pk,
        name=row.name,
        host=host_of(row.base_url) if mine or everywhere else "",
        model=row.model,
        kind=row.kind,
        owner="this business" if mine else "every business",
        place=_place(places, row.kind) if row.enabled else "",
        enabled=row.enabled,
        may_change=mine or everywhere,
        has_key=bool(row.key),
        **_standing(standing),
        day=day,
        tested=tested,
    )


def _settings_line(standing: Standing, day: Total | None, tested: Tested | None, places: dict[str, int]) -> Line:
    return Line(
        id=_settings_id(),
        name=SETTINGS,
        host="LLM_BASE_URL",
        model=settings.LLM_MODEL or "as asked",
        kind=Kind.CHAT,
        owner="every business",
        place=_place(places, Kind.CHAT),
        enabled=True,
        may_change=False,
        has_key=bool(settings.LLM_API_KEY),
        **_standing(standing),
        day=day,
        tested=tested,
        may_test=bool(settings.LLM_MODEL),
    )


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "light": standing.light.value,
        "light_words": _LIGHTS[standing.light],
        "last_words": standing.last_words if standing.failures else "",
        "wait": round(standing.tries_again_in),
    }


def _place(places: dict[str, int], kind: str) -> str:
    places[kind] = places.get(kind, 0) + 1
    return str(places[kind])


def _settings_id() -> UUID:
    return settings_id(settings.LLM_BASE_URL)
