"""What workers make of steps: answers kept, failures tried again, and agents that misbehave harm nobody else."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent, Tool
from apps.agents.switching import disable_agent
from apps.core import breaking
from apps.core.models import Event
from apps.trust.models import Buffered
from apps.workflows.claiming import claim
from apps.workflows.completing import complete, fail
from apps.workflows.models import Run, Step
from apps.workflows.plans import Barrier, StepPlan
from apps.workflows.states import StepKind
from apps.workflows.step_ends import Answer
from apps.workflows.working import work
from tests.fakes import Outsider, outsider
from tests.workflows.made import an_agent, asks, begin, rule, stage, states, step_of, work_all, work_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def other() -> Iterator[Outsider]:
    """A second server, which misbehaves."""
    with outsider() as told:
        yield told


def answers(outside: Outsider, answer: Any) -> None:
    outside.answer = (200, json.dumps(answer).encode(), {})


def due(run: Run, key: str = "a/helper") -> None:
    """What waits to be tried again is due now."""
    Step.objects.filter(run=run, key=key, state="ready").update(run_after=timezone.now() - timedelta(seconds=1))


def test_what_an_agent_says_is_kept(shop: Business, outside: Outsider) -> None:
    answers(outside, {"result": {"plan": "b"}, "confidence": 0.8, "reasoning": "it fits", "cost": 0.25})
    agent = an_agent(shop, url=outside.url)
    run = begin(shop, stage("a", asks(agent, input={"what": "a plan"})))
    work_all()
    step = step_of(run, "a/helper")
    assert (step.state, step.result, step.confidence, step.reasoning) == ("done", {"plan": "b"}, 0.8, "it fits")
    assert step.cost == Decimal("0.25") and step.took_ms is not None and step.attempt == 1
    run.refresh_from_db()
    assert (run.state, run.cost) == ("done", Decimal("0.25"))
    (asked,) = outside.received
    assert asked.json() == {"what": "a plan", "attempt": 1}
    assert asked.headers["idempotency-key"] == asked.headers["webhook-id"] == str(step.pk)


def test_every_attempt_carries_the_same_key(shop: Business, outside: Outsider) -> None:
    outside.answers = [(500, b"", {}), (503, b"", {}), (200, b'{"result": 1}', {})]
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))))
    for _ in range(3):
        work_all()
        due(run)
    step = step_of(run, "a/helper")
    assert (step.state, step.attempt, step.error, step.why) == ("done", 3, "", "")
    assert {one.headers["idempotency-key"] for one in outside.received} == {str(step.pk)}
    failed = Event.objects.filter(kind="step.attempt_failed", subject_id=str(run.pk))
    assert [event.data["attempt"] for event in failed.order_by("id")] == [1, 2]


def test_it_is_given_up_after_its_attempts(shop: Business, outside: Outsider) -> None:
    outside.answer = (500, b"", {})
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url), most_attempts=2)))
    for _ in range(3):
        work_all()
        due(run)
    step = step_of(run, "a/helper")
    assert (step.state, step.attempt, step.why, step.error) == ("failed", 2, "status", "The agent answered 500")
    assert len(outside.received) == 2
    assert Run.objects.get(pk=run.pk).state == "failed"
    assert Event.objects.filter(kind="step.failed", subject_id=str(run.pk)).count() == 1


def test_the_single_pattern_carries_the_key_it_is_given(shop: Business, outside: Outsider) -> None:
    from django.db import transaction

    from apps.workflows.starting import start_run

    an_agent(shop, url=outside.url)
    with transaction.atomic():
        run = start_run(
            business_id=shop.pk,
            pattern="single",
            config={"agent": "helper"},
            input={"goal": "tidy up", "body": {"as": "it is"}, "work_id": "goal-7"},
            title="Tidy up",
            key="goal-7",
            correlation_id="goal-7",
            started_by="user:alice",
        )
    work_all()
    assert Run.objects.get(pk=run.pk).state == "done"
    assert outside.received[0].json() == {"as": "it is", "attempt": 1}
    assert outside.received[0].headers["idempotency-key"] == "goal-7"


BIG = b'"' + b"x" * (5 * 1024 * 1024) + b'"'
BAD = {
    "garbage": ((200, b"<html>", {}), "not_json"),
    "nothing but noise": ((200, b"\xff\xfe\x00", {}), "not_json"),
    "five megabytes": ((200, BIG, {}), "too_large"),
    "a redirect to a private address": ((302, b"", {"Location": "http://10.0.0.1/"}), "status"),
    "confidence 7": ((200, b'{"result": 1, "confidence": 7}', {}), "bad_answer"),
    "confidence in words": ((200, b'{"result": 1, "confidence": "high"}', {}), "bad_answer"),
    "a null character": ((200, b'{"result": "a\\u0000b"}', {}), "bad_answer"),
    "a lone surrogate": ((200, b'{"result": "\\ud800"}', {}), None),
    "nested without end": ((200, b"[" * 100_000 + b"]" * 100_000, {}), "bad_answer"),
    "a refusal": ((403, b"{}", {}), "status"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_agent_harms_nobody_else(shop: Business, outside: Outsider, other: Outsider, case: str) -> None:
    """Its step says what is wrong; the others of the stage are done, and the run with them."""
    answers(outside, {"result": "fine"})
    other.answer, why = BAD[case]
    good, bad = an_agent(shop, "good", outside.url), an_agent(shop, "bad", other.url)
    run = begin(shop, stage("a", asks(bad, most_attempts=1), asks(good), rule(n=1), barrier=Barrier.QUORUM, need=2))
    work_all()
    step = step_of(run, "a/bad")
    assert step.state == "failed" and step.error and step.result is None and step.confidence is None
    assert step.why == (why or step.why) and step.why in ("bad_answer", "not_json", "status", "too_large")
    assert {key: state for key, state in states(run).items() if key != "a/bad"} == {"a/good": "done", "a/a": "done"}
    assert Run.objects.get(pk=run.pk).state == "done"


def test_an_agent_that_hangs_takes_its_own_time_only(shop: Business, outside: Outsider, other: Outsider) -> None:
    other.slow = 30
    good, bad = an_agent(shop, "good", outside.url), an_agent(shop, "bad", other.url, timeout_seconds=1)
    run = begin(shop, stage("a", asks(bad, most_attempts=1), asks(good), barrier=Barrier.QUORUM, need=1))
    work_all()
    step = step_of(run, "a/bad")
    assert (step.state, step.why) == ("failed", "timeout")
    assert "No answer within 1 s" in step.error
    assert step_of(run, "a/good").state == "done"


def test_an_agent_that_sends_a_private_address_is_never_called(shop: Business, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    with socket.create_server(("127.0.0.1", 0)) as inside:
        agent = an_agent(shop, url=f"http://127.0.0.1:{inside.getsockname()[1]}/")
        run = begin(shop, stage("a", asks(agent)))
        work_all()
        step = step_of(run, "a/helper")
        assert (step.state, step.why) == ("failed", "refused")


def test_an_answer_that_comes_after_another_attempt_began_changes_nothing(shop: Business) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop))))
    (first,) = claim()
    Step.objects.update(state="ready", run_after=timezone.now())
    (second,) = claim()
    assert complete(first, Answer("late")) is False
    assert complete(second, Answer("counts")) is True
    assert complete(second, Answer("again")) is False
    step = step_of(run, "a/helper")
    assert (step.state, step.result, step.late_answers) == ("done", "counts", 2)
    assert Buffered.objects.count() <= 1


def test_an_answer_after_the_stage_went_on_changes_nothing(shop: Business) -> None:
    agent = an_agent(shop)
    run = begin(shop, stage("a", asks(agent, "slow"), rule("quick"), barrier=Barrier.FIRST, need=1))
    found = [*claim(), *claim()]
    slow = next(step for step in found if step.kind == StepKind.AGENT)
    work([step for step in found if step.kind == StepKind.COMPUTE])
    assert Run.objects.get(pk=run.pk).state == "done"
    assert complete(slow, Answer("late")) is False
    assert fail(slow, error="late too", why="timeout", again=True) is False
    step = step_of(run, "a/slow")
    assert (step.state, step.result, step.late_answers) == ("cancelled", None, 2)


def test_an_agent_that_was_switched_off_meanwhile_fails_its_steps_in_words(shop: Business, outside: Outsider) -> None:
    agent = an_agent(shop, url=outside.url)
    run = begin(shop, stage("a", asks(agent)))
    disable_agent(agent_id=agent.pk, reason="It talks nonsense", by="person", actor="user:bob")
    work_all()
    step = step_of(run, "a/helper")
    assert (step.state, step.why) == ("failed", "off")
    assert "It talks nonsense" in step.error
    assert outside.received == []


def test_an_agent_that_is_off_can_be_planned_and_says_so(shop: Business) -> None:
    an_agent(shop, enabled=False, disabled_reason="Holiday")
    run = begin(shop, stage("a", asks("helper")))
    work_all()
    assert "Holiday" in step_of(run, "a/helper").error


@pytest.mark.parametrize("kind", [StepKind.AGENT, StepKind.TOOL])
def test_what_is_not_there_fails_its_step_at_once(shop: Business, kind: StepKind) -> None:
    run = begin(shop, stage("a", StepPlan(key="x", kind=kind, does="nobody")))
    step = step_of(run, "a/x")
    assert (step.state, step.why, step.error) == ("failed", "missing", f"There is no {kind} of the key nobody")
    assert run.state == "failed"


def test_an_open_breaker_is_waited_for_and_uses_up_no_attempt(shop: Business, outside: Outsider, settings: Any) -> None:
    agent = an_agent(shop, url=outside.url)
    for _ in range(settings.AGENT_BREAKER_FAILURES):
        breaking.note(agent.pk, ok=False)
    run = begin(shop, stage("a", asks(agent, most_attempts=1)))
    work_all()
    step = step_of(run, "a/helper")
    assert (step.state, step.attempt, step.why) == ("ready", 0, "breaker_open")
    assert "left in peace" in step.error and step.run_after > timezone.now() + timedelta(seconds=5)
    breaking.close(agent.pk)
    due(run)
    work_all()
    assert step_of(run, "a/helper").state == "done"


def test_a_tool_is_used_with_the_input_of_its_step(shop: Business, outside: Outsider) -> None:
    answers(outside, {"price": 3, "secret": "x"})
    tool = Tool.objects.create(
        business=shop, name="prices", kind="http", url=outside.url, method="POST", returned=["price"],
        parameters={"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
    )  # fmt: skip
    run = begin(
        shop,
        stage(
            "a",
            StepPlan(key="good", kind=StepKind.TOOL, does=tool.name, input={"sku": "7"}),
            StepPlan(key="bad", kind=StepKind.TOOL, does=tool.name, input={"sku": 7}),
            barrier=Barrier.QUORUM,
            need=1,
        ),
    )
    work_all()
    assert step_of(run, "a/good").result == {"price": 3}
    assert (step_of(run, "a/bad").state, step_of(run, "a/bad").why) == ("failed", "bad_arguments")
    assert outside.received[0].headers["idempotency-key"] == str(step_of(run, "a/good").pk)


def test_an_agent_that_is_deleted_meanwhile_fails_its_step(shop: Business) -> None:
    agent = an_agent(shop)
    run = begin(shop, stage("a", asks(agent)))
    Agent.objects.filter(pk=agent.pk).delete()
    work_all()
    assert (step_of(run, "a/helper").state, step_of(run, "a/helper").why) == ("failed", "missing")


def test_recommendations_are_tracked_with_their_steps(shop: Business, outside: Outsider) -> None:
    outside.answers = [(200, b'{"result": 1, "confidence": 0.5}', {}), (200, b"no", {})]
    good, bad = an_agent(shop, "good", outside.url), an_agent(shop, "bad", outside.url)
    run = begin(
        shop, stage("a", asks(good, most_attempts=1), asks(bad, most_attempts=1), barrier=Barrier.QUORUM, need=1)
    )
    work_all()
    kept: dict[Any, Any] = {row.pk: row.facts for row in Buffered.objects.all()}
    facts = kept[step_of(run, "a/good").recommendation_id]
    assert (facts["type"], facts["failure"], facts["confidence"]) == ("research", "", 0.5)
    assert facts["group"] == f"{run.pk}/a" and facts["correlation_id"] == "matter"
    assert kept[step_of(run, "a/bad").recommendation_id]["failure"] == "not_json"


def test_agents_that_let_the_time_of_a_stage_pass_are_tracked_as_late(shop: Business) -> None:
    agent, idle = an_agent(shop), an_agent(shop, "idle")
    run = begin(shop, stage("a", asks(agent), asks(idle), rule("x"), barrier=Barrier.DEADLINE, need=1, seconds=60))
    claim()
    Step.objects.filter(run=run, key="a/idle").update(run_after=timezone.now() + timedelta(hours=1))
    run.stages.update(due_at=timezone.now() - timedelta(seconds=1))
    work_once()
    while work_once():
        pass
    assert Run.objects.get(pk=run.pk).state == "done"
    tracked = list(Buffered.objects.filter(facts__failure="timeout"))
    assert [row.facts["on_time"] for row in tracked] == [False]


def test_a_fault_of_ours_is_tried_again_and_told(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(**given: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("apps.workflows.working.call_agent", stumble)
    run = begin(shop, stage("a", asks(an_agent(shop))))
    work_all()
    step = step_of(run, "a/helper")
    assert (step.state, step.why, step.error) == ("ready", "error", "It could not be carried out: RuntimeError")


@pytest.mark.django_db(transaction=True)
def test_steps_of_a_stage_that_end_together_bring_the_run_on_once(shop: Business) -> None:
    run = begin(shop, stage("a", *(asks(an_agent(shop, f"n{n}")) for n in range(6))), stage("b", rule()))
    steps = [step for _ in range(6) for step in claim()]
    start = threading.Barrier(6)

    def finish(place: int) -> None:
        from django.db import connection

        start.wait()
        complete(steps[place], Answer({"n": place}))
        connection.close()

    threads = [threading.Thread(target=finish, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.stages.count() == 2
    assert Step.objects.filter(run=run, key="b/a").count() == 1
    work_all()
    assert Run.objects.get(pk=run.pk).state == "done"
