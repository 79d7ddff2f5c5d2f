"""RULE: which features have served their time: fully rolled out, asked for by nobody, or left as they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stale(StrEnum):
    FULLY_OUT = "fully_rolled_out"
    NEVER_ASKED = "never_evaluated"
    NOT_ASKED = "not_evaluated"
    UNCHANGED = "not_changed"


_WORDS = {
    Stale.FULLY_OUT: "Everybody has had it for {} days: take the condition out of the code",
    Stale.NEVER_ASKED: "Nothing has asked for it in the {} days since it was made",
    Stale.NOT_ASKED: "Nothing has asked for it for {} days",
    Stale.UNCHANGED: "Nothing has changed about it for {} days",
}


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """share: percent. everybody: the default is what the rollout brings. since: when share and default came to that."""

    share: int
    everybody: bool
    since: datetime
    created_at: datetime
    changed_at: datetime
    evaluated_at: datetime | None
    permanent: bool = False
    archived: bool = False


def stale_reasons(facts: FeatureFacts, *, now: datetime, days: int) -> tuple[Stale, ...]:
    """Why a feature is stale after so many days; empty when it is not. Permanent and archived ones never are."""
    if facts.permanent or facts.archived:
        return ()
    before = now - timedelta(days=days)
    reasons = []
    if (facts.share == 100 or facts.everybody) and facts.since <= before:
        reasons.append(Stale.FULLY_OUT)
    if facts.evaluated_at is None and facts.created_at <= before:
        reasons.append(Stale.NEVER_ASKED)
    if facts.evaluated_at is not None and facts.evaluated_at <= before:
        reasons.append(Stale.NOT_ASKED)
    if facts.changed_at <= before:
        reasons.append(Stale.UNCHANGED)
    return tuple(reasons)


def in_words(reason: Stale, days: int) -> str:
    return _WORDS[reason].format(days)
