"""A change of state by one conditional UPDATE."""

import threading

import pytest
from django.db import connection

from apps.accounts.models import Business
from apps.core.errors import StaleState
from apps.core.transitions import move
from apps.goals.models import Goal


@pytest.fixture
def goal(shop: Business) -> Goal:
    return Goal.objects.create(business=shop, text="Restock", state="waiting", approval_state="awaiting_approval")


@pytest.mark.django_db
def test_it_moves_from_an_allowed_state_and_sets_the_rest_with_it(goal: Goal) -> None:
    move(Goal.objects.filter(pk=goal.pk), allowed=["waiting"], to="ready", approval_state="approved")
    goal.refresh_from_db()
    assert (goal.state, goal.approval_state) == ("ready", "approved")


@pytest.mark.django_db
def test_it_refuses_from_any_other_state_and_changes_nothing(goal: Goal) -> None:
    with pytest.raises(StaleState, match="too late"):
        move(Goal.objects.filter(pk=goal.pk), allowed=["ready"], to="running", says="You are too late", attempts=1)
    goal.refresh_from_db()
    assert (goal.state, goal.attempts) == ("waiting", 0)


@pytest.mark.django_db
def test_it_refuses_a_row_that_is_not_there() -> None:
    with pytest.raises(StaleState):
        move(Goal.objects.none(), allowed=["waiting"], to="ready")


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_succeeds(goal: Goal) -> None:
    barrier, outcomes = threading.Barrier(5), []

    def attempt() -> None:
        try:
            barrier.wait(10)
            move(Goal.objects.filter(pk=goal.pk), allowed=["waiting"], to="ready")
            outcomes.append("moved")
        except StaleState:
            outcomes.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["moved", "stale", "stale", "stale", "stale"]
