"""What people do on the pages of workflows: set up, configure, restore, start, cancel, resume, retry; and who may."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Business, User
from apps.core.models import Event
from apps.workflows.models import Run, Step, Workflow, WorkflowVersion
from apps.workflows.plans import Barrier
from tests.workflows.made import asks, begin, rule, stage, step_of, work_all
from tests.workflows.page_rows import agent_in, run_in, stage_in, step_in, workflow_in

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
LIST = "/admin/workflows/"
LIBRARY = "/admin/workflow-library/"


def form_of(page: str, action: str) -> dict[str, str]:
    """What a browser would send of a form, as it was drawn."""
    found = re.search(rf'<form method="post"[^>]*action="{re.escape(action)}[^"]*".*?</form>', page, re.DOTALL)
    part = found[0] if found else page
    sent = {}
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = 'type="checkbox"' not in tag or " checked" in tag
        if name and ticked and name[1] != "csrfmiddlewaretoken":
            sent[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', part, re.DOTALL):
        sent[name] = unescape(text)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', part, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = unescape(chosen[1]) if chosen else ""
    return {unescape(name): value for name, value in sent.items()}


def configured(browser: Any, workflow: Workflow, **changes: str) -> tuple[Any, dict[str, str]]:
    """Save the configuration with some inputs changed; the answer, and what was sent."""
    page = browser.get(f"{LIST}{workflow.key}/").content.decode()
    sent = form_of(page, f"{LIST}{workflow.key}/configure/") | {f"p/{name}": value for name, value in changes.items()}
    return browser.post(f"{LIST}{workflow.key}/configure/", sent), sent


def messages_of(browser: Any, path: str = LIST) -> str:
    return unescape(browser.get(path).content.decode())


# --- Setting up -----------------------------------------------------------------------------------------------------


def test_all_ready_workflows_are_installed_once(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser = signed_in(bob)
    assert browser.post(f"{LIBRARY}install/").status_code == 302
    count = Workflow.objects.filter(business=shop).count()
    assert count >= 8
    browser.post(f"{LIBRARY}install/")
    assert Workflow.objects.filter(business=shop).count() == count
    assert "All are there" in messages_of(browser)


def test_one_is_added_from_the_library(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser, address = signed_in(bob), f"{LIBRARY}add/?pattern=move_creation"
    sent = form_of(browser.get(address).content.decode(), "no action") | {
        "name": "Our moves", "key": "our_moves", "p/horizon_days": "90",
    }  # fmt: skip
    answer = browser.post(address, sent)
    assert answer["Location"] == f"{LIST}our_moves/"
    made = Workflow.objects.get(business=shop, key="our_moves")
    assert made.versions.get().config["horizon_days"] == 90
    again = browser.post(address, sent | {"description": "Kept as typed"})
    page = unescape(again.content.decode())
    assert again.status_code == 422
    assert "There is a workflow of this key already" in page and "Kept as typed" in page and 'value="90"' in page
    assert browser.get(f"{LIBRARY}add/?pattern=nothing").status_code == 404


def test_a_new_configuration_is_a_new_version(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    answer, _ = configured(browser, workflow, **{"research/agents": "5", "research/types": "research\nprices"})
    assert answer.status_code == 302
    version = WorkflowVersion.objects.get(workflow=workflow, number=2)
    assert (version.config["research"]["agents"], version.config["research"]["types"]) == (5, ["research", "prices"])
    assert version.made_by == "user:bob@example.com"
    page = messages_of(browser, f"{LIST}{workflow.key}/")
    assert "Version 2 is in force" in page
    assert "<code>research.agents</code>" in page and "<del>3</del>" in page and "<ins>5</ins>" in page


def test_saving_what_is_there_makes_no_version(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    configured(browser, workflow)
    assert WorkflowVersion.objects.filter(workflow=workflow).count() == 1
    assert "Nothing differed" in messages_of(browser)


@pytest.mark.parametrize(
    ("field", "value"),
    [("horizon_days", "many"), ("research/agents", "51"), ("research/types", "No Such Type"), ("min_quality", "1e9")],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_is_lost(
    signed_in: SignIn, bob: User, shop: Business, field: str, value: str
) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    answer, _ = configured(browser, workflow, tone="Warm & <calm>", **{field: value})
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and WorkflowVersion.objects.count() == 1
    assert page.count('aria-invalid="true"') == 1 and "Nothing has been saved yet" in page
    assert value in page and 'value="Warm & <calm>"' in page


def test_two_who_configure_at_once_do_not_overwrite_each_other(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    _, sent = configured(browser, workflow, horizon_days="60")
    late = browser.post(f"{LIST}{workflow.key}/configure/", sent | {"p/horizon_days": "7"})
    page = late.content.decode()
    assert late.status_code == 409 and "Somebody made version 2 meanwhile" in page and 'value="7"' in page
    kept = form_of(page, f"{LIST}{workflow.key}/configure/")
    assert kept["based_on"] == "2"
    assert browser.post(f"{LIST}{workflow.key}/configure/", kept).status_code == 302
    assert WorkflowVersion.objects.get(workflow=workflow, number=3).config["horizon_days"] == 7


def test_an_earlier_version_is_restored_as_a_new_one(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    configured(browser, workflow, horizon_days="60")
    page = browser.get(f"{LIST}{workflow.key}/").content.decode()
    assert "Restore version 1" in page and "Restore version 2" not in page
    browser.post(f"{LIST}{workflow.key}/restore/", {"number": "1"})
    workflow.refresh_from_db()
    assert workflow.version == 3
    configs = dict(WorkflowVersion.objects.filter(workflow=workflow).values_list("number", "config"))
    assert configs[3] == configs[1] != configs[2]
    for number in ("99", "x", "", "1" * 30, "٣"):
        assert browser.post(f"{LIST}{workflow.key}/restore/", {"number": number}).status_code == 404


def test_it_is_renamed_and_turned_off_and_on(signed_in: SignIn, bob: User, shop: Business) -> None:
    workflow, browser = workflow_in(shop), signed_in(bob)
    assert browser.post(f"{LIST}moves/name/", {"name": "", "description": "x"}).status_code == 422
    browser.post(f"{LIST}moves/name/", {"name": "House moves", "description": ""})
    browser.post(f"{LIST}moves/turn/", {"to": "off"})
    workflow.refresh_from_db()
    assert (workflow.name, workflow.enabled) == ("House moves", False)
    assert "It cannot be started now" in messages_of(browser, f"{LIST}moves/")
    refused = browser.post(f"{LIST}moves/start/", {"goal": "Go", "priority": "1"})
    assert refused.status_code == 422 and "switched off" in refused.content.decode()
    browser.post(f"{LIST}moves/turn/", {"to": "on"})
    assert Workflow.objects.get(pk=workflow.pk).enabled


# --- Running --------------------------------------------------------------------------------------------------------


def test_a_reviewer_starts_a_run_by_hand(signed_in: SignIn, alice: User, shop: Business) -> None:
    agent_in(shop)
    workflow_in(shop, "solo", "single")
    sent = {"goal": "Find\n a dock", "context": '{"near": "Leith"}', "title": "", "priority": "0"}
    answer = signed_in(alice).post(f"{LIST}solo/start/", sent)
    run = Run.objects.get()
    assert answer["Location"] == f"{LIST}runs/{run.pk}/"
    assert (run.title, run.priority, run.started_by) == ("Find a dock", 0, "user:alice@example.com")
    assert run.input == {"goal": "Find\n a dock", "context": {"near": "Leith"}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"context": "{not json"}, "This is no JSON"),
        ({"context": "[1]"}, "An object is wanted"),
        ({"context": "[" * 5000}, "This is no JSON"),
        ({"context": '{"a": NaN}'}, "JSON"),
        ({"context": '{"a": "\\u0000"}'}, "null character"),
        ({"goal": "  "}, "required"),
        ({"goal": "x" * 20_001}, "20000 characters"),
        ({"priority": "9"}, "not one of the available choices"),
    ],
)
def test_what_cannot_start_comes_back_as_typed(
    signed_in: SignIn, alice: User, shop: Business, changes: dict[str, str], words: str
) -> None:
    workflow_in(shop, "solo", "single")
    sent = {"goal": "Find a dock", "context": "", "title": "Kept", "priority": "1"} | changes
    answer = signed_in(alice).post(f"{LIST}solo/start/", sent)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422 and words in page and 'value="Kept"' in page
    assert not Run.objects.exists()


def test_a_run_is_cancelled_with_a_reason_and_resumed(signed_in: SignIn, alice: User, shop: Business) -> None:
    run, browser = begin(shop, stage("first", rule("a", n=1))), signed_in(alice)
    browser.post(f"{LIST}runs/{run.pk}/cancel/", {"reason": " "})
    assert Run.objects.get(pk=run.pk).state == "running"
    assert "why it is cancelled" in messages_of(browser)
    browser.post(f"{LIST}runs/{run.pk}/cancel/", {"reason": "Ordered <twice>"})
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert Event.objects.get(kind="run.cancelled").actor == "user:alice@example.com"
    page = browser.get(f"{LIST}runs/{run.pk}/").content.decode()
    assert "Ordered &lt;twice&gt;" in page and "/resume/" in page and "/cancel/" not in page
    browser.post(f"{LIST}runs/{run.pk}/cancel/", {"reason": "Again"})
    assert "cancelled already" in messages_of(browser)
    browser.post(f"{LIST}runs/{run.pk}/resume/")
    work_all()
    run.refresh_from_db()
    assert run.state == "done"
    browser.post(f"{LIST}runs/{run.pk}/resume/")
    assert "The run is done" in messages_of(browser)


def test_one_step_is_retried(signed_in: SignIn, alice: User, shop: Business) -> None:
    agent = agent_in(shop, "gone")
    run = begin(shop, stage("first", rule("a"), asks(agent, most_attempts=1), barrier=Barrier.QUORUM, need=2))
    type(agent).objects.filter(pk=agent.pk).update(enabled=False)
    work_all()
    step, browser = step_of(run, "first/gone"), signed_in(alice)
    assert (step.state, Run.objects.get(pk=run.pk).state) == ("failed", "failed")
    page = browser.get(f"{LIST}runs/{run.pk}/").content.decode()
    assert f"{LIST}steps/{step.pk}/retry/" in page and "Switched off" in page
    answer = browser.post(f"{LIST}steps/{step.pk}/retry/")
    assert answer["Location"] == f"{LIST}runs/{run.pk}/#step-{step.pk}"
    assert (step_of(run, "first/gone").state, Run.objects.get(pk=run.pk).state) == ("ready", "running")
    browser.post(f"{LIST}steps/{step.pk}/retry/")
    assert "only one that failed can be tried again" in messages_of(browser)


# --- Who may --------------------------------------------------------------------------------------------------------

RUNNING = ("runs/{run}/cancel/", "runs/{run}/resume/", "steps/{step}/retry/", "moves/start/")
DEFINING = ("moves/configure/", "moves/restore/", "moves/name/", "moves/turn/")


@pytest.mark.parametrize(("who", "forbidden"), [("victor", RUNNING + DEFINING), ("alice", DEFINING)])
def test_who_may_not_is_refused(
    signed_in: SignIn, shop: Business, request: pytest.FixtureRequest, who: str, forbidden: tuple[str, ...]
) -> None:
    browser = signed_in(request.getfixturevalue(who))
    workflow, run = workflow_in(shop), run_in(shop, state="failed")
    step = step_in(stage_in(run), state="failed")
    for path in forbidden:
        assert browser.post(LIST + path.format(run=run.pk, step=step.pk), {"to": "off"}).status_code == 403, path
    assert browser.post(f"{LIBRARY}install/").status_code == 403
    assert browser.get(f"{LIBRARY}add/?pattern=single").status_code == 403
    workflow.refresh_from_db()
    assert workflow.enabled and Step.objects.get(pk=step.pk).state == "failed"


def test_forms_are_guarded_against_other_sites(shop: Business, bob: User) -> None:
    workflow_in(shop)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    run = run_in(shop)
    for path in (f"{LIST}runs/{run.pk}/cancel/", f"{LIST}moves/turn/", f"{LIST}moves/start/", f"{LIBRARY}install/"):
        assert browser.post(path, {"reason": "x", "to": "off", "goal": "x"}).status_code == 403
    assert Run.objects.get().state == "running"


def test_a_viewer_sees_the_configuration_and_cannot_type(signed_in: SignIn, victor: User, shop: Business) -> None:
    workflow_in(shop)
    page = signed_in(victor).get(f"{LIST}moves/").content.decode()
    assert '<fieldset class="gh-plain" disabled>' in page and "Admins of Corner Shop change it" in page
    assert json.dumps("Reviewers and above start runs.")[1:-1] in page
