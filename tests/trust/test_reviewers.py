"""Reviewers' own reliability: found where they overlap, and honestly not told where they do not."""

from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest, Decision
from apps.trust.models import Outcome
from apps.trust.reviewers import reviewers_of
from apps.trust.reviewing import FEWEST_SHARED, weigh
from tests.conftest import person
from tests.trust.made import Shop, agents_of, luck

TRUE = "approved", "rejected"


def votes_of(skill: dict[str, float], *, items: int, seed: int) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    """Everybody judges everything; each says what is so as often as skilled."""
    draw, votes = luck(seed), []
    for item in range(items):
        truth = draw.choice(TRUE)
        for actor, rate in skill.items():
            other = TRUE[truth == "approved"]
            votes.append((str(item), actor, truth if draw.random() < rate else other))
    return votes, dict.fromkeys(skill, items)


def test_the_careful_the_careless_and_the_contrary() -> None:
    skill = {"careful": 0.97, "good": 0.9, "fair": 0.8, "careless": 0.55}
    found = weigh(*votes_of(skill, items=300, seed=1), names={})
    assert found.enough and [row.actor for row in found.rows] == list(skill)
    for row in found.rows:
        assert row.low is not None and row.high is not None
        assert row.low - 0.03 <= skill[row.actor] <= row.high + 0.03
    assert found.rows[-1].lenient and found.rows[-1].lenient > 0.3


def test_somebody_who_approves_everything_is_lenient() -> None:
    votes, judged = votes_of({"a": 0.95, "b": 0.95, "c": 0.9}, items=200, seed=2)
    votes += [(str(item), "yes", "approved") for item in range(200)]
    found = {row.actor: row for row in weigh(votes, judged | {"yes": 200}, names={}).rows}
    assert found["yes"].lenient and found["yes"].lenient > 0.8
    assert found["yes"].harsh is not None and found["yes"].harsh < 0.2


def test_two_people_cannot_show_who_of_them_is_right() -> None:
    found = weigh(*votes_of({"a": 0.95, "b": 0.6}, items=200, seed=3), names={})
    assert not found.enough and "Not enough overlap" in found.words
    assert all(row.reliability is None and row.agreement is not None for row in found.rows)


def test_whoever_overlaps_with_few_is_not_rated() -> None:
    votes, judged = votes_of({"a": 0.95, "b": 0.9, "c": 0.9}, items=100, seed=4)
    votes += [(str(item), "rare", "approved") for item in range(FEWEST_SHARED - 1)]
    found = {row.actor: row for row in weigh(votes, judged | {"rare": 500, "alone": 50}, names={}).rows}
    assert found["rare"].reliability is None and found["rare"].judged == 500
    assert found["alone"].words == "Nobody else judged what this person did"
    assert found["a"].reliability is not None


def test_all_of_one_mind_shows_no_difference() -> None:
    votes = [(str(item), actor, "approved") for item in range(50) for actor in "abc"]
    found = weigh(votes, dict.fromkeys("abc", 50), names={})
    assert not found.enough
    assert all(row.agreement == 1 for row in found.rows)


def test_nothing_judged_twice() -> None:
    found = weigh([("1", "a", "approved")], {"a": 1}, names={"a": "Ann"})
    assert found.items == 0 and "more than one person" in found.words
    assert [row.name for row in found.rows] == ["Ann"]


def decide(business: Business, user: User, verdict: str, *, subject: UUID, content: str = "0" * 64) -> None:
    """One approver's word on a request of its own, or of a duplicate of it."""
    request = ApprovalRequest.objects.create(
        business=business, kind="goal", subject_id=subject, title="Restock", payload={}, payload_hash=content,
        state="approved", on_timeout="reject", escalate_to="admin", deadline=timezone.now(),
    )  # fmt: skip
    Decision.objects.create(
        business=business,
        request=request,
        user=user,
        actor=f"user:{user.email}",
        verdict=verdict,
        payload_hash=content,
    )


@pytest.mark.django_db
class TestOfABusiness:
    def test_an_empty_one(self, shop: Business) -> None:
        found = reviewers_of(shop.pk, timezone.now())
        assert found.rows == () and not found.enough

    def test_duplicates_and_approvers_of_the_same_content_overlap(
        self, shop: Business, alice: User, anna: User, bob: User, mallory: User, other_shop: Business
    ) -> None:
        draw = luck(5)
        with acting_for(shop.pk):
            for _ in range(30):
                subject, truth = uuid4(), draw.choice(["approve", "reject"])
                for user, rate in ((alice, 0.97), (anna, 0.95), (bob, 0.6)):
                    other = "reject" if truth == "approve" else "approve"
                    decide(shop, user, truth if draw.random() < rate else other, subject=subject)
        decide(other_shop, mallory, "approve", subject=uuid4())
        with acting_for(shop.pk):
            found = reviewers_of(shop.pk, timezone.now())
        assert found.enough and found.items == 30
        assert found.rows[-1].name == "Bob"
        assert {row.judged for row in found.rows} == {30}
        assert found.rows[0].reliability and found.rows[0].reliability > 0.85

    def test_another_version_is_another_thing(self, shop: Business, alice: User, anna: User) -> None:
        subject = uuid4()
        decide(shop, alice, "approve", subject=subject, content="1" * 64)
        decide(shop, anna, "reject", subject=subject, content="2" * 64)
        assert reviewers_of(shop.pk, timezone.now()).items == 0

    def test_a_decision_and_an_audit_of_one_recommendation_overlap(self, shop: Business) -> None:
        people = [person(name, shop) for name in ("ann", "ben")]
        (agent,) = agents_of(shop, ["Ada"])
        made = Shop(shop)
        row = made.answer(agent, 1.0)
        alone = made.answer(agent, 1.0)
        made.keep()
        for source, who, verdict in (("approval", people[0], "approved"), ("audit", people[1], "rejected")):
            for recommendation in (row, alone) if source == "approval" else (row,):
                Outcome.objects.create(
                    business=shop,
                    recommendation=recommendation,
                    source=source,
                    verdict=verdict,
                    value=1,
                    judged_by=f"user:{who.email}",
                    judged_at=timezone.now(),
                )
        Outcome.objects.create(
            business=shop, recommendation=alone, source="evaluation", verdict="approved", value=1,
            judged_by="system:workflows", judged_at=timezone.now(),
        )  # fmt: skip
        found = reviewers_of(shop.pk, timezone.now())
        assert (found.items, found.judgements) == (1, 2)
        assert {one.name: one.agreement for one in found.rows} == {"Ann": 0, "Ben": 0}

    def test_many_people_are_four_queries(self, shop: Business, django_assert_num_queries: object) -> None:
        subject = uuid4()
        for n in range(12):
            decide(shop, person(f"p{n}", shop), "approve", subject=subject)
        with django_assert_num_queries(4):  # type: ignore[operator]
            reviewers_of(shop.pk, timezone.now())
