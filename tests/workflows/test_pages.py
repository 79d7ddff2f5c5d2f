"""The page of workflows and runs: what it shows, to whom, and with how many queries; and whose each page is."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.ids import new_id
from apps.workflows.models import Run, Step
from apps.workflows.page_context_list import list_context, runs_of, wanted_from
from tests.workflows.page_rows import run_in, stage_in, step_in, workflow_in

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
LIST = "/admin/workflows/"
DAY = timedelta(days=1)


def page_of(browser: Any, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a class="gh-link" href="/admin/workflows/runs/([^/]*)/"', page)


# --- The list -------------------------------------------------------------------------------------------------------


def test_an_empty_business_is_told_what_to_do(signed_in: SignIn, bob: User) -> None:
    page = page_of(signed_in(bob), LIST)
    assert "There is no workflow yet" in page
    assert "Install all ready workflows" in page
    assert "Nothing has run yet" in page
    assert "Move creation" in page


def test_a_viewer_reads_and_is_offered_nothing(signed_in: SignIn, victor: User, shop: Business) -> None:
    browser = signed_in(victor)
    assert "An admin of Corner Shop adds them" in page_of(browser, LIST)
    workflow, run = workflow_in(shop), run_in(shop, state="failed")
    step_in(stage_in(run), state="failed")
    for path in (LIST, f"{LIST}{workflow.key}/", f"{LIST}runs/{run.pk}/"):
        main = re.search(r'class="gh-page.*', page_of(browser, path), re.DOTALL)
        assert main and 'method="post"' not in re.sub(r"<form[^>]*configure.*?</form>", "", main[0], flags=re.DOTALL)


def test_it_shows_how_each_workflow_did_lately(signed_in: SignIn, alice: User, shop: Business) -> None:
    workflow, idle = workflow_in(shop), workflow_in(shop, "idle", enabled=False)
    for number in range(12):
        run = run_in(shop, ago=DAY, workflow=workflow, state="failed" if number < 3 else "done", cost="0.50")
        Run.objects.filter(pk=run.pk).update(finished_at=run.created_at + timedelta(seconds=number))
    run_in(shop, workflow=workflow)
    run_in(shop, ago=8 * DAY, workflow=workflow, state="failed")
    page = page_of(signed_in(alice), LIST)
    assert "75 %" in page and "47 % to 91 %, of 12" in page
    assert "1 open" in page and "$6.00" in page and "7.0 s" in page
    assert f'href="{LIST}{workflow.key}/#start"' in page
    assert "none has ended" in page and f'href="{LIST}{idle.key}/#start"' not in page


def test_runs_are_found_by_state_workflow_and_words(signed_in: SignIn, alice: User, shop: Business) -> None:
    workflow = workflow_in(shop)
    waiting = run_in(shop, "Offer for the canteen", state="waiting", workflow=workflow)
    failed = run_in(shop, "100 % wool_socks", state="failed", correlation_id="BUG-7")
    browser = signed_in(alice)
    for query, found in {
        "": {failed, waiting},
        "state=waiting": {waiting},
        "state=waiting&workflow=moves": {waiting},
        "workflow=moves": {waiting},
        "q=CANTEEN": {waiting},
        "q=100+%25+w": {failed},
        "q=l_s": {failed},
        "q=BUG-7": {failed},
        f"q={failed.pk}": {failed},
        "q=nothing": set(),
        "state=done": set(),
        # What is not understood filters nothing.
        "state=strange&workflow=unknown&after=never": {failed, waiting},
        "q=%00": {failed, waiting},
    }.items():
        assert set(listed(page_of(browser, f"{LIST}?{query}"))) == {str(run.pk) for run in found}, query
    assert "No run fits" in page_of(browser, f"{LIST}?q=nothing")


def test_a_long_list_comes_in_pages_without_a_gap(signed_in: SignIn, alice: User, shop: Business) -> None:
    runs = [run_in(shop, f"Run {number}") for number in range(120)]
    browser, address, found = signed_in(alice), LIST, []
    while address:
        page = page_of(browser, address)
        found += listed(page)
        older = re.search(r'href="([^"]*)" rel="next"', page)
        address = LIST + unescape(older[1]).removesuffix("#runs") if older else ""
    assert found == [str(run.pk) for run in reversed(runs)]


def test_the_list_takes_as_many_queries_whatever_there_is(
    signed_in: SignIn, bob: User, shop: Business, django_assert_num_queries: Any
) -> None:
    def fill(number: int) -> None:
        for place in range(number):
            workflow = workflow_in(shop, f"flow-{number}-{place}")
            run_in(shop, workflow=workflow, state="done", finished_at=timezone.now())

    fill(2)
    with django_assert_num_queries(4):
        list_context(shop.pk, QueryDict("q=Move&state=done"), timezone.now())
    fill(30)
    with django_assert_num_queries(4):
        list_context(shop.pk, QueryDict("q=Move&state=done"), timezone.now())


def many_runs_in(*shops: Business) -> None:
    """So many that the planner, which is told of them, has something to choose between."""
    shared = {"pattern": "single", "correlation_id": "", "started_by": "user:a", "title": "Run", "state": "done"}
    ids = [(shop, new_id()) for _ in range(60) for shop in shops]
    Run.objects.bulk_create(Run(id=pk, business=shop, key=str(pk), **shared) for shop, pk in ids)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workflows_run")


@pytest.mark.parametrize(
    ("query", "index"),
    [("", "run_newest"), ("state=waiting", "run_by_state"), ("workflow=moves", "run_by_workflow")],
)
def test_a_page_of_runs_is_read_in_the_order_of_an_index(
    shop: Business, other_shop: Business, query: str, index: str
) -> None:
    workflow = workflow_in(shop)
    many_runs_in(shop, *[other_shop] * 60)
    runs = [run_in(shop, f"Run {number}", workflow=workflow) for number in range(20)]
    wanted = wanted_from(QueryDict(f"{query}&after={runs[10].pk}"), [workflow])
    rows = runs_of(shop.pk, wanted, [workflow]).select_related(None)[:51]
    with connection.cursor() as cursor:
        # Of a workflow of twenty runs the planner may sort those few.
        cursor.execute("SET LOCAL enable_sort = off")
    plan = rows.explain()
    assert index in plan and "Sort" not in plan


# --- Whose it is ----------------------------------------------------------------------------------------------------


def test_another_business_finds_nothing(signed_in: SignIn, mallory: User, shop: Business) -> None:
    workflow, run = workflow_in(shop), run_in(shop, "Secret plan", state="failed")
    step = step_in(stage_in(run), state="failed")
    browser = signed_in(mallory)
    assert "Secret plan" not in page_of(browser, f"{LIST}?q=Secret")
    gets = ("runs/{run}/", "runs/{run}/result/", "steps/{step}/", "steps/{step}/content/", "{key}/")
    posts = ("runs/{run}/cancel/", "runs/{run}/resume/", "steps/{step}/retry/", "{key}/start/", "{key}/turn/")
    named = {"run": run.pk, "step": step.pk, "key": workflow.key}
    for path in gets:
        page_of(browser, LIST + path.format(**named), 404)
    for path in posts:
        assert browser.post(LIST + path.format(**named), {"reason": "Mine", "goal": "x"}).status_code == 404
    assert Run.objects.get(pk=run.pk).state == "failed"


def test_who_belongs_to_no_business_is_turned_away(signed_in: SignIn, root: User) -> None:
    assert signed_in(root).get(LIST).status_code == 403


def test_looking_changes_nothing(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, run = workflow_in(shop), run_in(shop, state="failed", result={"a": 1})
    step = step_in(stage_in(run), state="failed")
    browser = signed_in(bob)
    before = list(Run.objects.values()), list(Step.objects.values())
    for path in ("", f"runs/{run.pk}/", f"runs/{run.pk}/given/", f"steps/{step.pk}/content/", f"{workflow.key}/"):
        page_of(browser, LIST + path)
    page_of(browser, f"{LIST}runs/{run.pk}/elsewhere/", 404)
    for path in (f"runs/{run.pk}/cancel/", f"runs/{run.pk}/resume/", f"steps/{step.pk}/retry/", "moves/start/"):
        page_of(browser, LIST + path, 405)
    assert before == (list(Run.objects.values()), list(Step.objects.values()))
