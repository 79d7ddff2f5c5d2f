"""RULE: who a reply goes to. Computed from the headers of the thread alone: no text and no model has a say in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from apps.drafts.guardrails.tables import table
from apps.drafts.guardrails.terms import Address, Finding, Recipients, StageVerdict, ThreadMail
from apps.drafts.states import Stage

MOST_COPIES = 20
# Deliberately narrower than RFC 5322: no quoted local part, no comment, no address literal. Others are not written to.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+){0,20}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z][A-Za-z0-9-]{1,62}"
)
_FIND = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_SECOND_LEVEL = table("co com org net gov edu ac or ne go gob govt ltd plc me nhs asn")
_SILENT = re.compile(
    r"(?:no|not|non|never)?[-_.]?(?:do)?[-_.]?(?:not)?[-_.]?repl(?:y|ies)|noreply|mailer-daemon|postmaster|bounces?"
)
_TRIED = re.compile(
    r"(?:^|_)(?:to|cc|bcc|from|sender|reply_?to|recipients?|envelope|headers?|attachments?|forward|"
    r"message_id|in_reply_to|references|return_path|address(?:es)?|e?mails?|send|content_type|"
    r"mime(?:_version)?|copy|copies|x_[a-z0-9_]+)(?:_|$)"
)


def is_address(text: str) -> bool:
    """Whether mail can be sent there: a plain ASCII address of at most 254 characters."""
    return len(text) <= 254 and len(text.partition("@")[0]) <= 64 and _ADDRESS.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """The domain under which an organisation registers: shop.co.uk of mail.shop.co.uk."""
    labels = address.rpartition("@")[2].lower().rstrip(".").split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-keep:])


def bare(address: str) -> str:
    """The address in lower case, without what stands behind a plus sign."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def recipients_of(thread: Sequence[ThreadMail], own: Collection[str]) -> Recipients:
    """Who the reply to the newest mail of a person goes to; nobody (with a warning) when there is no such mail.

    thread: oldest first. own: the addresses of the mailbox, aliases included. To is the Reply-To of that mail where it
    is one that can be used, else its sender. Cc are all others it was written to. Own addresses are never among them.
    """
    mine = {bare(address) for address in own}
    mail = next((m for m in reversed(thread) if m.direction == "in" and not m.automatic), None)
    if mail is None:
        return Recipients(warnings=("Nobody wrote in this thread who could be answered.",))
    warnings: list[str] = []
    to = _answer_to(mail, mine, warnings)
    taken = mine | {bare(one.address) for one in to}
    cc = _distinct((one for one in (*mail.to, *mail.cc) if is_address(one.address)), taken)
    if len(cc) > MOST_COPIES:
        warnings.append(f"The mail names {len(cc)} further recipients: none of them gets a copy.")
        cc = ()
    _warn_of_strangers(thread, mail, (*to, *cc), mine, warnings)
    return Recipients(to=to, cc=cc, warnings=tuple(warnings))


def _answer_to(mail: ThreadMail, mine: set[str], warnings: list[str]) -> tuple[Address, ...]:
    wanted = _distinct((one for one in mail.reply_to if is_address(one.address)), mine)
    sender = _distinct((a for a in (Address(mail.sender_name, mail.sender),) if is_address(a.address)), mine)
    if any(not is_address(one.address) for one in mail.reply_to):
        warnings.append("The mail asks for its answer at something that is no address: that is not used.")
    if any(bare(one.address) in mine for one in mail.reply_to):
        warnings.append("The mail asks for its answer at an address of your own: that is not used.")
    if len(wanted) > 1:
        warnings.append("The mail asks for its answer at several addresses: the sender is answered instead.")
        wanted = () if sender else wanted[:1]
    to = wanted or sender
    if not to:
        warnings.append("The mail has no sender who could be answered.")
    if wanted and sender and domain_of(wanted[0].address) != domain_of(sender[0].address):
        warnings.append(
            f"The answer goes to {wanted[0].address}, as the mail asks, which is a foreign domain to its "
            f"sender {sender[0].address}."
        )
    return _plainly(to, warnings)


def _plainly(to: tuple[Address, ...], warnings: list[str]) -> tuple[Address, ...]:
    """The same without a name that shows another address."""
    for one in to:
        shown = _FIND.search(one.name)
        if shown and bare(shown.group()) != bare(one.address):
            warnings.append(f"The name beside {one.address} shows another address.")
            to = (Address("", one.address),)
        if _SILENT.fullmatch(one.address.partition("@")[0]):
            warnings.append(f"{one.address} looks like an address that nobody reads.")
    return to


def _warn_of_strangers(
    thread: Sequence[ThreadMail], newest: ThreadMail, chosen: Iterable[Address], mine: set[str], warnings: list[str]
) -> None:
    before = thread[: max(i for i, mail in enumerate(thread) if mail is newest)]
    known = {bare(a.address) for m in before for a in (*m.to, *m.cc, *m.reply_to)}
    known |= {bare(m.sender) for m in before} | mine
    if not before:
        return
    for one in chosen:
        if bare(one.address) not in known:
            warnings.append(f"{one.address} joins this conversation with the newest mail.")


def _distinct(addresses: Iterable[Address], taken: Collection[str]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for one in addresses:
        key = bare(one.address)
        if key not in taken and key not in found:
            found[key] = Address(_plain(one.name), one.address.lower())
    return tuple(found.values())


def _plain(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:120].strip()


def judge_recipients(tried: Mapping[str, Any], recipients: Recipients) -> tuple[StageVerdict, int]:
    """The verdict, and how often the generator tried to set recipients or headers; what it tried is never used."""
    allowed = {bare(one.address) for one in (*recipients.to, *recipients.cc)}
    findings: list[Finding] = []
    for key, value in tried.items():
        name = re.sub(r"[^a-z0-9]+", "_", str(key)[:80].lower())
        text = _flat(value)
        meant = {bare(found) for found in _FIND.findall(text)}
        if not text or (meant and meant <= allowed and _TRIED.search(name)):
            continue
        if _TRIED.search(name) or meant - allowed:
            words = "The generator tried to set this. It has no say in it: nothing of it is used."
            findings.append(Finding("attempt", 0, 0, f"{str(key)[:40]}: {text[:80]}", words, place="answer"))
    incidents = len(findings)
    findings += [Finding("recipient", 0, 0, "", words, place="thread") for words in recipients.warnings]
    if incidents:
        verdict = ("fail", f"The generator tried to choose recipients or headers ({incidents}): nothing of it is used.")
    elif not recipients.to:
        verdict = ("fail", "There is nobody to answer.")
    elif recipients.warnings:
        verdict = ("warn", "Computed from the thread. Look at them before you approve.")
    else:
        verdict = ("pass", "Computed from the thread.")
    return StageVerdict(Stage.RECIPIENTS, *verdict, tuple(findings)), incidents


def _flat(value: Any, depth: int = 0) -> str:
    """All text within a JSON value, at most about 2,000 characters of it."""
    if value is None or value is False or depth > 6:
        return ""
    if isinstance(value, Mapping):
        parts = [f"{k}: {_flat(v, depth + 1)}" for k, v in list(value.items())[:50] if _flat(v, depth + 1)]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = [_flat(v, depth + 1) for v in list(value)[:50]]
    else:
        parts = [str(value)[:500]]
    return ", ".join(part for part in parts if part)[:2000].strip()
