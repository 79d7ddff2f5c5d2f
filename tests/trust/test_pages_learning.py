"""The learning page: the widget of a cycle, history, a cycle on demand, thresholds to try, settings."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.agents.models import Agent
from apps.core.models import Event
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature
from apps.pilots.switching import switch_off
from apps.trust.models import LearningCycle, TrustSettings
from tests.trust.conftest import an_agent
from tests.trust.shown import a_cycle, a_recommendation, a_score, a_tally

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
PAGE = "/admin/trust/learning/"


def test_the_widget_says_what_the_latest_cycle_found(signed_in: SignIn, shop: Business, victor: User) -> None:
    a_cycle(shop, patterns_found=8, patterns_confirmed=6, rules_updated=12)
    page = signed_in(victor).get(PAGE).content.decode()
    for words in ("Latest learning cycle", "Writer is an expert", "80 to 95 %, 40 outcomes", "Ask Reader less",
                  "<dd>87 %</dd>", "<dd>12</dd>", "<dd>8</dd>", "took 3.2 s", "by nightly"):  # fmt: skip
        assert words in page
    assert 'href="/admin/trust/agents/writer/"' in page
    assert "data-running" not in page


def test_the_widget_of_a_running_cycle_ticks(signed_in: SignIn, shop: Business, victor: User) -> None:
    a_cycle(shop)
    cycle = a_cycle(shop, state="running", finished_at=None, phase="discover", progress=0.42, outcomes=17)
    browser = signed_in(victor)
    widget = browser.get(f"{PAGE}now/").content.decode()
    assert "data-running" in widget
    assert 'aria-valuenow="42"' in widget
    assert "Looking for patterns, 42 %" in widget
    assert "<dd>17</dd>" in widget
    # What is known already stays in sight while a new cycle runs.
    assert "Writer is an expert" in widget
    assert "<html" not in widget
    LearningCycle.objects.filter(pk=cycle.pk).update(seen_at=timezone.now() - timedelta(minutes=9))
    assert "It has not got on for 9" in browser.get(f"{PAGE}now/").content.decode()


def test_a_failed_cycle_says_why(signed_in: SignIn, shop: Business, victor: User) -> None:
    a_cycle(shop)
    a_cycle(shop, state="failed", error="The <database> went away")
    page = signed_in(victor).get(PAGE).content.decode()
    assert "The last cycle failed" in page
    assert "The &lt;database&gt; went away" in page
    assert "Writer is an expert" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"accuracy": {}, "insights": [], "coverage": None, "duration_ms": None},
        {"accuracy": {"n": 3}, "insights": ["x", {"kind": "insight"}, {"kind": "new", "text": "x"}]},
        {"accuracy": {"trust": {"log_loss": [None, None, None]}, "n": None}, "phase": "no-such", "progress": 7},
    ],
)
def test_cycles_of_another_make_are_shown_all_the_same(
    signed_in: SignIn, shop: Business, victor: User, changes: dict[str, Any]
) -> None:
    a_cycle(shop, **changes)
    answer = signed_in(victor).get(PAGE)
    assert answer.status_code == 200
    assert "nan" not in answer.content.decode()


def test_links_of_insights_lead_to_our_pages_only(signed_in: SignIn, shop: Business, victor: User) -> None:
    links = ["javascript:alert(1)", "https://evil.example.com", "agent:../../logout", "logout", "patterns"]
    a_cycle(shop, insights=[{"kind": "insight", "text": f"Text {n}", "link": link} for n, link in enumerate(links)])
    widget = signed_in(victor).get(f"{PAGE}now/").content.decode()
    assert re.findall(r'class="gh-link" href="([^"]*)"', widget) == ["/admin/trust/patterns/"]


def test_the_history_comes_in_pages(signed_in: SignIn, shop: Business, victor: User) -> None:
    for back in range(20):
        a_cycle(shop, at=timezone.now() - timedelta(days=20 - back))
    browser = signed_in(victor)
    page = browser.get(PAGE).content.decode()
    assert page.count('class="gh-phase" data-state="done"') == 15
    older = re.search(r'href="(\?before=[^"#]*)', page)
    assert older is not None
    assert browser.get(PAGE + older[1]).content.decode().count('class="gh-phase" data-state="done"') == 5
    assert browser.get(f"{PAGE}?before=x").status_code == 200
    # Two lines: trust's log loss and the running average's.
    assert page.count('<g class="series"') >= 2


def test_an_admin_learns_now_and_a_second_time_is_told_kindly(
    signed_in: SignIn, shop: Business, bob: User, alice: User
) -> None:
    assert signed_in(alice).post(f"{PAGE}start/").status_code == 403
    browser = signed_in(bob)
    assert "Learn now" in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}start/", {"kind": "full"}).status_code == 302
    cycle = LearningCycle.objects.get()
    assert (cycle.kind, cycle.started_by) == ("full", "user:bob@example.com")
    again = browser.post(f"{PAGE}start/", {"kind": "full"})
    assert again.status_code == 409
    page = again.content.decode()
    assert "A learning cycle runs already" in page
    assert "Learning cycles" in page
    assert LearningCycle.objects.count() == 1


def test_a_kind_that_is_none_is_the_usual_one(signed_in: SignIn, shop: Business, bob: User) -> None:
    assert signed_in(bob).post(f"{PAGE}start/", {"kind": "\x00"}).status_code == 302
    assert LearningCycle.objects.get().kind == "incremental"


def test_switched_off_it_says_so_and_cannot_be_started(signed_in: SignIn, shop: Business, bob: User) -> None:
    feature = Feature.objects.get_or_create(key="LEARNING_ENABLED", defaults={"variants": ON_OFF})[0]
    switch_off(feature_id=feature.pk, business_id=shop.pk, actor="user:root", reason="Not yet", hold=True)
    browser = signed_in(bob)
    for address in ("", "patterns/", "performance/", "learning/"):
        page = browser.get(f"/admin/trust/{address}").content.decode()
        assert "Learning is off for Corner Shop" in page
        assert 'href="/admin/features/"' in page
    assert "Learn now" not in page
    assert browser.post(f"{PAGE}start/").status_code == 409


def test_thresholds_are_tried_without_a_change(signed_in: SignIn, shop: Business, victor: User) -> None:
    today = timezone.now().date()
    for key, approved in (("good", 19), ("bad", 2)):
        agent = an_agent(shop, key)
        a_score(agent, approved / 20)
        for back in range(40):
            a_tally(agent, today - timedelta(days=back), judged=20, approved=approved)
    browser, events = signed_in(victor), Event.objects.count()
    assert "Choose thresholds" in browser.get(PAGE).content.decode()
    page = browser.get(f"{PAGE}what-if/", {"critical": "0.1", "low": "-0.1", "disable": "0.5"}).content.decode()
    assert "asked first" in page
    assert "Switched off: Bad" in page
    assert "<html" not in page
    whole = browser.get(PAGE, {"critical": "0.1", "low": "-0.1", "disable": "0.5"}).content.decode()
    assert "Switched off: Bad" in whole
    assert 'name="critical" min="0" max="0.5" step="0.01" value="0.1"' in whole
    assert Event.objects.count() == events


@pytest.mark.parametrize("value", ["0.9", "nan", "x", "-1", "1e400", "\x00"])
def test_thresholds_that_are_none_are_refused_in_words(
    signed_in: SignIn, shop: Business, victor: User, value: str
) -> None:
    answer = signed_in(victor).get(f"{PAGE}what-if/", {"critical": value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert signed_in(victor).get(PAGE, {"critical": value}).status_code == 200


def test_settings_are_chosen_by_admins(signed_in: SignIn, shop: Business, bob: User, victor: User) -> None:
    wanted = {"keep_reasoning": "on", "min_evidence": "40"}
    browser = signed_in(victor)
    assert "May switch agents off: <strong>on</strong>" in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}settings/", wanted).status_code == 403
    browser = signed_in(bob)
    assert browser.post(f"{PAGE}settings/", wanted).status_code == 302
    chosen = TrustSettings.objects.get(business=shop)
    assert (chosen.keep_reasoning, chosen.may_disable, chosen.min_evidence) == (True, False, 40)
    event = Event.objects.get(kind="trust.settings_changed")
    assert event.data == {"keep_reasoning": True, "may_disable": False, "min_evidence": 40}
    assert browser.post(f"{PAGE}settings/", wanted).status_code == 302
    assert Event.objects.filter(kind="trust.settings_changed").count() == 1


@pytest.mark.parametrize("value", ["9", "1001", "", "x", "10.5"])
def test_settings_that_cannot_be_are_refused(signed_in: SignIn, shop: Business, bob: User, value: str) -> None:
    answer = signed_in(bob).post(f"{PAGE}settings/", {"min_evidence": value})
    assert answer.status_code == 422
    assert 'class="gh-error"' in answer.content.decode()
    assert not TrustSettings.objects.exists()


def test_reviewers_without_overlap_are_not_rated(signed_in: SignIn, shop: Business, bob: User, victor: User) -> None:
    for who in (bob, victor):
        part = signed_in(who).get(f"{PAGE}reviewers/")
        assert part.status_code == 200
        assert "<html" not in part.content.decode()
    assert "nobody’s reliability can be told" in signed_in(bob).get(f"{PAGE}?reviewers=1").content.decode().replace(
        "&#x27;", "’"
    )


def test_agents_are_compared_head_to_head(signed_in: SignIn, shop: Business, victor: User) -> None:
    good, bad = an_agent(shop, "good"), an_agent(shop, "bad")
    for place in range(30):
        a_recommendation(good, group=f"g{place}", value=1.0)
        a_recommendation(bad, group=f"g{place}", value=0.0, verdict="rejected")
    part = signed_in(victor).get("/admin/trust/agents/bad/head-to-head/").content.decode()
    assert "surely worse" in part
    assert "Rank 2 of 2" in part
    page = signed_in(victor).get("/admin/trust/agents/good/?compare=1").content.decode()
    assert "surely better" in page


def test_an_agent_that_met_nobody_is_told_so(signed_in: SignIn, writer: Agent, victor: User) -> None:
    page = signed_in(victor).get("/admin/trust/agents/writer/head-to-head/").content.decode()
    assert "never asked side by side" in page
