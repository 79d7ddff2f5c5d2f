"""Counters for Prometheus."""

from prometheus_client import Counter

from apps.core.models import Event

EVENTS = Counter("gatehouse_events_total", "Audit events delivered, by kind", ["kind"])


def count_event(event: Event) -> None:
    """Event consumer: count what happened."""
    EVENTS.labels(kind=event.kind).inc()
