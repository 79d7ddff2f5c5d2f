"""Agents that take work on (HTTP 202) and answer later: once, in time, and signed."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.core.signing import as_secret, signed_headers
from apps.trust.models import Buffered
from apps.workflows.claiming import claim
from apps.workflows.completing import complete
from apps.workflows.ending import cancel_run
from apps.workflows.models import Run, Step
from apps.workflows.step_ends import Answer
from apps.workflows.working import work
from tests.fakes import Outsider
from tests.workflows.made import SECRET, an_agent, asks, begin, rule, stage, step_of, work_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(shop: Business, outside: Outsider) -> Run:
    """An agent has taken the work on."""
    outside.answer = (202, b"", {})
    started = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))), stage("b", rule()))
    work_all()
    return started


def post(step_id: UUID | str, body: Any, *, secret: str = SECRET, **changed: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = signed_headers([secret], message_id="msg_1", at=timezone.now(), content=content) if secret else {}
    return APIClient().post(
        f"/v1/workflows/steps/{step_id}/answer",
        data=content,
        content_type="application/json",
        headers=headers | changed,
    )


def test_the_step_waits_without_a_worker(run: Run) -> None:
    step = step_of(run, "a/helper")
    assert (step.state, step.attempt) == ("waiting", 1)
    assert timedelta(hours=23) < step.run_after - timezone.now() <= timedelta(hours=24)
    assert Run.objects.get(pk=run.pk).state == "waiting"
    assert claim() == []


def test_its_answer_brings_the_run_on(run: Run, outside: Outsider) -> None:
    step = step_of(run, "a/helper")
    answered = post(outside.received[0].headers["idempotency-key"], {"result": [1], "confidence": 0.5, "cost": 2})
    assert (answered.status_code, answered.json()) == (200, {"step": str(step.pk), "state": "done"})
    step.refresh_from_db()
    assert (step.result, step.confidence, step.late_answers) == ([1], 0.5, 0)
    work_all()
    run.refresh_from_db()
    assert (run.state, run.cost) == ("done", Decimal(2))
    assert Buffered.objects.get().pk == step.recommendation_id


def test_a_second_answer_is_refused_and_counted(run: Run) -> None:
    step = step_of(run, "a/helper")
    assert post(step.pk, {"result": 1}).status_code == 200
    refused = post(step.pk, {"result": 2})
    assert (refused.status_code, refused.json()["detail"]) == (409, "This step has its answer already")
    step.refresh_from_db()
    assert (step.result, step.late_answers) == (1, 1)


def test_a_late_answer_is_refused_and_counted(run: Run) -> None:
    cancel_run(run_id=run.pk, actor="user:bob", reason="")
    step = step_of(run, "a/helper")
    refused = post(step.pk, {"result": 1})
    assert refused.status_code == 409
    assert refused.json()["detail"] == "Nobody waits for this answer any more: the step is cancelled"
    step.refresh_from_db()
    assert (step.state, step.result, step.late_answers) == ("cancelled", None, 1)


def test_an_answer_may_overtake_our_noting_that_it_will_come(shop: Business, outside: Outsider) -> None:
    outside.answer = (202, b"", {})
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))))
    steps = claim()
    assert post(steps[0].id, {"result": "quick"}).status_code == 200
    work(steps)
    step = step_of(run, "a/helper")
    assert (step.state, step.result, step.late_answers) == ("done", "quick", 0)


def test_whoever_answers_twice_at_once_and_later_counts_once(shop: Business, outside: Outsider) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))))
    (claimed,) = claim()
    assert post(claimed.id, {"result": "posted"}).status_code == 200
    assert complete(claimed, Answer("answered too")) is False
    step = step_of(run, "a/helper")
    assert (step.result, step.late_answers) == ("posted", 1)


def test_an_answer_counts_while_the_step_waits_to_be_tried_again(shop: Business, outside: Outsider) -> None:
    outside.answer = (503, b"", {})
    run = begin(shop, stage("a", asks(an_agent(shop, url=outside.url))))
    work_all()
    step = step_of(run, "a/helper")
    assert step.state == "ready"
    assert post(step.pk, {"result": "after all"}).status_code == 200
    assert Run.objects.get(pk=run.pk).state == "done"


def test_nobody_answers_a_step_that_was_not_given_out_yet(shop: Business) -> None:
    run = begin(shop, stage("a", asks(an_agent(shop))))
    assert post(step_of(run, "a/helper").pk, {"result": 1}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"result": 1, "confidence": 7}', b'{"result": "a\\u0000b"}', b"[" * 99_999],
)
def test_what_is_no_answer_is_refused_and_may_be_sent_again(run: Run, body: bytes) -> None:
    step = step_of(run, "a/helper")
    assert post(step.pk, body).status_code == 422
    step.refresh_from_db()
    assert (step.state, step.late_answers) == ("waiting", 0)
    assert post(step.pk, {"result": 1}).status_code == 200


def test_an_answer_that_is_too_large_is_refused(run: Run) -> None:
    assert post(step_of(run, "a/helper").pk, b'"' + b"x" * 300_000 + b'"').status_code == 413


OTHER = as_secret(b"1" * 32)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": OTHER},
        {"secret": ""},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-id": "msg_2"},
    ],
)
def test_only_the_agent_may_answer(run: Run, wrong: dict[str, str]) -> None:
    secret = wrong.pop("secret", SECRET)
    assert post(step_of(run, "a/helper").pk, {"result": 1}, secret=secret, **wrong).status_code == 403
    assert step_of(run, "a/helper").state == "waiting"


def test_a_step_that_is_not_there_looks_like_one_of_others(run: Run) -> None:
    assert post(uuid4(), {"result": 1}).status_code == 403
    assert post(Step.objects.get(run=run, key="a/helper").run_id, {"result": 1}).status_code == 403


def test_steps_of_rules_are_answered_by_nobody(shop: Business) -> None:
    run = begin(shop, stage("a", rule("x")))
    assert post(step_of(run, "a/x").pk, {"result": 1}).status_code == 403


def test_a_single_step_may_be_named_by_its_goal(shop: Business, outside: Outsider) -> None:
    from django.db import transaction

    from apps.workflows.starting import start_run

    outside.answer = (202, b"", {})
    an_agent(shop, url=outside.url)
    goal = uuid4()
    with transaction.atomic():
        run = start_run(
            business_id=shop.pk, pattern="single", config={"agent": "helper"}, title="Tidy", key=str(goal),
            input={"goal": "tidy", "body": {}, "work_id": str(goal)}, correlation_id=str(goal), started_by="user:a",
            subject=("tested", goal),
        )  # fmt: skip
    work_all()
    assert post(outside.received[0].headers["idempotency-key"], {"result": 1}).status_code == 200
    assert Run.objects.get(pk=run.pk).state == "done"
