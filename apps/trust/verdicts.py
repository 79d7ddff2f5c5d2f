"""RULE: what can become of a recommendation, who says so, whose word counts most, and what follows for who is asked."""

from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    PARTIAL = "partial"  # approved, but changed first
    REJECTED = "rejected"


class Source(StrEnum):
    """Who judged it. Of several, the first in this order rules."""

    APPROVAL = "approval"  # a person decided before it took effect
    AUDIT = "audit"  # a person looked back at what had run alone
    FEEDBACK = "feedback"  # a program or a person told later, by REST
    EVALUATION = "evaluation"  # the workflow's own evaluation


RANK = {source: rank for rank, source in enumerate(Source)}


class Category(StrEnum):
    CONSENSUS = "consensus"
    EXPERT = "expert"
    HIGH_CONFIDENCE = "high_confidence"


class Trend(StrEnum):
    IMPROVING = "improving"
    STABLE = "stable"
    DECLINING = "declining"
    UNKNOWN = "unknown"  # not enough evidence


class Priority(IntEnum):
    """In which order steps are served: by this, then by age."""

    CRITICAL = 0
    NORMAL = 1
    LOW = 2
