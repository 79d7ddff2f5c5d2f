"""What people decide becomes labels: once each, whatever the outbox repeats or shuffles."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event
from apps.core.outbox import drain
from apps.goals.models import Goal
from apps.tuning.labelling import label_goals
from apps.tuning.models import ReviewedGoal
from tests.approvals.conftest import as_person
from tests.goals.conftest import CLEAR, MISSING

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(api: APIClient, settings: Any) -> Any:
    """ask() submits a goal that waits for a person; the request about it."""
    from apps.core.snapshot import forget_everything

    settings.HIGH_CONFIDENCE_THRESHOLD, settings.MEDIUM_CONFIDENCE_THRESHOLD = 1.0, 0.01
    forget_everything()

    def submit(**changes: Any) -> ApprovalRequest:
        goal = api.post("/v1/goals", CLEAR | changes, format="json").json()
        return ApprovalRequest.objects.get(subject_id=goal["goal_id"])

    return submit


def say(request: ApprovalRequest, user: User, verdict: str, **more: Any) -> ApprovalRequest:
    by = as_person(user, request.business)
    with acting_for(request.business_id):
        reason = "Too risky" if verdict == "reject" else ""
        return decide(
            request_id=request.pk, by=by, verdict=verdict, payload_hash=request.payload_hash, reason=reason, **more
        )


def test_an_approved_goal_was_right_and_a_rejected_one_was_not(ask: Any, alice: User) -> None:
    approved, rejected = say(ask(), alice, "approve"), say(ask(), alice, "reject")
    drain()
    right, wrong = (ReviewedGoal.objects.get(goal_id=one.subject_id) for one in (approved, rejected))
    assert (right.right, right.outcome, right.source, right.weight) == (True, "approved", "decision", 1.0)
    assert (wrong.right, wrong.outcome) == (False, "rejected")
    goal = Goal.objects.get(pk=approved.subject_id)
    assert (right.raw_confidence, right.confidence, right.kind) == (goal.raw_confidence, goal.confidence, goal.kind)
    assert right.decided_at == approved.decided_at


def test_a_goal_that_was_changed_first_was_not_right_as_stated(ask: Any, alice: User) -> None:
    request = ask()
    say(request, alice, "approve", payload=request.payload | {"goal": request.payload["goal"] + " today"})
    drain()
    found = ReviewedGoal.objects.get()
    assert (found.right, found.outcome) == (False, "edited")


def test_an_answered_question_is_no_label(api: APIClient, alice: User, shop: Business) -> None:
    goal = api.post("/v1/goals", MISSING, format="json").json()
    request = ApprovalRequest.objects.get(subject_id=goal["goal_id"])
    assert request.questions
    field = request.questions[0]["field"]
    with acting_for(shop.pk):
        decide(
            request_id=request.pk,
            by=as_person(alice, shop),
            verdict="answer",
            payload_hash=request.payload_hash,
            answers={field: "A-1042"},
        )
    drain()
    assert not ReviewedGoal.objects.exists()


def test_a_deadline_that_passed_is_no_label(ask: Any, api: APIClient) -> None:
    request = ask()
    api.post(f"/v1/goals/{request.subject_id}/cancel", {}, format="json")
    drain()
    assert not ReviewedGoal.objects.exists()


def test_told_twice_and_backwards_there_is_still_one_label(ask: Any, alice: User) -> None:
    say(ask(), alice, "approve")
    say(ask(), alice, "reject")
    events = list(Event.objects.order_by("id"))
    label_goals(events)
    before = list(ReviewedGoal.objects.order_by("pk").values())
    label_goals(events[::-1])
    drain()
    assert list(ReviewedGoal.objects.order_by("pk").values()) == before
    assert len(before) == 2


def test_goals_without_a_graded_confidence_make_no_label(ask: Any, alice: User, settings: Any, api: APIClient) -> None:
    request = ask()
    Goal.objects.update(raw_confidence=None)
    say(request, alice, "approve")
    drain()
    assert not ReviewedGoal.objects.exists()


def test_many_decisions_cost_few_queries(ask: Any, alice: User, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        say(ask(), alice, "approve")
    events = list(Event.objects.all())
    with django_assert_max_num_queries(3):
        label_goals(events)
    assert ReviewedGoal.objects.count() == 6
