"""EDGE: what the queue shows of a request to send a drafted reply (settings.REQUEST_PANES)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.drafts.models import Draft, DraftVersion, Message
from apps.drafts.page_context import who
from apps.drafts.page_context_pane import (
    MADE_WORDS,
    body_context,
    conversation,
    edit_of,
    evidence_of,
    find_draft,
    history_of,
    mails_in,
    recipients_in,
    redactions_of,
    retrieval_words,
    shown_version,
    verdicts_of,
    versions_of,
)
from apps.drafts.page_usage import usage_of
from apps.drafts.selectors import open_request_of
from apps.drafts.states import DraftState


def pane_of(request: HttpRequest, row: ApprovalRequest) -> Mapping[str, Any] | None:
    """The conversation, the reply and its evidence. None: the draft is gone, and the payload is shown bare."""
    draft = find_draft(row)
    if draft is None:
        return None
    body = str(row.payload.get("body", ""))
    versions = versions_of(draft)
    version = shown_version(versions, body)
    rows, later = conversation(draft)
    mail, others = mails_in(draft, rows)
    return {
        "template": "drafts/pane/pane.html",
        "approve": "Approve and send",
        "approve_changed": "Send with changes",
        "who": who(request),
        "draft": draft,
        "version": version,
        "mail": mail,
        "others": others,
        "earlier": max(0, draft.thread.messages_count - len(rows)),
        "subject": str(row.payload.get("subject", "")),
        "body": body,
        "blocked": bool(row.checks.get("blocked")) if isinstance(row.checks, dict) else False,
        "override": str(row.payload.get("override_reason", "")),
        "recipients": recipients_in(draft, version, row.payload),
        "versions": history_of(versions, row),
        "edit": edit_of(row),
        "redactions": redactions_of(draft.pk),
        "verdicts": verdicts_of(version.verdicts if version else []),
        **body_context(body, version),
        **evidence_of(version),
        **made_context(draft, version),
        **banner_context(draft, row, later=later),
    }


def made_context(draft: Draft, version: DraftVersion | None) -> dict[str, Any]:
    """Who made the version, of what, and at what cost."""
    return {
        "made": MADE_WORDS.get(version.made_by, version.made_by) if version else "",
        "retrieval": retrieval_words(draft, settings.RETRIEVAL_SECONDS),
        "usage": usage_of(version),
        "parts": [one for one in (version.prompt_parts if version else []) if isinstance(one, dict)],
    }


def banner_context(draft: Draft, row: ApprovalRequest, *, later: Message | None) -> dict[str, Any]:
    """What has changed since the reply was written: a newer mail, another version, what became of the sending."""
    waiting = row.state == State.WAITING
    over = not waiting and draft.state not in (DraftState.APPROVED, DraftState.SENT)
    newer = Draft.objects.filter(message_id=later.pk).first() if later and draft.state != DraftState.SENT else None
    return {
        "waiting": waiting,
        "later": later if waiting or newer else None,
        "newer_request": open_request_of(newer.pk) if newer else None,
        "newer_draft": newer,
        "making": draft.version > 0 and draft.state in (DraftState.QUEUED, DraftState.MAKING),
        "new_version": open_request_of(draft.pk) if over else None,
        "sending": getattr(draft, "sending", None),
    }


def banner_of(request: HttpRequest, draft: Draft, row: ApprovalRequest) -> dict[str, Any]:
    """What banner.html needs, for a page that is open already."""
    _, later = conversation(draft)
    return {"who": who(request), "draft": draft, **banner_context(draft, row, later=later)}
