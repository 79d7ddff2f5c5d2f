"""ACT: look at the counting guards of the pilot as soon as a draft with an incident is there, not at the next round.

Rounds (apps/pilots/watching.py) come every half minute all the same: this is only quicker, and may fail.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from apps.accounts.row_access import across_businesses
from apps.core.later import later
from apps.core.models import Event
from apps.drafts.figures_plan import FEATURE
from apps.drafts.models import Draft
from apps.pilots.models import Guard, Rollback
from apps.pilots.rollback import confirm_effect
from apps.pilots.watching import look

LOOK = "apps.drafts.tasks.look_at_incidents"
MADE = {"draft.made", "draft.regenerated"}
INCIDENTS = ("hallucinations", "privacy_incidents", "injection_incidents")
# While another process looks at the same feature this one is turned away: it comes again.
TRIES, BETWEEN = 3, 0.5


def on_events(events: Sequence[Event]) -> None:
    """Event consumer: have the guards looked at once a draft was made that has an incident."""
    made = [event.subject_id for event in events if event.kind in MADE and event.subject_type == "draft"]
    if not made:
        return
    with across_businesses():
        # What the event says is what one version did; the row holds all of them.
        rows = Draft.objects.filter(pk__in=made).values_list(*INCIDENTS)
        if any(any(row) for row in rows):
            later(LOOK)


def look_at_incidents() -> list[Rollback]:
    """Look at each guard of the pilot that counts incidents; the rollbacks that came of it."""
    for turn in range(TRIES):
        if turn:
            time.sleep(BETWEEN)
        made = [rollback for guard_id in _counting() for rollback in look(guard_id=guard_id, now=timezone.now())]
        for rollback in made:
            confirm_effect(rollback)
        if made:
            return made
    return []


def _counting() -> list[UUID]:
    metrics = ("hallucination_count", "security_incidents")
    with across_businesses():
        rows = Guard.objects.filter(feature__key=FEATURE, feature__archived_at=None, enabled=True, metric__in=metrics)
        return list(rows.values_list("pk", flat=True))
