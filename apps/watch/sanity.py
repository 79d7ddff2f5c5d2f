"""SELECTOR: the sanity checks of the gate: each with what was found, what is wanted, and whether it passed."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, Min
from django.utils import timezone

from apps.core.models import Outbox
from apps.goals.configuration import configuration_of
from apps.goals.models import Goal
from apps.goals.states import State
from apps.goals.switches import switches_of
from apps.llm.embedding import get_embedder
from apps.watch.bands import Figure, Standing
from apps.watch.figures import two_fullest
from apps.watch.selftest import self_test
from apps.watch.watching import Looked, Watched, watch
from apps.watch.windows import Window
from apps.watch.words import band_in_words, interval, percent, written

# With two levels of confidence, all goals stand in two of twenty bins.
MOST_IN_TWO_BINS = 0.8
READY_AT_MOST = timedelta(minutes=5)
OUTBOX_AT_MOST = timedelta(minutes=2)


class Outcome(StrEnum):
    """UNSURE: out of its band, but chance alone may have put it there."""

    PASS = "pass"  # noqa: S105 an outcome
    FAIL = "fail"
    UNSURE = "unsure"
    NOT_ENOUGH_DATA = "not_enough_data"


@dataclass(frozen=True, slots=True)
class Sanity:
    """One check in words. n: on how many goals, 0 where that says nothing."""

    name: str
    found: str
    wanted: str
    outcome: Outcome
    n: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


_OUTCOMES = {
    Standing.IN_BAND: Outcome.PASS,
    Standing.NO_BAND: Outcome.PASS,
    Standing.UNSURE: Outcome.UNSURE,
    Standing.OUT_OF_BAND: Outcome.FAIL,
    Standing.NOT_ENOUGH_DATA: Outcome.NOT_ENOUGH_DATA,
}
_FIGURES = (
    (Figure.SIGMA, "Confidence is spread"),
    (Figure.CATCH, "Pre-validation catches what turns out bad"),
    (Figure.LATENCY_P95, "Verdicts come in time"),
    (Figure.APPROVAL, "People are asked neither too often nor too seldom"),
    (Figure.CLARIFICATION, "Questions are asked neither too often nor too seldom"),
    (Figure.ERRORS, "Submissions do not fail by our fault"),
)


def sanity_of(business_id: UUID, window: Window, *, minimum: int) -> list[Sanity]:
    """Every check of one business. Call inside `acting_for` it."""
    watched = watch(business_id, window, minimum=minimum)
    by_figure = {looked.figure: looked for looked in watched.figures}
    checks = [_of_figure(name, by_figure[figure]) for figure, name in _FIGURES]
    return [checks[0], _graded(watched, minimum), *checks[1:], _switches(business_id), _nothing_stuck(business_id)]


def sanity_of_installation() -> list[Sanity]:
    """What is the same for every business: the shipped checks, and the outbox."""
    return [_rules_judge_well(), _outbox_flows()]


def failed(checks: list[Sanity], *, strict: bool) -> list[Sanity]:
    """Those that make a run fail; strict: all that did not pass for sure."""
    bad = set(Outcome) - {Outcome.PASS} if strict else {Outcome.FAIL}
    return [check for check in checks if check.outcome in bad]


def _of_figure(name: str, looked: Looked) -> Sanity:
    span = interval(looked.figure, looked.now)
    found = written(looked.figure, looked.now.value) + (f" ({span})" if span else "")
    return Sanity(name, found, band_in_words(looked.figure, looked.band), _OUTCOMES[looked.standing], looked.now.n)


def _graded(watched: Watched, minimum: int) -> Sanity:
    confidences = watched.counts.confidences
    n, held = sum(confidences), two_fullest(confidences)
    wanted = f"two of twenty bins hold less than {percent(MOST_IN_TWO_BINS)}"
    name = "Confidence is graded, not two levels"
    if held is None or n < minimum:
        return Sanity(name, "–", wanted, Outcome.NOT_ENOUGH_DATA, n)
    return Sanity(name, percent(held), wanted, Outcome.PASS if held < MOST_IN_TWO_BINS else Outcome.FAIL, n)


def _switches(business_id: UUID) -> Sanity:
    stands = switches_of(business_id)
    off = [stand.words[0] for stand in stands if not stand.on]
    enabled = configuration_of(business_id).enabled
    found = "all on" if not off else f"off: {', '.join(off)}"
    return Sanity("The gate is switched on", found, "all on", Outcome.PASS if enabled and not off else Outcome.FAIL)


def _nothing_stuck(business_id: UUID) -> Sanity:
    now: datetime = timezone.now()
    late = Goal.objects.filter(business_id=business_id, state=State.READY, run_after__lt=now - READY_AT_MOST)
    count = late.count()
    wanted = f"no goal ready for more than {READY_AT_MOST.seconds // 60} min"
    found = f"{count} goals wait for a worker" if count else "none"
    return Sanity("Workers take what may run", found, wanted, Outcome.FAIL if count else Outcome.PASS)


def _rules_judge_well() -> Sanity:
    results = self_test(get_embedder())
    wrong = [f"{found.case.name}: {found.path}" for found in results if not found.well]
    found = f"{len(results) - len(wrong)} of {len(results)}" + (f"; {', '.join(wrong)}" if wrong else "")
    return Sanity("The shipped checks judge as they should", found, "all", Outcome.FAIL if wrong else Outcome.PASS)


def _outbox_flows() -> Sanity:
    # What was tried and put off is late by plan: its lateness counts from when it was due.
    waiting = Outbox.objects.filter(next_attempt_at__lt=timezone.now() - OUTBOX_AT_MOST)
    oldest = waiting.aggregate(oldest=Min(F("next_attempt_at")))["oldest"]
    found = f"oldest due since {oldest:%d %b %H:%M} UTC" if oldest else "none late"
    wanted = f"events told within {OUTBOX_AT_MOST.seconds // 60} min"
    return Sanity("Events reach their listeners", found, wanted, Outcome.FAIL if oldest else Outcome.PASS)
