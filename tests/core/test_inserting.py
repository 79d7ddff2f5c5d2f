"""Several new rows in one round trip are what `save` would have written."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, ProgrammingError, transaction

from apps.accounts.models import Business
from apps.approvals.models import Policy
from apps.core.inserting import insert
from apps.core.models import Event, Outbox
from apps.goals.models import Goal

pytestmark = pytest.mark.django_db


def goal_of(shop: Business, **changes: Any) -> Goal:
    values = {
        "text": "Refund it; 100 % of $1",
        "submitted_by": "key:x",
        "state": "ready",
        "approval_state": "not_required",
    }
    return Goal(business=shop, **(values | changes))


def event_about(goal: Goal) -> Event:
    return Event(
        business_id=goal.business_id, kind="goal.submitted", subject_type="goal", subject_id=str(goal.pk), actor="x"
    )


def test_it_writes_rows_of_several_models_in_one_query(shop: Business, django_assert_num_queries: Any) -> None:
    goal = goal_of(shop)
    with django_assert_num_queries(1):
        insert(goal, event_about(goal), event_about(goal))
    assert Goal.objects.get() == goal
    assert Event.objects.count() == Outbox.objects.count() == 2


@pytest.mark.parametrize("value", [None, "text", 7, 2**70, 0.1, True, [], {"a": [1, {"b": None}]}, "100 % \\ ' \" é"])
def test_a_json_value_comes_back_as_it_was(shop: Business, value: Any) -> None:
    insert(goal_of(shop, result=value, context={"value": value}))
    goal = Goal.objects.get()
    assert goal.result == value
    assert goal.context == {"value": value}


def test_it_writes_what_save_would(shop: Business) -> None:
    written, saved = goal_of(shop, own_confidence=1), goal_of(shop, own_confidence=1)
    insert(written)
    saved.save(force_insert=True)
    rows = [Goal.objects.filter(pk=row.pk).values().get() for row in (written, saved)]
    assert {name for name in rows[0] if rows[0][name] != rows[1][name]} == {"id", "created_at", "updated_at"}
    assert written.created_at is not None
    assert not written._state.adding


def test_a_written_row_can_be_saved_again(shop: Business) -> None:
    goal = goal_of(shop)
    insert(goal)
    goal.text = "Refund half of it"
    goal.save()
    assert Goal.objects.get().text == "Refund half of it"


def test_arrays_and_defaults_are_written(shop: Business) -> None:
    insert(Policy(business=shop, kind="goal", reason_presets=["Too dear", "Not now"]))
    assert Policy.objects.get().reason_presets == ["Too dear", "Not now"]


def test_a_row_that_may_not_be_takes_the_others_with_it(shop: Business) -> None:
    first = goal_of(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(first, goal_of(shop, state="nonsense"))
    assert not Goal.objects.exists()


def test_a_model_whose_id_the_database_makes_is_refused() -> None:
    with pytest.raises(TypeError, match="ContentType"):
        insert(ContentType(app_label="x", model="y"))


def test_row_security_holds(other_shop: Business, in_shop: Business) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        insert(goal_of(other_shop))
    insert(goal_of(in_shop))
