"""Counters for Prometheus."""

from collections.abc import Sequence

from prometheus_client import Counter

from apps.core.models import Event

EVENTS = Counter("gatehouse_events_total", "Audit events delivered, by kind", ["kind"])


def count_events(events: Sequence[Event]) -> None:
    """Event consumer: count what happened."""
    for event in events:
        EVENTS.labels(kind=event.kind).inc()
