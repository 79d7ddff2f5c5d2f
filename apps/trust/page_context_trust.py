"""EDGE: what the templates of the trust cards and of one agent are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.agents.models import Agent
from apps.trust.boosting import priority_of
from apps.trust.charts import counted, percent, points, share
from apps.trust.charts_bars import TrustBar, trust_bar
from apps.trust.models import TrustScore
from apps.trust.page_context import agents_of, number_in, text_in
from apps.trust.verdicts import Priority, Trend

AT_ONCE = 60
SORTS = {
    "low": "surest first",
    "name": "by name",
    "change": "most improved first",
    "approval": "approved most first",
    "evidence": "most evidence first",
}
STEERS = {Priority.CRITICAL: "asked first", Priority.NORMAL: "asked as usual", Priority.LOW: "asked last"}
ARROWS = {Trend.IMPROVING: "▲", Trend.DECLINING: "▼", Trend.STABLE: "▬", Trend.UNKNOWN: "·"}
PARTS = {
    "accuracy": "How likely its next recommendation is approved",
    "consistency": "How evenly good it is from week to week",
    "timeliness": "Share answered in time",
    "reliability": "Share answered usably at all",
}


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    meaning: str
    words: str
    place: float


@dataclass(frozen=True, slots=True)
class Standing:
    """One score as it is shown; of an agent that was never asked, all but the bar is empty."""

    type: str
    bar: TrustBar
    score: TrustScore | None
    overall: str
    interval: str
    evidence: str
    arrow: str
    change: str
    approval: str
    quality: str
    boost: str
    priority: str
    steers: str
    components: list[Component]

    @property
    def enough(self) -> bool:
        return self.score is not None and self.score.enough


@dataclass(frozen=True, slots=True)
class Card:
    agent: Agent
    now: Standing
    types: list[Standing]


@dataclass(frozen=True, slots=True)
class Wanted:
    type: str = ""
    search: str = ""
    sort: str = "low"
    dense: bool = False
    page: int = 1


def wanted_in(values: Mapping[str, str]) -> Wanted:
    """From a query string; what is not understood is as if not given."""
    sort = values.get("sort", "")
    return Wanted(
        type=text_in(values, "type", 40),
        search=text_in(values, "q"),
        sort=sort if sort in SORTS else "low",
        dense=values.get("view") == "list",
        page=max(1, number_in(values, "page", 1)),
    )


def cards_context(business_id: UUID, wanted: Wanted) -> dict[str, Any]:
    """Two queries, however many agents there are."""
    agents, scores = agents_of(business_id), list(TrustScore.objects.filter(business_id=business_id))
    average = average_of(scores, wanted.type)
    cards = _sorted(_cards(agents, scores, wanted, average), wanted.sort)
    first = (wanted.page - 1) * AT_ONCE
    computed = max((score.computed_at for score in scores), default=None)
    return {
        "cards": cards[first : first + AT_ONCE],
        "found": len(cards),
        "agents": len(agents),
        "pages": -(-len(cards) // AT_ONCE),
        "average": average,
        "average_words": percent(average),
        "computed_at": computed,
        "types": sorted(
            {score.type for score in scores if score.type} | {name for one in agents for name in one.types}
        ),
        "wanted": wanted,
        "sorts": SORTS,
    }


def card_of(agent: Agent, scores: Sequence[TrustScore], average: float | None) -> Card:
    """scores: of this agent, any types."""
    by_type = {score.type: score for score in scores}
    names = sorted({*by_type, *agent.types} - {""})
    return Card(
        agent, standing("", by_type.get(""), average), [standing(name, by_type.get(name), None) for name in names]
    )


def average_of(scores: Sequence[TrustScore], of_type: str = "") -> float | None:
    """The mean trust in the agents of a business that there is enough evidence of; None where there is none."""
    known = [score.overall for score in scores if score.type == of_type and score.enough]
    return sum(known) / len(known) if known else None


def standing(of_type: str, score: TrustScore | None, average: float | None) -> Standing:
    if score is None:
        bar = trust_bar(overall=None, low=0.0, high=1.0, average=average, enough=False)
        return Standing(
            of_type, bar, None, "–", "", "never asked", "", "", "–", "–", "0", "NORMAL", "asked as usual", []
        )
    return Standing(
        type=of_type,
        bar=trust_bar(overall=score.overall, low=score.low, high=score.high, average=average, enough=score.enough),
        score=score,
        overall=percent(score.overall),
        interval=f"{percent(score.low).removesuffix(' %')} to {percent(score.high)}",
        evidence=f"{counted(score.effective_n)} outcomes’ worth",
        arrow=ARROWS[Trend(score.trend)],
        change=points(score.change),
        approval=percent(score.approval_rate),
        quality="–" if score.average_quality is None else f"{score.average_quality:.0f}",
        boost=_signed(score.boost),
        priority=priority_of(score.boost).name,
        steers=_steers(score),
        components=[
            Component(name, meaning, percent(getattr(score, name)), share(getattr(score, name)))
            for name, meaning in PARTS.items()
        ],
    )


def _steers(score: TrustScore) -> str:
    if not score.enough:
        return "asked as usual until there is enough evidence"
    return STEERS[priority_of(score.boost)]


def _signed(boost: float) -> str:
    return "0" if abs(boost) < 0.005 else f"{'+' if boost > 0 else '−'}{abs(boost):.2f}"


def _cards(agents: Sequence[Agent], scores: Sequence[TrustScore], wanted: Wanted, average: float | None) -> list[Card]:
    of_agent: dict[UUID, list[TrustScore]] = {}
    for score in scores:
        of_agent.setdefault(score.agent_id, []).append(score)
    cards = []
    for agent in agents:
        if wanted.search.casefold() not in f"{agent.name} {agent.key}".casefold():
            continue
        card = card_of(agent, of_agent.get(agent.pk, ()), average)
        if wanted.type:
            found = next((one for one in card.types if one.type == wanted.type), None)
            if found is None:
                continue
            card = Card(agent, standing(wanted.type, found.score, average), card.types)
        cards.append(card)
    return cards


def _sorted(cards: list[Card], sort: str) -> list[Card]:
    """Agents of whom too little is known come after those of whom enough is; what is switched off last of all."""

    def place(card: Card) -> tuple[bool, bool, float, str]:
        score = card.now.score
        if sort == "name":
            return False, False, 0.0, card.agent.name.casefold()
        value = 0.0 if score is None else {
            "low": score.low,
            "change": score.change,
            "approval": score.approval_rate or 0.0,
            "evidence": score.effective_n,
        }[sort]  # fmt: skip
        return not card.agent.enabled, not card.now.enough, -value, card.agent.name.casefold()

    return sorted(cards, key=place)
