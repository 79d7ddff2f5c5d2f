"""Of several words about a recommendation the highest rules, each counts once, and the sums always follow."""

import itertools
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import request_approval
from apps.core.errors import Invalid, NotFound
from apps.core.ids import new_id
from apps.core.models import Event
from apps.core.outbox import drain
from apps.trust.evaluating import Rated, on_events, record_outcome, record_ratings
from apps.trust.models import Buffered, Delta, Outcome, Recommendation
from apps.trust.recommending import flush_buffer
from apps.trust.rulings import Ruling, Word, difference, ruling_of, sums_of
from apps.trust.verdicts import RANK, Source, Verdict
from tests.trust.conftest import Tracked

pytestmark = pytest.mark.django_db

Judge = Callable[..., Outcome | None]


@pytest.fixture
def judge(shop: Business) -> Judge:
    """judge(id, value=0.5) is the outcome recorded then."""

    def tell(recommendation_id: UUID, **facts: Any) -> Outcome | None:
        said = {"source": Source.APPROVAL, "verdict": Verdict.APPROVED, "value": 1.0, "judged_by": "user:a", **facts}
        return record_outcome(business_id=shop.pk, recommendation_id=recommendation_id, **said)

    return tell


def sums() -> dict[str, float]:
    """The deltas so far, less what is nothing and what was there before anything was judged."""
    names = ("judged", "weight", "weight2", "value", "value2", "approved", "rejected", "rated", "quality")
    found = {name: sum(Delta.objects.values_list(name, flat=True)) for name in names}
    return {name: round(value, 9) for name, value in found.items() if abs(value) > 1e-9}


def test_it_rules_and_says_what_changes(tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    outcome = judge(found, verdict=Verdict.PARTIAL, value=0.8, quality=90.0, edited=0.2, feedback="shorter")
    assert outcome is not None and outcome.feedback == "shorter"
    row = Recommendation.objects.get(pk=found)
    assert (row.verdict, row.value, row.quality, row.weight) == ("partial", 0.8, 90, 1)
    assert row.decided_at == outcome.judged_at
    assert sums() == {"judged": 1, "weight": 1, "weight2": 1, "value": 0.8, "value2": 0.64, "rated": 1, "quality": 90}
    event = Event.objects.get(kind="recommendation.judged")
    assert (event.subject_id, event.actor, event.data["rules"]) == (str(found), "user:a", True)


def test_it_finds_a_recommendation_that_is_still_in_the_buffer(tracked: Tracked, judge: Judge) -> None:
    other, found = tracked(), tracked()
    judge(found)
    assert Buffered.objects.get().pk == other


@pytest.mark.parametrize("higher", list(Source)[:-1])
def test_the_higher_source_rules_whoever_comes_first(tracked: Tracked, judge: Judge, higher: Source) -> None:
    lower = next(source for source in Source if RANK[source] == RANK[higher] + 1)
    first, second = tracked(), tracked()
    judge(first, source=lower, verdict=Verdict.REJECTED, value=0.0)
    judge(first, source=higher)
    judge(second, source=higher)
    judge(second, source=lower, verdict=Verdict.REJECTED, value=0.0)
    assert set(Recommendation.objects.values_list("verdict", "value")) == {("approved", 1.0)}
    assert sums() == {"judged": 2, "weight": 2, "weight2": 2, "value": 2, "value2": 2, "approved": 2}
    assert Outcome.objects.count() == 4


def test_a_quality_counts_although_a_higher_source_gave_none(tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    judge(found, source=Source.EVALUATION, verdict=Verdict.PARTIAL, value=0.6, quality=60.0)
    judge(found)
    row = Recommendation.objects.get()
    assert (row.verdict, row.value, row.quality) == ("approved", 1, 60)


def test_the_later_word_of_a_source_takes_the_place_of_the_earlier(tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    judge(found)
    judge(found, verdict=Verdict.REJECTED, value=0.0)
    assert Outcome.objects.get().verdict == "rejected"
    assert Recommendation.objects.get().value == 0
    assert sums() == {"judged": 1, "weight": 1, "weight2": 1, "rejected": 1}


def test_the_same_word_again_changes_nothing(tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    first = judge(found)
    before = Event.objects.count()
    again = judge(found, judged_at=timezone.now() + timedelta(hours=1))
    assert first is not None and again is not None
    assert again.judged_at == first.judged_at
    assert Event.objects.count() == before
    assert sums() == {"judged": 1, "weight": 1, "weight2": 1, "value": 1, "value2": 1, "approved": 1}


def test_an_older_word_that_comes_late_changes_nothing(tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    judge(found)
    judge(found, verdict=Verdict.REJECTED, value=0.0, judged_at=timezone.now() - timedelta(hours=1))
    assert Recommendation.objects.get().verdict == "approved"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"value": 1.01}, "value"),
        ({"value": -0.01}, "value"),
        ({"value": math.nan}, "value"),
        ({"value": "1"}, "value"),
        ({"quality": 100.5}, "quality"),
        ({"quality": -1.0}, "quality"),
        ({"edited": 2.0}, "edited"),
        ({"weight": -1.0}, "weight"),
        ({"weight": math.inf}, "weight"),
        ({"verdict": Verdict.PENDING}, "verdict"),
        ({"verdict": "fine"}, "verdict"),
        ({"verdict": Verdict.APPROVED, "value": 0.0}, "value"),
        ({"verdict": Verdict.REJECTED, "value": 1.0}, "value"),
        ({"feedback": "a\0b"}, "feedback"),
    ],
)
def test_it_refuses_what_makes_no_sense(tracked: Tracked, judge: Judge, facts: dict[str, Any], field: str) -> None:
    found = tracked()
    with pytest.raises(Invalid) as refused:
        judge(found, **facts)
    assert refused.value.errors[0]["field"] == field
    assert not Outcome.objects.exists()


def test_it_knows_no_recommendation_of_another_business(other_shop: Business, tracked: Tracked) -> None:
    found = tracked()
    with pytest.raises(NotFound):
        record_outcome(
            business_id=other_shop.pk, recommendation_id=found, source=Source.FEEDBACK, verdict=Verdict.APPROVED,
            value=1.0, judged_by="key:x",
        )  # fmt: skip
    with pytest.raises(NotFound), acting_for(other_shop.pk):
        record_outcome(
            business_id=other_shop.pk, recommendation_id=found, source=Source.FEEDBACK, verdict=Verdict.APPROVED,
            value=1.0, judged_by="key:x",
        )  # fmt: skip
    flush_buffer()
    assert Recommendation.objects.get().verdict == "pending"


def test_there_is_nothing_to_judge_where_there_was_no_answer(tracked: Tracked, judge: Judge) -> None:
    found = tracked(failure="timeout")
    with pytest.raises(Invalid, match="no usable answer"):
        judge(found)


def test_it_works_as_a_business_under_row_security(shop: Business, tracked: Tracked, judge: Judge) -> None:
    found = tracked()
    with acting_for(shop.pk):
        judge(found)
    assert Recommendation.objects.get().verdict == "approved"


def test_a_workflow_rates_and_goes_on_whatever_it_says(shop: Business, tracked: Tracked) -> None:
    good, poor, middling, odd = tracked(), tracked(), tracked(), tracked()
    rated = [
        Rated(good, 95.0),
        Rated(poor, 12.0, "thin"),
        Rated(middling, 55.0),
        Rated(odd, 400.0),
        Rated(new_id(), 5.0),
    ]
    kept = record_ratings(business_id=shop.pk, rated=rated, judged_by="system:workflow")
    assert kept == 4
    found = {row.pk: (row.verdict, row.value, row.quality) for row in Recommendation.objects.all()}
    assert found == {
        good: ("approved", 0.95, 95), poor: ("rejected", 0.12, 12), middling: ("partial", 0.55, 55),
        odd: ("approved", 1, 100),
    }  # fmt: skip


def audit_of(shop: Business, goal: UUID, share: float) -> ApprovalRequest:
    with transaction.atomic():
        return request_approval(
            business_id=shop.pk, kind="audit", subject_id=goal, title="Was this right?", why="",
            requested_by="system:audit", payload={"share": share},
        )  # fmt: skip


def decide(request: ApprovalRequest, state: str) -> Event:
    ApprovalRequest.objects.filter(pk=request.pk).update(state=state, decided_at=timezone.now(), decided_by="user:b")
    return Event(
        kind=f"approval.{state}", subject_type="approval", subject_id=str(request.pk), business_id=request.business_id,
        data={"request_kind": "audit"},
    )  # fmt: skip


@pytest.mark.parametrize(("state", "value"), [("approved", 1.0), ("rejected", 0.0)])
def test_what_an_audit_finds_counts_for_all_it_stands_for(
    shop: Business, tracked: Tracked, state: str, value: float
) -> None:
    goal = new_id()
    mine, failed, other = (
        tracked(correlation_id=str(goal)),
        tracked(correlation_id=str(goal), failure="timeout"),
        tracked(correlation_id="another"),
    )
    event = decide(audit_of(shop, goal, 0.05), state)
    for _ in range(2):
        on_events([event])
    outcome = Outcome.objects.get()
    assert (outcome.recommendation_id, outcome.source, outcome.value, outcome.weight) == (mine, "audit", value, 20)
    assert outcome.judged_by == "user:b"
    assert set(Recommendation.objects.filter(pk__in=[failed, other]).values_list("verdict", flat=True)) == {"pending"}
    assert sums()["weight"] == 20
    assert sums()["weight2"] == 400


def test_the_outbox_tells_of_audits(shop: Business, alice: User, tracked: Tracked) -> None:
    from apps.approvals.deciding import decide as say
    from tests.approvals.conftest import as_person

    goal = new_id()
    tracked(correlation_id=str(goal))
    request = audit_of(shop, goal, 0.5)
    say(request_id=request.pk, by=as_person(alice, shop), verdict="approve", payload_hash=request.payload_hash)
    drain()
    assert Outcome.objects.get().weight == 2


def test_other_events_are_not_looked_at(shop: Business, django_assert_num_queries: Any) -> None:
    event = Event(kind="approval.approved", subject_type="approval", subject_id="x", business_id=shop.pk, data={})
    with django_assert_num_queries(0):
        on_events([event])


@pytest.mark.django_db(transaction=True)
def test_who_judges_at_the_same_time_is_counted_once_each(
    shop: Business, writer: Agent, tracked: Tracked, judge: Judge
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    found = tracked()

    def say(source: Source) -> None:
        try:
            judge(found, source=source)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, list(Source) * 3))
    assert Outcome.objects.count() == 4
    assert sums() == {"judged": 1, "weight": 1, "weight2": 1, "value": 1, "value2": 1, "approved": 1}


NOW = timezone.now()
WORDS = st.builds(
    Word,
    source=st.sampled_from(Source),
    verdict=st.sampled_from([Verdict.APPROVED, Verdict.PARTIAL, Verdict.REJECTED]),
    value=st.floats(0, 1),
    quality=st.none() | st.floats(0, 100),
    weight=st.floats(0, 100),
    judged_at=st.just(NOW),
)


@given(st.lists(WORDS, max_size=6, unique_by=lambda word: word.source))
def test_the_ruling_is_the_highest_words(words: list[Word]) -> None:
    found = ruling_of(words)
    if not words:
        assert found is None
        return
    first = min(words, key=lambda word: RANK[word.source])
    assert found is not None
    assert (found.verdict, found.value, found.weight) == (first.verdict, first.value, first.weight)


@given(st.lists(st.none() | WORDS, min_size=1, max_size=8))
def test_differences_add_up_to_the_last_ruling(words: list[Word | None]) -> None:
    rulings: list[Ruling | None] = [None, *(ruling_of([word]) if word else None for word in words)]
    total: dict[str, float] = {}
    for before, after in itertools.pairwise(rulings):
        for name, change in difference(before, after).items():
            total[name] = total.get(name, 0.0) + change
    last = sums_of(rulings[-1])
    for name in {*total, *last}:
        assert total.get(name, 0.0) == pytest.approx(last.get(name, 0.0), abs=1e-6)
