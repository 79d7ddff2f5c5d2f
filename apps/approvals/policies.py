"""RULE: the policy that holds where a business has set none, and the times it gives a request."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from apps.accounts.roles import Role, at_least
from apps.approvals.states import OnTimeout

EVERY_KIND = "*"
# What programs ask for when they name no kind.
PROGRAMS = "action"
REASONS = ("Not what was asked", "Facts are wrong", "Too risky", "Not needed any more")


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy as a request carries it. The defaults are the installation's own."""

    decider_role: str = Role.REVIEWER
    approvers: int = 1
    requester_may_decide: bool = False
    deadline_minutes: int = 24 * 60
    on_timeout: str = OnTimeout.ESCALATE
    escalate_to: str = Role.ADMIN
    reason_presets: list[str] = field(default_factory=lambda: list(REASONS))
    reminds: bool = True


def with_four_eyes(terms: Terms, decider_role: str) -> Terms:
    """The same terms, but nobody below `decider_role` decides, nor whoever asked: what no policy may loosen."""
    role = terms.decider_role if at_least(terms.decider_role, decider_role) else decider_role
    escalate = terms.escalate_to if at_least(terms.escalate_to, role) else role
    return replace(terms, decider_role=role, escalate_to=escalate, requester_may_decide=False)


def deadline_of(terms: Terms, asked: datetime | None, now: datetime) -> datetime:
    """When the request is due: as asked, but never later than the policy allows."""
    latest = now + timedelta(minutes=terms.deadline_minutes)
    return min(asked, latest) if asked else latest


def reminder_of(deadline: datetime, now: datetime) -> datetime:
    """When to remind: at half of the time."""
    return now + (deadline - now) / 2
