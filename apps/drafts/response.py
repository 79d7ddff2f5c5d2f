"""What REST answers about threads, drafts and their settings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.approvals.models import ApprovalRequest
from apps.drafts.models import Draft, DraftSettings, DraftVersion, IntentTool, Message, Thread


def thread_as_json(thread: Thread) -> dict[str, Any]:
    return {
        "id": str(thread.pk),
        "subject": thread.subject,
        "customer": {"name": thread.customer_name, "address": thread.customer},
        "mailbox": str(thread.mailbox_id),
        "messages_count": thread.messages_count,
        "last_message_at": _moment(thread.last_message_at),
        "created_at": _moment(thread.created_at),
    }


def whole_thread(
    thread: Thread, messages: Sequence[Message], drafts: Sequence[Draft], texts: Mapping[Any, str]
) -> dict[str, Any]:
    """texts: what each message says, masked, by its id."""
    answer = thread_as_json(thread)
    answer["messages"] = [_message(one, texts.get(one.pk, "")) for one in messages]
    answer["drafts"] = [draft_as_json(one) for one in drafts]
    return answer


def draft_as_json(draft: Draft) -> dict[str, Any]:
    """The draft with its figures, without its wording."""
    return {
        "id": str(draft.pk),
        "thread": str(draft.thread_id),
        "message": str(draft.message_id),
        "state": draft.state,
        "version": draft.version,
        "error": draft.error,
        "intent": draft.intent,
        "intent_confidence": draft.intent_confidence,
        "made_by": draft.made_by,
        "verification": draft.verification,
        "hallucinations": draft.hallucinations,
        "privacy_incidents": draft.privacy_incidents,
        "injection_incidents": draft.injection_incidents,
        "tool_calls": draft.tool_calls,
        "tool_errors": draft.tool_errors,
        "retrieval": draft.retrieval,
        "retrieval_ms": draft.retrieval_ms,
        "passages": draft.passages,
        "tokens_estimated": draft.tokens_estimated,
        "tokens_actual": draft.tokens_actual,
        "arm": draft.arm,
        "took_ms": draft.took_ms,
        "edit_distance": draft.edit_distance,
        "override_reason": draft.override_reason,
        "decided_at": _moment(draft.decided_at),
        "decided_by": draft.decided_by,
        "made_at": _moment(draft.made_at),
        "created_at": _moment(draft.created_at),
    }


def whole_draft(
    draft: Draft, versions: Sequence[DraftVersion], request: ApprovalRequest | None, newer: int
) -> dict[str, Any]:
    """With every version, and the request by which it waits. newer: messages that came after the one it answers."""
    answer = draft_as_json(draft)
    answer["versions"] = [_version(one) for one in versions]
    answer["request"] = str(request.pk) if request else None
    answer["blocked"] = bool(request.checks.get("blocked")) if request else False
    answer["newer_messages"] = newer
    return answer


def settings_as_json(chosen: DraftSettings, tools: Sequence[IntentTool]) -> dict[str, Any]:
    return {
        "enabled": chosen.enabled,
        "keep_prompts": chosen.keep_prompts,
        "model": chosen.model,
        "token_budget": chosen.token_budget,
        "guidance": chosen.guidance,
        "compare": chosen.compare,
        "control_share": chosen.control_share,
        "keep_days": chosen.keep_days,
        "intent_tools": [
            {"id": str(one.pk), "intent": one.intent, "tool": str(one.tool_id), "arguments": one.arguments}
            for one in tools
        ],
        "updated_at": _moment(chosen.updated_at),
        "updated_by": chosen.updated_by,
    }


def _message(message: Message, text: str) -> dict[str, Any]:
    return {
        "id": str(message.pk),
        "message_id": message.message_id,
        "direction": message.direction,
        "source": message.source,
        "sender": {"name": message.sender_name, "address": message.sender},
        "to": message.to,
        "cc": message.cc,
        "subject": message.subject,
        "text": text,
        "attachments": message.attachments,
        "automatic": message.automatic,
        "problems": message.problems,
        "received_at": _moment(message.received_at),
    }


def _version(version: DraftVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "made_by": version.made_by,
        "model": version.model,
        "provider": version.provider,
        "instruction": version.instruction,
        "to": version.to,
        "cc": version.cc,
        "subject": version.subject,
        "body": version.body,
        "material": version.material,
        "verdicts": version.verdicts,
        "claims": version.claims,
        "prompt_digest": version.prompt_digest,
        "prompt_parts": version.prompt_parts,
        "created_at": _moment(version.created_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
