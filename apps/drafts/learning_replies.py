"""ACT: learn past replies: each with the customer's mail that it answered, without anybody's personal data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.drafts.guardrails.masking import names_greeted
from apps.drafts.guardrails.privacy import allowed_of, mask
from apps.drafts.models import Mailbox, Message
from apps.drafts.states import Direction
from apps.knowledge.indexing import NewDocument, ensure_collection, index_many

log = logging.getLogger(__name__)

COLLECTION = "replies"
# So many go to the embedder together.
BATCH = 64
# A reply shorter than this teaches nothing; of one longer than that the rest is left out.
LEAST, MOST = 15, 6000
# Of the customer's mail, shown to the model beside the reply.
MOST_ASKED = 1000


@dataclass(frozen=True, slots=True)
class Learned:
    """same: learned before, and unchanged. skipped: nothing to learn: it answers no mail, or says hardly anything."""

    indexed: int = 0
    same: int = 0
    duplicates: int = 0
    skipped: int = 0
    failed: int = 0

    def __add__(self, other: Learned) -> Learned:
        return Learned(
            self.indexed + other.indexed,
            self.same + other.same,
            self.duplicates + other.duplicates,
            self.skipped + other.skipped,
            self.failed + other.failed,
        )


def replies() -> QuerySet[Message]:
    """Our own mails that a person wrote or approved, each with what it answered. Ask acting for a business."""
    before = Message.objects.filter(
        thread=OuterRef("thread"), direction=Direction.IN, automatic="", received_at__lt=OuterRef("received_at")
    ).order_by("-received_at", "-id")
    return (
        Message.objects.filter(direction=Direction.OUT, automatic="")
        .annotate(asked=Subquery(before.values("reply_text")[:1]))
        .select_related("mailbox", "thread")
    )


def index_replies(*, business_id: UUID, messages: Sequence[Message]) -> Learned:
    """Learn these (rows of `replies`), each once however often it is asked for; equal pairs are one.

    A batch that fails is tried one by one. Raises what the embedder raised when not a single one came through.
    """
    documents, skipped = [], 0
    for message in messages:
        document = _pair(message)
        if document is None:
            skipped += 1
        else:
            documents.append((message.pk, document))
    learned = Learned(skipped=skipped)
    if documents:
        ensure_collection(business_id=business_id, key=COLLECTION, name="Past replies", kind="replies")
        learned += _index(business_id, documents)
    with acting_for(business_id):
        Message.objects.filter(pk__in=[message.pk for message in messages], indexed_at=None).update(
            indexed_at=timezone.now()
        )
    return learned


def _index(business_id: UUID, documents: Sequence[tuple[UUID, Any]]) -> Learned:
    try:
        return _indexed(business_id, [document for _, document in documents])
    except Exception as error:
        if len(documents) == 1:
            raise
        log.warning("a batch of %d replies of %s could not be learned: %s", len(documents), business_id, error)
    learned, last = Learned(), None
    for _, document in documents:
        try:
            learned += _indexed(business_id, [document])
        except Exception as error:
            last = error
            learned += Learned(failed=1)
            # When several in a row fail it is the embedder, not the reply.
            if learned.failed >= 3 and learned.failed == sum(
                (learned.indexed, learned.same, learned.duplicates, learned.failed)
            ):
                raise
    if last is not None:
        log.warning("%d replies of %s could not be learned: %s", learned.failed, business_id, last)
    return learned


def _indexed(business_id: UUID, documents: list[Any]) -> Learned:
    states = [
        one.state
        for one in index_many(business_id=business_id, collection=COLLECTION, documents=documents, dedupe=True)
    ]
    return Learned(states.count("indexed"), states.count("same"), states.count("duplicate"))


def _pair(message: Any) -> Any:
    """What is searched is the customer's mail, what is found is our reply. None for nothing to learn."""
    reply = _without(message.reply_text, message.mailbox.signature).strip()[:MOST]
    asked = (message.asked or "").strip()[:MOST]
    if len(reply) < LEAST or not asked:
        return None
    own, names = _terms(message.mailbox, message)
    question = mask(asked, own, names)[0]
    return NewDocument(
        key=str(message.pk),
        title=mask(message.subject, own, names)[0],
        text=mask(reply, own, names)[0],
        searchable=question,
        whole=True,
        meta={"thread": str(message.thread_id), "asked": question[:MOST_ASKED]},
        source=f"mail:{message.pk}",
        created_at=message.received_at,
    )


def _terms(mailbox: Mailbox, message: Any) -> tuple[Any, frozenset[str]]:
    """What may stay (our own addresses and what our signature says), and the names that may not."""
    own = allowed_of([mailbox.address, *mailbox.aliases, mailbox.name, mailbox.signature])
    names = set(names_greeted(message.reply_text))
    customer = message.thread.customer_name.strip()
    names |= {part for part in (customer, *customer.split()) if len(part) > 2 and part[0].isupper()}
    ours = set(mailbox.name.split())
    return own, frozenset(name for name in names if name not in ours)


def _without(text: str, signature: str) -> str:
    """The text without our own signature below it."""
    signature = signature.strip()
    stripped = text.rstrip()
    if signature and stripped.endswith(signature):
        stripped = stripped[: -len(signature)].rstrip().removesuffix("--").rstrip()
    return stripped
