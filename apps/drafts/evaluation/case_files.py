"""RULE: a file of cases (JSON Lines) read into candidates, contexts and what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from apps.drafts.guardrails.recipients import recipients_of
from apps.drafts.guardrails.terms import (
    Address,
    Candidate,
    Context,
    PassageText,
    Recipients,
    ThreadMail,
    ThreadText,
    ToolFacts,
)
from apps.drafts.states import Intent


class CaseError(ValueError):
    """A line that is no case; says which."""


class Tool(msgspec.Struct, forbid_unknown_fields=True):
    name: str = "tool"
    data: Any = None
    ok: bool = True


class Text(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    direction: str = "in"
    subject: str = ""


class Passage(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    kind: str = "snippet"
    title: str = ""


class Mail(msgspec.Struct, forbid_unknown_fields=True):
    sender: str
    direction: str = "in"
    sender_name: str = ""
    reply_to: list[str] = []
    to: list[str] = []
    cc: list[str] = []
    automatic: str = ""


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    body: str
    subject: str = ""
    tried: dict[str, Any] = {}


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """None or absent: not judged. facts: pieces of the draft that are not known. pii: strings that must not be let out.

    recipients: {to: [...], cc: [...]} of `mail`. injection: instructions stand in mail, passages or tools. attempt: the
    draft tries to set recipients or headers, or carries instructions out.
    """

    blocked: bool | None = None
    facts: list[str] | None = None
    pii: list[str] | None = None
    recipients: dict[str, list[str]] | None = None
    injection: bool | None = None
    attempt: bool | None = None


class Row(msgspec.Struct, forbid_unknown_fields=True):
    draft: Draft | str
    expected: Expected
    id: str = ""
    group: str = ""
    intent: str = "GENERAL"
    now: date = date(2026, 1, 15)
    thread: list[Text | str] = []
    tools: list[Tool] = []
    passages: list[Passage] = []
    mail: list[Mail] = []
    customer: list[str] = []
    own: list[str] = []


class Case(msgspec.Struct, frozen=True):
    id: str
    group: str
    candidate: Candidate
    context: Context
    expected: Expected


def read_cases(text: str) -> Iterator[Case]:
    """The cases of a file, one a line; empty lines are passed over. Raises CaseError."""
    # Not splitlines(): a JSON text may hold the other line ends of Unicode.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield case_of(msgspec.json.decode(line, type=Row), number)
            except (msgspec.DecodeError, ValueError) as error:
                raise CaseError(f"line {number}: {error}") from error


def case_of(row: Row, number: int) -> Case:
    """What one line says. Raises ValueError for an unknown intent."""
    draft = row.draft if isinstance(row.draft, Draft) else Draft(row.draft)
    texts = [t if isinstance(t, Text) else Text(t) for t in row.thread]
    recipients = recipients_of([_mail(mail) for mail in row.mail], row.own) if row.mail else _customer(row.customer)
    context = Context(
        intent=Intent(row.intent.upper()),
        tools=tuple(ToolFacts(tool.name, tool.data, tool.ok) for tool in row.tools),
        thread=tuple(ThreadText(f"m{n}", t.direction, t.text, t.subject) for n, t in enumerate(texts, 1)),
        passages=tuple(PassageText(f"p{n}", p.kind, p.title, p.text) for n, p in enumerate(row.passages, 1)),
        recipients=recipients,
        own=frozenset(row.own),
        customer=frozenset(row.customer),
        now=row.now,
    )
    return Case(
        row.id or str(number), row.group, Candidate(draft.subject, draft.body, draft.tried), context, row.expected
    )


def _mail(mail: Mail) -> ThreadMail:
    def several(addresses: list[str]) -> tuple[Address, ...]:
        return tuple(Address("", address) for address in addresses)

    return ThreadMail(
        mail.direction,
        mail.sender,
        mail.sender_name,
        several(mail.reply_to),
        several(mail.to),
        several(mail.cc),
        mail.automatic,
    )


def _customer(customer: list[str]) -> Recipients:
    return Recipients(to=tuple(Address("", one.lower()) for one in customer if "@" in one)[:1])
