"""RULE: a watched window as the JSON that programs read."""

from collections.abc import Iterable
from typing import Any

from apps.goals.timing import Stage
from apps.watch.bands import Band, Measured
from apps.watch.counts import CONFIDENCE_BINS, PATHS
from apps.watch.figures import percentile
from apps.watch.models import Alert
from apps.watch.watching import Watched


def health_of(watched: Watched, alerts: Iterable[Alert]) -> dict[str, Any]:
    """The same figures as the page: see apps/watch/schemas.py for the shape."""
    window, counts = watched.window, watched.counts
    return {
        "window": {"name": window.name, "start": window.start.isoformat(), "end": window.end.isoformat()},
        "goals": counts.goals,
        "figures": [
            {
                "figure": looked.figure.value,
                "now": measure_of(looked.now),
                "before": measure_of(looked.before),
                "band": looked.band and _bounds(looked.band),
                "standing": looked.standing.value,
            }
            for looked in watched.figures
        ],
        "confidence": [
            {"low": place / CONFIDENCE_BINS, "high": (place + 1) / CONFIDENCE_BINS, "goals": count}
            for place, count in enumerate(counts.confidences)
        ],
        "paths": [
            {"start": column.start.isoformat(), "end": column.end.isoformat()}
            | {path: column.counts[path] for path in PATHS}
            for column in watched.columns
        ],
        "stages": [
            {
                "stage": stage.value,
                "p50": measure_of(percentile(counts.latencies(stage), 0.5)),
                "p95": measure_of(percentile(counts.latencies(stage), 0.95)),
            }
            for stage in Stage
        ],
        "errors": [
            {"stage": stage, "error": error, "submissions": count}
            for (stage, error), count in watched.errors.most_common()
        ],
        "alerts": [_alert(alert) for alert in alerts],
    }


def measure_of(measured: Measured) -> dict[str, Any]:
    return {"value": measured.value, "low": measured.low, "high": measured.high, "n": measured.n}


def _bounds(band: Band) -> dict[str, Any]:
    return {"low": band.low, "high": band.high}


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": str(alert.pk),
        "figure": alert.figure,
        "opened_at": alert.opened_at.isoformat(),
        "value": alert.value,
        "low": alert.low,
        "high": alert.high,
        "n": alert.n,
        "band": {"low": alert.band_low, "high": alert.band_high},
        "acknowledged_by": alert.acknowledged_by,
        "note": alert.note,
    }
