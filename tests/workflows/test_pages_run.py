"""The page of one run: what it shows of stages and steps, in words, cut and escaped, with as many queries as ever."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.approvals.models import ApprovalRequest
from apps.trust.models import Outcome, Recommendation
from apps.workflows.models import Run, Step
from tests.workflows.page_rows import agent_in, run_in, stage_in, step_in

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
LIST = "/admin/workflows/"
DAY = timedelta(days=1)


def page_of(browser: Any, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def run_page(browser: Any, run: Run) -> str:
    return page_of(browser, f"{LIST}runs/{run.pk}/")


def test_a_run_shows_its_stages_steps_and_who_recommended_what(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop, "Choose a dock", cost="0.0412", priority=0)
    stage = stage_in(run, "work", rule="first", need=1, timeout_seconds=60)
    row = Recommendation.objects.create(
        business=shop, agent=agent_in(shop), type="research", correlation_id="m", verdict="partial", value=0.7,
        created_at=timezone.now(),
    )  # fmt: skip
    Outcome.objects.create(
        business=shop, recommendation=row, source="approval", verdict="partial", value=0.7, edited=0.3,
        feedback="Too dear", judged_by="user:carol@example.com", judged_at=timezone.now(),
    )  # fmt: skip
    step_in(
        stage, result={"dock": 7}, confidence=0.86, expected=0.64, cost="0.04", priority=0, recommendation_id=row.pk,
        reasoning="It is the nearest",
    )  # fmt: skip
    step_in(stage, "second", "running", attempt=2)
    page = run_page(signed_in(alice), run)
    assert "passes with the first 1 of 2 done within 1 min 00 s" in page
    for words in ("86 %", "64 %", "$0.040", "edited", "Too dear", "30 % was edited", "It is the nearest", "critical"):
        assert words in page
    assert "&quot;dock&quot;: 7" in page and "attempt 2 of 3" in page
    assert f'action="{LIST}runs/{run.pk}/cancel/"' in page


@pytest.mark.parametrize(
    ("why", "error", "words"),
    [
        ("timeout", "The agent did not answer within 30 s", "No answer in time"),
        ("too_large", "The answer is larger than 256 KB", "Answer too large"),
        ("not_json", "It begins with <html>", "Answer is not JSON"),
        ("refused", "The address is private", "Address refused"),
        ("bad_answer", "confidence is 7", "Answer not usable"),
        ("breaker_open", "In peace for 20 s", "Left in peace after failures"),
    ],
)
def test_every_failure_is_told_in_words(
    signed_in: SignIn, alice: User, shop: Business, why: str, error: str, words: str
) -> None:
    run = run_in(shop, state="failed", error="Work failed")
    step = step_in(stage_in(run), state="failed", why=why, error=error, late_answers=2)
    page = unescape(run_page(signed_in(alice), run))
    assert f"<strong>{words}.</strong> {error}" in page
    assert "2 answers came when none was awaited" in page
    assert f'action="{LIST}steps/{step.pk}/retry/"' in page


def test_what_agents_write_is_never_markup(signed_in: SignIn, alice: User, shop: Business) -> None:
    bad = "<script>alert(1)</script>"
    run = run_in(shop, bad, error=bad, result=bad, correlation_id=bad, input={"goal": bad})
    stage = stage_in(run, says=bad)
    text = step_in(stage, result=bad, reasoning=bad, error=bad)
    step_in(stage, "second", result={bad: bad}, key=f"work/{bad}")
    browser = signed_in(alice)
    for path in (
        f"{LIST}runs/{run.pk}/", LIST, f"{LIST}steps/{text.pk}/content/", f"{LIST}runs/{run.pk}/result/",
    ):  # fmt: skip
        page = page_of(browser, path)
        assert "alert(1)" in page and bad not in page


def test_a_huge_content_is_cut_and_whole_on_its_own_page(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop)
    stage = stage_in(run)
    # As random as the database cannot pack it.
    large = [f"{number * 7919 % 1_000_003:x}-{number * 104_729 % 99_991:x}" for number in range(20_000)]
    step = step_in(stage, result=large)
    step_in(stage, "second", result="y" * 5000)
    browser = signed_in(alice)
    page = run_page(browser, run)
    assert len(page) < 200_000
    assert "as stored" in page and f'href="{LIST}steps/{step.pk}/content/"' in page
    assert "y" * 1200 + "…" in page and "y" * 1201 not in page and "All of it</a>, 5000 characters" in page
    whole = page_of(browser, f"{LIST}steps/{step.pk}/content/")
    assert large[0] in whole and large[-1] not in whole and "It goes on" in whole
    answer = browser.get(f"{LIST}steps/{step.pk}/content/?as=file")
    assert answer["Content-Disposition"].startswith("attachment") and answer.json()["result"] == large


def test_falsy_answers_are_answers(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop)
    stage = stage_in(run)
    for number, value in enumerate((0, False, [], {})):
        step_in(stage, f"agent-{number}", result=value)
    step_in(stage, "silent", result=None)
    page = run_page(signed_in(alice), run)
    assert page.count(" recommended</h5>") == 4


def test_a_person_who_is_awaited_is_asked_for_on_top(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop, state="waiting")
    step = step_in(stage_in(run), "person", "waiting", kind="person")
    request = ApprovalRequest.objects.create(
        business=shop, kind="step", subject_id=step.pk, title="Review the move", requested_by="agent:a", payload={},
        payload_hash="0", deadline=timezone.now() + DAY, on_timeout="escalate", escalate_to="admin",
    )  # fmt: skip
    Step.objects.filter(pk=step.pk).update(request_id=request.pk)
    page = run_page(signed_in(alice), run)
    assert "A person is awaited" in page and "Review the move" in page
    assert f'href="/admin/queue/{request.pk}/"' in page


def test_a_step_leads_to_its_place_on_the_page_of_the_run(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop)
    step = step_in(stage_in(run))
    answer = signed_in(alice).get(f"{LIST}steps/{step.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}runs/{run.pk}/#step-{step.pk}")


def test_a_run_that_the_library_knows_no_more_is_shown(signed_in: SignIn, alice: User, shop: Business) -> None:
    run = run_in(shop, pattern="gone", config={"of": "old"}, state="done")
    step_in(stage_in(run))
    assert "Helper" in run_page(signed_in(alice), run)


def test_a_run_takes_as_many_queries_however_many_steps(signed_in: SignIn, alice: User, shop: Business) -> None:
    def filled(steps: int) -> Run:
        run = run_in(shop, f"Of {steps}")
        for number in range(2):
            stage = stage_in(run, f"stage-{number}")
            for place in range(steps):
                row = Recommendation.objects.create(
                    business=shop, agent=agent_in(shop, f"agent-{place}"), type="a", correlation_id="m",
                    created_at=timezone.now(),
                )  # fmt: skip
                step_in(stage, f"agent-{place}", result={"n": place}, recommendation_id=row.pk)
        return run

    few, many, browser = filled(1), filled(50), signed_in(alice)
    run_page(browser, few)
    counts = []
    for run in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run_page(browser, run)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
