"""Runs begin once for each key, with their first stage open."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.models import Event
from apps.workflows.models import Run, Step, Workflow, WorkflowVersion
from apps.workflows.opening import priority_of
from apps.workflows.starting import start_run, start_workflow
from apps.workflows.states import Priority
from tests.workflows.made import NAME, an_agent, asks, begin, rule, stage, states

pytestmark = pytest.mark.django_db


def start(business: Business, **changes: Any) -> Run:
    facts: dict[str, Any] = {
        "pattern": NAME, "config": {}, "input": {}, "title": "A run", "key": "k", "correlation_id": "",
        "started_by": "user:a",
    }  # fmt: skip
    with transaction.atomic():
        return start_run(business_id=business.pk, **(facts | changes))


def test_the_same_key_again_starts_nothing(shop: Business, other_shop: Business) -> None:
    first = begin(shop, stage("a", rule()), key="same")
    assert begin(shop, stage("b", rule()), key="same").pk == first.pk
    assert begin(other_shop, stage("a", rule()), key="same").pk != first.pk
    assert states(first) == {"a/a": "ready"}
    assert Event.objects.filter(kind="run.started", business_id=shop.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_starts_once(shop: Business) -> None:
    start_together, found = threading.Barrier(6), set()

    def one() -> None:
        start_together.wait()
        found.add(begin(shop, stage("a", rule()), key="same").pk)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1 and Step.objects.count() == 1


def test_a_transaction_that_is_rolled_back_has_started_nothing(shop: Business) -> None:
    with pytest.raises(LookupError), transaction.atomic():
        begin(shop, stage("a", rule()))
        raise LookupError
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"pattern": "no such"}, NotFound),
        ({"config": {"stages": 7}}, Invalid),
        ({"key": ""}, Invalid),
        ({"key": "x" * 161}, Invalid),
        ({"key": "a\x00b"}, Invalid),
        ({"correlation_id": "x" * 81}, Invalid),
        ({"input": {"a": "\x00"}}, Invalid),
        ({"input": {"a": "\ud800"}}, Invalid),
        ({"deadline": timezone.now() - timedelta(days=1)}, Invalid),
    ],
)
def test_it_refuses(shop: Business, changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        start(shop, **changes)
    assert not Run.objects.exists()


def test_a_long_title_is_cut(shop: Business) -> None:
    assert len(start(shop, title="x" * 999).title) == 200


def test_it_works_under_row_security(shop: Business) -> None:
    with acting_for(shop.pk):
        run = begin(shop, stage("a", asks(an_agent(shop)), rule()))
        assert states(run) == {"a/helper": "ready", "a/a": "ready"}


def test_a_stage_of_many_steps_is_written_whole(shop: Business) -> None:
    run = begin(shop, stage("a", *(rule(f"{n}") for n in range(60))))
    assert Step.objects.filter(run=run).count() == 60


def test_a_plan_that_cannot_be_kept_fails_the_run_in_words(shop: Business) -> None:
    assert begin(shop, stage("a", rule("x"), rule("x"))).error == "The stage A has two steps of one key"
    assert "longer than 95 characters" in begin(shop, stage("a", rule("x" * 99)), key="two").error


@pytest.mark.parametrize(
    ("run", "trusted", "priority"),
    [(1, 0, 0), (1, 1, 1), (1, 2, 2), (0, 0, 0), (0, 1, 0), (0, 2, 1), (2, 0, 1), (2, 1, 2), (2, 2, 2)],
)
def test_trust_moves_a_step_one_place_at_most(run: int, trusted: int, priority: int) -> None:
    assert priority_of(Run(priority=run), trusted) == priority


def a_workflow(business: Business, **changes: Any) -> Workflow:
    facts = {"key": "daily", "name": "Daily", "pattern": NAME, "version": 2} | changes
    workflow = Workflow.objects.create(business=business, **facts)
    for number, does in ((1, "fail"), (2, "echo")):
        WorkflowVersion.objects.create(
            business=business, workflow=workflow, number=number, made_by="user:a",
            config={"stages": [{"key": "a", "name": "A", "steps": [{"key": "x", "kind": "compute", "does": does}]}]},
        )  # fmt: skip
    return workflow


def test_a_workflow_runs_by_its_current_version(shop: Business) -> None:
    workflow = a_workflow(shop)
    run = start_workflow(business_id=shop.pk, key="daily", input={}, actor="user:a", priority=Priority.CRITICAL)
    assert (run.workflow, run.version, run.title, run.priority) == (workflow, 2, "Daily", 0)
    assert Step.objects.get(run=run).does == "echo"
    again = start_workflow(business_id=shop.pk, key="daily", input={}, actor="user:a")
    assert again.pk != run.pk


def test_a_workflow_that_is_off_or_anothers_does_not_run(shop: Business, other_shop: Business) -> None:
    a_workflow(shop, enabled=False)
    with pytest.raises(StaleState, match="switched off"):
        start_workflow(business_id=shop.pk, key="daily", input={}, actor="user:a")
    with pytest.raises(NotFound):
        start_workflow(business_id=other_shop.pk, key="daily", input={}, actor="user:a")
