"""EDGE: whose figures a person may see, in which window and arm, and the page's parts as the templates want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime

from apps.accounts.admin_site import is_superuser, may_administer
from apps.accounts.models import Business
from apps.core.measures import trimmed
from apps.drafts.charts_figures import Chart, Point, chart_of
from apps.drafts.comparing import compare
from apps.drafts.counting import WINDOWS, Column, Counted, Window, count, window_of
from apps.drafts.figures import BASIS, BY_NAME, NINE, SECURITY, Figure
from apps.drafts.figures_comparison import Difference
from apps.drafts.figures_found import WORDS, Found, Standing, interval_words, standing_in, written
from apps.drafts.listing_figures import which_words
from apps.drafts.models import BackfillRun, Mailbox, MaintenanceRun
from apps.drafts.models.settings import RunState
from apps.drafts.piloting import missing_of, pilot
from apps.drafts.states import Arm
from apps.pilots.models import Feature, Incident, Stage
from apps.pilots.selectors import businesses_measured, businesses_on

ARMS = {"": "All drafts", Arm.RETRIEVAL.value: "With retrieval", Arm.CONTROL.value: "Without, to compare"}
NIGHTS = 14


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at. businesses: whose drafts, together. business_id: of one alone, which its panels are about."""

    window: Window
    arm: str
    businesses: list[UUID]
    business_id: UUID | None
    chosen: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    superuser: bool = False
    may_change: bool = False

    @property
    def query(self) -> str:
        kept = {"window": self.window.name, "arm": self.arm, "business": self.chosen}
        return urlencode({name: value for name, value in kept.items() if value})


def asked_of(request: HttpRequest, now: datetime) -> Asked:
    """Read the query. Superusers choose among the pilot's businesses; others see their own. Ask across businesses.

    Raises PermissionDenied for who belongs to no business.
    """
    window = window_of(request.GET.get("window", "7d"), now)
    arm = request.GET.get("arm", "")
    arm = arm if arm in ARMS else ""
    seat = getattr(request, "seat", None)
    if is_superuser(request):
        return _of_superuser(request.GET.get("business", ""), window, arm, seat.business_id if seat else None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    own: list[UUID] = [seat.business_id]
    return Asked(window, arm, own, seat.business_id, "", may_change=may_administer(request))


def _of_superuser(wanted: str, window: Window, arm: str, own: UUID | None) -> Asked:
    feature = pilot()
    pilots = set(businesses_measured(feature)) if feature else set()
    drafting = set(Mailbox.objects.order_by().values_list("business_id", flat=True).distinct())
    seen = pilots | drafting | ({own} if own else set())
    rows = list(Business.objects.filter(pk__in=seen).order_by("name").values_list("pk", "slug", "name"))
    choices = [("pilot", f"All of the pilot ({len(pilots)})"), *((slug, name) for _, slug, name in rows)]
    by_slug = {slug: pk for pk, slug, _ in rows}
    slugs = {pk: slug for pk, slug, _ in rows}
    chosen = wanted if wanted == "pilot" or wanted in by_slug else slugs.get(own, "pilot") if own else "pilot"
    one = by_slug.get(chosen)
    businesses = [one] if one else sorted(pilots)
    return Asked(window, arm, businesses, one, chosen, choices, superuser=True, may_change=True)


@dataclass(frozen=True, slots=True)
class Card:
    figure: Figure
    value: str
    interval: str
    n: int
    standing: str
    word: str
    second: str
    empty: str
    chart: Chart | None
    rows: list[tuple[str, str, str, int, str]]
    href: str
    links: list[tuple[str, str]]


def cards_of(asked: Asked, counted: Counted) -> list[Card]:
    return [_card(figure, asked, counted) for figure in NINE]


def _card(figure: Figure, asked: Asked, counted: Counted) -> Card:
    part, found = figure.part, counted.figures[figure.name]
    alerting = counted.figures[figure.alerting.name]
    standing = standing_in(figure, counted.figures)
    points = [
        Point(c.start, c.end, c.figures[figure.name], c.figures[figure.alerting.name] if figure.alert_part else None)
        for c in counted.columns
    ]
    second = ""
    if figure.alert_part and alerting.value is not None:
        second = f"{figure.alerting.title.lower()} {written(figure.alerting, alerting.value)}"
    empty = "nothing to measure"
    if standing is Standing.DOES_NOT_APPLY:
        basis = BY_NAME[BASIS[figure.name]]
        empty = f"none of {counted.figures[basis.name].n:,} {basis.of} {basis.title.lower()}"
    return Card(
        figure=figure,
        value=written(part, found.value),
        interval=interval_words(part, found),
        n=found.n,
        standing=standing.value,
        word=WORDS[standing],
        second=second,
        empty=empty,
        chart=chart_of(figure, points, lambda moment: time_words(moment, asked.window)),
        rows=[_row(figure, column, asked) for column in counted.columns if column.figures[figure.name].n],
        href=behind_url(figure, asked),
        links=[(which_words(figure, which), behind_url(figure, asked, which)) for which in ("hits", "others")],
    )


def _row(figure: Figure, column: Column, asked: Asked) -> tuple[str, str, str, int, str]:
    found = column.figures[figure.name]
    href = behind_url(figure, asked, "all", column.start, column.end)
    when = time_words(column.start, asked.window)
    return when, written(figure.part, found.value), interval_words(figure.part, found), found.n, href


def behind_url(
    figure: Figure, asked: Asked, which: str = "all", start: datetime | None = None, end: datetime | None = None
) -> str:
    """The page of the drafts behind a figure, of the whole window or of one column."""
    query = {"figure": figure.name, "which": which}
    if start and end:
        query |= {"from": start.isoformat(), "to": end.isoformat()}
    return f"{reverse('admin:rag-pilot-drafts')}?{asked.query}&{urlencode(query)}"


def time_words(moment: datetime, window: Window) -> str:
    there = localtime(moment)
    if window.step >= timedelta(days=1):
        return f"{there:%-d %b}"
    return f"{there:%H:%M}" if window.name == "24h" else f"{there:%a %H:%M}"


def shown(asked: Asked, now: datetime) -> dict[str, Any]:
    """Everything that is refreshed while the page is open. Ask across businesses."""
    arm = asked.arm or None
    counted = count(asked.businesses, asked.window, arm=arm, each=asked.superuser and asked.business_id is None)
    security = counted.figures[SECURITY.name]
    feature, compared = pilot(), compare(asked.businesses, asked.window.start, asked.window.end)
    return {
        "asked": asked,
        "windows": list(WINDOWS),
        "arms": ARMS,
        "cards": cards_of(asked, counted),
        "security": security,
        "security_href": behind_url(SECURITY, asked, "hits"),
        "made": counted.figures["draft_success_rate"].n,
        "each": _each(counted.businesses) if counted.businesses else [],
        "comparison": compared,
        "compared": [_compared("Approved", compared.approval), _compared("Edited, of the text", compared.edits)],
        "pilot": _pilot_part(feature, asked, now),
        "query": asked.query,
        **_learning(asked),
    }


def _each(businesses: Mapping[UUID, Mapping[str, Found]]) -> list[dict[str, Any]]:
    names = {
        pk: (name, slug)
        for pk, name, slug in Business.objects.filter(pk__in=businesses).values_list("pk", "name", "slug")
    }
    rows = []
    for pk, figures in businesses.items():
        cells = []
        for figure in NINE:
            found = figures[figure.name]
            standing = standing_in(figure, figures)
            cells.append((written(figure.part, found.value), standing.value, f"{WORDS[standing]}, of {found.n:,}"))
        name, slug = names.get(pk, (str(pk), ""))
        alerts = sum(standing == Standing.ALERT for _, standing, _ in cells)
        rows.append({"name": name, "slug": slug, "cells": cells, "alerts": alerts})
    return sorted(rows, key=lambda row: (-row["alerts"], row["name"]))


def _compared(title: str, found: Difference) -> dict[str, Any]:
    def percent(value: float | None) -> str:
        return "–" if value is None else f"{trimmed(100 * value, 1)} %"

    def signed(value: float | None) -> str:
        return "–" if value is None else f"{'−' if value < 0 else '+'}{trimmed(abs(100 * value), 1)}"

    return {
        "title": title,
        "found": found,
        "retrieval": percent(found.retrieval),
        "control": percent(found.control),
        "difference": "–" if found.value is None else f"{signed(found.value)} points",
        "interval": "" if found.low is None else f"{signed(found.low)} to {signed(found.high)}",
    }


def _pilot_part(feature: Feature | None, asked: Asked, now: datetime) -> dict[str, Any]:
    if feature is None:
        return {"missing": missing_of(None)}
    mine = asked.business_id
    has_it = set(businesses_on(feature))
    stage = Stage.objects.filter(feature=feature, position=feature.stage).first()
    incidents: Sequence[Incident] = []
    if asked.superuser or feature.home_id == mine:
        incidents = list(Incident.objects.filter(feature=feature, closed_at=None)[:5])
    return {
        "feature": feature,
        "missing": missing_of(feature),
        "stage": stage,
        "on": len(has_it),
        "has_it": mine in has_it if mine else None,
        "incidents": incidents,
    }


def _learning(asked: Asked) -> dict[str, Any]:
    """The panels about one business: its backfill and its nights."""
    if asked.business_id is None:
        return {"backfill": None, "nights": []}
    run = BackfillRun.objects.filter(business_id=asked.business_id).order_by("-id").first()
    nights = MaintenanceRun.objects.filter(business_id=asked.business_id).order_by("-day")[:NIGHTS]
    return {"backfill": run, "progress": progress_of(run), "nights": list(nights)}


def progress_of(run: BackfillRun | None) -> int:
    """Of a hundred; a run over nothing is done."""
    if run is None:
        return 0
    return min(100, 100 * run.seen // run.total) if run.total else 100 * (run.state == RunState.DONE)
