"""check_gate and stress_gate, as an operator runs them."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.keys import issue_key
from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.events import record
from apps.core.models import Outbox
from apps.goals.models import Goal
from apps.goals.switches import set_switch
from apps.llm.embedding import get_embedder
from apps.watch.selftest import CASES, self_test
from apps.watch.stress_goals import INJECTED, Sort, stress_goals
from apps.watch.stress_report import outcome_of, report, tables
from apps.watch.watching import watch
from apps.watch.windows import named
from tests.fakes import Outsider
from tests.watch.conftest import Put
from tests.watch.made import errors_at

pytestmark = pytest.mark.django_db

GOOD = {"executed": 60, "approved": 25, "clarification": 11, "rejected": 10}


def run_check(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_gate", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def flowing(db: None) -> None:
    """What earlier parts of a test wrote to the outbox is told."""
    Outbox.objects.all().delete()


def outcomes_of(output: str, slug: str = "corner-shop") -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in json.loads(output)["businesses"][slug]}


def test_a_gate_in_its_bands_passes(shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    code, output = run_check("--json")
    assert code == 0, output
    found = outcomes_of(output)
    assert Counter(found.values()) == {"pass": 8, "not_enough_data": 1}
    assert found["Pre-validation catches what turns out bad"] == "not_enough_data"
    assert {check["outcome"] for check in json.loads(output)["installation"]} == {"pass"}


def test_no_goals_fail_only_when_it_is_strict(shop: Business) -> None:
    assert run_check("--business", "corner-shop")[0] == 0
    assert run_check("--business", "corner-shop", "--strict")[0] == 1


def test_a_figure_out_of_its_band_fails(shop: Business, put: Put, now: datetime) -> None:
    put(now, executed=20, approved=90)
    code, output = run_check("--json")
    assert code == 1
    assert outcomes_of(output)["People are asked neither too often nor too seldom"] == "fail"


def test_the_window_is_chosen(shop: Business, put: Put, now: datetime) -> None:
    put(now - timedelta(hours=3), executed=20, approved=90)
    assert run_check("--window", "1h")[0] == 0
    assert run_check("--window", "24h")[0] == 1


def test_two_levels_of_confidence_fail(shop: Business, put: Put, now: datetime) -> None:
    goals = put(now, **GOOD)
    Goal.objects.update(confidence=0.2)
    Goal.objects.filter(pk__in=[goal.pk for goal in goals[:60]]).update(confidence=0.9)
    found = outcomes_of(run_check("--json")[1])
    assert found["Confidence is spread"] == "pass"
    assert found["Confidence is graded, not two levels"] == "fail"


def test_a_switch_that_is_off_fails(shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    with acting_for(shop.pk):
        set_switch(name="PHASE2_APPROVAL_GATES_ENABLED", on=False, business_id=shop.pk, actor="user:a")
    code, output = run_check()
    assert code == 1
    assert "off: Approval gates" in output


def test_goals_that_no_worker_takes_fail(shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    Goal.objects.filter(pk=Goal.objects.first().pk).update(state="ready", run_after=now - timedelta(minutes=20))  # type: ignore[union-attr]
    assert outcomes_of(run_check("--json")[1])["Workers take what may run"] == "fail"


def test_events_that_nobody_tells_fail(shop: Business, now: datetime) -> None:
    with acting_for(shop.pk):
        record(kind="goal.done", subject_type="goal", subject_id="7", business_id=shop.pk, actor="user:a")
    assert run_check()[0] == 0
    Outbox.objects.update(next_attempt_at=now - timedelta(minutes=10))
    code, output = run_check()
    assert code == 1
    assert "oldest due since" in output


def test_errors_of_ours_fail(shop: Business, put: Put, now: datetime) -> None:
    put(now, **GOOD)
    errors_at(shop, [now - timedelta(minutes=3)] * 20)
    assert outcomes_of(run_check("--json")[1])["Submissions do not fail by our fault"] == "fail"


def test_an_unknown_business_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="no business nowhere"):
        call_command("check_gate", "--business", "nowhere")


def test_the_shipped_checks_judge_the_built_in_goals_well(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        found = self_test(get_embedder())
    assert len(found) == len(CASES)
    assert [one.case.name for one in found if not one.well] == []


def test_the_mix_is_as_said_and_the_same_again() -> None:
    goals = stress_goals(400)
    assert goals == stress_goals(400)
    assert goals != stress_goals(400, seed=1)
    sorts = Counter(goal.sort for goal in goals)
    assert (sorts[Sort.HIGH], sorts[Sort.MEDIUM], sorts[Sort.LOW]) == (120, 100, 80)
    assert all(16 <= sorts[sort] <= 17 for sort in INJECTED)
    assert all(goal.body["context"] == {"gatehouse_stress": True} for goal in goals)
    assert len({goal.body["goal"] for goal in goals if goal.sort is Sort.HIGH}) > 110
    assert len(stress_goals(1)) == 1


@pytest.fixture
def live(live_server: Any, shop: Business) -> Iterator[list[str]]:
    """Arguments for a running server."""
    key = issue_key(business=shop, name="stress", scopes=["goals:write"], by=None)[1]
    yield ["--url", live_server.url, "--key", key]


@pytest.mark.django_db(transaction=True)
def test_it_tries_a_running_gate_and_leaves_nothing_behind(live: list[str], shop: Business, now: datetime) -> None:
    out = StringIO()
    call_command("stress_gate", "--goals", "48", "--parallel", "3", "--json", *live, stdout=out)
    run = json.loads(out.getvalue())
    assert (run["goals"], run["errors"]) == (48, 0)
    assert sum(run["paths"].values()) == 48
    assert run["injected"]["n"] == 12
    assert run["injected"]["catch_rate"] > 0.5
    assert run["sorts"]["high"]["mean_confidence"] > run["sorts"]["low"]["mean_confidence"]
    assert not Goal.objects.filter(state__in=["waiting", "asking", "ready", "running"]).exists()
    assert Goal.objects.filter(state="cancelled").count() == run["cancelled"] > 0
    assert set(Goal.objects.values_list("is_trial", flat=True)) == {True}
    with acting_for(shop.pk):
        assert watch(shop.pk, named("1h", now + timedelta(minutes=5))).counts.goals == 0


def test_it_comes_back_when_the_house_is_full(outside: Outsider) -> None:
    full = (429, b"{}", {"Retry-After": "0"})
    outside.answers = [full, full]
    outside.answer = (201, b'{"execution_path": "rejected", "confidence": 0.2, "state": "rejected"}', {})
    out = StringIO()
    call_command("stress_gate", "--goals", "1", "--json", "--url", outside.url, "--key", "k", stdout=out)
    assert len(outside.received) == 3
    assert json.loads(out.getvalue())["paths"]["rejected"] == 1


@pytest.mark.parametrize(("answer", "words"), [((401, b'{"detail": "no"}', {}), "not accepted"), (None, "not answer")])
def test_it_says_why_it_cannot_try(outside: Outsider, answer: Any, words: str) -> None:
    outside.answer = answer
    url = outside.url if answer else "http://127.0.0.1:9"
    with pytest.raises(CommandError, match=words):
        call_command("stress_gate", "--goals", "2", "--url", url, "--key", "k")


def test_it_fails_on_an_error_of_ours(outside: Outsider) -> None:
    outside.answer = (500, b"{}", {})
    with pytest.raises(SystemExit):
        call_command("stress_gate", "--goals", "2", "--json", "--url", outside.url, "--key", "k", stdout=StringIO())


def test_the_report_says_what_happened() -> None:
    goals = stress_goals(40)
    bodies = {
        Sort.HIGH: (201, {"execution_path": "executed", "confidence": 0.9}),
        Sort.EMPTY: (422, {}),
        Sort.GIBBERISH: (201, {"execution_path": "executed", "confidence": 0.9}),
    }
    usual = (201, {"execution_path": "approved", "confidence": 0.6, "pre_validation_result": {"status": "warn"}})
    outcomes = [
        outcome_of(goal, status, 0.01, body) for goal in goals for status, body in [bodies.get(goal.sort, usual)]
    ]
    run = report(outcomes, elapsed=2.0, cancelled=0)
    gibberish = sum(goal.sort is Sort.GIBBERISH for goal in goals)
    assert run["throughput"] == 20
    assert run["injected"]["ran"] == gibberish
    assert run["injected"]["catch_rate"] == (10 - gibberish) / 10
    assert [title for title, _, _ in tables(run)] == ["Performance", "Judgement", "Paths", "By sort of goal"]
    assert all(len(row) == len(headings) for _, headings, rows in tables(run) for row in rows)
