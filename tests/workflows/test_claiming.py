"""Who gets which step: by priority, then by age, never two the same, never more of an agent than it may have."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.workflows.claiming import AGES_AFTER, MOST_TOGETHER, NEAR, Claimed, claim
from apps.workflows.models import Run, Step
from apps.workflows.states import Priority, StepKind
from tests.workflows.made import an_agent, asks, begin, rule, stage, states, undoing, work_once

pytestmark = pytest.mark.django_db


def keys(claimed: list[Claimed]) -> list[str]:
    return [step.key for step in claimed]


def titles() -> Iterator[str]:
    while found := claim():
        yield Step.objects.get(pk=found[0].id).run.title


def test_it_takes_the_urgent_first_and_the_old_before_the_new(shop: Business) -> None:
    agent = an_agent(shop, concurrency=100)
    for priority in (Priority.LOW, Priority.NORMAL, Priority.CRITICAL):
        for number in (1, 2):
            name = f"{priority.name} {number}"
            begin(shop, stage("a", asks(agent)), key=name, title=name, priority=priority)
    assert list(titles()) == ["CRITICAL 1", "CRITICAL 2", "NORMAL 1", "NORMAL 2", "LOW 1", "LOW 2"]


def test_low_that_has_waited_long_is_served_with_normal(shop: Business) -> None:
    agent = an_agent(shop, concurrency=100)
    begin(shop, stage("a", asks(agent)), key="normal", title="normal")
    old = begin(shop, stage("a", asks(agent)), key="old", title="old", priority=Priority.LOW)
    begin(shop, stage("a", asks(agent)), key="critical", title="critical", priority=Priority.CRITICAL)
    begin(shop, stage("a", asks(agent)), key="low", title="low", priority=Priority.LOW)
    Step.objects.filter(run=old).update(run_after=timezone.now() - AGES_AFTER - timedelta(seconds=1))
    assert list(titles()) == ["critical", "old", "normal", "low"]


def test_it_leaves_what_is_not_due(shop: Business) -> None:
    begin(shop, stage("a", rule()))
    Step.objects.update(run_after=timezone.now() + timedelta(seconds=30))
    assert claim() == []


def test_a_claim_is_a_lease_of_one_attempt(shop: Business) -> None:
    agent = an_agent(shop, timeout_seconds=7)
    begin(shop, stage("a", asks(agent, most_attempts=2)))
    (step,) = claim()
    row = Step.objects.get(pk=step.id)
    assert (row.state, row.attempt, step.attempt) == ("running", 1, 1)
    assert 21 < (row.run_after - timezone.now()).total_seconds() <= 22
    assert claim() == []


def test_rules_of_one_business_and_priority_come_together_and_nothing_else(
    shop: Business, other_shop: Business
) -> None:
    agent = an_agent(shop)
    many = begin(shop, stage("a", *(rule(str(n)) for n in range(MOST_TOGETHER)), asks(agent)), key="many")
    begin(shop, stage("b", rule("x")), stage("c", rule("y")), key="more")
    begin(shop, stage("d", rule("x")), key="low", priority=Priority.LOW)
    begin(other_shop, stage("e", rule("x")), key="others")
    first = claim()
    assert {step.run_id for step in first} == {many.pk} and len(first) == MOST_TOGETHER
    assert keys(claim()) == ["a/helper"]
    assert keys(claim()) == ["b/x"]
    assert keys(claim()) == ["e/x"]
    assert keys(claim()) == ["d/x"]


def test_rules_of_several_runs_are_kept_together(shop: Business) -> None:
    runs = [begin(shop, stage("a", rule("x", n=1)), stage("b", rule("y", "sum")), key=f"{n}") for n in range(3)]
    assert work_once() == 3
    assert work_once() == 3
    assert [Run.objects.get(pk=run.pk).state for run in runs] == ["done"] * 3


def test_a_run_that_cannot_go_on_spoils_no_other_of_its_batch(shop: Business, settings: Any) -> None:
    settings.RUN_OUTCOMES = {"tested": "tests.workflows.test_advancing.stumble"}
    bad = begin(shop, stage("a", rule("x")), key="bad", subject=("tested", shop.pk))
    good = begin(shop, stage("a", rule("x")), key="good")
    assert work_once() == 2
    assert Run.objects.get(pk=good.pk).state == "done"
    bad.refresh_from_db()
    assert bad.state == "running" and bad.advance_after is not None
    assert states(bad) == {"a/x": "done"}


def test_an_agent_gets_no_more_than_it_may_have_at_once(shop: Business) -> None:
    agent, other = an_agent(shop, concurrency=2), an_agent(shop, "other", concurrency=1)
    begin(shop, stage("a", *(asks(agent, f"{n}") for n in range(4)), asks(other)))
    assert [keys(claim()) for _ in range(4)] == [["a/0"], ["a/1"], ["a/other"], []]
    Step.objects.filter(key="a/0").update(state="done")
    assert keys(claim()) == ["a/2"]


def test_what_undoes_counts_among_the_calls_of_its_agent(shop: Business) -> None:
    agent = an_agent(shop, concurrency=1)
    begin(shop, stage("a", asks(agent)), key="one")
    Step.objects.update(kind=StepKind.UNDO)
    begin(shop, stage("a", asks(agent)), key="two")
    assert len(claim()) == 1
    assert claim() == []


def test_a_lease_that_is_over_holds_no_place(shop: Business) -> None:
    agent = an_agent(shop, concurrency=1)
    begin(shop, stage("a", asks(agent, "x"), asks(agent, "y")))
    assert keys(claim()) == ["a/x"]
    Step.objects.filter(key="a/x").update(run_after=timezone.now() - timedelta(seconds=1))
    assert keys(claim()) == ["a/y"]


@pytest.mark.parametrize("backlog", [NEAR - 5, NEAR * 3])
@pytest.mark.parametrize("kind", ["agent", "rule"])
def test_a_backlog_of_a_busy_agent_stops_nobody(shop: Business, backlog: int, kind: str) -> None:
    busy, free = an_agent(shop, concurrency=1), an_agent(shop, "free")
    begin(shop, stage("a", *(asks(busy, f"{n}") for n in range(backlog))), key="busy", priority=Priority.CRITICAL)
    claim()
    low = asks(free) if kind == "agent" else rule("free")
    begin(shop, stage("b", low), key="low", priority=Priority.LOW)
    begin(shop, stage("c", low), key="critical", priority=Priority.CRITICAL)
    assert [keys(claim()) for _ in range(3)] == [["c/free"], ["b/free"], []]


def test_it_is_one_statement(shop: Business) -> None:
    begin(shop, stage("a", undoing(rule())))
    with CaptureQueriesContext(
        connection,
    ) as seen:
        claim()
    assert len(seen) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_share_the_steps_and_respect_the_agents(shop: Business) -> None:
    agent, other = an_agent(shop, concurrency=3), an_agent(shop, "other", concurrency=5)
    runs = [begin(shop, stage("a", asks(agent), asks(other), rule()), key=f"{n}") for n in range(20)]
    start, lock = threading.Barrier(8), threading.Lock()
    taken: list[object] = []
    most: Counter[object] = Counter()

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT agent_id, count(*) FROM workflows_step WHERE state = 'running' GROUP BY 1")
            for agent_id, has in cursor.fetchall():
                most[agent_id] = max(most[agent_id], has)

    def worker() -> None:
        try:
            start.wait()
            while found := claim():
                with lock:
                    taken.extend(step.id for step in found)
                    look()
                Step.objects.filter(pk__in=[step.id for step in found]).update(state="done")
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60
    assert most[agent.pk] <= 3 and most[other.pk] <= 5
    assert set(states(runs[0]).values()) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_a_step_whose_row_somebody_holds_is_passed_over(shop: Business) -> None:
    held = begin(shop, stage("a", rule()), key="held", priority=Priority.CRITICAL)
    free = begin(shop, stage("a", rule()), key="free")
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Step.objects.select_for_update().get(run=held)
            inside.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    try:
        assert [step.run_id for step in claim()] == [free.pk]
    finally:
        done.set()
        holder.join()


def test_an_agent_that_was_deleted_leaves_a_step_that_can_be_claimed(shop: Business) -> None:
    agent = an_agent(shop)
    begin(shop, stage("a", asks(agent)))
    Agent.objects.filter(pk=agent.pk).delete()
    assert claim()[0].agent_id is None
