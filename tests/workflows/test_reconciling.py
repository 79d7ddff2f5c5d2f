"""What lost messages and killed workers leave behind is found and finished."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.workflows import reconciling
from apps.workflows.claiming import claim
from apps.workflows.models import Run, Stage, Step
from apps.workflows.reconciling import reconcile
from tests.fakes import Outsider
from tests.workflows.made import an_agent, asks, begin, person, rule, stage, states, step_of, work_all

pytestmark = pytest.mark.django_db


def ago(**moment: Any) -> Any:
    return timezone.now() - timedelta(**moment)


def test_there_is_nothing_to_do(shop: Business) -> None:
    with CaptureQueriesContext(connection) as seen:
        found = reconcile()
    assert found == reconciling.Reconciled(0, 0, 0, 0, 0)
    assert len(seen) == 5


def test_a_lease_that_is_over_is_taken_back(shop: Business) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop))))
    claim()
    assert reconcile().taken_back == 0
    Step.objects.update(run_after=ago(seconds=1))
    assert reconcile().taken_back == 1
    step = step_of(run, "a/helper")
    assert (step.state, step.attempt, step.why, step.late_answers) == ("ready", 1, "lost", 0)
    assert step.error == "The worker that had it was lost"


def test_a_step_whose_workers_are_lost_every_time_fails(shop: Business) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop), most_attempts=2)))
    for _ in range(2):
        Step.objects.update(run_after=ago(seconds=1))
        claim()
        Step.objects.update(run_after=ago(seconds=1))
        reconcile()
    assert (step_of(run, "a/helper").state, Run.objects.get(pk=run.pk).state) == ("failed", "failed")


def test_an_agent_that_took_work_on_and_never_answers_is_given_up(shop: Business, outside: Outsider) -> None:
    outside.answer = (202, b"", {})
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))))
    work_all()
    assert reconcile().given_up == 0
    Step.objects.update(run_after=ago(seconds=1))
    assert reconcile().given_up == 1
    assert (step_of(run, "a/helper").why, Run.objects.get(pk=run.pk).state) == ("timeout", "failed")


def test_a_stage_whose_time_is_up_is_decided(shop: Business) -> None:
    run = begin(shop, stage("a", rule(), seconds=60))
    Stage.objects.update(due_at=ago(seconds=1))
    Run.objects.update(advance_after=ago(seconds=1))
    assert reconcile().advanced == 1
    assert Run.objects.get(pk=run.pk).state == "failed"
    assert reconcile().advanced == 0


def test_a_run_past_its_deadline_ends(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), deadline=timezone.now() + timedelta(hours=1))
    Run.objects.update(deadline=ago(seconds=1), advance_after=ago(seconds=1))
    assert reconcile().advanced == 1
    assert Run.objects.get(pk=run.pk).error == "The deadline of the run has passed"


def test_one_that_cannot_go_on_stops_no_other(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, fine = (
        begin(shop, stage("a", rule(), seconds=60), key="1"),
        begin(shop, stage("a", rule(), seconds=60), key="2"),
    )
    Stage.objects.update(due_at=ago(seconds=1))
    Run.objects.update(advance_after=ago(seconds=1))
    real: Callable[..., None] = reconciling.advance

    def advance(*, run_id: Any) -> None:
        if run_id == stuck.pk:
            raise LookupError
        real(run_id=run_id)

    monkeypatch.setattr(reconciling, "advance", advance)
    assert reconcile().advanced == 1
    assert Run.objects.get(pk=fine.pk).state == "failed"
    later = Run.objects.get(pk=stuck.pk).advance_after
    assert later and later > timezone.now() + timedelta(seconds=20)


def test_a_question_nobody_needs_any_more_is_dropped(shop: Business) -> None:
    run = begin(shop, stage("a", person()))
    assert reconcile().dropped == 0
    Step.objects.filter(run=run).update(state="cancelled")
    assert reconcile().dropped == 1
    assert ApprovalRequest.objects.get().state == "cancelled"


def test_workers_are_woken_for_what_is_ready(shop: Business, django_capture_on_commit_callbacks: Any) -> None:
    begin(shop, stage("a", rule("x"), rule("y")))
    Step.objects.filter(key="a/y").update(run_after=timezone.now() + timedelta(hours=1))
    with django_capture_on_commit_callbacks() as sent:
        assert reconcile().ready == 1
    assert len(sent) == 1
    assert set(states(Run.objects.get()).values()) == {"ready"}
