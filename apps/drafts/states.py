"""RULE: the words of a draft's life: what a message, a draft, a sending and a retrieval may be."""

from enum import StrEnum


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Source(StrEnum):
    """How a message came here."""

    IMAP = "imap"
    WEBHOOK = "webhook"
    IMPORT = "import"
    SENT = "sent"


class Intent(StrEnum):
    """What the writer of a mail wants."""

    ORDER = "ORDER"
    TRACKING = "TRACKING"
    APPOINTMENT = "APPOINTMENT"
    REFUND = "REFUND"
    COMPLAINT = "COMPLAINT"
    GENERAL = "GENERAL"


# What cannot be answered without data of a tool: without it the reply asks for what is missing and states no fact.
TOOL_REQUIRED = frozenset({Intent.ORDER, Intent.TRACKING, Intent.APPOINTMENT, Intent.REFUND})


class DraftState(StrEnum):
    """QUEUED and MAKING are before the reviewer, WAITING is before them, all others are after."""

    QUEUED = "queued"
    MAKING = "making"
    WAITING = "waiting"
    APPROVED = "approved"
    SENT = "sent"
    DISCARDED = "discarded"
    FAILED = "failed"
    STALE = "stale"  # the thread moved on, and a newer draft took its place


DRAFT_ENDS = frozenset({DraftState.SENT, DraftState.DISCARDED, DraftState.FAILED, DraftState.STALE})


class MadeBy(StrEnum):
    MODEL = "model"
    TEMPLATE = "template"
    VERIFICATION = "verification"
    PERSON = "person"


class RetrievalOutcome(StrEnum):
    """What retrieval brought. OFF: the business or the arm has none. DROPPED: found, but over the token budget."""

    HIT = "hit"
    MISS = "miss"
    TIMEOUT = "timeout"
    ERROR = "error"
    OFF = "off"
    DROPPED = "dropped"


class Arm(StrEnum):
    """Of the comparison: with retrieval, without it, or not part of it."""

    RETRIEVAL = "retrieval"
    CONTROL = "control"
    NONE = ""


class SendState(StrEnum):
    """HANDING: the server may have taken it, as long as nobody knows better. UNSURE: a person must look."""

    QUEUED = "queued"
    HANDING = "handing"
    SENT = "sent"
    UNSURE = "unsure"
    FAILED = "failed"
    BOUNCED = "bounced"


class Stage(StrEnum):
    """Layers of the guardrails, in the order in which they are read."""

    RECIPIENTS = "recipients"
    HEADERS = "headers"
    PRIVACY = "privacy"
    TOOL_DATA = "tool_data"
    GROUNDING = "grounding"
    INSTRUCTIONS = "instructions"
    FORM = "form"
