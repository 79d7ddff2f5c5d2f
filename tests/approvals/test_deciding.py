from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Business, User
from apps.accounts.principals import Principal
from apps.approvals.claiming import claim
from apps.approvals.deciding import decide, decide_many
from apps.approvals.models import ApprovalRequest, Decision, Policy
from apps.approvals.payloads import payload_hash
from apps.approvals.requesting import cancel_request
from apps.approvals.states import State
from apps.core.errors import Invalid, NotAllowed, NotFound, StaleState
from apps.core.models import Event
from tests.approvals import outcomes
from tests.approvals.conftest import Ask, as_person, ask_in


@pytest.fixture
def told(settings: Any) -> list[tuple[str, str]]:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.write_down"}
    outcomes.told.clear()
    return outcomes.told


def say(request: ApprovalRequest, by: Principal, verdict: str = "approve", **more: Any) -> ApprovalRequest:
    return decide(request_id=request.pk, by=by, verdict=verdict, **({"payload_hash": request.payload_hash} | more))


def test_it_approves_once_and_tells_the_outcome(ask: Ask, by_alice: Principal, told: list) -> None:
    request = ask()

    decided = say(request, by_alice, comment="fine")

    request.refresh_from_db()
    assert decided.state == request.state == State.APPROVED
    assert request.decided_by == "user:alice@example.com"
    assert told == [(str(request.pk), "approved")]
    event = Event.objects.get(kind="approval.approved", subject_id=str(request.pk))
    assert (event.actor, event.data["comment"]) == ("user:alice@example.com", "fine")
    assert event.data["payload_hash"] == request.payload_hash


def test_it_tells_who_decided_when_a_second_decision_comes(ask: Ask, by_alice: Principal, by_anna: Principal) -> None:
    request = ask()
    say(request, by_alice)

    with pytest.raises(StaleState, match=r"alice@example.com ended this as approved at ") as refused:
        say(request, by_anna, "reject", reason="Too risky")

    assert refused.value.extra["decided_by"] == "user:alice@example.com"
    assert refused.value.extra["state"] == "approved"
    assert Decision.objects.count() == 1


def test_it_rejects_only_with_a_reason(ask: Ask, by_alice: Principal, told: list) -> None:
    request = ask()

    with pytest.raises(Invalid, match="reason: Say why"):
        say(request, by_alice, "reject", comment="  ")
    say(request, by_alice, "reject", reason="Too risky")

    assert told == [(str(request.pk), "rejected")]
    assert Decision.objects.get().reason == "Too risky"


def test_it_is_bound_to_the_payload_that_was_seen(ask: Ask, by_alice: Principal) -> None:
    request = ask()

    with pytest.raises(StaleState, match="changed since you saw it"):
        say(request, by_alice, payload_hash=payload_hash({"amount": 1}))

    request.refresh_from_db()
    assert request.state == State.WAITING


def test_it_leaves_the_request_waiting_when_the_outcome_fails(ask: Ask, by_alice: Principal, settings: Any) -> None:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.fail_for_grave"}
    request = ask(risk=1)

    with pytest.raises(RuntimeError):
        say(request, by_alice)

    request.refresh_from_db()
    assert request.state == State.WAITING
    assert not Decision.objects.exists()


def test_it_needs_the_role_of_the_policy(ask: Ask, in_shop: Business, by_alice: Principal, by_bob: Principal) -> None:
    Policy.objects.create(business=in_shop, kind="action", decider_role="admin")
    request = ask()

    with pytest.raises(NotAllowed, match="Only the role admin or above"):
        say(request, by_alice)

    assert say(request, by_bob).state == State.APPROVED


def test_viewers_and_strangers_decide_nothing(
    other_shop: Business, mallory: User, ask: Ask, by_victor: Principal, in_shop: Business
) -> None:
    request = ask()

    with pytest.raises(NotAllowed):
        say(request, by_victor)
    with pytest.raises(NotAllowed):
        say(request, Principal(in_shop.pk, frozenset(), "user:x", user=mallory, role=None))
    with pytest.raises(NotFound):
        say(request, as_person(mallory, other_shop, "owner"))


@pytest.mark.parametrize("asked_by", ["person", "name"])
def test_the_requester_does_not_decide(ask: Ask, alice: User, by_alice: Principal, asked_by: str) -> None:
    request = ask(requester=alice) if asked_by == "person" else ask(requested_by="user:alice@example.com")

    with pytest.raises(NotAllowed, match="You asked for this yourself"):
        say(request, by_alice)
    with pytest.raises(NotAllowed):
        say(request, by_alice, "reject", reason="Too risky")


def test_the_requester_decides_where_the_policy_says_so(
    ask: Ask, alice: User, by_alice: Principal, in_shop: Business
) -> None:
    Policy.objects.create(business=in_shop, kind="*", requester_may_decide=True)

    assert say(ask(requester=alice), by_alice).state == State.APPROVED


def test_four_eyes_never_count_the_requester_whatever_the_policy_says(
    ask: Ask, alice: User, by_alice: Principal, in_shop: Business
) -> None:
    Policy.objects.create(business=in_shop, kind="*", requester_may_decide=True, approvers=2)

    with pytest.raises(NotAllowed):
        say(ask(requester=alice), by_alice)


def test_two_must_approve_where_the_policy_says_so(
    ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal, told: list
) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=2)
    request = ask()

    assert say(request, by_alice).state == State.WAITING
    with pytest.raises(StaleState, match="You said approve already"):
        say(request, by_alice)
    assert told == []
    assert say(request, by_anna).state == State.APPROVED
    assert [e.kind for e in Event.objects.filter(subject_id=str(request.pk)).order_by("id")] == [
        "approval.requested",
        "approval.vote",
        "approval.approved",
    ]


def test_one_of_several_rejecting_ends_it(ask: Ask, in_shop: Business, by_alice: Principal, by_anna: Principal) -> None:
    Policy.objects.create(business=in_shop, kind="action", approvers=3)
    request = ask()
    say(request, by_alice)

    assert say(request, by_anna, "reject", reason="Too risky").state == State.REJECTED


def test_a_request_keeps_the_policy_it_began_with(ask: Ask, in_shop: Business, by_alice: Principal) -> None:
    request = ask()
    Policy.objects.create(business=in_shop, kind="action", decider_role="owner", approvers=4)

    assert say(request, by_alice).state == State.APPROVED


def test_it_names_the_one_who_holds_the_request(ask: Ask, anna: User, by_alice: Principal) -> None:
    request = ask()
    claim(request_id=request.pk, user=anna)

    with pytest.raises(StaleState, match="Anna is deciding this") as refused:
        say(request, by_alice)

    assert refused.value.extra["claimed_by"] == "Anna"


def test_it_refuses_what_makes_no_sense(ask: Ask, by_alice: Principal) -> None:
    request = ask()

    for verdict, more, words in [
        ("perhaps", {}, "verdict: One of"),
        ("answer", {"answers": {"a": 1}}, "Nothing was asked"),
        ("reject", {"reason": "x" * 81}, "At most 80"),
        ("approve", {"comment": "x" * 4001}, "At most 4000"),
        ("reject", {"reason": "no", "payload": {"a": 1}}, "Only an approval"),
        ("approve", {"answers": {"a": 1}}, "Answers belong"),
    ]:
        with pytest.raises(Invalid, match=words):
            say(request, by_alice, verdict, **more)


def test_a_question_is_answered_by_a_person_or_by_the_key_that_asked(
    ask: Ask, by_alice: Principal, by_key: Principal, told: list
) -> None:
    question = {"field": "order", "question": "Which order?", "type": "text", "why": "refund requires it."}
    first, second = ask(questions=[question], requested_by=by_key.actor), ask(questions=[question])

    with pytest.raises(Invalid, match="asks for an answer"):
        say(first, by_alice)
    with pytest.raises(Invalid, match=r"answers.colour: This was not asked"):
        say(first, by_alice, "answer", answers={"colour": "red"})
    with pytest.raises(Invalid, match="at least one"):
        say(first, by_alice, "answer", answers={"order": ""})
    assert say(first, by_key, "answer", answers={"order": "1182"}).state == State.ANSWERED
    assert say(second, by_alice, "answer", answers={"order": "7"}).state == State.ANSWERED
    assert Event.objects.get(kind="approval.answered", subject_id=str(first.pk)).data["answers"] == {"order": "1182"}


def test_a_key_decides_as_a_reviewer_but_never_among_several_nor_its_own(
    ask: Ask, in_shop: Business, by_key: Principal
) -> None:
    assert say(ask(), by_key).state == State.APPROVED
    with pytest.raises(NotAllowed, match="asked for this yourself"):
        say(ask(requested_by=by_key.actor), by_key)
    Policy.objects.create(business=in_shop, kind="action", approvers=2)
    with pytest.raises(NotAllowed, match="a key is not one of them"):
        say(ask(), by_key)
    Policy.objects.update(approvers=1, decider_role="admin")
    with pytest.raises(NotAllowed, match="needs a person of the role admin"):
        say(ask(), by_key)


def test_nothing_is_decided_after_a_deadline_that_rejects(ask: Ask, in_shop: Business, by_alice: Principal) -> None:
    Policy.objects.create(business=in_shop, kind="action", on_timeout="reject")
    request = ask()
    ApprovalRequest.objects.filter(pk=request.pk).update(deadline=request.created_at)

    with pytest.raises(StaleState, match="deadline has passed"):
        say(request, by_alice)


def test_several_at_once_each_have_their_own_result(
    ask: Ask, in_shop: Business, by_alice: Principal, alice: User, settings: Any
) -> None:
    settings.DECISION_OUTCOMES = {"action": "tests.approvals.outcomes.fail_for_grave"}
    good, own, changed, grave, last = ask(), ask(requester=alice), ask(), ask(risk=1), ask()
    items = [(r.pk, r.payload_hash) for r in (good, own, grave, last)]
    items.insert(2, (changed.pk, "0" * 64))

    results = decide_many(items=items, by=by_alice, verdict="approve")

    assert [r.ok for r in results] == [True, False, False, False, True]
    assert [r.request_id for r in results] == [item[0] for item in items]
    assert "asked for this yourself" in results[1].detail
    assert ApprovalRequest.objects.filter(state=State.APPROVED).count() == 2


def test_several_at_once_have_a_limit_and_take_no_answers(by_alice: Principal, ask: Ask) -> None:
    request = ask()

    with pytest.raises(Invalid, match="At most 200"):
        decide_many(items=[(request.pk, "")] * 201, by=by_alice, verdict="approve")
    with pytest.raises(Invalid, match="approved or rejected"):
        decide_many(items=[(request.pk, "")], by=by_alice, verdict="answer")


def test_it_cancels_what_waits_and_nothing_else(ask: Ask, by_alice: Principal, told: list) -> None:
    request = ask()

    assert cancel_request(request_id=request.pk, actor="key:agent", why="The goal was withdrawn").state == "cancelled"
    with pytest.raises(StaleState, match="cancelled already"):
        cancel_request(request_id=request.pk, actor="key:agent", why="again")
    with pytest.raises(StaleState, match="ended this as cancelled"):
        say(request, by_alice)
    assert told == [(str(request.pk), "cancelled")]


def test_a_subject_waits_only_once(ask: Ask, by_alice: Principal) -> None:
    request = ask()
    say(request, by_alice)
    again = ask(subject_id=request.subject_id)

    with pytest.raises(StaleState, match="waits for a decision already"), transaction.atomic():
        ask(subject_id=again.subject_id)


def test_a_long_address_is_no_obstacle(ask: Ask, in_shop: Business, alice: User) -> None:
    alice.email = "a" * 200 + "@example.com"
    alice.save()

    assert say(ask(), as_person(alice, in_shop)).decided_by == f"user:{alice.email}"[:120]


def test_another_business_sees_nothing(shop: Business, other_shop: Business, mallory: User) -> None:
    from apps.accounts.row_access import acting_for

    with acting_for(shop.pk):
        request = ask_in(shop)
    with acting_for(other_shop.pk):
        assert not ApprovalRequest.objects.exists()
        with pytest.raises(NotFound):
            say(request, as_person(mallory, shop, "owner"))
