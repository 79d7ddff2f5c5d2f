"""A run goes through its stages by their barriers to its end, and says in words why when it cannot."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.models import Event
from apps.workflows.advancing import advance
from apps.workflows.models import Run, Stage, Step
from apps.workflows.plans import Barrier
from apps.workflows.states import RunState
from tests.workflows.made import (
    begin,
    rule,
    stage,
    states,
    step_of,
    without_pattern,
    work_all,
    work_once,
)

pytestmark = pytest.mark.django_db


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_it_goes_from_stage_to_stage_and_gives_the_result(shop: Business) -> None:
    run = begin(shop, stage("first", rule("a", n=1), rule("b", n=2)), stage("then", rule("all", "sum")))
    assert states(run) == {"first/a": "ready", "first/b": "ready"}
    assert work_all() == 3
    run = fresh(run)
    assert (run.state, run.stage, run.error) == ("done", 2, "")
    assert run.result == {"first/a": {"n": 1}, "first/b": {"n": 2}, "then/all": 3}
    assert run.finished_at is not None and run.advance_after is None
    says = Stage.objects.get(run=run, position=1).says
    assert says == "2 of 2 done, 2 needed"
    kinds = list(
        Event.objects.filter(subject_type="run", subject_id=str(run.pk)).order_by("id").values_list("kind", flat=True)
    )
    assert kinds == ["run.started", "run.ended"]


def test_stages_that_are_passed_over_leave_no_trace(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("b", rule()), stage("c", rule()), skips=("a", "b"))
    work_all()
    assert list(Stage.objects.filter(run=run).values_list("key", "position")) == [("c", 1)]
    assert fresh(run).state == "done"


def test_a_run_without_anything_to_do_is_done_at_once(shop: Business) -> None:
    assert begin(shop).state == "done"
    assert begin(shop, stage("empty"), key="two").state == "done"


def test_a_stage_nobody_can_do_fails_the_run_in_words(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("b", rule()), impossible="b")
    work_all()
    run = fresh(run)
    assert (run.state, run.error) == ("failed", "Nobody can do b")


def test_a_pattern_with_a_fault_fails_its_run_and_nothing_else(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("crash", rule()))
    work_all()
    assert fresh(run).error == "The pattern failed: RuntimeError"


def test_a_pattern_that_is_gone_fails_its_runs_in_words(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("b", rule()))
    with without_pattern():
        work_all()
    assert step_of(run, "a/a").state == "failed"
    assert "no pattern scripted" in fresh(run).error


@pytest.mark.parametrize("does", ["fail", "crash"])
def test_a_rule_that_cannot_compute_fails_its_step_and_the_others_are_kept(shop: Business, does: str) -> None:
    run = begin(shop, stage("a", rule("x"), rule("y", does), rule("z"), barrier=Barrier.QUORUM, need=2))
    work_all()
    assert states(run) == {"a/x": "done", "a/y": "failed", "a/z": "done"}
    assert fresh(run).state == "done"


def test_the_stage_that_fails_takes_its_open_steps_with_it(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", "fail"), rule("y")))
    step = step_of(run, "a/y")
    Step.objects.filter(pk=step.pk).update(run_after=timezone.now() + timedelta(hours=1))
    work_once()
    assert states(run) == {"a/x": "failed", "a/y": "cancelled"}
    run = fresh(run)
    assert run.state == "failed"
    assert run.error == "The stage A failed: 0 of 2 done, 2 needed. a/x: It does not add up"


def test_the_first_few_open_the_barrier_and_the_rest_is_cancelled(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x"), rule("y"), rule("z"), barrier=Barrier.FIRST, need=2))
    Step.objects.filter(run=run, key="a/z").update(run_after=timezone.now() + timedelta(hours=1))
    work_all()
    assert states(run) == {"a/x": "done", "a/y": "done", "a/z": "cancelled"}
    assert fresh(run).state == "done"


def test_the_time_of_a_stage_opens_a_quorum_that_has_enough(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x"), rule("y"), barrier=Barrier.QUORUM, need=1, seconds=60))
    Step.objects.filter(run=run, key="a/y").update(run_after=timezone.now() + timedelta(hours=1))
    work_all()
    assert fresh(run).state == "running"
    assert fresh(run).advance_after == Stage.objects.get(run=run).due_at
    Stage.objects.filter(run=run).update(due_at=timezone.now() - timedelta(seconds=1))
    advance(run_id=run.pk)
    assert fresh(run).state == "done"
    assert step_of(run, "a/y").error == "The time of the stage was up"


def test_the_deadline_of_the_run_ends_it(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), deadline=timezone.now() + timedelta(hours=1))
    Run.objects.filter(pk=run.pk).update(deadline=timezone.now() - timedelta(seconds=1))
    advance(run_id=run.pk)
    assert (fresh(run).state, fresh(run).error) == ("failed", "The deadline of the run has passed")
    assert states(run) == {"a/a": "cancelled"}


def test_advancing_again_changes_nothing(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("b", rule()))
    before = list(Step.objects.filter(run=run).values())
    for _ in range(3):
        advance(run_id=run.pk)
    assert list(Step.objects.filter(run=run).values()) == before
    work_all()
    ended = fresh(run)
    advance(run_id=run.pk)
    assert fresh(run).finished_at == ended.finished_at
    assert Event.objects.filter(kind="run.ended", subject_id=str(run.pk)).count() == 1


def test_whoever_waits_for_the_run_is_told_once(shop: Business, settings: Any) -> None:
    settings.RUN_OUTCOMES = {"tested": "tests.workflows.test_advancing.hear"}
    heard.clear()
    run = begin(shop, stage("a", rule()), subject=("tested", shop.pk))
    work_all()
    advance(run_id=run.pk)
    assert heard == [(run.pk, RunState.DONE)]


heard: list[Any] = []


def hear(run: Run) -> None:
    heard.append((run.pk, run.state))


def test_what_follows_from_an_answer_may_go_wrong_without_losing_it(shop: Business, settings: Any) -> None:
    settings.RUN_OUTCOMES = {"tested": "tests.workflows.test_advancing.stumble"}
    run = begin(shop, stage("a", rule("x", n=1)), subject=("tested", shop.pk))
    work_all()
    assert step_of(run, "a/x").state == "done"
    assert fresh(run).state == "running" and fresh(run).advance_after is not None
    settings.RUN_OUTCOMES = {}
    advance(run_id=run.pk)
    assert fresh(run).state == "done"


def stumble(run: Run) -> None:
    raise LookupError("whoever waits cannot be told now")
