"""The sums of days follow every change exactly once, and summed anew they come to the same."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.trust.evaluating import record_outcome
from apps.trust.folding import ALL_SUMS, Folded, Rebuilt, fold, fold_batch, rebuild
from apps.trust.keeping import Kept, forget, kept_of
from apps.trust.models import DailyTally, Delta, KeptEvidence, Recommendation
from apps.trust.recommending import flush_buffer
from apps.trust.tallies import HALF_LIVES
from apps.trust.verdicts import Source, Verdict
from tests.trust.conftest import Tracked, an_agent

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
Sums = dict[tuple[UUID, str, object], list[float]]
LAST = UUID(int=2**128 - 1)


def tallies() -> Sums:
    """All sums that are not nothing, by agent, type and day."""
    rows = DailyTally.objects.values_list("agent_id", "type", "day", *ALL_SUMS)
    return {
        row[:3]: [round(value, 6) for value in row[3:]] for row in rows if any(abs(value) > 1e-6 for value in row[3:])
    }


def anew(business: Business) -> Rebuilt:
    return rebuild(business_id=business.pk, first=UUID(int=0), last=LAST)


def judged(
    business: Business, recommendation_id: UUID, value: float, source: Source = Source.APPROVAL, **more: Any
) -> None:
    verdict = Verdict.APPROVED if value == 1 else Verdict.REJECTED if value == 0 else Verdict.PARTIAL
    record_outcome(
        business_id=business.pk, recommendation_id=recommendation_id, source=source, verdict=verdict, value=value,
        judged_by="user:a", **more,
    )  # fmt: skip


def test_changes_become_sums_of_their_days(shop: Business, writer: Agent, tracked: Tracked) -> None:
    first = tracked(created_at=TODAY, confidence=0.5)
    tracked(created_at=TODAY, failure="timeout")
    tracked(created_at=TODAY - timedelta(days=1), type="review")
    judged(shop, first, 0.5, weight=2.0, quality=80.0)
    flush_buffer()
    assert fold(business_id=shop.pk, today=TODAY.date()) > 0
    assert not Delta.objects.exists()
    row = DailyTally.objects.get(day=TODAY.date())
    assert (row.agent, row.type) == (writer, "draft")
    assert (row.asked, row.answered, row.on_time, row.judged) == (2, 1, 1, 1)
    assert (row.weight, row.weight2, row.value, row.value2) == (2, 4, 1, 0.5)
    assert (row.approved, row.rejected, row.rated, row.quality) == (0, 0, 1, 80)
    assert (row.claimed, row.confidence) == (1, 0.5)
    assert fold(business_id=shop.pk, today=TODAY.date()) == 0


def test_a_day_ends_at_midnight_in_utc(shop: Business, tracked: Tracked) -> None:
    tracked(created_at=datetime.fromisoformat("2026-03-01T23:30:00-05:00"))
    flush_buffer()
    fold(business_id=shop.pk, today=TODAY.date())
    before = tallies()
    assert DailyTally.objects.get().day.isoformat() == "2026-03-02"
    anew(shop)
    assert tallies() == before


def test_it_folds_batch_by_batch(shop: Business, tracked: Tracked) -> None:
    for day in range(7):
        tracked(created_at=TODAY - timedelta(days=day))
    flush_buffer()
    assert fold_batch(business_id=shop.pk, today=TODAY.date(), batch=3) == Folded(3, 3, 0)
    assert fold(business_id=shop.pk, today=TODAY.date(), batch=3) == 4
    assert DailyTally.objects.count() == 7


def test_a_batch_that_is_cut_off_is_folded_once(shop: Business, tracked: Tracked) -> None:
    tracked(created_at=TODAY)
    flush_buffer()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        fold_batch(business_id=shop.pk, today=TODAY.date())
        raise ZeroDivisionError
    assert not DailyTally.objects.exists()
    fold(business_id=shop.pk, today=TODAY.date())
    assert DailyTally.objects.get().asked == 1


def test_the_deltas_of_another_business_stay(shop: Business, other_shop: Business, tracked: Tracked) -> None:
    tracked(agent=an_agent(other_shop, "theirs"))
    flush_buffer()
    assert fold(business_id=shop.pk, today=TODAY.date()) == 0
    assert anew(shop) == Rebuilt(0, 0)
    assert Delta.objects.count() == 1


def test_summed_anew_changes_that_wait_count_once(shop: Business, tracked: Tracked) -> None:
    for _ in range(3):
        judged(shop, tracked(created_at=TODAY), 1.0)
    assert Delta.objects.count() == 6
    assert anew(shop) == Rebuilt(3, 1)
    assert not Delta.objects.exists()
    assert DailyTally.objects.get().judged == 3
    fold(business_id=shop.pk, today=TODAY.date())
    assert DailyTally.objects.get().judged == 3


def test_summed_anew_what_was_wrong_is_put_right(shop: Business, tracked: Tracked) -> None:
    tracked(created_at=TODAY)
    tracked(created_at=TODAY - timedelta(days=1))
    flush_buffer()
    fold(business_id=shop.pk, today=TODAY.date())
    right = tallies()
    assert anew(shop) == Rebuilt(2, 0)
    DailyTally.objects.filter(day=TODAY.date()).update(asked=99)
    DailyTally.objects.filter(day__lt=TODAY.date()).delete()
    Recommendation.objects.get(created_at=TODAY)
    DailyTally.objects.create(business=shop, agent=Agent.objects.get(), type="gone", day=TODAY.date(), asked=3)
    assert anew(shop) == Rebuilt(2, 3)
    assert tallies() == right


def test_agents_outside_of_the_range_stay(shop: Business, writer: Agent, reader: Agent, tracked: Tracked) -> None:
    tracked(agent=writer, created_at=TODAY)
    tracked(agent=reader, created_at=TODAY)
    flush_buffer()
    assert rebuild(business_id=shop.pk, first=writer.pk, last=writer.pk) == Rebuilt(1, 1)
    assert set(DailyTally.objects.values_list("agent_id", flat=True)) == {writer.pk}
    assert Delta.objects.get().agent_id == reader.pk
    fold(business_id=shop.pk, today=TODAY.date())
    assert DailyTally.objects.count() == 2


def kept(business: Business) -> dict[tuple[str, str], list[float]]:
    found = kept_of(business_id=business.pk, today=TODAY.date())
    evidence = found.evidence
    return {
        (evidence.agents[a], evidence.types[t]): [round(x, 6) for x in (*sums.ravel(), *windows.ravel())]
        for a, t, sums, windows in zip(evidence.agent, evidence.type, evidence.sums, evidence.windows, strict=True)
    }


def test_what_is_kept_is_what_the_tallies_make(shop: Business, writer: Agent, reader: Agent, tracked: Tracked) -> None:
    draw = random.Random(1)
    for number in range(60):
        found = tracked(
            agent=draw.choice([writer, reader]), type=draw.choice(["draft", "review"]), confidence=0.25,
            created_at=TODAY - timedelta(days=draw.randrange(100)),
        )  # fmt: skip
        judged(shop, found, draw.choice([0.0, 0.5, 1.0]), quality=50.0)
        if number % 10 == 9:
            flush_buffer()
            fold(business_id=shop.pk, today=TODAY.date())
            in_step = kept(shop)
            plain = kept_of(business_id=shop.pk, today=TODAY.date()).plain
            assert KeptEvidence.objects.get().day == TODAY.date()
            forget(business_id=shop.pk)
            assert kept(shop) == in_step
            assert kept_of(business_id=shop.pk, today=TODAY.date()).plain == plain


def test_what_is_kept_holds_for_one_day(shop: Business, tracked: Tracked) -> None:
    tracked(created_at=TODAY)
    flush_buffer()
    fold(business_id=shop.pk, today=TODAY.date())
    kept(shop)
    tracked(created_at=TODAY)
    flush_buffer()
    fold(business_id=shop.pk, today=TODAY.date() + timedelta(days=1))
    assert bytes(KeptEvidence.objects.get().cells) == b""
    later = kept_of(business_id=shop.pk, today=TODAY.date() + timedelta(days=14))
    assert later.evidence.sums[0, HALF_LIVES.index(14.0), 0] == pytest.approx(1.0)


def test_what_was_kept_by_another_make_is_made_anew(shop: Business, tracked: Tracked) -> None:
    tracked(created_at=TODAY)
    flush_buffer()
    fold(business_id=shop.pk, today=TODAY.date())
    right = kept(shop)
    KeptEvidence.objects.update(cells=b"\x81not ours")
    assert kept(shop) == right
    assert isinstance(kept_of(business_id=shop.pk, today=TODAY.date()), Kept)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["track", "fail", "judge", "flush", "fold", "fold one", "rebuild"]),
        st.integers(0, 3),
        st.sampled_from(list(Source)),
        st.sampled_from([0.0, 0.25, 1.0]),
        st.sampled_from([1.0, 20.0]),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_the_sums_are_those_of_the_recommendations(
    shop: Business, writer: Agent, reader: Agent, tracked: Tracked, steps: list[tuple[str, int, Source, float, float]]
) -> None:
    with transaction.atomic():
        ids: list[UUID] = []
        for what, number, source, value, weight in steps:
            if what in ("track", "fail"):
                found = tracked(
                    agent=[writer, reader][number % 2], created_at=TODAY - timedelta(days=number), confidence=value,
                    failure="timeout" if what == "fail" else "",
                )  # fmt: skip
                ids += [found] if what == "track" else []
            elif what == "judge" and ids:
                judged(shop, ids[number % len(ids)], value, source, weight=weight, quality=value * 100)
            elif what == "flush":
                flush_buffer(batch=2)
            elif what.startswith("fold"):
                fold_batch(business_id=shop.pk, today=TODAY.date(), batch=1 if what == "fold one" else 100)
            elif what == "rebuild":
                anew(shop)
        flush_buffer()
        fold(business_id=shop.pk, today=TODAY.date())
        followed = tallies()
        anew(shop)
        assert tallies() == followed
        transaction.set_rollback(True)
