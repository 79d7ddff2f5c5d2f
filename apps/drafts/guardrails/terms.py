"""RULE: what the guardrails are given, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from apps.drafts.states import Intent, Stage


class Address(msgspec.Struct, frozen=True):
    """address: in lower case. name: as it is shown, may be empty."""

    name: str
    address: str


class ThreadMail(msgspec.Struct, frozen=True):
    """The headers of one message of the thread. direction: in | out. automatic: empty for a person's mail."""

    direction: str
    sender: str
    sender_name: str = ""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    automatic: str = ""


class Recipients(msgspec.Struct, frozen=True):
    """Who the reply goes to. warnings: what a reviewer should know about them, in words."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    warnings: tuple[str, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """What a generator answered. tried: everything beside subject and body: recipients, headers, whatever it was."""

    subject: str
    body: str
    tried: Mapping[str, Any] = {}


class ToolFacts(msgspec.Struct, frozen=True):
    """What a tool answered. data: JSON. ok: it answered, and its answer had the right form."""

    name: str
    data: Any = None
    ok: bool = True


class ThreadText(msgspec.Struct, frozen=True):
    """One message of the thread. direction: in (the customer's) | out (ours, sent). text without what it quotes."""

    id: str
    direction: str
    text: str
    subject: str = ""


class PassageText(msgspec.Struct, frozen=True):
    """One passage that was found. kind: snippet (what the business says) | reply (what somebody else was written)."""

    id: str
    kind: str
    title: str
    text: str


class Context(msgspec.Struct, frozen=True):
    """What a draft is judged against.

    own: addresses, phone numbers, names and sites of the business, which may appear. customer: those of this customer.
    now: the day on which the reply is written. thread: oldest first.
    """

    intent: Intent
    tools: tuple[ToolFacts, ...] = ()
    thread: tuple[ThreadText, ...] = ()
    passages: tuple[PassageText, ...] = ()
    recipients: Recipients = Recipients()
    own: frozenset[str] = frozenset()
    customer: frozenset[str] = frozenset()
    now: date = date(2026, 1, 1)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Something in the text, as offsets of the body that is returned; 0, 0 when it is not in the body.

    text: masked. original: only of redactions: what was masked, to be sealed. place: body | subject | a source.
    """

    kind: str
    start: int
    end: int
    text: str
    words: str
    original: str = ""
    place: str = "body"


class StageVerdict(msgspec.Struct, frozen=True, gc=False):
    """status: pass | warn | fail."""

    stage: Stage
    status: str
    words: str
    findings: tuple[Finding, ...] = ()


class Pointer(msgspec.Struct, frozen=True, gc=False):
    """Where a fact stands. kind: tool | thread | snippet | reply | own | calendar. id: the tool's name, or an id.

    path: the field of a tool, as order.items[0].name. quote: the value or the sentence.
    """

    kind: str
    id: str
    path: str = ""
    quote: str = ""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A fact that the draft states. words: why it is not supported; empty when it is. place: body | subject."""

    kind: str
    text: str
    start: int
    end: int
    supported: bool
    source: Pointer | None = None
    words: str = ""
    place: str = "body"


class Verdicts(msgspec.Struct, frozen=True):
    """What the layers say of one draft. msgspec.to_builtins makes it JSON.

    blocked: it may not be approved as it is. hallucinations: facts without support. privacy_incidents: personal data
    that the text let out. injection_incidents: recipients, headers or foreign instructions that it tried to carry out.
    """

    stages: tuple[StageVerdict, ...]
    claims: tuple[Claim, ...]
    subject: str
    body: str
    blocked: bool
    hallucinations: int = 0
    privacy_incidents: int = 0
    injection_incidents: int = 0
    redactions: tuple[Finding, ...] = ()

    def stage(self, stage: Stage) -> StageVerdict:
        """What one layer says. Raises KeyError when it was not asked."""
        for verdict in self.stages:
            if verdict.stage == stage:
                return verdict
        raise KeyError(stage)
