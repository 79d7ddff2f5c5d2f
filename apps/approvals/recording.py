"""ACT: the audit events of requests, each with what a listener needs to act without reading the request first."""

from typing import Any

from apps.approvals.models import ApprovalRequest
from apps.core.events import event_of
from apps.core.inserting import insert
from apps.core.models import Event


def record_change(kind: str, request: ApprovalRequest, actor: str, **data: Any) -> None:
    """Record that a request changed. Call inside the transaction of the change, with the row as it is now."""
    insert(change_event(kind, request, actor, **data))


def change_event(kind: str, request: ApprovalRequest, actor: str, **data: Any) -> Event:
    """The event `record_change` would write, to be inserted together with other rows."""
    return event_of(
        kind=kind,
        subject_type="approval",
        subject_id=request.pk,
        business_id=request.business_id,
        actor=actor,
        request_kind=request.kind,
        request_subject_id=str(request.subject_id),
        state=str(request.state),
        payload_hash=request.payload_hash,
        version=request.version,
        **data,
    )
