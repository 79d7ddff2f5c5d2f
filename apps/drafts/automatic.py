"""RULE: mails that no person wrote: bounces, automatic answers, lists; none of them gets a reply."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.drafts.mail_headers import Headers, first, ids_of

BOUNCE, AUTO_REPLY, LIST, OWN = "bounce", "auto-reply", "list", "own"
MOST_REPORT = 64 * 1024

_MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
_NO_REPLY = re.compile(
    r"^(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|bounces?|notifications?)(?:[+.\-_].*)?@", re.I
)
_FAILED = re.compile(r"^action:[ \t]*(\w+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"^status:[ \t]*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(r"^final-recipient:[^;\n]{0,40};[ \t]*(\S{1,254})", re.IGNORECASE | re.MULTILINE)
_WORDS = re.compile(r"^diagnostic-code:[ \t]*(?:[a-z0-9-]{1,20};)?[ \t]*(.{1,300})", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID = re.compile(r"message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{1,998})>", re.IGNORECASE)
_ANY_ID = re.compile(r"<([^<>\s@]{1,200}@[^<>\s@]{1,200})>")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report of a mail server says. for_good: it will not try again. about: ids of mails it may be about."""

    for_good: bool
    about: tuple[str, ...]
    recipients: tuple[str, ...] = ()
    words: str = ""


@dataclass(slots=True)
class Reports:
    """The parts of a mail that tell of another mail, as text."""

    statuses: list[str] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)


def automatic_kind(headers: Headers, sender: str, kinds: Iterable[str]) -> str:
    """What kind of machine wrote it; "" for a person. kinds: the content types in it."""
    if _is_bounce(headers, sender, set(kinds)):
        return BOUNCE
    auto = first(headers, "auto-submitted").split(";")[0].strip().lower()
    precedence = first(headers, "precedence").strip().lower()
    if (auto and auto != "no") or precedence == "auto_reply" or _says_no_replies(headers):
        return AUTO_REPLY
    if any(name in headers for name in ("list-id", "list-unsubscribe", "list-post", "feedback-id")):
        return LIST
    if precedence in ("bulk", "list", "junk"):
        return LIST
    # Nothing automatic is ever sent to a null return path (RFC 3834, 2): it came from a machine that wants none.
    nowhere = first(headers, "return-path").strip() == "<>"
    return AUTO_REPLY if nowhere or _NO_REPLY.match(sender) else ""


def bounce_of(reports: Reports, headers: Headers, text: str) -> Bounce:
    """What a bounce is about. Where it has no part for machines, ids in its words are taken."""
    told = "\n".join(reports.statuses)[:MOST_REPORT]
    about = [one for original in reports.originals for one in _MESSAGE_ID.findall(original[:MOST_REPORT])[:1]]
    about += ids_of(first(headers, "in-reply-to")) + ids_of(first(headers, "references"))
    if not about or not told:
        body = text[:MOST_REPORT]
        about += _MESSAGE_ID.findall(body) or _ANY_ID.findall(body)
    statuses, actions = _STATUS.findall(told), [action.lower() for action in _FAILED.findall(told)]
    delayed = "delayed" in actions and "failed" not in actions
    passing = bool(statuses) and all(status.startswith(("4", "2")) for status in statuses) and "failed" not in actions
    words = _WORDS.search(told)
    return Bounce(
        for_good=not delayed and not passing,
        about=tuple(dict.fromkeys(about))[:50],
        recipients=tuple(dict.fromkeys(_RECIPIENT.findall(told)))[:50],
        words=words[1].strip() if words else "",
    )


def _is_bounce(headers: Headers, sender: str, kinds: set[str]) -> bool:
    report = "multipart/report" in kinds and "delivery-status" in first(headers, "content-type").lower()
    told = "message/delivery-status" in kinds or "x-failed-recipients" in headers
    return report or told or bool(_MACHINES.match(sender))


def _says_no_replies(headers: Headers) -> bool:
    suppress = first(headers, "x-auto-response-suppress").strip().lower()
    return "x-autoreply" in headers or "x-autorespond" in headers or suppress in ("all", "oof", "autoreply")
