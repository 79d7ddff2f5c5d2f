"""EDGE: what the template of one agent is given: its trust over time, what it recommended, what it takes part in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from apps.agents.models import Agent
from apps.trust.charts import Scale, counted, percent, share
from apps.trust.charts_lines import LineChart, Moment, Series, line_chart
from apps.trust.comparing import Pair, head_to_head
from apps.trust.models import Outcome, Pattern, Recommendation, TrustDay, TrustScore
from apps.trust.page_context_patterns import board_cards
from apps.trust.page_context_trust import average_of, card_of
from apps.trust.verdicts import RANK, Source, Verdict

HISTORY_DAYS = 90
AT_ONCE = 25
MOST_PATTERNS = 6
# From where on one of two is called the better one.
SURELY = 0.9
SHARES = Scale(0.0, 1.0, 0.25)
VERDICT_WORDS = {
    Verdict.PENDING: "no outcome yet",
    Verdict.APPROVED: "approved",
    Verdict.PARTIAL: "changed, then approved",
    Verdict.REJECTED: "rejected",
}
SOURCE_WORDS = {
    Source.APPROVAL: "by a decision",
    Source.AUDIT: "by an audit",
    Source.FEEDBACK: "by feedback",
    Source.EVALUATION: "by its workflow",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A recommendation as it is listed. source: who ruled, "" where nobody has."""

    row: Recommendation
    verdict: str
    source: str
    value: str
    feedback: str
    sure: str
    expected: str
    took: str
    run_url: str


@dataclass(frozen=True, slots=True)
class Duel:
    """Against one other agent. won, lost, tied: weighed contests. better: the chance to be the better one."""

    key: str
    name: str
    contests: int
    won: str
    lost: str
    tied: str
    better: str
    place: float
    words: str


def agent_context(agent: Agent, *, now: datetime, after: str = "") -> dict[str, Any]:
    """after: id of the last recommendation of the page before, "" for the newest."""
    scores = list(TrustScore.objects.filter(business_id=agent.business_id))
    average = average_of(scores)
    patterns = Pattern.objects.filter(business_id=agent.business_id, agent_keys__contains=[agent.key])
    in_force = patterns.exclude(state=Pattern.State.RETIRED).order_by("-low", "id")[:MOST_PATTERNS]
    rows, following = recent(agent, after)
    return {
        "agent": agent,
        "card": card_of(agent, [score for score in scores if score.agent_id == agent.pk], average),
        "average_words": percent(average),
        "chart": history_chart(agent, now, average),
        "history_days": HISTORY_DAYS,
        "patterns": board_cards(
            in_force, dict(Agent.objects.filter(business_id=agent.business_id).values_list("key", "name"))
        ),
        "rows": rows,
        "following": following,
        "first": not after,
    }


def history_chart(agent: Agent, now: datetime, average: float | None) -> LineChart | None:
    """How trust stood at the end of each day, with its interval."""
    since = now.date() - timedelta(days=HISTORY_DAYS)
    days = TrustDay.objects.filter(business_id=agent.business_id, agent=agent, day__gte=since).order_by("day")
    moments = [Moment(one.day, one.overall, one.effective_n, one.low, one.high, _said(one)) for one in days]
    marks = [] if average is None else [(average, f"average {percent(average)}")]
    return line_chart([Series(agent.name, moments)], written=percent, scale=SHARES, marks=marks)


def _said(one: TrustDay) -> str:
    thin = "" if one.enough else ", not enough evidence"
    return f"{one.day:%-d %b}: {percent(one.overall)} ({percent(one.low)} to {percent(one.high)}){thin}"


def recent(agent: Agent, after: str) -> tuple[list[Row], str]:
    """(one page, newest first; where the next one starts, "" at the end). Two queries."""
    rows = Recommendation.objects.filter(business_id=agent.business_id, agent=agent).defer("reasoning")
    bound = _id_in(after)
    found = list((rows.filter(pk__lt=bound) if bound else rows).order_by("-id")[: AT_ONCE + 1])
    shown = found[:AT_ONCE]
    ruling = _ruling([one.pk for one in shown])
    listed = [_row(one, ruling.get(one.pk)) for one in shown]
    return listed, str(shown[-1].pk) if len(found) > AT_ONCE else ""


def _ruling(ids: Sequence[UUID]) -> dict[UUID, Outcome]:
    """The outcome that rules, of each that has any."""
    outcomes = sorted(Outcome.objects.filter(recommendation_id__in=ids), key=lambda one: -RANK[Source(one.source)])
    return {one.recommendation_id: one for one in outcomes}


def duels_context(agent: Agent, now: datetime) -> dict[str, Any]:
    """The agent against each it was asked beside, from its own side, those it met most first. Two queries."""
    found = head_to_head(agent.business_id, now)
    names = {one.key: one.name for one in found.rows}
    its = [one for one in found.pairs if agent.key in (one.a, one.b)]
    return {
        "head_to_head": found,
        "rank": next((one for one in found.rows if one.key == agent.key), None),
        "duels": sorted((_duel(agent.key, one, names) for one in its), key=lambda one: (-one.contests, one.name)),
    }


def _duel(key: str, pair: Pair, names: dict[str, str]) -> Duel:
    first = pair.a == key
    other = pair.b if first else pair.a
    won, lost = (pair.won, pair.lost) if first else (pair.lost, pair.won)
    better = pair.better if first else 1 - pair.better
    return Duel(
        key=other,
        name=names.get(other, other),
        contests=pair.contests,
        won=counted(won),
        lost=counted(lost),
        tied=counted(pair.tied),
        better=percent(better),
        place=share(better),
        words="surely better" if better > SURELY else "surely worse" if better < 1 - SURELY else "not told apart",
    )


def _row(one: Recommendation, outcome: Outcome | None) -> Row:
    return Row(
        row=one,
        verdict="failed" if one.failure else VERDICT_WORDS[Verdict(one.verdict)],
        source=SOURCE_WORDS[Source(outcome.source)] if outcome else "",
        value=percent(one.value) if one.verdict == Verdict.PARTIAL else "",
        feedback=outcome.feedback if outcome else "",
        sure=percent(one.confidence),
        expected=percent(one.expected),
        took="–" if one.latency_ms is None else f"{one.latency_ms / 1000:.1f} s",
        run_url=_run_url(one.run_id),
    )


def _run_url(run_id: UUID | None) -> str:
    """The page of the run, which an app above this one has."""
    try:
        return reverse("admin:run", args=[run_id]) if run_id else ""
    except NoReverseMatch:
        return ""


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
