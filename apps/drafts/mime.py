"""RULE: build a mail that goes out: only the headers we mean, whatever the words in them are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.utils import format_datetime

from apps.drafts.mail_headers import MOST_REFERENCES, Address, checked_address

_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_RE = re.compile(r"^\s*(?:re|aw|antw|sv|vs|ref|odp|r)\s*(?:\[\d{1,3}\])?\s*:", re.IGNORECASE)
_WRITABLE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,250}")
# No line of a mail may be longer (RFC 5322), and ids are not folded.
_POLICY = policy.SMTP.clone(max_line_length=200)


class HeaderRefused(ValueError):
    """A header cannot be written: it would become another header, or is no address."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be. body: plain text. sender: our own address. message_id, references: without angle brackets."""

    sender: Address
    to: Sequence[Address]
    cc: Sequence[Address]
    subject: str
    body: str
    message_id: str
    in_reply_to: str
    references: Sequence[str]
    date: datetime


def build_mail(mail: Outgoing) -> str:
    """The whole mail as ASCII text, lines ended by CRLF. Raises HeaderRefused."""
    for text in (mail.subject, mail.sender.name, *(one.name for one in (*mail.to, *mail.cc))):
        if _BREAKING.search(text):
            raise HeaderRefused("A line break or control character in a subject or name")
    if not mail.to:
        raise HeaderRefused("There is nobody to send it to")
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = _written(mail.sender)
        message["To"] = tuple(map(_written, mail.to))
        if mail.cc:
            message["Cc"] = tuple(map(_written, mail.cc))
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.date)
        message["Message-ID"] = _bracketed([mail.message_id])
        if mail.in_reply_to:
            message["In-Reply-To"] = _bracketed([mail.in_reply_to])
        if mail.references:
            message["References"] = _bracketed(mail.references)
        message.set_content(mail.body, cte="quoted-printable")
        return message.as_bytes().decode("ascii")
    except (ValueError, TypeError, IndexError, UnicodeError) as error:
        raise HeaderRefused(str(error)) from None


def reply_subject(subject: str) -> str:
    """ "Re: " before it, unless it is an answer already."""
    return subject if _RE.match(subject) else f"Re: {subject}".strip()


def references_of(references: Sequence[str], message_id: str) -> list[str]:
    """References of a reply to a mail that had these (RFC 5322, 3.6.4); of very many, the first and the last."""
    every = [*dict.fromkeys([*references, message_id])]
    return every if len(every) <= MOST_REFERENCES else [every[0], *every[1 - MOST_REFERENCES :]]


def read_people(entries: Sequence[str]) -> tuple[Address, ...]:
    """["Name <a@b>", "a@b"] as addresses. Raises HeaderRefused when one is none."""
    found = []
    for entry in entries:
        name, bracket, rest = entry.rpartition("<") if entry.rstrip().endswith(">") else ("", "", entry)
        address = checked_address(rest.rstrip().removesuffix(">") if bracket else rest)
        if address is None:
            raise HeaderRefused(f"{entry[:100]!r} is no address")
        found.append(Address(name.strip().strip('"'), address))
    return tuple(found)


def _written(one: Address) -> HeaderAddress:
    if checked_address(one.address) != one.address:
        raise HeaderRefused(f"{one.address[:100]!r} is no address")
    return HeaderAddress(display_name=one.name, addr_spec=one.address)


def _bracketed(ids: Sequence[str]) -> str:
    if not all(_WRITABLE_ID.fullmatch(one) for one in ids):
        raise HeaderRefused("A message id with characters it may not have")
    return " ".join(f"<{one}>" for one in ids)
