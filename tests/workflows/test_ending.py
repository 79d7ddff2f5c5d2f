"""What people do to runs: cancel, resume, retry; and what a run takes back when it fails."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.core.errors import NotFound, StaleState
from apps.core.models import Event
from apps.workflows.claiming import claim
from apps.workflows.completing import complete
from apps.workflows.ending import cancel_run, resume_run, retry_step
from apps.workflows.models import Run, Stage, Step
from apps.workflows.plans import Barrier
from apps.workflows.states import StepKind
from apps.workflows.step_ends import Answer
from tests.fakes import Outsider
from tests.workflows.made import (
    an_agent,
    asks,
    begin,
    rule,
    stage,
    states,
    step_of,
    undoing,
    work_all,
    work_once,
)

pytestmark = pytest.mark.django_db
BY: dict[str, Any] = {"actor": "user:bob"}


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def kinds(run: Run) -> list[str]:
    return list(
        Event.objects.filter(subject_type="run", subject_id=str(run.pk)).order_by("id").values_list("kind", flat=True)
    )


def test_cancelling_ends_what_is_open(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x"), rule("y")), stage("b", rule()))
    cancel_run(run_id=run.pk, reason="Not needed", **BY)
    run = fresh(run)
    assert (run.state, run.error) == ("cancelled", "Cancelled by bob: Not needed")
    assert states(run) == {"a/x": "cancelled", "a/y": "cancelled"}
    assert Stage.objects.get(run=run).state == "cancelled"
    assert kinds(run) == ["run.started", "run.cancelled", "run.ended"]
    assert work_all() == 0


@pytest.mark.parametrize("act", [cancel_run, resume_run])
def test_a_run_that_is_not_there(act: Callable[..., Any], db: None) -> None:
    with pytest.raises(NotFound):
        act(run_id=uuid4(), **BY, **({"reason": ""} if act is cancel_run else {}))


def test_what_has_ended_cannot_be_cancelled(shop: Business) -> None:
    run = begin(shop, stage("a", rule()))
    work_all()
    with pytest.raises(StaleState, match="The run is done already"):
        cancel_run(run_id=run.pk, reason="", **BY)


def test_cancelling_twice_says_so(shop: Business) -> None:
    run = begin(shop, stage("a", rule()))
    cancel_run(run_id=run.pk, reason="", **BY)
    with pytest.raises(StaleState, match="cancelled already"):
        cancel_run(run_id=run.pk, reason="", **BY)


@pytest.mark.django_db(transaction=True)
def test_of_several_who_cancel_at_once_one_does(shop: Business) -> None:
    run = begin(shop, stage("a", rule()))
    together, refused = threading.Barrier(5), []

    def one() -> None:
        together.wait()
        try:
            cancel_run(run_id=run.pk, reason="", **BY)
        except StaleState as error:
            refused.append(error.detail)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4
    assert kinds(run).count("run.cancelled") == kinds(run).count("run.ended") == 1


def test_a_cancelled_run_goes_on_where_it_stood(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", n=1)), stage("b", rule("y", n=2)))
    work_once()
    cancel_run(run_id=run.pk, reason="", **BY)
    resume_run(run_id=run.pk, **BY)
    assert (fresh(run).state, fresh(run).error, fresh(run).finished_at) == ("running", "", None)
    work_all()
    assert fresh(run).result == {"a/x": {"n": 1}, "b/y": {"n": 2}}
    assert kinds(run) == ["run.started", "run.cancelled", "run.ended", "run.resumed", "run.ended"]


def test_a_failed_run_tries_again_what_failed_and_keeps_what_is_done(shop: Business, outside: Outsider) -> None:
    outside.answer = (500, b"", {})
    run = begin(
        shop, stage("a", rule("x", n=1)), stage("b", asks(an_agent(shop, url=outside.url), most_attempts=1), rule("y"))
    )
    work_all()
    assert fresh(run).state == "failed"
    outside.answer = (200, b'{"result": 5}', {})
    resume_run(run_id=run.pk, **BY)
    assert states(run)["a/x"] == "done"
    work_all()
    assert (fresh(run).state, step_of(run, "b/helper").attempt) == ("done", 2)
    assert len({one.headers["idempotency-key"] for one in outside.received}) == 1


def test_a_stage_that_could_not_be_planned_is_planned_again(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), stage("b", rule()), impossible="b")
    work_all()
    Run.objects.filter(pk=run.pk).update(config=fresh(run).config | {"impossible": ""})
    resume_run(run_id=run.pk, **BY)
    work_all()
    assert fresh(run).state == "done"


@pytest.mark.parametrize(("worked", "says"), [(False, "The run goes on already"), (True, "The run is done")])
def test_what_goes_on_or_is_done_cannot_be_resumed(shop: Business, worked: bool, says: str) -> None:
    run = begin(shop, stage("a", rule()))
    if worked:
        work_all()
    with pytest.raises(StaleState, match=says):
        resume_run(run_id=run.pk, **BY)


def test_a_run_whose_deadline_has_passed_stays_ended(shop: Business) -> None:
    run = begin(shop, stage("a", rule()), deadline=timezone.now() + timedelta(hours=1))
    cancel_run(run_id=run.pk, reason="", **BY)
    Run.objects.filter(pk=run.pk).update(deadline=timezone.now())
    with pytest.raises(StaleState, match="deadline"):
        resume_run(run_id=run.pk, **BY)


def test_one_step_is_tried_again_in_a_stage_that_goes_on(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", "fail"), rule("y"), barrier=Barrier.QUORUM, need=1))
    Step.objects.filter(run=run, key="a/y").update(run_after=timezone.now() + timedelta(hours=1))
    work_all()
    step = retry_step(step_id=step_of(run, "a/x").pk, **BY)
    assert (step.state, step.attempt, step.most_attempts) == ("ready", 1, 4)
    assert kinds(run)[-1] == "step.retried"
    with pytest.raises(StaleState, match="is ready"):
        retry_step(step_id=step.pk, **BY)


def test_one_step_brings_a_failed_run_back(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", "fail"), rule("y")))
    Step.objects.filter(run=run, key="a/y").update(run_after=timezone.now() + timedelta(hours=1))
    work_all()
    assert states(run) == {"a/x": "failed", "a/y": "cancelled"}
    Step.objects.filter(run=run).update(does="echo")
    retry_step(step_id=step_of(run, "a/x").pk, **BY)
    assert states(run) == {"a/x": "ready", "a/y": "ready"}
    work_all()
    assert fresh(run).state == "done"


def test_one_of_several_that_failed_does_not_bring_the_run_back(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", "fail"), rule("y")))
    work_all()
    Step.objects.filter(run=run, key="a/y").update(state="failed")
    with pytest.raises(StaleState, match="resume the run"):
        retry_step(step_id=step_of(run, "a/x").pk, **BY)


def test_a_step_of_a_stage_that_has_passed_is_past(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x", "fail"), rule("y"), barrier=Barrier.QUORUM, need=1), stage("b", rule()))
    work_once()
    with pytest.raises(StaleState, match="moved on"):
        retry_step(step_id=step_of(run, "a/x").pk, **BY)


def test_an_old_attempts_answer_does_not_bind_after_a_retry(shop: Business) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop))))
    (old,) = claim()
    cancel_run(run_id=run.pk, reason="", **BY)
    resume_run(run_id=run.pk, **BY)
    (new,) = claim()
    assert complete(old, Answer("old")) is False
    assert complete(new, Answer("new")) is True
    assert step_of(run, "a/helper").result == "new"


# --- Taking back ------------------------------------------------------------------------------------------------------


def test_what_was_done_is_taken_back_last_first(shop: Business) -> None:
    run = begin(
        shop,
        stage("a", undoing(rule("x", n=1), why="x")),
        stage("b", undoing(rule("y", n=2), why="y"), rule("z")),
        stage("c", rule("w", "fail")),
    )
    work_once()
    work_once()
    work_once()
    run = fresh(run)
    assert (run.state, run.ending) == ("undoing", "failed")
    assert [key for key in states(run) if key.startswith("undo/")] == ["undo/b/y"]
    work_once()
    assert step_of(run, "undo/b/y").result == {"result": {"n": 2}, "why": "y"}
    work_all()
    assert [key for key in states(run) if key.startswith("undo/")] == ["undo/b/y", "undo/a/x"]
    run = fresh(run)
    assert (run.state, run.ending) == ("failed", "")
    assert run.error.startswith("The stage C failed")
    assert Stage.objects.get(run=run, key="undo").says == "2 of 2 taken back"


def test_a_cancelled_run_takes_back_too_and_then_cannot_go_on(shop: Business) -> None:
    run = begin(shop, stage("a", undoing(rule("x"))), stage("b", rule("y")))
    work_once()
    cancel_run(run_id=run.pk, reason="", **BY)
    assert fresh(run).state == "undoing"
    with pytest.raises(StaleState, match="being taken back"):
        cancel_run(run_id=run.pk, reason="", **BY)
    with pytest.raises(StaleState, match="goes on"):
        resume_run(run_id=run.pk, **BY)
    work_all()
    assert fresh(run).state == "cancelled"
    with pytest.raises(StaleState, match="taken back; start it anew"):
        resume_run(run_id=run.pk, **BY)


def test_an_undoing_has_a_key_of_its_own_and_is_tried_again(shop: Business, outside: Outsider) -> None:
    outside.answers = [(200, b'{"result": {"order": 7}}', {}), (500, b"", {}), (200, b'{"result": "gone"}', {})]
    agent = an_agent(shop, url=outside.url)
    run = begin(
        shop, stage("a", undoing(asks(agent), agent.key, StepKind.AGENT, what="cancel")), stage("b", rule("x", "fail"))
    )
    for _ in range(3):
        work_all()
        Step.objects.filter(state="ready").update(run_after=timezone.now() - timedelta(seconds=1))
    done, *undone = outside.received
    assert {one.headers["idempotency-key"] for one in undone} == {str(step_of(run, "undo/a/helper").pk)}
    assert done.headers["idempotency-key"] == str(step_of(run, "a/helper").pk)
    assert undone[0].json() == {"what": "cancel", "result": {"order": 7}, "attempt": 1}
    assert fresh(run).state == "failed"


def test_an_undoing_that_fails_is_shown_and_can_be_tried_again(shop: Business) -> None:
    run = begin(
        shop, stage("a", undoing(rule("x"))), stage("b", undoing(rule("y"), "fail")), stage("c", rule("z", "fail"))
    )
    work_all()
    run = fresh(run)
    assert run.state == "failed"
    assert run.error.endswith("; 1 of 2 steps could not be taken back")
    assert states(run)["undo/a/x"] == "done"
    stuck = step_of(run, "undo/b/y")
    assert (stuck.state, stuck.error) == ("failed", "It does not add up")
    Step.objects.filter(pk=stuck.pk).update(input=stuck.input | {"does": "echo"}, does="echo")
    retry_step(step_id=stuck.pk, **BY)
    assert fresh(run).state == "undoing"
    work_all()
    assert (fresh(run).state, step_of(run, "undo/b/y").state) == ("failed", "done")


def test_nothing_is_taken_back_of_a_run_that_is_done(shop: Business) -> None:
    run = begin(shop, stage("a", undoing(rule("x"))))
    work_all()
    assert fresh(run).state == "done" and list(states(run)) == ["a/x"]
