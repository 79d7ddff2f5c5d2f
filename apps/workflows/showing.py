"""ACT: let open pages know that a run has moved, several times a second at most, beside the audit trail.

The trail tells what an auditor asks about, for ever; that a step began is worth a push and nothing more. A push that is
lost is not missed: pages also poll.
"""

import threading
from uuid import UUID

from django.db import transaction

from apps.core.later import Nudger
from apps.core.live import push_events
from apps.core.models import Event

BURST_SECONDS = 0.3
# Of one burst; whoever watches more runs than that sees the others at the next poll.
MOST_TOGETHER = 100

_moved: dict[UUID, UUID] = {}
_lock = threading.Lock()


def show(business_id: UUID, run_id: UUID) -> None:
    """After commit, tell open pages of the business that something about this run has changed."""
    transaction.on_commit(lambda: _note(business_id, run_id))
    _nudger.want_after_commit()


def _note(business_id: UUID, run_id: UUID) -> None:
    with _lock:
        _moved[run_id] = business_id


def _push() -> None:
    with _lock:
        moved = dict(list(_moved.items())[-MOST_TOGETHER:])
        _moved.clear()
    push_events(
        [
            Event(kind="run.moved", subject_type="run", subject_id=str(run_id), business_id=business_id)
            for run_id, business_id in moved.items()
        ]
    )


_nudger = Nudger("moving-runs", _push, BURST_SECONDS)
