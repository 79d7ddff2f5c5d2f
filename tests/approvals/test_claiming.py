from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.claiming import LEASE_SECONDS, claim, claim_next, let_go
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest, Decision, Policy
from apps.approvals.requesting import cancel_request
from apps.core.errors import GatehouseError, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from tests.approvals.conftest import Ask, as_person, ask_in
from tests.approvals.threads import in_threads
from tests.conftest import person


def kinds_of(request: ApprovalRequest) -> list[str]:
    events = Event.objects.filter(subject_id=str(request.pk)).order_by("id")
    return [event.kind.removeprefix("approval.") for event in events]


def test_a_claim_holds_for_the_lease_and_is_renewed_quietly(ask: Ask, alice: User) -> None:
    request = ask()

    held = claim(request_id=request.pk, user=alice)
    assert held.claimed_until is not None
    assert abs((held.claimed_until - timezone.now()).total_seconds() - LEASE_SECONDS) < 5
    ApprovalRequest.objects.update(claimed_until=timezone.now() + timedelta(seconds=3))
    renewed = claim(request_id=request.pk, user=alice)

    assert renewed.claimed_until is not None
    assert renewed.claimed_until > timezone.now() + timedelta(seconds=60)
    assert kinds_of(request) == ["requested", "claimed"]


def test_a_second_claim_is_told_who_holds_it(ask: Ask, alice: User, anna: User) -> None:
    request = ask()
    claim(request_id=request.pk, user=alice)

    with pytest.raises(StaleState, match="Alice is deciding this") as refused:
        claim(request_id=request.pk, user=anna)
    assert refused.value.extra["claimed_by"] == "Alice"


def test_an_expired_lease_returns_to_the_queue(ask: Ask, alice: User, anna: User, in_shop: Business) -> None:
    request = ask()
    claim(request_id=request.pk, user=alice)
    assert claim_next(business_id=in_shop.pk, user=anna) is None
    ApprovalRequest.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    found = claim_next(business_id=in_shop.pk, user=anna)

    assert found is not None
    assert found.claimed_by == anna
    with pytest.raises(StaleState, match="Anna is deciding"):
        claim(request_id=request.pk, user=alice)
    assert (
        decide(
            request_id=request.pk, by=as_person(anna, in_shop), verdict="approve", payload_hash=request.payload_hash
        ).claimed_by
        is None
    )


def test_letting_go_gives_it_back_and_only_ones_own(ask: Ask, alice: User, anna: User) -> None:
    request = ask()
    claim(request_id=request.pk, user=alice)

    let_go(request_id=request.pk, user=anna)
    request.refresh_from_db()
    assert request.claimed_by == alice
    let_go(request_id=request.pk, user=alice)
    let_go(request_id=request.pk, user=alice)

    request.refresh_from_db()
    assert request.claimed_by is None
    assert kinds_of(request) == ["requested", "claimed", "released"]


def test_nothing_over_or_unknown_is_claimed(ask: Ask, alice: User) -> None:
    request = ask()
    cancel_request(request_id=request.pk, actor="key:agent", why="")

    with pytest.raises(StaleState, match="ended this as cancelled"):
        claim(request_id=request.pk, user=alice)
    with pytest.raises(NotFound):
        claim(request_id=new_id(), user=alice)


def test_the_next_one_is_the_gravest_then_the_most_urgent(ask: Ask, alice: User, in_shop: Business) -> None:
    soon, later = timezone.now() + timedelta(hours=1), timezone.now() + timedelta(hours=2)
    mild, grave, urgent = ask(risk=0.2), ask(risk=0.9, deadline=later), ask(risk=0.9, deadline=soon)

    order = []
    while found := claim_next(business_id=in_shop.pk, user=alice, skip=order):
        order.append(found.pk)

    assert order == [urgent.pk, grave.pk, mild.pk]
    assert claim_next(business_id=in_shop.pk, user=alice, kind="draft") is None


def test_the_next_one_is_one_this_person_may_decide(
    ask: Ask, alice: User, bob: User, victor: User, in_shop: Business
) -> None:
    Policy.objects.create(business=in_shop, kind="deploy", decider_role="admin")
    Policy.objects.create(business=in_shop, kind="pay", approvers=2)
    for_admins, own, named = (
        ask(kind="deploy", risk=0.9),
        ask(requester=alice),
        ask(requested_by="user:alice@example.com"),
    )
    paid = ask(kind="pay")
    decide(request_id=paid.pk, by=as_person(alice, in_shop), verdict="approve", payload_hash=paid.payload_hash)

    assert claim_next(business_id=in_shop.pk, user=alice) is None
    assert claim_next(business_id=in_shop.pk, user=victor) is None
    found = [claim_next(business_id=in_shop.pk, user=bob, kind=kind) for kind in ("deploy", "pay")]
    assert [row.pk for row in found if row] == [for_admins.pk, paid.pk]
    assert {own.pk, named.pk} == set(ApprovalRequest.objects.filter(kind="action").values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_twenty_reviewers_never_get_the_same_request(shop: Business) -> None:
    people = [person(f"reviewer{n}", shop) for n in range(20)]
    with acting_for(shop.pk):
        asked = {ask_in(shop, risk=n / 100).pk for n in range(100)}
    got: list[UUID] = []

    def work(number: int) -> None:
        mine: list[UUID] = []
        while True:
            with acting_for(shop.pk):
                found = claim_next(business_id=shop.pk, user=people[number], skip=mine)
            if found is None:
                break
            mine.append(found.pk)
        got.extend(mine)

    in_threads(20, work)

    assert max(Counter(got).values()) == 1
    assert set(got) == asked


@pytest.mark.django_db(transaction=True)
def test_of_those_who_claim_at_once_one_gets_it(shop: Business) -> None:
    people = [person(f"reviewer{n}", shop) for n in range(8)]
    with acting_for(shop.pk):
        request = ask_in(shop)
    won: list[int] = []
    lost: list[str] = []

    def work(number: int) -> None:
        try:
            with acting_for(shop.pk):
                claim(request_id=request.pk, user=people[number])
            won.append(number)
        except StaleState as error:
            lost.append(error.detail)

    in_threads(8, work)

    assert len(won) == 1
    assert all(f"Reviewer{won[0]} is deciding this" in words for words in lost)
    assert len(lost) == 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("approvers", [1, 3])
def test_of_those_who_decide_at_once_just_enough_count(shop: Business, approvers: int, settings: Any) -> None:
    """One where one is needed, three where three are, whoever comes at the same moment; the outcome is told once."""
    from tests.approvals import outcomes

    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.write_down"}
    outcomes.told.clear()
    Policy.objects.create(business=shop, kind="action", approvers=approvers)
    people = [person(f"reviewer{n}", shop) for n in range(8)]
    with acting_for(shop.pk):
        request = ask_in(shop)
    refused: list[GatehouseError] = []

    def work(number: int) -> None:
        by = as_person(people[number], shop)
        verdict = "approve" if approvers > 1 or number % 2 else "reject"
        try:
            with acting_for(shop.pk):
                decide(request_id=request.pk, by=by, verdict=verdict, payload_hash=request.payload_hash, comment="so")
        except StaleState as error:
            refused.append(error)

    in_threads(8, work)

    request.refresh_from_db()
    assert Decision.objects.count() == approvers
    assert len(refused) == 8 - approvers
    assert all(error.extra["decided_by"] == request.decided_by for error in refused)
    assert outcomes.told == [(str(request.pk), request.state)]
