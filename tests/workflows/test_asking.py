"""A person's step waits in the queue without a worker, and every way the question can end leads on clearly."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.principals import of_person
from apps.accounts.selectors import seats_of
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.approvals.requesting import cancel_request
from apps.approvals.sweeping import sweep
from apps.core.errors import Invalid, StaleState
from apps.trust.models import Outcome
from apps.workflows.asking import drop_request
from apps.workflows.claiming import claim
from apps.workflows.ending import cancel_run, resume_run
from apps.workflows.models import Run
from apps.workflows.plans import Barrier
from tests.fakes import Outsider
from tests.workflows.made import an_agent, asks, begin, person, rule, stage, states, step_of, work_all

pytestmark = pytest.mark.django_db


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def question(run: Run) -> ApprovalRequest:
    return ApprovalRequest.objects.get(pk=step_of(run, "a/person").request_id or run.pk)


def say(who: User, request: ApprovalRequest, verdict: str = "approve", **more: Any) -> ApprovalRequest:
    return decide(
        request_id=request.pk,
        by=of_person(who, seats_of(who)[0]),
        verdict=verdict,
        payload_hash=request.payload_hash,
        **more,
    )


def test_it_asks_and_holds_no_worker(shop: Business, alice: User) -> None:
    asked = person(title="Which plan?", why=["They disagree", "It is costly"], confidence=0.4, risk=0.9)
    run = begin(shop, stage("a", asked))
    assert claim() == []
    step, request = step_of(run, "a/person"), question(run)
    assert (step.state, fresh(run).state) == ("waiting", "waiting")
    assert (request.kind, request.subject_id, request.title) == ("step", step.pk, f"Which plan?: {run.title}")
    assert (request.why, request.confidence, request.risk) == ("They disagree; It is costly", 0.4, 0.9)
    assert request.requested_by == "workflow:scripted"


def test_approval_ends_the_step_with_what_was_approved(shop: Business, alice: User) -> None:
    run = begin(shop, stage("a", person()), stage("b", rule("x", n=1)))
    say(alice, question(run))
    step = step_of(run, "a/person")
    assert (step.state, step.result) == ("done", {"n": 1})
    assert fresh(run).state == "running"
    work_all()
    assert fresh(run).result == {"a/person": {"n": 1}, "b/x": {"n": 1}}


def test_a_question_ends_with_the_answers(shop: Business, alice: User) -> None:
    asked = person(questions=[{"field": "colour", "question": "Which colour?", "type": "text", "why": ""}])
    run = begin(shop, stage("a", asked))
    say(alice, question(run), "answer", answers={"colour": "red"})
    assert step_of(run, "a/person").result == {"n": 1, "answers": {"colour": "red"}}
    assert fresh(run).state == "done"


def test_rejection_fails_the_step_with_who_and_why(shop: Business, alice: User) -> None:
    run = begin(shop, stage("a", person()), stage("b", rule()))
    say(alice, question(run), "reject", reason="Too risky")
    step = step_of(run, "a/person")
    assert (step.state, step.why) == ("failed", "rejected")
    assert step.error.startswith("Rejected by alice") and step.error.endswith(": Too risky")
    assert fresh(run).state == "failed"


def test_nobody_deciding_in_time_fails_the_step(shop: Business) -> None:
    run = begin(shop, stage("a", person()))
    ApprovalRequest.objects.update(on_timeout="reject", deadline=timezone.now() - timedelta(seconds=1))
    sweep(now=timezone.now())
    step = step_of(run, "a/person")
    assert (step.state, step.why, step.error) == ("failed", "expired", "Nobody decided in time")


def test_a_question_that_is_withdrawn_fails_the_step(shop: Business) -> None:
    run = begin(shop, stage("a", person()))
    cancel_request(request_id=question(run).pk, actor="user:bob", why="Not needed")
    step = step_of(run, "a/person")
    assert (step.state, step.why, step.error) == ("failed", "withdrawn", "The question was withdrawn by bob")


def test_a_payload_the_queue_does_not_take_fails_the_step(shop: Business) -> None:
    deep: Any = 1
    for _ in range(60):
        deep = [deep]
    run = begin(shop, stage("a", person(payload={"deep": deep})))
    assert (step_of(run, "a/person").state, step_of(run, "a/person").why) == ("failed", "invalid")
    assert run.state == "failed"


def test_the_question_is_due_when_its_stage_is(shop: Business) -> None:
    run = begin(shop, stage("a", person(), seconds=3600))
    assert question(run).deadline == run.stages.get().due_at


def test_cancelling_the_run_takes_the_question_back(shop: Business, alice: User) -> None:
    run = begin(shop, stage("a", person()))
    request = question(run)
    cancel_run(run_id=run.pk, actor="user:bob", reason="Enough")
    with pytest.raises(StaleState, match="gone on without this"):
        say(alice, request)
    assert drop_request(step_id=step_of(run, "a/person").pk) is True
    request.refresh_from_db()
    assert request.state == "cancelled"
    assert drop_request(step_id=step_of(run, "a/person").pk) is False
    assert step_of(run, "a/person").state == "cancelled"


def test_it_is_dropped_only_once_the_step_has_ended(shop: Business) -> None:
    run = begin(shop, stage("a", person()))
    assert drop_request(step_id=step_of(run, "a/person").pk) is False
    assert question(run).state == "awaiting_approval"


def test_who_resumes_asks_anew(shop: Business, alice: User) -> None:
    run = begin(shop, stage("a", person()))
    first = question(run)
    say(alice, first, "reject", reason="Too risky")
    resume_run(run_id=run.pk, actor="user:bob")
    second = question(run)
    assert second.pk != first.pk and second.state == "awaiting_approval"
    say(alice, second)
    assert fresh(run).state == "done"


def test_the_first_to_open_the_barrier_makes_the_question_moot(shop: Business) -> None:
    run = begin(shop, stage("a", person(), rule("quick"), barrier=Barrier.FIRST, need=1))
    work_all()
    assert states(run) == {"a/person": "cancelled", "a/quick": "done"}
    assert drop_request(step_id=step_of(run, "a/person").pk) is True


@pytest.mark.django_db(transaction=True)
def test_deciding_and_cancelling_at_once_do_not_wait_for_each_other_for_ever(shop: Business, alice: User) -> None:
    for number in range(5):
        run = begin(shop, stage("a", person()), stage("b", rule()), key=f"{number}")
        together = threading.Barrier(2)
        ends: list[str] = []

        def one(act: Any, together: Any = together, ends: Any = ends) -> None:
            together.wait()
            try:
                act()
            except StaleState as error:
                ends.append(error.detail)
            connection.close()

        request = question(run)
        threads = [
            threading.Thread(target=one, args=(lambda request=request: say(alice, request),)),
            threading.Thread(
                target=one, args=(lambda run=run: cancel_run(run_id=run.pk, actor="user:bob", reason=""),)
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
        assert fresh(run).state == "cancelled"
        assert len(ends) <= 1


# --- What a decision says of the recommendations ----------------------------------------------------------------------


def recommended(shop: Business, outside: Outsider) -> Run:
    """A run in which two agents have recommended and a person is asked about both."""
    outside.answers = [(200, b'{"result": "paint it red"}', {}), (200, b'{"result": "paint it blue"}', {})]
    for key in ("one", "two"):
        an_agent(shop, key, outside.url)
    judged = {"r/one": "paint it red", "r/two": "paint it blue"}
    asked = person(payload={"goal": "Paint", "recommendations": judged}, judges=list(judged))
    run = begin(shop, stage("r", asks("one"), asks("two")), stage("a", asked))
    work_all()
    return run


def verdicts(run: Run) -> dict[str, tuple[str, float]]:
    """What was said of the recommendations of the run, by the key of the step."""
    keys = dict(run.steps.values_list("recommendation_id", "key"))
    return {
        keys[outcome.recommendation_id]: (outcome.verdict, round(outcome.value, 2)) for outcome in Outcome.objects.all()
    }


def test_an_approval_approves_every_recommendation(shop: Business, alice: User, outside: Outsider) -> None:
    run = recommended(shop, outside)
    say(alice, question(run))
    assert verdicts(run) == {"r/one": ("approved", 1.0), "r/two": ("approved", 1.0)}


def test_a_rejection_rejects_every_recommendation(shop: Business, alice: User, outside: Outsider) -> None:
    run = recommended(shop, outside)
    say(alice, question(run), "reject", reason="Too risky")
    assert verdicts(run) == {"r/one": ("rejected", 0.0), "r/two": ("rejected", 0.0)}


def test_what_was_changed_counts_in_part_and_what_was_left_out_is_rejected(
    shop: Business, alice: User, outside: Outsider
) -> None:
    run = recommended(shop, outside)
    say(alice, question(run), payload={"goal": "Paint", "recommendations": {"r/one": "paint it pink"}})
    found = verdicts(run)
    assert found["r/two"] == ("rejected", 0.0)
    assert found["r/one"][0] == "partial" and 0.5 < found["r/one"][1] < 1
    assert step_of(run, "a/person").result == {"goal": "Paint", "recommendations": {"r/one": "paint it pink"}}


@pytest.mark.parametrize(
    "payload",
    [
        {"goal": "Other", "recommendations": {}},
        {"goal": "Paint", "recommendations": {"r/three": "x"}},
        {"goal": "Paint", "recommendations": "all"},
        {"goal": "Paint"},
    ],
)
def test_only_recommendations_may_be_changed(shop: Business, alice: User, outside: Outsider, payload: Any) -> None:
    run = recommended(shop, outside)
    with pytest.raises(Invalid):
        say(alice, question(run), payload=payload)
    assert fresh(run).state == "waiting"
