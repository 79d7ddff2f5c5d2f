"""A rollout takes a step: asked for with figures, decided by another, done at once, when due, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import across_businesses, acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.core.errors import GatehouseError, Invalid, NotAllowed, NotFound, StaleState
from apps.core.models import Event
from apps.goals.models import Goal
from apps.pilots.advancing import advance_due
from apps.pilots.defining import edit_feature
from apps.pilots.flags import is_on
from apps.pilots.models import Advance, Feature
from apps.pilots.progress import progress_of
from apps.pilots.switching import switch_on
from apps.pilots.widening import ask_to_advance, withdraw_advance
from tests.pilots.conftest import acting

pytestmark = pytest.mark.django_db
Decided = Callable[..., None]


def request_of(advance: Advance) -> ApprovalRequest:
    assert advance.request_id
    return ApprovalRequest.objects.get(pk=advance.request_id)


def say(verdict: str, advance: Advance, user: User, business: Business) -> ApprovalRequest:
    request = request_of(advance)
    with acting_for(business.pk):
        return decide(
            request_id=request.pk,
            by=acting(user, business),
            verdict=verdict,
            payload_hash=request.payload_hash,
            reason="Too risky" if verdict == "reject" else "",
        )


def stand_on(feature: Feature, stage: int, *, share: int = 0, days: float = 8) -> None:
    """The rollout has come to this stage so many days ago."""
    since = timezone.now() - timedelta(days=days)
    Feature.objects.filter(pk=feature.pk).update(stage=stage, share=share, stage_since=since)


def goals(business: Business, *, done: int, failed: int) -> None:
    at = timezone.now() - timedelta(hours=1)
    common: dict[str, Any] = {"approval_state": "not_required", "started_at": at, "finished_at": at}
    states = ["done"] * done + ["failed"] * failed
    Goal.objects.bulk_create(Goal(business=business, text="A goal", state=state, **common) for state in states)


def test_a_step_is_asked_for_by_one_and_taken_when_another_agrees(
    feature: Feature, shop: Business, bob: User, bo: User
) -> None:
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    feature.refresh_from_db()
    assert (feature.stage, advance.state) == (0, "asked")
    say("approve", advance, bo, shop)
    feature.refresh_from_db()
    advance.refresh_from_db()
    assert (feature.stage, feature.share, advance.state) == (1, 0, "done")
    assert advance.decided_by == "user:bo@example.com"
    assert feature.stage_since == advance.done_at
    kinds = Event.objects.filter(subject_id=feature.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["feature.created", "feature.advance_asked", "feature.advanced"]


def test_whoever_asked_may_not_decide_nor_a_reviewer(
    feature: Feature, shop: Business, bob: User, alice: User, carol: User
) -> None:
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    for user in (bob, alice):
        with pytest.raises(NotAllowed):
            say("approve", advance, user, shop)
    say("approve", advance, carol, shop)


def test_a_rejected_step_changes_nothing_and_may_be_asked_for_again(
    feature: Feature, shop: Business, bob: User, bo: User
) -> None:
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    say("reject", advance, bo, shop)
    advance.refresh_from_db()
    feature.refresh_from_db()
    assert (advance.state, feature.stage) == ("refused", 0)
    assert ask_to_advance(feature_id=feature.pk, by=acting(bob, shop)).state == "asked"


def test_a_baseline_lists_businesses_without_serving_them(
    feature: Feature, shop: Business, bob: User, bo: User
) -> None:
    say("approve", ask_to_advance(feature_id=feature.pk, by=acting(bob, shop)), bo, shop)
    switch_on(feature_id=feature.pk, business_id=shop.pk, actor="user:bob@example.com")
    assert not is_on("RAG_PILOT", shop.pk)
    stand_on(feature, 1, days=3)
    say("approve", ask_to_advance(feature_id=feature.pk, by=acting(bob, shop)), bo, shop)
    assert is_on("RAG_PILOT", shop.pk)


def test_the_second_who_asks_sees_who_was_first(feature: Feature, shop: Business, bob: User, bo: User) -> None:
    ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    with pytest.raises(StaleState, match=r"user:bob@example\.com has asked for stage 1 already"):
        ask_to_advance(feature_id=feature.pk, by=acting(bo, shop))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_one_wins_and_the_other_sees_who(
    feature: Feature, shop: Business, bob: User, bo: User
) -> None:
    barrier, said = Barrier(2), []

    def ask(user: User) -> None:
        try:
            barrier.wait(10)
            ask_to_advance(feature_id=feature.pk, by=acting(user, shop))
            said.append("asked")
        except GatehouseError as error:
            said.append(error.detail)
        finally:
            connection.close()

    threads = [Thread(target=ask, args=[user]) for user in (bob, bo)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert said.count("asked") == 1
    lost = next(words for words in said if words != "asked")
    assert "has asked for stage 1 already" in lost
    assert Advance.objects.count() == ApprovalRequest.objects.count() == 1


class TestCriteria:
    """From the pilot (stage 2) to the expansion: 70 % approved of at least 30, at most 5 % failed of at least 30."""

    @pytest.fixture(autouse=True)
    def in_pilot(self, feature: Feature, shop: Business, other_shop: Business) -> None:
        stand_on(feature, 2)
        for business in (shop, other_shop):
            switch_on(feature_id=feature.pk, business_id=business.pk, actor="user:bob@example.com")

    def test_a_step_waits_for_data(self, feature: Feature, shop: Business, bob: User) -> None:
        with pytest.raises(StaleState, match="Approval rate no data") as found:
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
        assert "Error rate no data" in found.value.detail
        assert not Advance.objects.exists()

    def test_too_little_data_is_not_enough(self, feature: Feature, shop: Business, bob: User, decided: Decided) -> None:
        decided(shop, approved=29)
        goals(shop, done=30, failed=0)
        with pytest.raises(StaleState, match=r"from 29 decisions of at least 30 .* too little data"):
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))

    def test_a_failed_criterion_refuses(self, feature: Feature, shop: Business, bob: User, decided: Decided) -> None:
        decided(shop, approved=20, rejected=20)
        goals(shop, done=40, failed=0)
        with pytest.raises(StaleState, match=r"Approval rate 50 % .* at least 70 %: not met") as found:
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
        assert "Error rate" not in found.value.detail

    def test_met_criteria_stand_in_the_request(
        self, feature: Feature, shop: Business, other_shop: Business, bob: User, decided: Decided
    ) -> None:
        decided(shop, approved=20, rejected=5)
        decided(other_shop, approved=10, rejected=5)
        goals(other_shop, done=40, failed=1)
        advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
        request = request_of(advance)
        first, second = advance.measured
        assert request.payload == {
            "feature": "RAG_PILOT",
            "now": "2. Pilot: 2 businesses by name",
            "next": "3. Expansion: 2 to 5 businesses by name",
        }
        assert [check["reason"] for check in request.checks["checks"]] == [first["words"], second["words"]]
        assert (first["value"], first["n"], first["verdict"]) == (0.75, 40, "met")
        assert (second["n"], second["verdict"]) == (41, "met")
        assert [check["status"] for check in request.checks["checks"]] == ["pass", "pass"]
        assert request.why == "All 2 criteria are met"

    def test_businesses_that_have_it_not_are_not_measured(
        self, feature: Feature, shop: Business, more_shops: list[Business], bob: User, decided: Decided
    ) -> None:
        decided(more_shops[0], approved=100)
        with pytest.raises(StaleState, match="Approval rate no data"):
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))

    def test_only_an_owner_goes_past_them_and_says_why(
        self, feature: Feature, shop: Business, bob: User, bo: User, carol: User
    ) -> None:
        with pytest.raises(NotAllowed):
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop), override_reason="We know these two well")
        advance = ask_to_advance(
            feature_id=feature.pk, by=acting(carol, shop), override_reason="We know these two well"
        )
        assert request_of(advance).why.startswith("Past its criteria: We know these two well. Not met: Approval rate")
        say("approve", advance, bo, shop)
        feature.refresh_from_db()
        assert feature.stage == 3
        assert Event.objects.get(kind="feature.advanced").data["override"] == "We know these two well"

    def test_what_failed_meanwhile_is_not_approved(
        self, feature: Feature, shop: Business, bob: User, bo: User, decided: Decided
    ) -> None:
        decided(shop, approved=40)
        goals(shop, done=40, failed=0)
        advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
        decided(shop, rejected=60)
        with pytest.raises(StaleState, match="Approval rate 40 %"):
            say("approve", advance, bo, shop)
        assert request_of(advance).state == State.WAITING
        feature.refresh_from_db()
        assert feature.stage == 2

    def test_a_stage_must_have_lasted(self, feature: Feature, shop: Business, bob: User, decided: Decided) -> None:
        decided(shop, approved=40)
        goals(shop, done=40, failed=0)
        stand_on(feature, 2, days=1.9)
        with pytest.raises(StaleState, match="The stage must last until"):
            ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))

    def test_asking_takes_as_many_queries_however_many_businesses_there_are(
        self,
        feature: Feature,
        more_shops: list[Business],
        everywhere: None,
        django_assert_num_queries: Any,
    ) -> None:
        stand_on(feature, 4, share=10)
        feature.refresh_from_db()
        with django_assert_num_queries(9):
            progress_of(feature, timezone.now())


def test_a_business_too_few_holds_a_stage(feature: Feature, shop: Business, bob: User) -> None:
    stand_on(feature, 1)
    with pytest.raises(StaleState, match="Stage 1 needs 1 businesses on the list and has 0"):
        ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))


def test_the_last_stage_has_no_next(feature: Feature, shop: Business, carol: User) -> None:
    stand_on(feature, 7, share=100)
    with pytest.raises(StaleState, match="last stage"):
        ask_to_advance(feature_id=feature.pk, by=acting(carol, shop), override_reason="On")


def test_without_a_home_nobody_could_decide(feature: Feature, shop: Business, bob: User) -> None:
    edit_feature(feature_id=feature.pk, home_id=None, actor="user:root@example.com")
    with pytest.raises(StaleState, match="no home"):
        ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))


@pytest.mark.parametrize("when", [timedelta(minutes=-1), timedelta(days=31)])
def test_a_step_is_due_within_a_month(feature: Feature, shop: Business, bob: User, when: timedelta) -> None:
    with pytest.raises(Invalid, match="due_at"):
        ask_to_advance(feature_id=feature.pk, by=acting(bob, shop), due_at=timezone.now() + when)


class TestTheClock:
    def test_an_approved_step_waits_until_it_is_due(
        self, feature: Feature, shop: Business, bob: User, bo: User
    ) -> None:
        due = timezone.now() + timedelta(hours=2)
        advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop), due_at=due)
        say("approve", advance, bo, shop)
        advance.refresh_from_db()
        assert advance.state == "scheduled"
        assert advance_due(now=due - timedelta(minutes=1)) == 0
        assert advance_due(now=due) == 1
        assert advance_due(now=due) == 0
        feature.refresh_from_db()
        advance.refresh_from_db()
        assert (feature.stage, advance.state, advance.decided_by) == (1, "done", "user:bo@example.com")

    def test_a_due_step_that_no_longer_holds_is_blocked_and_says_why(
        self, feature: Feature, shop: Business, bob: User, bo: User, decided: Decided
    ) -> None:
        stand_on(feature, 2)
        for slug in ("a", "b"):
            business = Business.objects.create(name=slug, slug=slug)
            switch_on(feature_id=feature.pk, business_id=business.pk, actor="user:bob@example.com")
        decided(business, approved=40)
        goals(business, done=40, failed=0)
        due = timezone.now() + timedelta(minutes=1)
        advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop), due_at=due)
        say("approve", advance, bo, shop)
        decided(business, rejected=60)
        assert advance_due(now=due) == 0
        advance.refresh_from_db()
        assert advance.state == "blocked"
        assert "Approval rate 40 %" in advance.ended_because

    def test_it_asks_by_itself_once(self, feature: Feature, shop: Business, bob: User, bo: User) -> None:
        now = timezone.now()
        assert advance_due(now=now) == 0
        edit_feature(feature_id=feature.pk, auto_advance=True, actor="user:bob@example.com")
        assert advance_due(now=now) == 1
        assert advance_due(now=now) == 0
        advance = Advance.objects.get()
        assert advance.asked_by == "system:pilots"
        say("reject", advance, bo, shop)
        assert advance_due(now=now) == 0
        assert advance_due(now=now + timedelta(hours=25)) == 1

    def test_one_that_fails_keeps_nobody_from_theirs(
        self, feature: Feature, switch: Feature, shop: Business, settings: Any
    ) -> None:
        stand_on(feature, 2)
        edit_feature(feature_id=feature.pk, auto_advance=True, actor="user:bob@example.com")
        other = Feature.objects.create(key="AFTER", variants=switch.variants, home=shop, auto_advance=True)
        other.stages.create(position=1, name="Some", kind="percentage", share=10)
        settings.PILOT_METRICS = {"approval_rate": "nowhere.at_all", "error_rate": "nowhere.at_all"}
        for business in (shop, Business.objects.create(name="b", slug="b")):
            switch_on(feature_id=feature.pk, business_id=business.pk, actor="user:bob@example.com")
        assert advance_due(now=timezone.now()) == 1
        assert Advance.objects.get().feature_id == other.pk


def test_a_step_is_taken_back(feature: Feature, shop: Business, bob: User, bo: User) -> None:
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    withdraw_advance(feature_id=feature.pk, actor="user:bob@example.com")
    advance.refresh_from_db()
    assert (advance.state, request_of(advance).state) == ("cancelled", "cancelled")
    with pytest.raises(NotFound):
        withdraw_advance(feature_id=feature.pk, actor="user:bob@example.com")


def test_a_scheduled_step_is_taken_back(feature: Feature, shop: Business, bob: User, bo: User) -> None:
    due = timezone.now() + timedelta(hours=2)
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop), due_at=due)
    say("approve", advance, bo, shop)
    withdraw_advance(feature_id=feature.pk, actor="user:bob@example.com")
    assert advance_due(now=due) == 0
    feature.refresh_from_db()
    assert feature.stage == 0


def test_the_request_of_a_step_that_was_ended_leaves_the_queue_with_the_next_sweep(
    feature: Feature, shop: Business, bob: User
) -> None:
    advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
    with across_businesses():
        Advance.objects.filter(pk=advance.pk).update(state="cancelled", ended_because="Rolled back")
    advance_due(now=timezone.now())
    assert request_of(advance).state == State.CANCELLED
