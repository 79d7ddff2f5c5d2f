"""ACT: keep what was made, all of it in one transaction: the version, what was masked, the figures, the question."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request, request_approval
from apps.approvals.states import State as RequestState
from apps.core.events import event_of
from apps.core.ids import new_id
from apps.core.joining import run
from apps.core.models import Event
from apps.core.sealing import seal
from apps.drafts.assembling import Background
from apps.drafts.claiming import Held, change_held, in_hand
from apps.drafts.gathering import Called
from apps.drafts.generating import Generated
from apps.drafts.guardrails.terms import Address, Verdicts
from apps.drafts.intents import Reading
from apps.drafts.looking_up import has_newer
from apps.drafts.masking import Redacted
from apps.drafts.models import Draft, DraftVersion, Message, Redaction, Thread
from apps.drafts.prompting import Prompt
from apps.drafts.regenerating import ACTOR, MOVED_ON, leave_behind
from apps.drafts.retrieving import Retrieved
from apps.drafts.selectors import KIND
from apps.drafts.states import Arm, DraftState, MadeBy
from apps.drafts.weighing import Standing, Weighed, weigh

_TEXT = {"type": "string"}
_LINES = {"type": "array", "items": {"type": "string"}, "readOnly": True}
LONGEST_SUBJECT, LONGEST_BODY, LONGEST_REASON = 300, 50_000, 300
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "to": _LINES | {"title": "To"},
        "cc": _LINES | {"title": "Cc"},
        "subject": _TEXT | {"title": "Subject", "maxLength": LONGEST_SUBJECT},
        "body": _TEXT | {"title": "Reply", "maxLength": LONGEST_BODY, "minLength": 1},
        "override_reason": _TEXT | {"title": "Why facts without a source may stand", "maxLength": LONGEST_REASON},
    },
    "required": ["to", "cc", "subject", "body", "override_reason"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Made:
    """A version that is to be kept. first: what the guardrails say of what was generated; shown: of what is shown.

    started: as time.monotonic counts. passages: how many were put into the prompt.
    """

    background: Background
    reading: Reading
    called: tuple[Called, ...]
    retrieved: Retrieved
    passages: int
    arm: Arm
    prompt: Prompt
    generated: Generated
    made_by: MadeBy
    verification: bool
    first: Verdicts
    shown: Verdicts
    material: Mapping[str, Any]
    redactions: tuple[Redacted, ...]
    started: float


def keep(held: Held, made: Made) -> DraftState | None:
    """Write it all and ask a person; the draft's state then, None when the draft was taken from us meanwhile."""
    draft = made.background.draft
    with acting_for(held.business_id):
        # In this order everywhere: thread, request, draft. Whoever stores a newer mail waits here, or we for them.
        run("SELECT id FROM drafts_thread WHERE id = %s FOR NO KEY UPDATE", [draft.thread_id])
        before = _open_request(draft) if held.version else None
        now, weighed = timezone.now(), weigh(_standing(made), made.shown)
        number, message = held.version + 1, made.background.message
        if not change_held(held, _changes(made, number, now), _incidents(made.first), message=message):
            return _overtaken(held, draft, message)
        if made.arm and not draft.thread.arm:
            Thread.objects.filter(pk=draft.thread_id, arm="").update(arm=made.arm)
        _ask(made, number, weighed, before)
    return DraftState.WAITING


def _overtaken(held: Held, draft: Draft, message: Message) -> DraftState | None:
    """STALE where the thread has moved on; None where the draft was taken from us."""
    moved_on = in_hand(held).exists() and has_newer(message)
    return DraftState.STALE if moved_on and leave_behind(draft, MOVED_ON) else None


def payload_of(to: tuple[Address, ...], cc: tuple[Address, ...], subject: str, body: str) -> dict[str, Any]:
    """What a reviewer approves."""
    return {
        "to": [shown_address(one) for one in to],
        "cc": [shown_address(one) for one in cc],
        "subject": subject,
        "body": body,
        "override_reason": "",
    }


def shown_address(one: Address) -> str:
    """Anna Berg <anna@example.com>: for people. What is sent to is computed anew from the thread."""
    name = " ".join(one.name.translate({ord(sign): None for sign in '<>"\\'}).split())
    return f"{name} <{one.address}>" if name else one.address


def _open_request(draft: Draft) -> ApprovalRequest | None:
    rows = ApprovalRequest.objects.filter(kind=KIND, subject_id=draft.pk, state=RequestState.WAITING)
    return rows.select_for_update(of=("self",)).first()


def _standing(made: Made) -> Standing:
    best = [one.confidence for one in (*made.retrieved.replies, *made.retrieved.snippets)]
    asked = [one for one in made.called if one.called]
    answered = any(one.ok for one in made.called)
    # What was not asked for want of a number matters only where nothing else answered.
    notes = [f"{one.title}: {one.error}" for one in made.called if one.error and (one.called or not answered)][:2]
    notes += [made.retrieved.words, made.generated.error, *made.background.recipients.warnings[:1]]
    notes += [f"Written anew: {made.background.draft.instruction}"] if made.background.draft.instruction else []
    return Standing(
        intent=made.reading.intent,
        intent_confidence=made.reading.confidence,
        made_by=made.made_by,
        model=made.generated.model,
        tools_asked=len(asked),
        tools_answered=sum(one.ok for one in asked),
        similarity=max(best) if best and made.passages else None,
        notes=[note for note in notes if note],
    )


def _changes(made: Made, number: int, now: datetime) -> dict[str, Any]:
    """Of the draft: the figures are those of its first version."""
    changes: dict[str, Any] = {
        "state": DraftState.WAITING,
        "held_until": None,
        "next_attempt_at": None,
        "attempts": 0,
        "error": "",
        "version": number,
        "instruction": "",
        "wanted_by": "",
    }
    return changes if number > 1 else changes | _figures(made, now)


def _figures(made: Made, now: datetime) -> dict[str, Any]:
    asked = [one for one in made.called if one.called]
    return {
        "intent": made.reading.intent,
        "intent_confidence": made.reading.confidence,
        "made_by": made.made_by,
        "verification": made.verification,
        "tool_calls": len(asked),
        "tool_errors": sum(one.wrong for one in asked),
        "retrieval": made.retrieved.outcome,
        "retrieval_ms": made.retrieved.took_ms,
        "passages": made.passages,
        "tokens_estimated": made.prompt.tokens,
        "tokens_actual": made.generated.tokens,
        "arm": made.arm,
        "took_ms": round((time.monotonic() - made.started) * 1000, 2),
        "made_at": now,
    }


def _incidents(first: Verdicts) -> dict[str, int]:
    """Those of later versions are added to those of the first."""
    return {
        "hallucinations": _small(first.hallucinations),
        "privacy_incidents": _small(first.privacy_incidents),
        "injection_incidents": _small(first.injection_incidents),
    }


def _small(count: int) -> int:
    """What a small column holds, whatever a model wrote and however often it is asked again."""
    return min(count, 500)


def _version(made: Made, number: int) -> dict[str, Any]:
    draft, shown, generated = made.background.draft, made.shown, made.generated
    recipients = made.background.recipients
    from_model = made.made_by == MadeBy.MODEL
    return {
        "business_id": draft.business_id,
        "draft": draft,
        "number": number,
        "made_by": made.made_by,
        "instruction": draft.instruction,
        "to": msgspec.to_builtins(recipients.to),
        "cc": msgspec.to_builtins(recipients.cc),
        "subject": shown.subject[:LONGEST_SUBJECT],
        "body": shown.body,
        "material": dict(made.material),
        "verdicts": [_kept_stage(one) for one in msgspec.to_builtins(shown.stages)],
        "claims": msgspec.to_builtins(shown.claims),
        "prompt_digest": made.prompt.digest,
        "prompt_parts": [{"part": one.part, "tokens": one.tokens, "kept": one.kept} for one in made.prompt.parts],
        "prompt": f"{made.prompt.system}\n\n{made.prompt.user}" if made.background.chosen.keep_prompts else "",
        "model": (generated.model if from_model or not generated.error else made.made_by)[:120],
        "provider": generated.provider if from_model else "",
        "usage_id": generated.usage_id,
    }


def _kept_stage(stage: dict[str, Any]) -> dict[str, Any]:
    """A verdict without the originals of what was masked: those are sealed, or nowhere."""
    findings = [{key: value for key, value in one.items() if key != "original"} for one in stage["findings"]]
    return stage | {"findings": findings}


def _redactions(made: Made) -> list[Redaction]:
    return [
        Redaction(
            business_id=made.background.draft.business_id,
            draft=made.background.draft,
            place=one.place[:20],
            kind=one.kind[:20],
            masked=one.masked[:120],
            sealed=seal(one.original[:2000]),
        )
        for one in made.redactions
    ]


def _ask(made: Made, number: int, weighed: Weighed, before: ApprovalRequest | None) -> None:
    """Write the version, what was masked, the request for approval and the audit events, in one round trip."""
    draft, recipients = made.background.draft, made.background.recipients
    if before is not None:
        cancel_request(request_id=before.pk, actor=ACTOR, why="A new version of the draft takes its place")
    whom = made.background.customer_name or made.background.message.sender or "somebody"
    subject = " ".join(made.background.message.subject.split()) or "(no subject)"
    request_id = new_id()
    version, told = DraftVersion(**_version(made, number)), _told(made, number, request_id)
    request_approval(
        business_id=draft.business_id,
        request_id=request_id,
        kind=KIND,
        subject_id=draft.pk,
        title=f"Reply to {whom}: {subject}",
        why=weighed.why,
        payload=payload_of(recipients.to, recipients.cc, made.shown.subject[:LONGEST_SUBJECT], made.shown.body),
        payload_schema=SCHEMA,
        requested_by=ACTOR,
        confidence=weighed.confidence,
        risk=weighed.risk,
        factors=weighed.factors,
        checks=weighed.checks,
        beside=[version, *_redactions(made), told],
    )
    if before is not None and before.claimed_by_id and before.claimed_until:
        # Whoever had the old version before them has the new one.
        kept = {"claimed_by_id": before.claimed_by_id, "claimed_until": before.claimed_until}
        ApprovalRequest.objects.filter(pk=request_id).update(**kept)


def _told(made: Made, number: int, request_id: UUID) -> Event:
    draft = made.background.draft
    return event_of(
        kind="draft.made" if number == 1 else "draft.regenerated",
        subject_type="draft",
        subject_id=draft.pk,
        business_id=draft.business_id,
        actor=draft.wanted_by or ACTOR,
        thread=str(draft.thread_id),
        request_id=str(request_id),
        version=number,
        intent=str(made.reading.intent),
        made_by=str(made.made_by),
        retrieval=str(made.retrieved.outcome),
        blocked=made.shown.blocked,
        hallucinations=made.first.hallucinations,
        privacy_incidents=made.first.privacy_incidents,
        injection_incidents=made.first.injection_incidents,
    )
