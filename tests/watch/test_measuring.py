"""What a submission leaves behind for the figures: times, marks, and a count of those that fail by our fault."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import DatabaseError
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.problems import is_our_fault
from apps.goals import api as goals_api
from apps.goals import erring
from apps.goals.erring import WAITING_LIST, gather_errors, note_error
from apps.goals.models import GateError, Goal
from apps.goals.switches import set_switch
from apps.goals.timing import Stage, Stopwatch
from tests.goals.conftest import CLEAR, HOPELESS, MISSING

pytestmark = pytest.mark.django_db


def times_of(goal: Goal) -> dict[Stage, int | None]:
    return dict(zip(Stage, goal.timings or [], strict=True))


def test_every_stage_of_a_goal_is_timed(api: APIClient) -> None:
    api.post("/v1/goals", CLEAR, format="json")
    times = times_of(Goal.objects.get())
    assert times[Stage.MODEL] is None
    assert all(times[stage] for stage in (Stage.READ, Stage.JUDGE, Stage.TOTAL))
    assert (times[Stage.TOTAL] or 0) >= sum(took or 0 for stage, took in times.items() if stage is not Stage.TOTAL)


def test_what_is_not_judged_is_timed_all_the_same(api: APIClient, shop: Business) -> None:
    set_switch(name="PHASE2_ENABLED", on=False, business_id=shop.pk, actor="user:a")
    api.post("/v1/goals", CLEAR, format="json")
    goal = Goal.objects.get()
    times = times_of(goal)
    assert times[Stage.TOTAL]
    assert times[Stage.JUDGE] is times[Stage.READ] is None
    assert goal.check_marks is None


def test_a_stage_is_begun_and_ended() -> None:
    watch = Stopwatch()
    watch.enter(Stage.LOOK_UP)
    assert watch.stage == "look_up"
    watch.enter(Stage.JUDGE)
    watch.enter(Stage.LOOK_UP)
    watch.enter("write")
    times = dict(zip(Stage, watch.timings(), strict=True))
    assert times[Stage.READ] is None
    assert times[Stage.LOOK_UP] is not None


@pytest.mark.parametrize("body", [MISSING, HOPELESS])
def test_the_outcomes_of_the_checks_are_marked(api: APIClient, body: dict[str, Any]) -> None:
    answer = api.post("/v1/goals", body, format="json").json()
    goal = Goal.objects.get()
    statuses = [check["status"] for check in answer["pre_validation_result"]["checks"]]
    assert [goal.check_marks >> 2 * place & 3 for place in range(6)] == [  # type: ignore[operator]
        ["pass", "warn", "fail"].index(status) for status in statuses
    ]


def test_the_mark_of_a_trial_changes_no_verdict(api: APIClient) -> None:
    plain = api.post("/v1/goals", MISSING, format="json").json()
    marked = api.post("/v1/goals", MISSING | {"context": {"gatehouse_stress": True}}, format="json").json()
    same = ("confidence", "execution_path", "pre_validation_result")
    assert [plain[name] for name in same] == [marked[name] for name in same]
    assert list(Goal.objects.order_by("pk").values_list("is_trial", flat=True)) == [False, True]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """broken(error): writing a goal fails with this from now on."""

    def breaks(error: Exception) -> None:
        def submit(**_: Any) -> None:
            raise error

        monkeypatch.setattr(goals_api, "submit", submit)

    return breaks


@pytest.mark.parametrize("path", ["/v1/goals", "/reasoning/execute"])
def test_a_submission_that_fails_by_our_fault_is_counted(
    api: APIClient, shop: Business, broken: Callable[[Exception], None], path: str
) -> None:
    broken(ZeroDivisionError("order A-1042 of Mr Smith"))
    api.raise_request_exception = False
    assert api.post(path, CLEAR, format="json").status_code == 500
    error = GateError.objects.get()
    assert (error.business_id, error.stage, error.error) == (shop.pk, "judge", "ZeroDivisionError")
    assert "Smith" not in str(error.__dict__)
    assert not Goal.objects.exists()


@pytest.mark.parametrize("body", [{"goal": ""}, {"goal": "x", "deadline": "2001-01-01T00:00:00Z"}, {}])
def test_what_the_caller_did_wrong_is_not_counted(api: APIClient, body: dict[str, Any]) -> None:
    assert api.post("/v1/goals", body, format="json").status_code == 422
    assert not GateError.objects.exists()


def test_reading_goals_is_no_submission(api: APIClient) -> None:
    assert api.get("/v1/goals?state=nonsense").status_code == 422
    assert not GateError.objects.exists()


@pytest.fixture
def waiting() -> Any:
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.delete(WAITING_LIST)
    yield client
    client.delete(WAITING_LIST)


def test_an_error_the_database_cannot_take_waits_and_is_written_once(
    shop: Business, monkeypatch: pytest.MonkeyPatch, waiting: Any
) -> None:
    write = erring._write

    def away(rows: Any) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(erring, "_write", away)
    note_error(business_id=shop.pk, stage="write", error=DatabaseError("secret"))
    assert not GateError.objects.exists()
    (text,) = waiting.lrange(WAITING_LIST, 0, -1)
    assert b"secret" not in text
    monkeypatch.setattr(erring, "_write", write)
    assert gather_errors() == 1
    waiting.rpush(WAITING_LIST, text)  # as if the one who gathered had died before it took it off the list
    assert gather_errors() == 1
    assert gather_errors() == 0
    assert GateError.objects.get().stage == "write"


def test_an_error_of_nobody_is_shown_to_no_business(shop: Business) -> None:
    note_error(business_id=None, stage="receive", error=DatabaseError())
    assert GateError.objects.get().business_id is None
    with acting_for(shop.pk):
        assert not GateError.objects.exists()


def test_a_submission_takes_as_many_statements_as_before(api: APIClient, django_assert_num_queries: Any) -> None:
    api.post("/v1/goals", HOPELESS, format="json")
    # The savepoint of the transaction, the business, all rows at once, the business again, the end.
    with django_assert_num_queries(5):
        api.post("/v1/goals", HOPELESS, format="json")


def test_whose_fault_an_error_is() -> None:
    from django.http import Http404
    from rest_framework.exceptions import NotFound, Throttled

    from apps.core.errors import Invalid

    assert is_our_fault(ValueError())
    assert is_our_fault(DatabaseError())
    assert not any(is_our_fault(error) for error in (Invalid(), Http404(), NotFound(), Throttled()))
