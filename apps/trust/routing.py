"""ACT: how an agent stands when it is to be asked, from memory: no query, and a finished cycle is seen within a second.

The standings of a business are read when it is first asked for, not those of all businesses at once, and at most
MOST_KEPT rows are held: an installation may have ten thousand businesses, of which few are at work in one process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.core.hearing import Announcement
from apps.core.snapshot import Snapshot
from apps.trust.boosting import Candidate, priority_of, ranked
from apps.trust.models import TrustScore, TrustSettings
from apps.trust.switch import is_learning
from apps.trust.verdicts import Priority

MOST_KEPT = 100_000
_COLUMNS = (
    "agent_id", "type", "overall", "low", "high", "accuracy", "enough", "boost", "approval_rate", "effective_n",
)  # fmt: skip


class Standing(NamedTuple):
    """How far an agent is trusted with a type. All 0 to 1 but boost (-0.5 to 0.5) and priority (0 first, 2 last).

    low, high: 90 % credible interval of overall. expected: the probability that its answer is approved, None where
    nothing is known. enough: whether there is enough evidence to go by. average: the plain share approved so far, for
    comparison, None without outcomes. effective_n: what the evidence is worth in recent recommendations.
    """

    overall: float = 0.5
    low: float = 0.0
    high: float = 1.0
    expected: float | None = None
    enough: bool = False
    boost: float = 0.0
    priority: int = int(Priority.NORMAL)
    average: float | None = None
    effective_n: float = 0.0


NEUTRAL = Standing()


@dataclass(frozen=True, slots=True)
class Known:
    """What is in memory of one business."""

    standings: Mapping[tuple[UUID, str], Standing]
    keep_reasoning: bool


@dataclass(slots=True)
class _Held:
    """By business. Thrown away as a whole when a cycle of any business ends: a business costs one query to read."""

    known: dict[UUID, Known] = field(default_factory=dict)
    rows: int = 0


def standing_of(business_id: UUID, agent_id: UUID, kind: str = "") -> Standing:
    """Of one agent for recommendations of one type; its standing as a whole where the type is new to it.

    NEUTRAL where nothing is known of it, or the business does not learn. From memory once the business was asked for.
    """
    if not is_learning(business_id):
        return NEUTRAL
    standings = known_of(business_id).standings
    return standings.get((agent_id, kind)) or standings.get((agent_id, "")) or NEUTRAL


def priority_for(business_id: UUID, agent_id: UUID, kind: str = "") -> int:
    """0 critical, 1 normal, 2 low: in which order workers serve a step that asks this agent."""
    return standing_of(business_id, agent_id, kind).priority


def rank(business_id: UUID, kind: str, agents: Sequence[Agent], seed: str | UUID) -> list[Agent]:
    """The agents in the order to ask them in: by the lower bound of trust, newcomers first in a small share of choices.

    seed names the choice: the same one comes out the same, as long as trust is the same. In the given order where the
    business does not learn.
    """
    if not is_learning(business_id):
        return list(agents)
    by_key = {agent.key: agent for agent in agents}
    candidates = [_candidate(business_id, kind, agent) for agent in agents]
    return [by_key[one.agent] for one in ranked(candidates, str(seed))]


def known_of(business_id: UUID) -> Known:
    """What this process holds of a business, read at most once between two changes."""
    held = _snapshot.get()
    known = held.known.get(business_id)
    if known is None:
        known = _read(business_id)
        if held.rows + len(known.standings) > MOST_KEPT:
            held.known.clear()
            held.rows = 0
        held.known[business_id] = known
        held.rows += len(known.standings) + 1
    return known


def standings_changed() -> Announcement:
    """Let every process read standings anew, after commit. Call in the transaction of the change."""
    return _snapshot.changed()


def _candidate(business_id: UUID, kind: str, agent: Agent) -> Candidate:
    standing = standing_of(business_id, agent.pk, kind)
    return Candidate(agent.key, standing.low, standing.enough, standing.effective_n)


def _read(business_id: UUID) -> Known:
    # Whoever asks may be acting for nobody yet.
    with acting_for(business_id):
        rows = list(TrustScore.objects.filter(business_id=business_id).order_by().values_list(*_COLUMNS))
        reasoning = TrustSettings.objects.filter(pk=business_id).values_list("keep_reasoning", flat=True).first()
    return Known({(agent, kind): _standing(*rest) for agent, kind, *rest in rows}, bool(reasoning))


def _standing(
    overall: float, low: float, high: float, accuracy: float, enough: bool, boost: float, rate: float | None, n: float
) -> Standing:
    return Standing(overall, low, high, accuracy, enough, boost, int(priority_of(boost)), rate, n)


_snapshot: Snapshot[_Held] = Snapshot("trust", _Held)
