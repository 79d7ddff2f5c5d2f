"""EDGE: messages as the pane of a draft and the page of a thread show them: text first, personal data masked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.drafts.models import Mailbox, Message
from apps.drafts.page_masking import masked
from apps.drafts.states import Direction

# Of one mail on a page; its whole text is one click away.
MOST_SHOWN = 20_000
AUTOMATIC_WORDS = {
    "bounce": "Returned mail",
    "auto-reply": "Automatic reply",
    "list": "From a mailing list",
    "own": "From our own address",
}


@dataclass(frozen=True, slots=True)
class MailShown:
    """One message. text: what was written in it; rest: what it quotes; hidden: pieces of personal data masked."""

    id: UUID
    ours: bool
    name: str
    address: str
    to: str
    cc: str
    subject: str
    at: datetime
    claimed_at: datetime | None
    text: str
    rest: str
    hidden: int
    has_html: bool
    attachments: tuple[tuple[str, str], ...]
    automatic: str
    problems: tuple[str, ...]
    indexed: bool
    cut: bool


def mails_of(messages: Iterable[Message], *, allowed: frozenset[str]) -> list[MailShown]:
    """allowed: what need not be masked, in lower case: the business's own addresses and the customer's."""
    return [mail_of(message, allowed=allowed) for message in messages]


def mail_of(message: Message, *, allowed: frozenset[str], plain: bool = False) -> MailShown:
    """plain: nothing is masked; for who may see it, once that is audited."""
    written, rest = _parted(message)
    text, hidden = (written, 0) if plain else masked(written[:MOST_SHOWN], allowed)
    quoted, more = (rest, 0) if plain else masked(rest[:MOST_SHOWN], allowed)
    return MailShown(
        id=message.pk,
        ours=message.direction == Direction.OUT,
        name=message.sender_name or message.sender or "Unknown",
        address=message.sender if message.sender_name else "",
        to=people(message.to),
        cc=people(message.cc),
        subject=message.subject,
        at=message.received_at,
        claimed_at=_odd_date(message),
        text=text,
        rest=quoted,
        hidden=hidden + more,
        has_html=bool(message.html),
        attachments=tuple(
            (str(one.get("name") or "unnamed"), _size(one.get("size"))) for one in _dicts(message.attachments)
        ),
        automatic=AUTOMATIC_WORDS.get(message.automatic, message.automatic),
        problems=tuple(str(one) for one in message.problems[:20]),
        indexed=message.indexed_at is not None,
        cut=len(written) > MOST_SHOWN or len(rest) > MOST_SHOWN,
    )


def allowed_in(mailbox: Mailbox, customer: str) -> frozenset[str]:
    """What is no secret in a conversation: who takes part in it."""
    return frozenset(one.lower() for one in (mailbox.address, *mailbox.aliases, customer) if one)


def people(rows: Any, most: int = 6) -> str:
    """[{name, address}] in words."""
    found = [person(one) for one in _dicts(rows)]
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")


def person(row: dict[str, Any]) -> str:
    name, address = str(row.get("name") or ""), str(row.get("address") or "")
    return f"{name} <{address}>" if name and address else name or address


def _parted(message: Message) -> tuple[str, str]:
    """(what was written, what stands around it: quoted mails and signatures)."""
    whole, written = message.text.strip(), message.reply_text.strip()
    if not written or written == whole:
        return whole, ""
    return written, whole[len(written) :].strip() if whole.startswith(written) else whole


def _odd_date(message: Message) -> datetime | None:
    """Its own Date, where that is more than a day off: it may be forged."""
    if message.claimed_at is None:
        return None
    return message.claimed_at if abs((message.received_at - message.claimed_at).total_seconds()) > 86_400 else None


def _size(size: Any) -> str:
    if not isinstance(size, int | float):
        return ""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} kB"


def _dicts(rows: Any) -> list[dict[str, Any]]:
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []
