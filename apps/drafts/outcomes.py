"""ACT: what a person's decision does to the draft it was about: it goes out, or it is discarded. Never without one."""

from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State as RequestState
from apps.core.errors import StaleState
from apps.drafts.models import Draft
from apps.drafts.regenerating import ACTOR, OPEN, record_draft, why_not
from apps.drafts.requests import reason_of
from apps.drafts.selectors import first_version
from apps.drafts.sending import queue_sending
from apps.drafts.states import DraftState
from apps.trust.edits import judge_edit

_WHY = {
    RequestState.REJECTED: "rejected",
    RequestState.EXPIRED: "nobody decided in time",
    RequestState.CANCELLED: "withdrawn",
}


def on_decision(request: ApprovalRequest) -> None:
    """Decision outcome of kind "draft": called once, in the transaction of the decision, which holds the request.

    Raises StaleState to approve what is being written anew, or has moved on.
    """
    if request.state == RequestState.APPROVED:
        _approve(request)
    elif request.state in _WHY and not _is_ours(request):
        _discard(request)


def _is_ours(request: ApprovalRequest) -> bool:
    """Whether we took the request back ourselves, because another version or another draft takes its place."""
    return request.state == RequestState.CANCELLED and request.decided_by == ACTOR


def _approve(request: ApprovalRequest) -> None:
    draft = Draft.objects.select_for_update(of=("self",)).select_related("thread__mailbox").get(pk=request.subject_id)
    if draft.state != DraftState.WAITING:
        raise StaleState(why_not(draft), state=str(draft.state))
    payload = request.payload
    first = first_version(draft.pk)
    draft.state, draft.decided_at, draft.decided_by = DraftState.APPROVED, timezone.now(), request.decided_by
    draft.edit_distance = judge_edit(first.body, payload["body"])[2] if first else None
    draft.override_reason = reason_of(payload)[:300]
    fields = ["state", "decided_at", "decided_by", "edit_distance", "override_reason"]
    draft.save(update_fields=fields)
    overridden = request.checks.get("unsupported", []) if draft.override_reason else []
    why = {"override_reason": draft.override_reason, "overridden": overridden}
    record_draft("draft.approved", draft, request.decided_by, **why)
    queue_sending(draft=draft, request=request)


def _discard(request: ApprovalRequest) -> None:
    """Of a draft whose next version is being written too: nobody wants it any more."""
    draft = Draft.objects.get(pk=request.subject_id)
    by = request.decided_by or "system:deadline"
    changes = {"held_until": None, "next_attempt_at": None, "decided_at": timezone.now(), "decided_by": by}
    rows = Draft.objects.filter(pk=draft.pk, state__in=OPEN)
    if rows.update(state=DraftState.DISCARDED, **changes):
        record_draft("draft.discarded", draft, by, why=_WHY[RequestState(request.state)])
