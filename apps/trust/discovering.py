"""ACT: find patterns in what came of recommendations, and confirm or retire those that stand, by what came after.

Called again after a kill it goes on where it was: days that were counted are marked as counted, and a pattern that was
found, confirmed or retired is so in the same transaction that says it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.core.events import record
from apps.core.locking import wait_lock
from apps.trust.discovery import Finding, Standing, find, standing_of
from apps.trust.gathering import evidence_of, half_life_of, since_found
from apps.trust.grouping import count_days, days_to_count, forget_old
from apps.trust.groups import Kind, Sums, groups_of, name_of
from apps.trust.models import LearningCycle, Pattern, PatternEvent

ACTOR = "system:learning"
DAYS_AT_ONCE = 10
# Between the nights only what is new is counted; what came in late about older days waits for the night.
DAYS_BETWEEN = 14
FOUND, CONFIRMED, RETIRED, AGAIN = "found", "confirmed", "retired", "again"
_FIGURES = ("trials", "successes", "rate", "low", "high", "base_rate", "q_value", "strength")
_CHANGED = (*_FIGURES, "name", "agent_keys", "state", "found_at", "confirmed_at", "retired_at")


def discover(cycle: LearningCycle) -> None:
    """The patterns of the cycle's business. Sets patterns_found, _confirmed and _retired of the cycle."""
    business_id, now = cycle.business_id, timezone.now()
    most = DAYS_BETWEEN if cycle.kind != LearningCycle.Kind.FULL else None
    days = days_to_count(business_id, now.date(), most=most)
    for start in range(0, len(days), DAYS_AT_ONCE):
        with acting_for(business_id):
            count_days(business_id, days[start : start + DAYS_AT_ONCE])
        LearningCycle.objects.filter(pk=cycle.pk).update(seen_at=timezone.now())
    if days or cycle.kind == LearningCycle.Kind.FULL:
        with acting_for(business_id):
            forget_old(business_id, now)
            wait_lock(f"patterns:{business_id}")
            _look(business_id, now)
    _tell_how_many(cycle)


def _look(business_id: UUID, now: datetime) -> None:
    """Test every group, change the patterns accordingly, and say so. Call with the lock."""
    agents = {agent.pk: agent for agent in Agent.objects.filter(business_id=business_id).only("key", "name")}
    evidence = evidence_of(business_id, now.date(), half_life_of(business_id))
    # Of an agent that is gone nothing can be made use of.
    kinds = {kind.key: kind for kind in evidence.kinds if all(one in agents for one in kind.agents)}
    groups = groups_of({kind: evidence.kinds[kind] for kind in kinds.values()}, evidence.experts)
    found = {finding.key: finding for finding in find(groups)}
    sums = {group.key: (group.trials, group.successes) for group in groups}
    patterns = {pattern.key: pattern for pattern in Pattern.objects.filter(business_id=business_id).select_for_update()}
    since, fresh, known = since_found(business_id), list[Pattern](), list[Pattern]()
    events: list[PatternEvent] = []
    for key, finding in found.items():
        pattern = patterns.get(key)
        if pattern is None and not finding.is_found:
            continue
        new = pattern is None
        pattern = pattern or _blank(business_id, kinds[key], now)
        what = FOUND if new else _next(pattern, finding, since.get(pattern.pk, Sums()))
        if pattern.state == Pattern.State.RETIRED and what != AGAIN:
            continue
        _set(pattern, finding, sums[key], kinds[key], agents)
        _move(pattern, what, now)
        (fresh if new else known).append(pattern)
        if what:
            events.append(_event(pattern, what, since.get(pattern.pk), now))
    gone = [one for key, one in patterns.items() if key not in found and one.state != Pattern.State.RETIRED]
    for pattern in gone:
        _move(pattern, RETIRED, now)
        events.append(_event(pattern, RETIRED, None, now))
    Pattern.objects.bulk_create(fresh, batch_size=500)
    Pattern.objects.bulk_update([*known, *gone], _CHANGED, batch_size=500)
    PatternEvent.objects.bulk_create(events, batch_size=1000)
    _record(business_id, events)


def _next(pattern: Pattern, finding: Finding, later: Sums) -> str:
    """What becomes of a pattern that is known: confirmed, retired, found again, or nothing ("")."""
    if pattern.state == Pattern.State.RETIRED:
        # Only what came after it was retired is looked at (gathering.py).
        return AGAIN if finding.is_found else ""
    trials = int(later.trials)
    standing = standing_of(trials=trials, successes=later.rate * trials, base_rate=finding.base_rate)
    return {Standing.CONFIRMED: CONFIRMED, Standing.RETIRED: RETIRED}.get(standing, "")


def _blank(business_id: UUID, kind: Kind, now: datetime) -> Pattern:
    return Pattern(
        business_id=business_id,
        key=kind.key,
        category=kind.category,
        type=kind.type,
        place=kind.place,
        agent_ids=list(kind.agents),
        found_at=now,
    )


def _set(
    pattern: Pattern, finding: Finding, sums: tuple[float, float], kind: Kind, agents: Mapping[UUID, Agent]
) -> None:
    named = [agents[one] for one in kind.agents]
    pattern.trials, pattern.successes = sums
    pattern.rate, pattern.low, pattern.high = finding.rate, finding.low, finding.high
    pattern.base_rate, pattern.q_value, pattern.strength = finding.base_rate, finding.q_value, finding.strength.value
    pattern.name = name_of(kind, [agent.name or agent.key for agent in named])
    pattern.agent_keys = [agent.key for agent in named]


def _move(pattern: Pattern, what: str, now: datetime) -> None:
    if what == AGAIN:
        # retired_at stays: from that day on the pattern had to show itself anew.
        pattern.state, pattern.found_at, pattern.confirmed_at = Pattern.State.FOUND, now, None
    elif what == CONFIRMED:
        pattern.state, pattern.confirmed_at = Pattern.State.CONFIRMED, now
    elif what == RETIRED:
        pattern.state, pattern.retired_at = Pattern.State.RETIRED, now


def _event(pattern: Pattern, what: str, later: Sums | None, now: datetime) -> PatternEvent:
    """With the figures it went by: of what came after it was found where that decided."""
    decided = later is not None and what in (CONFIRMED, RETIRED)
    rate, trials = (later.rate, later.trials) if later and decided else (pattern.rate, pattern.trials)
    return PatternEvent(business_id=pattern.business_id, pattern=pattern, what=what, rate=rate, trials=trials, at=now)


def _record(business_id: UUID, events: Iterable[PatternEvent]) -> None:
    for event in events:
        record(
            kind=f"pattern.{event.what}",
            subject_type="pattern",
            subject_id=event.pattern_id,
            business_id=business_id,
            actor=ACTOR,
            name=event.pattern.name,
            category=event.pattern.category,
            rate=round(event.rate, 4),
            trials=round(event.trials, 1),
        )


def _tell_how_many(cycle: LearningCycle) -> None:
    """From what was written down, so that a cycle that went on after a kill counts all of it."""
    rows = PatternEvent.objects.filter(business_id=cycle.business_id, at__gte=cycle.started_at)
    many = dict(rows.order_by().values_list("what").annotate(many=Count("pk")))
    cycle.patterns_found = many.get(FOUND, 0) + many.get(AGAIN, 0)
    cycle.patterns_confirmed = many.get(CONFIRMED, 0)
    cycle.patterns_retired = many.get(RETIRED, 0)
    LearningCycle.objects.filter(pk=cycle.pk).update(
        patterns_found=cycle.patterns_found,
        patterns_confirmed=cycle.patterns_confirmed,
        patterns_retired=cycle.patterns_retired,
    )
