"""ACT: write the audit of a past that is made up, at the times it tells of. It is told to nobody: it is no news."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.core.models import Outbox
from apps.ops.demo.history import id_at
from apps.pilots.changing import SUBJECT
from apps.pilots.models import Feature


@dataclass(frozen=True, slots=True)
class Told:
    """One entry about a feature. kind: as after "feature."."""

    at: datetime
    kind: str
    actor: str
    data: dict[str, Any] = field(default_factory=dict)


def write_trail(feature: Feature, entries: Sequence[Told], chance: random.Random) -> None:
    """Write the entries into the trail of the feature's home. Call in a transaction across businesses."""
    rows = [_row(feature, told, id_at(told.at, chance)) for told in entries]
    with connection.cursor() as cursor:
        # By the model, each would have been at this moment.
        cursor.executemany(
            "INSERT INTO core_event (id, business_id, at, kind, subject_type, subject_id, actor, data)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    Outbox.objects.filter(pk__in=[row[0] for row in rows]).delete()


def _row(feature: Feature, told: Told, pk: UUID) -> tuple[Any, ...]:
    data = json.dumps({"feature": feature.key, "demo": True, **told.data})
    return pk, feature.home_id, told.at, f"feature.{told.kind}", SUBJECT, str(feature.pk), told.actor, data
