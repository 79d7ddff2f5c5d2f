"""EDGE: what the learning page is given of health, of other thresholds, and of reviewers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.trust.charts import counted, percent
from apps.trust.charts_bars import TrustBar, spark_of, trust_bar
from apps.trust.fitness import AgentRate, HealthFigure, State
from apps.trust.forms import WhatIfForm
from apps.trust.health import health_of
from apps.trust.reviewers import reviewers_of
from apps.trust.reviewing import Reviewer
from apps.trust.whatif import USUAL, AgentWhatIf, LaneShare, what_if

STATE_WORDS = {State.OK: "well", State.WARN: "look at it", State.BAD: "bad", State.UNKNOWN: "too little to say"}
LANE_WORDS = {"critical": "asked first", "normal": "asked as usual", "low": "asked last", "off": "switched off"}


@dataclass(frozen=True, slots=True)
class Health:
    figure: HealthFigure
    word: str
    spark: str


@dataclass(frozen=True, slots=True)
class Way:
    """What goes one way under other thresholds. bar: the approval of it, None where too few were judged."""

    lane: str
    words: str
    asked: str
    share: str
    before: str
    rate: str
    interval: str
    bar: TrustBar | None


@dataclass(frozen=True, slots=True)
class Moved:
    row: AgentWhatIf
    lane: str
    before: str
    asked: str
    rate: str
    interval: str


def health_context(business_id: UUID, now: datetime) -> dict[str, Any]:
    found = health_of(business_id, now)
    shown = [Health(one, STATE_WORDS[one.state], spark_of(one.series)) for one in found.figures]
    return {"health": shown, "health_word": STATE_WORDS[found.state], "health_state": found.state}


def whatif_context(business_id: UUID, now: datetime, values: Mapping[str, str]) -> dict[str, Any]:
    """The form, and the figures where thresholds were asked for: reading them takes a moment, so not before."""
    usual = {"critical": USUAL.critical, "low": USUAL.low, "disable": USUAL.disable}
    if not any(name in values for name in usual):
        return {"whatif_form": WhatIfForm(initial=usual)}
    form = WhatIfForm({name: values.get(name) or default for name, default in usual.items()}, initial=usual)
    context: dict[str, Any] = {"whatif_form": form}
    if not form.is_valid():
        wrong = next(iter(form.errors.items()))
        return context | {"whatif_error": f"{form.fields[wrong[0]].label}: {wrong[1][0]}"}
    try:
        found = what_if(business_id, now, **form.cleaned_data)
    except ValueError as error:
        return context | {"whatif_error": str(error)}
    before = {one.lane: one for one in found.now.lanes}
    return context | {
        "whatif": found,
        "ways": [_way(one, before[one.lane]) for one in found.then.lanes],
        "moved": [_moved(row) for row in found.rows if row.lane != row.before or row.off_since],
        "unmoved": sum(row.lane == row.before and not row.off_since for row in found.rows),
    }


@dataclass(frozen=True, slots=True)
class Judge:
    """A reviewer as shown. bar: of reliability, hatched where it is not known."""

    row: Reviewer
    bar: TrustBar
    reliability: str
    interval: str
    agreement: str
    lenient: str
    harsh: str


def reviewers_context(business_id: UUID, now: datetime, *, only: str = "") -> dict[str, Any]:
    """only: whose row is shown, "" for everybody's."""
    found = reviewers_of(business_id, now)
    return {"reviewers": found, "judges": [_judge(row) for row in found.rows if only in ("", row.actor)]}


def _judge(row: Reviewer) -> Judge:
    known = row.enough and row.reliability is not None
    return Judge(
        row=row,
        bar=trust_bar(overall=row.reliability, low=row.low, high=row.high, average=None, enough=known),
        reliability=percent(row.reliability) if known else "",
        interval=f"{percent(row.low).removesuffix(' %')} to {percent(row.high)}" if known else "",
        agreement=percent(row.agreement),
        lenient=percent(row.lenient),
        harsh=percent(row.harsh),
    )


def _way(one: LaneShare, before: LaneShare) -> Way:
    rate, interval = _rate(one.approval)
    return Way(
        lane=one.lane,
        words=LANE_WORDS[one.lane],
        asked=counted(one.asked),
        share=percent(one.share),
        before=percent(before.share),
        rate=rate,
        interval=interval,
        bar=_bar(one.approval) if one.approval else None,
    )


def _bar(found: AgentRate) -> TrustBar:
    return trust_bar(overall=found.rate, low=found.low, high=found.high, average=None, enough=True)


def _moved(row: AgentWhatIf) -> Moved:
    rate, interval = _rate(row.approval)
    return Moved(row, LANE_WORDS[row.lane], LANE_WORDS[row.before], counted(row.asked), rate, interval)


def _rate(found: AgentRate | None) -> tuple[str, str]:
    """(share, interval) in words; no share where too few were judged."""
    if found is None:
        return "", ""
    return percent(found.rate), f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"
