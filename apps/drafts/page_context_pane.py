"""EDGE: what the pane of a draft is given: the mail, the reply, and everything that speaks for or against it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.approvals.models import ApprovalRequest
from apps.drafts.marking import Fact, facts_of, runs_of
from apps.drafts.models import Draft, DraftVersion, Message, Redaction
from apps.drafts.page_context_mail import MailShown, allowed_in, mails_of, people
from apps.drafts.reading_material import passages_of, tools_of
from apps.drafts.states import Direction, RetrievalOutcome, Stage
from apps.drafts.word_diff import Piece, word_diff

# Earlier messages of a thread that are shown beside the newest; the page of the thread has them all.
MOST_MAILS = 30

RETRIEVAL_WORDS = {
    RetrievalOutcome.HIT: "With past replies and snippets",
    RetrievalOutcome.MISS: "No past reply or snippet was near enough",
    RetrievalOutcome.TIMEOUT: "Made without past replies: looking them up took longer than {seconds:g} s",
    RetrievalOutcome.ERROR: "Made without past replies: looking them up failed",
    RetrievalOutcome.OFF: "Made without past replies: retrieval is off here",
    RetrievalOutcome.DROPPED: "Past replies were found, and left out because the prompt had no room for them",
}
MADE_WORDS = {
    "model": "Written by a model",
    "template": "Put together by the template, without a model",
    "verification": "Asks for what is missing: no data was found to answer with",
    "person": "Written by a person",
}
STAGE_WORDS = {
    "recipients": "Recipients",
    "headers": "Headers",
    "privacy": "Personal data",
    "tool_data": "Data of the tools",
    "grounding": "Facts and their sources",
    "instructions": "Instructions in the mail",
    "form": "Form",
}
STATUS_WORDS = {"pass": "Passed", "warn": "Look", "fail": "Failed"}


@dataclass(frozen=True, slots=True)
class VersionShown:
    """One wording, and what changed from the one before."""

    version: DraftVersion
    made: str
    changes: tuple[Piece, ...]
    subject_changes: tuple[Piece, ...]


def find_draft(row: ApprovalRequest) -> Draft | None:
    found = Draft.objects.filter(business_id=row.business_id, pk=row.subject_id)
    return found.select_related("thread", "thread__mailbox", "message", "sending").first()


def versions_of(draft: Draft) -> list[DraftVersion]:
    return list(DraftVersion.objects.filter(draft=draft).defer("prompt").order_by("number"))


def shown_version(versions: list[DraftVersion], body: str) -> DraftVersion | None:
    """The newest version that says what is asked to be approved, else the newest: an edit is no version of its own."""
    return next((one for one in reversed(versions) if one.body == body), versions[-1] if versions else None)


def conversation(draft: Draft) -> tuple[list[Message], Message | None]:
    """(at most MOST_MAILS messages, newest first; the newest inbound one if it came after the draft's)."""
    rows = list(Message.objects.filter(thread_id=draft.thread_id).order_by("-received_at", "-id")[:MOST_MAILS])
    newest = next((one for one in rows if one.direction == Direction.IN and not one.automatic), None)
    later = newest is not None and newest.pk != draft.message_id and newest.received_at >= draft.message.received_at
    return rows, newest if later else None


def mails_in(draft: Draft, rows: list[Message]) -> tuple[MailShown | None, list[MailShown]]:
    """(the mail that is answered, the others of the thread, newest first)."""
    allowed = allowed_in(draft.thread.mailbox, draft.thread.customer)
    answered = next((one for one in rows if one.pk == draft.message_id), draft.message)
    others = [one for one in rows if one.pk != draft.message_id]
    return mails_of([answered], allowed=allowed)[0], mails_of(others, allowed=allowed)


def recipients_in(draft: Draft, version: DraftVersion | None, payload: dict[str, Any]) -> dict[str, Any]:
    """to and cc in words, and why it is these."""
    to, cc = payload.get("to"), payload.get("cc")
    message = draft.message
    asked = {str(one.get("address", "")).lower() for one in message.reply_to if isinstance(one, dict)}
    by_reply_to = bool(asked) and message.sender.lower() not in asked
    why = "The mail asks for replies to this address (Reply-To)." if by_reply_to else "They wrote the mail."
    if cc:
        why += " Copies go to whoever had one of the mail."
    return {"to": _named(to), "cc": _named(cc), "why": why + " Nothing in the mail or from a model can change this."}


def body_context(body: str, version: DraftVersion | None) -> dict[str, Any]:
    """The reply in runs, its facts, and those of them that nothing supports."""
    claims = version.claims if version else []
    facts = facts_of(claims)
    return {"runs": runs_of(body, claims), "facts": facts, "unsupported": unsupported(facts)}


def unsupported(facts: tuple[Fact, ...]) -> list[Fact]:
    return [fact for fact in facts if not fact.supported]


def verdicts_of(rows: Any) -> list[dict[str, Any]]:
    """The layers of the guardrails, each with its words and findings."""
    found = [one for one in rows if isinstance(one, dict)] if isinstance(rows, list | tuple) else []
    return [
        {
            "key": str(one.get("stage", "")),
            "stage": STAGE_WORDS.get(str(one.get("stage")), str(one.get("stage", "")).capitalize()),
            "status": str(one.get("status", "")),
            "word": STATUS_WORDS.get(str(one.get("status")), str(one.get("status", ""))),
            "words": str(one.get("words") or ""),
            "findings": _findings(one),
        }
        for one in found
    ]


def _findings(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    """What a layer found; the facts without a source stand among the facts already."""
    if verdict.get("stage") == Stage.GROUNDING:
        return []
    return [finding for finding in verdict.get("findings") or [] if isinstance(finding, dict)][:20]


def history_of(versions: list[DraftVersion], row: ApprovalRequest) -> list[VersionShown]:
    """The versions, newest first, each with what it changed of the one before."""
    before: DraftVersion | None = None
    shown = []
    for version in versions:
        shown.append(
            VersionShown(
                version=version,
                made=MADE_WORDS.get(version.made_by, version.made_by),
                changes=word_diff(before.body, version.body) if before else (),
                subject_changes=word_diff(before.subject, version.subject) if before else (),
            )
        )
        before = version
    return shown[::-1]


def edit_of(row: ApprovalRequest) -> tuple[Piece, ...]:
    """What a person changed of the draft, where the request carries another wording than it was asked with."""
    if not isinstance(row.original, dict):
        return ()
    return word_diff(str(row.original.get("body", "")), str(row.payload.get("body", "")))


def evidence_of(version: DraftVersion | None) -> dict[str, Any]:
    material = version.material if version else {}
    return {"tools": tools_of(material), "passages": passages_of(material)}


def redactions_of(draft_id: UUID) -> list[Redaction]:
    return list(Redaction.objects.filter(draft_id=draft_id).defer("sealed").order_by("id")[:100])


def retrieval_words(draft: Draft, seconds: float) -> str:
    return RETRIEVAL_WORDS.get(RetrievalOutcome(draft.retrieval), "").format(seconds=seconds) if draft.retrieval else ""


def _named(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [one if isinstance(one, str) else people([one]) for one in value]
