"""EDGE: the Watch page, the part of it that is refreshed, the goals behind a number, and acknowledging an alert."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.admin_site import may_administer
from apps.accounts.principals import actor_of
from apps.core.errors import GatehouseError
from apps.goals.configuration import configuration_of
from apps.watch import charts
from apps.watch.alerting import acknowledge
from apps.watch.bands import SHOWN_LEVEL, Band, Figure, Measured
from apps.watch.counts import PATHS
from apps.watch.figures import mean_of
from apps.watch.listing import list_goals, wanted_from
from apps.watch.models import Alert
from apps.watch.selectors import alerts_of
from apps.watch.watching import watch
from apps.watch.windows import NAMED, Window, chosen, named
from apps.watch.words import NAMES, band_in_words, interval, seconds, written


@require_safe
def watch_page(request: HttpRequest) -> HttpResponse:
    """The whole page. A window that is not understood comes back with the reason and the usual window."""
    business_id, window, wrong = _business(request), *_window(request)
    return _render(request, "watch/watch.html", **_shown(request, business_id, window), wrong=wrong)


@require_safe
def figures_part(request: HttpRequest) -> HttpResponse:
    """What is refreshed while the page is open."""
    return TemplateResponse(request, "watch/figures.html", _shown(request, _business(request), _window(request)[0]))


@require_safe
def goals_page(request: HttpRequest) -> HttpResponse:
    """The goals behind a number, newest first, in pages by keyset."""
    window, wrong = _window(request)
    wanted, after = wanted_from(request.GET), request.GET.get("after", "")
    goals, next_after = list_goals(_business(request), window, wanted, after=after)
    kept = {key: value for key, value in request.GET.items() if key != "after"}
    for goal in goals:
        goal.took = seconds((goal.timings[-1] or 0) / 1e6) if goal.timings else ""  # type: ignore[attr-defined]
    return _render(
        request,
        "watch/goals.html",
        title="Watch",
        goals=goals,
        words=wanted.words,
        window=window,
        wrong=wrong,
        first=not after,
        more=f"?{urlencode(kept | {'after': next_after})}" if next_after else "",
        top=f"?{urlencode(kept)}",
    )


@require_POST
def acknowledge_alert(request: HttpRequest, pk: UUID) -> HttpResponse:
    if not may_administer(request):
        raise PermissionDenied
    try:
        acknowledge(alert_id=pk, actor=actor_of(request.user), note=request.POST.get("note", ""))  # type: ignore[arg-type]
    except GatehouseError as error:
        messages.error(request, error.detail)
    return redirect(f"{reverse('admin:watch')}#alerts")


def _shown(request: HttpRequest, business_id: UUID, window: Window) -> dict[str, Any]:
    watched = watch(business_id, window)
    configuration = configuration_of(business_id)
    open_alerts, past = alerts_of(business_id)
    mean = mean_of(watched.counts)
    return {
        "window": window,
        "windows": list(NAMED),
        "own_from": f"{window.start.astimezone(UTC):%Y-%m-%dT%H:%M}",
        "own_to": f"{window.end.astimezone(UTC):%Y-%m-%dT%H:%M}",
        "counts": watched.counts,
        "goals": watched.counts.goals,
        "empty": not watched.counts.goals and not watched.errors,
        "tiles": charts.tiles_of(watched),
        "histogram": charts.histogram_of(watched),
        "thresholds": charts.thresholds_of(configuration.thresholds),
        "gate_on": configuration.enabled,
        "mean": "–" if mean is None else f"{mean:.2f}",
        "paths": charts.paths_of(watched),
        "path_rows": charts.path_table(watched),
        "path_words": [(path, charts.PATH_WORDS[path], watched.counts[path]) for path in PATHS],
        "stages": charts.stages_of(watched.counts),
        "checks": charts.checks_of(watched),
        "errors": [(stage, kind, count) for (stage, kind), count in watched.errors.most_common()],
        "error_count": watched.errors.total(),
        "failed_url": charts.goals_url(window.start, window.end, what="failed"),
        "missed": watched.counts["bad"] - watched.counts["caught"],
        "missed_url": charts.goals_url(window.start, window.end, what="missed"),
        "alerts": [_alert_words(alert) for alert in open_alerts],
        "past_alerts": [_alert_words(alert) for alert in past],
        "alerting": {alert.figure for alert in open_alerts},
        "may_change": may_administer(request),
        "level": f"{100 * SHOWN_LEVEL:.0f} %",
        "query": request.GET.urlencode(),
    }


def _alert_words(alert: Alert) -> dict[str, Any]:
    figure = Figure(alert.figure)
    return {
        "row": alert,
        "name": NAMES[figure],
        "value": written(figure, alert.value),
        "interval": interval(figure, Measured(alert.value, alert.low, alert.high, alert.n)),
        "band": band_in_words(figure, Band(alert.band_low, alert.band_high)),
        "by": alert.acknowledged_by.removeprefix("user:"),
    }


def _window(request: HttpRequest) -> tuple[Window, str]:
    now: datetime = timezone.now()
    try:
        return chosen(request.GET, now), ""
    except ValueError as error:
        return named("24h", now), str(error)


def _business(request: HttpRequest) -> UUID:
    seat = getattr(request, "seat", None)
    if seat is None:
        raise PermissionDenied("You belong to no business yet")
    return seat.business_id


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": "Watch", **context})
