"""ACT: judge a reviewer's text as the machine's was judged, and refuse approval while a fact has no source."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.approvals.models import ApprovalRequest
from apps.approvals.verdicts import EditVerdict
from apps.core.errors import Invalid, NotFound, StaleState
from apps.drafts.assembling import context_of_version, read_background
from apps.drafts.guardrails.checking import check_draft
from apps.drafts.guardrails.terms import Candidate, Finding, Verdicts
from apps.drafts.models import Draft
from apps.drafts.requests import reason_of
from apps.drafts.states import DraftState, Stage
from apps.drafts.weighing import checks_of

# Nobody sends these by mail, whatever the reason; other personal data a person may let through with a reason.
NEVER = frozenset({"card", "iban", "ssn", "national_id", "account", "secret"})
FIXED = ("to", "cc")
MOST_NAMED = 3


def check_text(*, draft_id: UUID, subject: str, body: str) -> Verdicts:
    """What every guardrail says of a text in the place of the draft's newest version. Writes nothing.

    Raises NotFound for a draft that has no version yet.
    """
    rows = Draft.objects.select_related("thread__mailbox", "message", "business")
    draft = rows.filter(pk=draft_id).first()
    background = read_background(draft) if draft else None
    if background is None or background.version is None:
        raise NotFound(f"There is no draft {draft_id}")
    context = context_of_version(background, background.version, timezone.localdate())
    return check_draft(Candidate(subject, body), context)


def recheck_edit(request: ApprovalRequest, payload: Any) -> EditVerdict:
    """Edit check of kind "draft": the recipients stay, subject and body are judged anew, facts marked anew."""
    if any(payload.get(name) != request.payload.get(name) for name in FIXED):
        return EditVerdict(allowed=False, reason="Recipients come from the thread and cannot be changed")
    subject, body = payload.get("subject"), payload.get("body")
    reason = payload.get("override_reason", "")
    if not (isinstance(subject, str) and isinstance(body, str) and isinstance(reason, str)):
        return EditVerdict(allowed=False, reason="subject, body and override_reason are texts")
    if not body.strip():
        return EditVerdict(allowed=False, reason="The reply is empty")
    verdicts = check_text(draft_id=request.subject_id, subject=subject, body=body)
    problem = _problem(verdicts, subject, reason_of(payload))
    return EditVerdict(allowed=not problem, reason=problem, checks=checks_of(verdicts))


def may_approve(request: ApprovalRequest) -> None:
    """Approval check of kind "draft", for every vote. Raises Invalid, StaleState.

    What the checks say belongs to the payload as it is: they are written with it, and again with every edit.
    """
    state = Draft.objects.filter(pk=request.subject_id).values_list("state", flat=True).first()
    if state != DraftState.WAITING:
        raise StaleState("A new version is being written, or the thread has moved on; look again", state=state)
    if not request.payload.get("to"):
        raise Invalid("payload.to", "There is nobody to answer")
    if not request.checks.get("blocked") or reason_of(request.payload):
        return
    named = [str(one.get("text", "")) for one in request.checks.get("unsupported", []) if isinstance(one, Mapping)]
    raise Invalid("payload.override_reason", _blocked(named, request.checks.get("checks", [])))


def _problem(verdicts: Verdicts, subject: str, reason: str) -> str:
    """Why an edit may not be put in place at all; "" when it may."""
    if verdicts.stage(Stage.HEADERS).status == "fail" or verdicts.subject != " ".join(subject.split()):
        return "A subject is one line of plain text, and a reply holds no mail headers"
    never = [one for one in verdicts.redactions if one.kind in NEVER]
    if never:
        return f"Take this out, it is never sent by mail: {_masked(never)}"
    if verdicts.redactions and not reason:
        return f"It holds personal data; take it out or say why it may stand: {_masked(verdicts.redactions)}"
    return ""


def _blocked(named: list[str], checks: Iterable[Any]) -> str:
    if named:
        some = ", ".join(f"“{text[:60]}”" for text in named[:MOST_NAMED])
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        return f"No source says this: {some}{more}. Change the reply, or say why it may stand"
    failed = [str(one.get("reason", "")) for one in checks if isinstance(one, Mapping) and one.get("status") == "fail"]
    return " ".join(failed[:2]) + " Change the reply, or say why it may stand"


def _masked(found: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(one.text for one in found))
