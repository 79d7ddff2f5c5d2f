"""RULE: read a mail, whatever it is: it never raises, and takes time and memory in proportion to a bounded size."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from apps.drafts.automatic import BOUNCE, Bounce, Reports, automatic_kind, bounce_of
from apps.drafts.cleaning import cleaned, decoded, one_line
from apps.drafts.mail_headers import (
    Address,
    Headers,
    addresses_of,
    date_of,
    first,
    ids_of,
    line_of,
    made_id,
)
from apps.drafts.parts import MOST_HEAD, Budget, Leaf, content_of, head_of, leaves_of, size_of
from apps.drafts.quoting import reply_of
from apps.drafts.sanitising import MOST_HTML, safe_html, text_of_html, too_deep

MOST_BYTES = 25 * 1024 * 1024
MOST_TEXT = 200_000
MOST_ATTACHMENTS = 100
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a mail carries along. size: bytes, about."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail as it is stored. Ids are without angle brackets, at most 250 characters of printable ASCII.

    text: what a person reads, at most MOST_TEXT characters. reply_text: its writer's own words in it. html: safe to
    show. automatic: "bounce", "auto-reply", "list"; "" for a person. digest: SHA-256 of the raw mail, hex.
    content_hash: SHA-256 of reply_text with case and spaces levelled, hex; "" without text. size: bytes of the raw
    mail. claimed_at: its Date, UTC, which its writer chose. problems: what was odd, in words.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sender: str
    sender_name: str
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    text: str
    reply_text: str
    html: str
    attachments: tuple[Attachment, ...]
    automatic: str
    problems: tuple[str, ...]
    digest: str
    content_hash: str
    size: int
    claimed_at: datetime | None
    bounce: Bounce | None = None


class _Problems(list[str]):
    """Each once, in the order met."""

    def note(self, words: str, when: object = True) -> None:
        if when and words not in self and len(self) < MOST_PROBLEMS:
            self.append(words)


def parse_mail(raw: bytes, *, size: int | None = None) -> ParsedMail:
    """Read the raw mail (RFC 5322 with MIME). Never raises.

    size: of the whole mail in bytes, where `raw` is only its beginning. Above MOST_BYTES only the headers are read.
    """
    whole = max(size or 0, len(raw))
    digest = hashlib.sha256(raw).hexdigest()
    if raw.startswith((b"From ", b">From ")):
        raw = raw[raw.find(b"\n") + 1 :]
    if b"\n" not in raw[:100_000]:
        raw = raw.replace(b"\r", b"\n")
    problems = _Problems()
    headers, start = head_of(raw, 0, len(raw))
    problems.note("Its headers are too long: some were left out", start > MOST_HEAD)
    body = _Body()
    if whole > MOST_BYTES:
        problems.note(f"It is larger than {MOST_BYTES // (1024 * 1024)} MB: only its headers were read")
    else:
        _read_body(raw, headers, start, body, problems)
        problems.note("It is not whole: the end is missing", whole > len(raw))
    return _mail(headers, body, problems, digest, whole)


class _Body:
    """What the leaves bring together."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.attachments: list[Attachment] = []
        self.reports = Reports()
        self.kinds: set[str] = set()


def _read_body(raw: bytes, headers: Headers, start: int, body: _Body, problems: _Problems) -> None:
    budget = Budget()
    for leaf in leaves_of(raw, headers, start, len(raw), budget):
        _take(raw, leaf, body, problems)
    body.kinds = budget.kinds
    problems.note("It has too many parts, or they lie too deep in each other: some were left out", budget.over)
    sealed = {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"} & budget.kinds
    problems.note("It is encrypted: its text cannot be read", sealed)
    problems.note("Its attachments are packed as winmail.dat, which is not opened", "application/ms-tnef" in body.kinds)


def _take(raw: bytes, leaf: Leaf, body: _Body, problems: _Problems) -> None:
    if leaf.kind in ("message/delivery-status", "message/feedback-report"):
        body.reports.statuses.append(decoded(content_of(raw, leaf, 64 * 1024)[0])[0])
    elif leaf.kind in ("message/rfc822", "text/rfc822-headers", "message/global"):
        body.reports.originals.append(decoded(content_of(raw, leaf, 64 * 1024)[0])[0])
    elif leaf.kind in ("text/plain", "text/html") and not leaf.attached and not leaf.name:
        data, cut = content_of(raw, leaf)
        text, sure = decoded(data, leaf.charset)
        problems.note("Its text is in another character set than it says, or damaged", not sure and data)
        problems.note("Its text was too long and was cut", cut)
        text = _unflowed(text) if leaf.flowed else text
        (body.html if leaf.kind == "text/html" else body.plain).append(text)
        return
    if len(body.attachments) < MOST_ATTACHMENTS:
        name = one_line(leaf.name, 200) or ("A forwarded mail" if leaf.kind.startswith("message/") else "")
        body.attachments.append(Attachment(name, one_line(leaf.kind, 100), size_of(leaf)))
    else:
        problems.note(f"It has more than {MOST_ATTACHMENTS} attachments: the others are not listed")


def _mail(headers: Headers, body: _Body, problems: _Problems, digest: str, size: int) -> ParsedMail:
    sender, sender_name = _sender(headers, problems)
    text, html = _words(body, problems)
    reply_text = reply_of(text)
    claimed_at = date_of(first(headers, "date"))
    problems.note("It has no Date that can be read", claimed_at is None)
    subject = line_of(headers, "subject", 300)
    in_reply_to = next(iter(ids_of(first(headers, "in-reply-to"))), "")
    kind = automatic_kind(headers, sender, body.kinds)
    return ParsedMail(
        message_id=_message_id(headers, sender, subject, text, digest, problems),
        in_reply_to=in_reply_to,
        references=tuple(dict.fromkeys(ids_of(first(headers, "references")) + ([in_reply_to] if in_reply_to else []))),
        sender=sender,
        sender_name=sender_name,
        reply_to=_people(headers, "reply-to", problems),
        to=_people(headers, "to", problems),
        cc=_people(headers, "cc", problems),
        subject=subject,
        text=text,
        reply_text=reply_text,
        html=html,
        attachments=tuple(body.attachments),
        automatic=kind,
        problems=tuple(problems),
        digest=digest,
        content_hash=content_hash(reply_text),
        size=size,
        claimed_at=claimed_at,
        bounce=bounce_of(body.reports, headers, text) if kind == BOUNCE else None,
    )


def content_hash(text: str) -> str:
    """SHA-256, hex, of `text` with case and spaces levelled; "" for a text without words."""
    level = " ".join(text.casefold().split())
    return hashlib.sha256(level.encode("utf-8", "replace")).hexdigest() if level else ""


def _sender(headers: Headers, problems: _Problems) -> tuple[str, str]:
    found, _ = addresses_of(headers.get("from", ()))
    problems.note("It names more than one sender: the first is taken", len(found) > 1)
    if not found:
        problems.note("It names no sender that could be written to")
        return "", line_of(headers, "from", 120)
    one = found[0]
    lying = "@" in one.name and one.address.lower() not in one.name.lower()
    problems.note("The name of its sender shows another address than it came from", lying)
    return one.address, one.name


def _people(headers: Headers, name: str, problems: _Problems) -> tuple[Address, ...]:
    found, unreadable = addresses_of(headers.get(name, ()))
    problems.note(f"{name.title()} holds what is no address", unreadable)
    return found


def _words(body: _Body, problems: _Problems) -> tuple[str, str]:
    """(plain text, safe HTML)."""
    html = "\n".join(body.html)
    problems.note("Its HTML was too long or too deep and was cut", len(html) > MOST_HTML or too_deep(html))
    plain = "\n".join(part for part in body.plain if part.strip())
    if html and (not plain.strip() or (len(plain) < 200 and len(html) > 2000)):
        of_html = text_of_html(html)
        # A plain part that only says to use another program is no text.
        plain = of_html if len(of_html) > len(plain) else plain
    text, deceiving = cleaned(plain)
    problems.note("It held invisible characters that turn text around or hide it; they were taken out", deceiving)
    problems.note("Its text was too long and was cut", len(text) > MOST_TEXT)
    return text[:MOST_TEXT].strip("\n"), cleaned(safe_html(html))[0] if html else ""


def _message_id(headers: Headers, sender: str, subject: str, text: str, digest: str, problems: _Problems) -> str:
    values = headers.get("message-id", [])
    found = ids_of(values[0]) if values else []
    problems.note("It has several Message-IDs: the first is taken", len(values) > 1)
    if found:
        problems.note("Its Message-ID is too long or has characters it may not have", found[0].startswith("odd."))
        return found[0]
    problems.note("It has no Message-ID")
    date = first(headers, "date")
    # By two ways the same mail has other trace headers, and so another digest.
    return made_id("none", date, sender.lower(), subject, text) if date else made_id("none", digest)


def _unflowed(text: str) -> str:
    """Lines that a program broke put together again (RFC 3676)."""
    lines = text.replace("\r\n", "\n").split("\n")
    out: list[str] = []
    flowing = False
    for line in lines:
        line = line[1:] if line.startswith(" ") else line
        quote = line.startswith(">")
        if flowing and not quote and out:
            out[-1] += line
        else:
            out.append(line)
        flowing = line.endswith(" ") and line != "-- " and not quote
    return "\n".join(out)
