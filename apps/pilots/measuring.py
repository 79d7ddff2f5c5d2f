"""ACT: take a registered metric (settings.PILOT_METRICS) of the businesses a rollout is judged by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.errors import Invalid
from apps.core.measures import NO_DATA, Metric, Sample


def metrics() -> list[Metric]:
    """Every metric of the installation, by title."""
    return sorted((metric_of(name) for name in settings.PILOT_METRICS), key=lambda metric: metric.title)


def metric_of(name: str) -> Metric:
    """The metric of this name. Raises Invalid when the installation has none."""
    path = settings.PILOT_METRICS.get(name)
    if path is None:
        raise Invalid("metric", f"One of {', '.join(sorted(settings.PILOT_METRICS))}")
    return import_string(path)


def measure(
    *, name: str, businesses: Sequence[UUID], since: datetime, until: datetime, limit: float | None = None
) -> Sample:
    """The metric over [since, until) of these businesses together. Raises Invalid. Ask across businesses."""
    metric = metric_of(name)
    return metric.measure(businesses, since, until, limit=limit) if businesses else NO_DATA


def measure_each(
    *, name: str, businesses: Sequence[UUID], since: datetime, until: datetime, limit: float | None = None
) -> Mapping[UUID, Sample]:
    """The same of each by itself; one without data is left out. Raises Invalid. Ask across businesses."""
    metric = metric_of(name)
    return metric.by_business(businesses, since, until, limit=limit) if businesses else {}
