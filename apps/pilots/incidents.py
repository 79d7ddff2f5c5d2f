"""ACT: open an incident with its notice, say that somebody looks after it, and close it."""

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.severities import Severity
from apps.core.errors import Invalid, NotFound, StaleState
from apps.pilots.changing import tell
from apps.pilots.models import Feature, Guard, Incident, Rollback

MOST_NOTE = 500
SOURCE = "pilots"


def open_incident(
    *, guard: Guard, rollback: Rollback, title: str, words: str, figures: dict[str, Any], now: datetime
) -> Incident:
    """Write down what a guard acted on, and tell the feature's home. In the transaction of the rollback."""
    feature = guard.feature
    home = str(feature.home_id) if feature.home_id else None
    incident = Incident.objects.create(
        feature=feature,
        guard=guard,
        rollback=rollback,
        level=guard.level,
        metric=guard.metric,
        figures={**figures, "told": home},
        opened_at=now,
    )
    raise_notice(
        business_id=feature.home_id,
        severity=Severity.CRITICAL,
        title=title,
        text=f"{words}.\n\n{feature.description}".strip(),
        facts=_facts(feature, rollback, figures),
        link=page_of(feature),
        dedup_key=_key(incident.pk),
        source=SOURCE,
    )
    return incident


def acknowledge(*, incident_id: UUID, actor: str) -> Incident:
    """Say that somebody looks after it, once. Raises NotFound, StaleState (somebody does, or it is closed)."""
    with across_businesses():
        fresh = Incident.objects.filter(pk=incident_id, acknowledged_at=None, closed_at=None)
        done = fresh.update(acknowledged_at=timezone.now(), acknowledged_by=actor[:120])
        incident = _found(incident_id)
        if not done:
            _refuse_closed(incident)
            raise StaleState(f"{incident.acknowledged_by} has acknowledged this already")
        tell(incident.feature, "incident_acknowledged", actor, incident=str(incident.pk))
    return incident


def close(*, incident_id: UUID, actor: str, note: str) -> Incident:
    """End it, with what was found or done (1 to 500 characters), once; its notice is resolved.

    The feature stays as it is: undo the rollback to give it back. Raises NotFound, Invalid, StaleState (it is closed).
    """
    note = note.strip()
    if not 0 < len(note) <= MOST_NOTE or "\0" in note:
        raise Invalid("note", f"Say what was found or done, in at most {MOST_NOTE} characters")
    with across_businesses():
        open_one = Incident.objects.filter(pk=incident_id, closed_at=None)
        done = open_one.update(closed_at=timezone.now(), closed_by=actor[:120], note=note)
        incident = _found(incident_id)
        if not done:
            _refuse_closed(incident)
        told = incident.figures.get("told")
        resolve_notice(business_id=UUID(told) if told else None, dedup_key=_key(incident.pk))
        tell(incident.feature, "incident_closed", actor, incident=str(incident.pk), note=note)
    return incident


def page_of(feature: Feature) -> str:
    """The path of the feature's page."""
    return reverse("admin:feature", args=[feature.key])


def _facts(feature: Feature, rollback: Rollback, figures: dict[str, Any]) -> list[tuple[str, object]]:
    evidence = figures["evidence"]
    odds = "beyond doubt" if evidence > 50 else f"{math.exp(evidence):,.0f} times as likely as while healthy"
    return [
        ("Feature", feature.key),
        ("Level", str(rollback.level)),
        ("Businesses", rollback.affected),
        (figures["title"], f"{figures['value']:.4g} from {figures['n']}"),
        ("Limit", f"{figures['comparison'].replace('_', ' ')} {figures['limit']:.4g}"),
        ("Evidence", odds),
        ("False alarm", f"at most {figures['alpha']:g}"),
        ("Rollback", str(rollback.pk)),
    ]


def _key(incident_id: UUID) -> str:
    return f"incident:{incident_id}"


def _found(incident_id: UUID) -> Incident:
    incident = Incident.objects.select_related("feature").filter(pk=incident_id).first()
    if incident is None:
        raise NotFound("There is no such incident")
    return incident


def _refuse_closed(incident: Incident) -> None:
    if incident.closed_at:
        raise StaleState(
            f"{incident.closed_by} closed this at {incident.closed_at:%H:%M} UTC on {incident.closed_at:%d %b}"
        )
