"""EDGE: what the templates of the pattern board and of one pattern are given."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncWeek

from apps.agents.models import Agent
from apps.trust.charts import Scale, counted, percent, points
from apps.trust.charts_bars import Marks, TrustBar, marks_of, trust_bar
from apps.trust.charts_lines import LineChart, Moment, Series, line_chart
from apps.trust.charts_timeline import Timeline, timeline_of
from apps.trust.models import Pattern, PatternEvent
from apps.trust.page_context import text_in
from apps.trust.verdicts import Category

AT_ONCE = 12
WEEKS = 26
MOST_EVENTS = 200
STATES = {
    "": (Pattern.State.CONFIRMED, Pattern.State.FOUND),
    "confirmed": (Pattern.State.CONFIRMED,),
    "found": (Pattern.State.FOUND,),
    "retired": (Pattern.State.RETIRED,),
}
STATE_WORDS = {"": "In force", "confirmed": "Confirmed", "found": "Found, not confirmed yet", "retired": "Retired"}
CATEGORY_WORDS = {
    Category.CONSENSUS: "Consensus",
    Category.EXPERT: "Expert",
    Category.HIGH_CONFIDENCE: "High confidence",
}
MEANINGS = {
    Category.CONSENSUS: "agents that were asked side by side and agreed",
    Category.EXPERT: "one agent in its own field",
    Category.HIGH_CONFIDENCE: "an agent that was sure of itself",
}
EVENT_WORDS = {
    "found": "Found",
    "confirmed": "Confirmed by later evidence",
    "retired": "Retired: later evidence spoke against it",
    "found_again": "Found again",
}
SHARES = Scale(0.0, 1.0, 0.25)


@dataclass(frozen=True, slots=True)
class Wanted:
    """category, state: "" for all, and for those in force. after: (low, id) of the last one before this page."""

    category: str = ""
    state: str = ""
    after: tuple[float, UUID] | None = None


@dataclass(frozen=True, slots=True)
class PatternCard:
    row: Pattern
    category: str
    meaning: str
    bar: TrustBar
    rate: str
    interval: str
    base: str
    gain: str
    trials: str
    strength: str
    doubt: str
    marks: Marks
    names: list[tuple[str, str]]


def wanted_in(values: Mapping[str, str]) -> Wanted:
    """From a query string; what is not understood is as if not given."""
    category, state = text_in(values, "category", 20), text_in(values, "state", 20)
    return Wanted(
        category=category if category in set(Category) else "",
        state=state if state in STATES else "",
        after=_place_in(values.get("after", "")),
    )


def board_context(business_id: UUID, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """Four queries, however many patterns and agents there are."""
    rows = list(page_of(business_id, wanted))
    shown = rows[:AT_ONCE]
    names = agent_names(business_id, {key for row in shown for key in row.agent_keys})
    counts = _counts(business_id)
    following = f"{shown[-1].low!r}:{shown[-1].pk}" if len(rows) > AT_ONCE else ""
    kept = {"category": wanted.category, "state": wanted.state}
    return {
        "cards": board_cards(shown, names),
        "wanted": wanted,
        "none_at_all": not counts,
        "categories": _tabs("category", {"": "All", **CATEGORY_WORDS}, wanted, counts),
        "states": _tabs("state", STATE_WORDS, wanted, counts),
        "timeline": discovery_of(business_id, now),
        "weeks": WEEKS,
        "more": f"?{urlencode({**kept, 'after': following})}" if following else "",
        "top": f"?{urlencode(kept)}",
        "first": wanted.after is None,
    }


def page_of(business_id: UUID, wanted: Wanted) -> QuerySet[Pattern]:
    """One page and one more, the surest first.

    States are read one by one and merged: each is a walk along an index, which several together are not.
    """
    rows = Pattern.objects.filter(business_id=business_id)
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.after:
        low, pk = wanted.after
        # The first part alone is what the index can begin at.
        rows = rows.filter(Q(low__lte=low) & (Q(low__lt=low) | Q(id__gt=pk)))
    first, *others = [rows.filter(state=state).order_by("-low", "id")[: AT_ONCE + 1] for state in STATES[wanted.state]]
    return first.union(*others, all=True).order_by("-low", "id")[: AT_ONCE + 1] if others else first


def pattern_context(pattern: Pattern) -> dict[str, Any]:
    """One pattern with everything that became of it. Two queries."""
    events = list(PatternEvent.objects.filter(pattern=pattern).order_by("-at", "-id")[:MOST_EVENTS])
    names = agent_names(pattern.business_id, set(pattern.agent_keys))
    return {
        "card": board_cards([pattern], names)[0],
        "events": [(one, EVENT_WORDS.get(one.what, one.what.title()), percent(one.rate)) for one in events],
        "chart": rate_chart(pattern, events),
    }


def rate_chart(pattern: Pattern, events: Iterable[PatternEvent]) -> LineChart | None:
    """The success rate each time it was looked at, against the business's own."""
    by_day = {one.at.date(): one for one in sorted(events, key=lambda one: one.at)}
    moments = [
        Moment(
            day, one.rate, one.trials, said=f"{day:%-d %b}: {percent(one.rate)} of {counted(one.trials)}, {one.what}"
        )
        for day, one in by_day.items()
    ]
    base = [(pattern.base_rate, f"all {percent(pattern.base_rate)}")]
    return line_chart([Series("success rate", moments)], written=percent, scale=SHARES, marks=base)


def board_cards(patterns: Iterable[Pattern], names: Mapping[str, str]) -> list[PatternCard]:
    """names: of agents by key; an agent that is gone keeps its key."""
    return [_card(one, names) for one in patterns]


def _card(one: Pattern, names: Mapping[str, str]) -> PatternCard:
    taking_part = [(key, names.get(key, key)) for key in one.agent_keys]
    return PatternCard(
        row=one,
        category=CATEGORY_WORDS[Category(one.category)],
        meaning=MEANINGS[Category(one.category)],
        bar=trust_bar(overall=one.rate, low=one.low, high=one.high, average=one.base_rate, enough=True),
        rate=percent(one.rate),
        interval=f"{percent(one.low).removesuffix(' %')} to {percent(one.high)}",
        base=percent(one.base_rate),
        gain=points(one.rate - one.base_rate),
        trials=counted(one.trials),
        strength=one.strength.replace("_", " "),
        doubt=doubt_in_words(one.q_value),
        marks=marks_of([name for _, name in taking_part]),
        names=taking_part,
    )


def doubt_in_words(q_value: float) -> str:
    """What a share of false discoveries means: of as many patterns as this that look as strong, one is chance."""
    if not math.isfinite(q_value) or q_value >= 0.5:
        return "may well be chance"
    if q_value < 0.0005:
        return "of patterns this strong, fewer than 1 in 2,000 are chance"
    return f"of patterns this strong, about 1 in {round(1 / q_value):,} is chance"


def agent_names(business_id: UUID, keys: set[str]) -> dict[str, str]:
    return dict(Agent.objects.filter(business_id=business_id, key__in=keys).values_list("key", "name"))


def discovery_of(business_id: UUID, now: datetime) -> Timeline | None:
    """What was found, confirmed and retired in the last WEEKS weeks."""
    since = now - timedelta(weeks=WEEKS - 1)
    since = (since - timedelta(days=since.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = PatternEvent.objects.filter(business_id=business_id, at__gte=since).order_by()
    found: Counter[tuple[date, str]] = Counter()
    for week, what, number in rows.annotate(week=TruncWeek("at")).values_list("week", "what").annotate(n=Count("*")):
        found[week.date(), what.removesuffix("_again")] += number
    return timeline_of(found, first=since.date(), last=now.date())


def _counts(business_id: UUID) -> Counter[tuple[str, str]]:
    rows = Pattern.objects.filter(business_id=business_id).order_by().values_list("category", "state")
    return Counter({(category, state): number for category, state, number in rows.annotate(n=Count("*"))})


def _tabs(
    name: str, words: Mapping[Any, str], wanted: Wanted, counts: Counter[tuple[str, str]]
) -> list[tuple[str, str, int, bool]]:
    """(query, words, how many with the other filter as it is, whether chosen) of each choice."""
    tabs = []
    for value, said in words.items():
        chosen = {"category": wanted.category, "state": wanted.state, name: str(value)}
        number = sum(
            n
            for (category, state), n in counts.items()
            if state in STATES[chosen["state"]] and chosen["category"] in ("", category)
        )
        tabs.append((f"?{urlencode(chosen)}", said, number, getattr(wanted, name) == value))
    return tabs


def _place_in(text: str) -> tuple[float, UUID] | None:
    low, _, pk = text.partition(":")
    try:
        found = float(low), UUID(pk)
    except ValueError:
        return None
    return found if math.isfinite(found[0]) else None
