"""ACT: the phases of a learning cycle that bring trust up to date. Each may be cut off anywhere and gone on with."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.agents.models import Agent
from apps.trust import pacing
from apps.trust.assessing import assess
from apps.trust.folding import BATCH, fold_batch, lock_tallies, rebuild
from apps.trust.keeping import keep_anew, keep_learned
from apps.trust.models import DailyTally, LearningCycle
from apps.trust.recommending import flush_buffer
from apps.trust.scoring import learn as learn_from
from apps.trust.steering import steer_agents

# So many recommendations are summed in one transaction, unless a single agent has more.
SUMMED_AT_ONCE = 2_000_000
AGENTS_AT_ONCE = 500


def fold(cycle: LearningCycle) -> None:
    """Take in what has come since: recommendations from the buffer, then every change that waits, batch by batch."""
    flush_buffer(business_id=cycle.business_id)
    done = True
    while done:
        # The counts belong to the batch: a kill between the two would lose them.
        with transaction.atomic():
            folded = fold_batch(business_id=cycle.business_id, today=timezone.now().date())
            cycle.recommendations += folded.recommendations
            cycle.outcomes += folded.outcomes
            done = folded.changes >= BATCH
            pacing.save(cycle)


def sum_anew(cycle: LearningCycle) -> None:
    """Make the tallies anew from all recommendations, some agents at a time, and go on behind the last ones."""
    after = UUID(cycle.position["after"]) if cycle.position.get("after") else None
    while agents := _next_agents(cycle.business_id, after):
        with transaction.atomic():
            found = rebuild(business_id=cycle.business_id, first=agents[0], last=agents[-1])
            cycle.recommendations = (cycle.recommendations if after else 0) + found.recommendations
            after = agents[-1]
            pacing.save(cycle, position={**cycle.position, "after": str(after)})


def learn(cycle: LearningCycle) -> None:
    """Fit what the rule takes from the business's own past."""
    business_id, today = cycle.business_id, timezone.now().date()
    with transaction.atomic():
        lock_tallies(business_id)
        # What is read here is kept, so that scoring need not read it again.
        tallies, _ = keep_anew(business_id=business_id, today=today)
        keep_learned(business_id=business_id, learned=learn_from(tallies))


def score(cycle: LearningCycle) -> None:
    """Compute trust and put it in force."""
    with transaction.atomic():
        found = assess(business_id=cycle.business_id, now=timezone.now())
        cycle.agents = found.agents
        cycle.rules_updated += found.changed
        pacing.save(cycle)


def steer(cycle: LearningCycle) -> None:
    """Switch off whom trust has dropped too low for."""
    with transaction.atomic():
        cycle.rules_updated += steer_agents(business_id=cycle.business_id)
        pacing.save(cycle)


def _next_agents(business_id: UUID, after: UUID | None) -> list[UUID]:
    """The agents to sum next, by id: as many as have some two million recommendations together."""
    rows = Agent.objects.filter(business_id=business_id)
    if after:
        rows = rows.filter(pk__gt=after)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:AGENTS_AT_ONCE])
    asked: dict[UUID, float] = {}
    tallies = DailyTally.objects.filter(business_id=business_id, agent_id__in=ids).order_by()
    for agent, many in tallies.values_list("agent_id", "asked"):
        asked[agent] = asked.get(agent, 0) + many
    found, total = list[UUID](), 0.0
    for agent in ids:
        total += asked.get(agent, 0)
        if found and total > SUMMED_AT_ONCE:
            break
        found.append(agent)
    return found
