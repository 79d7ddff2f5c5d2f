"""SELECTOR: agents head to head: who is better where several were asked the same thing side by side."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.agents.models import Agent
from apps.trust import headtohead

WINDOW = timedelta(days=180)
# The newest judged recommendations of groups: as many say all there is to say of agents that meet often.
MOST = 20_000
FEWEST = 20  # contests before anybody is ranked
FEWEST_MET = 10  # contests of one agent before it is placed

# Whoever's answer was worth more has won; what several agents took the same way is a tie. One group is one contest
# however often an agent answered in it; it weighs what its outcomes stand for.
_DUELS = """
WITH newest AS (
    SELECT "group", agent_id, value, weight FROM trust_recommendation
    WHERE business_id = %(business)s AND created_at > %(since)s AND value IS NOT NULL AND "group" <> ''
        AND (%(type)s = '' OR type = %(type)s)
    ORDER BY created_at DESC LIMIT %(most)s
), judged AS (
    SELECT "group", agent_id, avg(value) AS value, avg(weight) AS weight FROM newest GROUP BY "group", agent_id
)
SELECT a.agent_id, b.agent_id,
    coalesce(sum((a.weight + b.weight) / 2) FILTER (WHERE a.value > b.value), 0),
    coalesce(sum((a.weight + b.weight) / 2) FILTER (WHERE a.value < b.value), 0),
    coalesce(sum((a.weight + b.weight) / 2) FILTER (WHERE a.value = b.value), 0), count(*)
FROM judged a JOIN judged b ON b."group" = a."group" AND b.agent_id > a.agent_id
GROUP BY a.agent_id, b.agent_id ORDER BY a.agent_id, b.agent_id
"""


@dataclass(frozen=True, slots=True)
class Ranked:
    """strength: log-odds against an average one of these, with its 90 % interval; beats: the chance to beat such a one,
    0 to 1. won, lost, tied, met: contests. enough: whether it has met others often enough to be placed."""

    agent_id: UUID
    key: str
    name: str
    rank: int
    strength: float
    low: float
    high: float
    beats: float
    beats_low: float
    beats_high: float
    won: float
    lost: float
    tied: float
    met: int
    enough: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two agents, by key, the stronger first. better: probability that it is the stronger of the two, 0.5 to 1."""

    a: str
    b: str
    won: float
    lost: float
    tied: float
    contests: int
    better: float


@dataclass(frozen=True, slots=True)
class HeadToHead:
    """rows: strongest first. pairs: those that met. enough: whether there is anything to go by."""

    rows: tuple[Ranked, ...]
    pairs: tuple[Pair, ...]
    contests: int
    enough: bool
    words: str


def head_to_head(business_id: UUID, now: datetime, *, type_: str = "") -> HeadToHead:
    """Of the last 180 days; type_: of recommendations, "" for all. Two queries."""
    agents = {str(agent.pk): agent for agent in Agent.objects.filter(business_id=business_id).only("key", "name")}
    met = [row for row in _met(business_id, now, type_) if row[0] in agents and row[1] in agents]
    found = headtohead.compare(headtohead.Duel(*row[:5]) for row in met)
    contests = sum(row[5] for row in met)
    rows = tuple(_row(place, one, agents[one.agent], met) for place, one in enumerate(found.agents, start=1))
    place_of = {one.agent: place for place, one in enumerate(found.agents)}
    pairs = tuple(_pair(row, place_of, found, agents) for row in met)
    enough = contests >= FEWEST and len(rows) > 1
    return HeadToHead(rows, pairs, contests, enough, in_words(rows, contests, enough, found))


def in_words(rows: tuple[Ranked, ...], contests: int, enough: bool, found: headtohead.Comparison) -> str:
    """One sentence, which names a best one only where that is surer than 90 %."""
    if not contests:
        return "No two agents were asked the same thing side by side and both judged, so none can be compared."
    if not enough:
        return f"{contests} comparisons so far: too few to rank anybody ({FEWEST} are needed)."
    first, second = rows[0], rows[1]
    if min(found.better[0][1:]) > 0.9 and first.enough:
        return f"{first.name} is the best of {len(rows)} in {contests:,} comparisons, more than 90 % surely."
    return f"{first.name} is ahead of {second.name} in {contests:,} comparisons, but the best is not told apart yet."


def _met(business_id: UUID, now: datetime, type_: str) -> list[tuple[str, str, float, float, float, int]]:
    given: dict[str, Any] = {"business": business_id, "since": now - WINDOW, "type": type_, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_DUELS, given)
        return [(str(a), str(b), *counts) for a, b, *counts in cursor.fetchall()]


def _row(
    place: int, one: headtohead.Strength, agent: Agent, met: list[tuple[str, str, float, float, float, int]]
) -> Ranked:
    won = sum(row[2] for row in met if row[0] == one.agent) + sum(row[3] for row in met if row[1] == one.agent)
    lost = sum(row[3] for row in met if row[0] == one.agent) + sum(row[2] for row in met if row[1] == one.agent)
    its = [row for row in met if one.agent in row[:2]]
    return Ranked(
        agent_id=agent.pk,
        key=agent.key,
        name=agent.name,
        rank=place,
        strength=one.strength,
        low=one.low,
        high=one.high,
        beats=one.beats,
        beats_low=one.beats_low,
        beats_high=one.beats_high,
        won=won,
        lost=lost,
        tied=sum(row[4] for row in its),
        met=sum(row[5] for row in its),
        enough=sum(row[5] for row in its) >= FEWEST_MET,
    )


def _pair(
    row: tuple[str, str, float, float, float, int],
    place_of: dict[str, int],
    found: headtohead.Comparison,
    agents: dict[str, Agent],
) -> Pair:
    a, b, won, lost, tied, contests = row
    if place_of[a] > place_of[b]:
        a, b, won, lost = b, a, lost, won
    return Pair(agents[a].key, agents[b].key, won, lost, tied, contests, found.better[place_of[a]][place_of[b]])
