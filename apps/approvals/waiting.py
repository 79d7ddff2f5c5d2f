"""ACT: wait a while for a request to end, without holding a transaction, and without using up the process's threads."""

import threading
import time
from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State

LONGEST_SECONDS = 30
LOOK_EVERY_SECONDS = 0.25
# What a caller who found no place is asked to wait before it comes again.
COME_AGAIN_SECONDS = 2

# Half of the threads of a web process: the others go on answering.
PLACES = 2

_places = threading.BoundedSemaphore(PLACES)


def wait_for_end(*, business_id: UUID, request_id: UUID, seconds: float) -> bool:
    """Return when the request waits for nobody any more (or is not there), or after `seconds`.

    False at once when this process has as many waiting as it may: the caller polls instead. Call outside a transaction.
    """
    if not _places.acquire(blocking=False):
        return False
    try:
        until = time.monotonic() + min(seconds, LONGEST_SECONDS)
        while _waits(business_id, request_id) and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_EVERY_SECONDS, left))
    finally:
        _places.release()
    return True


def _waits(business_id: UUID, request_id: UUID) -> bool:
    with acting_for(business_id):
        return ApprovalRequest.objects.filter(pk=request_id, state=State.WAITING).exists()
