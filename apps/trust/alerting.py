"""ACT: tell people what a learning cycle has to tell: what stands badly, until it is better, and what is new.

That a cycle failed or took too long, and that an agent was switched off, is told where it happens (concluding.py,
steering.py). What stands badly has one open notice, which closes only once it is clearly better, so that a figure at an
edge does not flap. News is told to channels that ask for it: nobody is mailed of it unasked, and the notice of
yesterday's closes in silence.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.alerts.formats import clean_facts
from apps.alerts.models import Channel, Notice
from apps.alerts.raising import open_notice, raise_notice, resolve_notice
from apps.alerts.reaching import reach
from apps.alerts.severities import Severity, is_wanted
from apps.trust.accuracy import Verdict
from apps.trust.fitness import TARGETS, AgentRate, Figure
from apps.trust.health import approvals_of, declining, kept_rows
from apps.trust.models import LearningCycle, Pattern, PatternEvent

log = logging.getLogger(__name__)

SOURCE = "learning"
APPROVAL, DECLINING, WORSE, ROWS = "learning:approval:", "learning:declining", "learning:worse", "learning:rows"
RETIRED, NEW, DAILY = "learning:patterns-retired", "learning:patterns-new", "learning:daily"
MOST_NAMED = 10
# Where each closes again, short of where it opens.
APPROVAL_AGAIN, DECLINING_AGAIN, ROWS_AGAIN = TARGETS[Figure.APPROVAL].good, 1, 0.9 * TARGETS[Figure.ROWS].good


def on_cycle_ended(cycle: LearningCycle) -> None:
    """Call in the transaction that ends a cycle, however it ended. Of one that failed there is nothing to add.

    Never raises: a cycle has done its work even where nobody can be told of it.
    """
    if cycle.state != LearningCycle.State.DONE:
        return
    try:
        with acting_for(cycle.business_id):
            _tell(cycle, timezone.now())
    except Exception:
        log.exception("nobody could be told of learning cycle %s", cycle.pk)


def _tell(cycle: LearningCycle, now: datetime) -> None:
    _approvals(cycle.business_id, approvals_of(cycle.business_id, now))
    _declining(cycle.business_id, declining(cycle.business_id))
    if cycle.kind == LearningCycle.Kind.TRUST:
        return
    _against_average(cycle)
    _rows(cycle.business_id, kept_rows(cycle.business_id))
    _patterns(cycle, now)
    if cycle.kind == LearningCycle.Kind.FULL:
        _daily(cycle, now)


def _approvals(business_id: UUID, rates: Iterable[AgentRate]) -> None:
    """One notice an agent. Opens where the rate is surely below 50 %, closes when it is 50 % again or nobody knows."""
    known = {one.key: one for one in rates}
    told = set(_open_keys(business_id, APPROVAL))
    for one in known.values():
        if one.is_low and APPROVAL + one.key not in told:
            interval = f"{100 * one.low:.0f} to {100 * one.high:.0f} %"
            raise_notice(
                business_id=business_id,
                severity=Severity.WARNING,
                title=f"{one.name}: {100 * one.rate:.0f} % of what it recommends is approved",
                text="Surely less than half, in the last 30 days. Look at what was rejected, and train or replace it.",
                facts=[("Agent", one.key), ("Approved", interval), ("Outcomes", f"{one.judged:.0f}")],
                link=_page("agent-trust", one.key),
                dedup_key=APPROVAL + one.key,
                source=SOURCE,
            )
    for key in told:
        rate = known.get(key.removeprefix(APPROVAL))
        if rate is None or (not rate.is_low and rate.rate >= APPROVAL_AGAIN):
            resolve_notice(business_id=business_id, dedup_key=key)


def _declining(business_id: UUID, names: list[str]) -> None:
    if len(names) > TARGETS[Figure.DECLINING].good:
        raise_notice(
            business_id=business_id,
            severity=Severity.WARNING,
            title=f"The trust of {len(names)} agents is declining",
            text="Several at once point to what they share: a model, a prompt, a source of data, or who judges them.",
            facts=[("Agents", _listed(names))],
            link=_page("trust"),
            dedup_key=DECLINING,
            source=SOURCE,
        )
    elif len(names) <= DECLINING_AGAIN:
        resolve_notice(business_id=business_id, dedup_key=DECLINING)


def _against_average(cycle: LearningCycle) -> None:
    verdict = cycle.accuracy.get("verdict")
    if verdict == Verdict.WORSE:
        _, low, high = cycle.accuracy["gain"]["log_loss"]
        raise_notice(
            business_id=cycle.business_id,
            severity=Severity.WARNING,
            title="Trust foretells decisions worse than a plain average",
            text="What is decided may have changed at once, or people judge alike work differently.",
            facts=[("Gain in log loss", f"{low:+.3f} to {high:+.3f}"), ("Decisions", cycle.accuracy["n"])],
            link=_page("learning"),
            dedup_key=WORSE,
            source=SOURCE,
        )
    elif verdict in (Verdict.LIKE, Verdict.BETTER):
        resolve_notice(business_id=cycle.business_id, dedup_key=WORSE)


def _rows(business_id: UUID, kept: float) -> None:
    if kept > TARGETS[Figure.ROWS].good:
        raise_notice(
            business_id=business_id,
            severity=Severity.WARNING,
            title=f"{kept:,.0f} recommendations are kept",
            text="Full learning cycles take longer with each; see the operator's guide on learning.",
            link=_page("learning"),
            dedup_key=ROWS,
            source=SOURCE,
        )
    elif kept < ROWS_AGAIN:
        resolve_notice(business_id=business_id, dedup_key=ROWS)


def _patterns(cycle: LearningCycle, now: datetime) -> None:
    events = PatternEvent.objects.filter(business_id=cycle.business_id, at__gte=cycle.started_at)
    told: dict[str, list[str]] = {"new": [], "retired": []}
    for what, name in events.order_by("at", "pk").values_list("what", "pattern__name"):
        if what in (Pattern.State.FOUND, "again"):
            told["new"].append(name)
        elif what == Pattern.State.RETIRED:
            told["retired"].append(name)
    if told["new"]:
        many = "1 new pattern" if len(told["new"]) == 1 else f"{len(told['new'])} new patterns"
        _tell_news(cycle, now, NEW, Severity.INFO, many, [("Found", _listed(told["new"]))], _page("patterns"))
    if told["retired"]:
        one = len(told["retired"]) == 1
        title = "A pattern no longer holds" if one else f"{len(told['retired'])} patterns no longer hold"
        facts = [("Retired", _listed(told["retired"]))]
        _tell_news(cycle, now, RETIRED, Severity.WARNING, title, facts, _page("patterns"))


def _daily(cycle: LearningCycle, now: datetime) -> None:
    seconds = (cycle.duration_ms or 0) / 1000
    facts: list[tuple[str, object]] = [
        ("Duration", f"{seconds:.1f} s"),
        ("Recommendations", f"{cycle.recommendations:,}"),
        ("Trust computed of", f"{cycle.agents} agents"),
        (
            "Patterns",
            f"{cycle.patterns_found} new, {cycle.patterns_confirmed} confirmed, {cycle.patterns_retired} retired",
        ),
        ("Rules updated", cycle.rules_updated),
    ]
    _tell_news(cycle, now, DAILY, Severity.INFO, "The learning cycle is done", facts, _page("learning"))


def _tell_news(
    cycle: LearningCycle,
    now: datetime,
    key: str,
    severity: Severity,
    title: str,
    facts: list[tuple[str, object]] | list[tuple[str, str]],
    link: str,
) -> None:
    """News, not a state: what was told before is over without a word. Info goes where it is asked for alone."""
    business_id = cycle.business_id
    with reach(business_id):
        Notice.objects.filter(business_id=business_id, dedup_key=key, resolved_at=None).update(resolved_at=now)
        if severity != Severity.INFO:
            raise_notice(
                business_id=business_id,
                severity=severity,
                title=title,
                facts=facts,
                link=link,
                dedup_key=key,
                source=SOURCE,
            )
            return
        channels = Channel.objects.filter(business_id=business_id, enabled=True)
        wanting = [channel for channel in channels if is_wanted(severity, channel.lowest)]
        notice = Notice(
            business_id=business_id,
            source=SOURCE,
            severity=severity.value,
            title=title,
            facts=clean_facts(facts),
            link=link,
            dedup_key=key,
            opened_at=now,
        )
        open_notice(notice, wanting)


def _open_keys(business_id: UUID, begins: str) -> list[str]:
    rows = Notice.objects.filter(business_id=business_id, dedup_key__startswith=begins, resolved_at=None)
    return list(rows.values_list("dedup_key", flat=True))


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _page(name: str, *args: str) -> str:
    try:
        return reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""
