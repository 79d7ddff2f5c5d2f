"""The trust cards, the page of one agent, and performance: what they show, to whom, and by how many queries."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.agents.models import Agent
from apps.core.models import Event
from apps.trust.models import TrustScore
from tests.conftest import person
from tests.trust.conftest import an_agent
from tests.trust.shown import a_recommendation, a_score, a_tally, many_agents, patterns_made

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
PAGES = ["/admin/trust/", "/admin/trust/patterns/", "/admin/trust/performance/", "/admin/trust/learning/"]


def cards(page: str) -> list[str]:
    """The keys of the agents shown, in order."""
    return re.findall(r'<li class="gh-card" id="agent-([^"]*)"', page)


@pytest.mark.parametrize("address", PAGES)
def test_an_empty_business_is_told_what_to_do(signed_in: SignIn, victor: User, address: str) -> None:
    answer = signed_in(victor).get(address)
    assert answer.status_code == 200
    assert "gh-empty" in answer.content.decode()


@pytest.mark.parametrize("address", [*PAGES, "/admin/trust/performance/export.csv", "/admin/trust/learning/now/"])
def test_only_members_see_them(client: Any, db: None, address: str) -> None:
    assert client.get(address).status_code == 302
    client.force_login(person("nobody"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code in (302, 403)


@pytest.mark.parametrize("address", PAGES)
def test_another_business_sees_nothing_of_it(signed_in: SignIn, shop: Business, mallory: User, address: str) -> None:
    many_agents(shop, 2)
    patterns_made(shop, 2, agents=["agent-00"])
    page = signed_in(mallory).get(address).content.decode()
    assert "agent-00" not in page.lower()
    assert "Expert number" not in page


def test_the_page_of_another_business_is_not_there(
    signed_in: SignIn, writer: Agent, shop: Business, mallory: User
) -> None:
    pattern = patterns_made(shop, 1, agents=["writer"])[0]
    browser = signed_in(mallory)
    for address in ("/admin/trust/agents/writer/", "/admin/trust/writer/", f"/admin/trust/patterns/{pattern.pk}/"):
        assert browser.get(address).status_code == 404
    assert browser.post("/admin/trust/agents/writer/enable/").status_code == 404


def test_a_card_says_trust_with_its_interval_and_what_it_means(
    signed_in: SignIn, writer: Agent, reader: Agent, victor: User
) -> None:
    a_score(writer, 0.84, trend="improving", change=0.12)
    a_score(writer, 0.9, type="draft")
    a_score(reader, 0.5, spread=0.4, enough=False, effective_n=3.2, boost=0)
    page = signed_in(victor).get("/admin/trust/").content.decode()
    assert "Trust 84 %, 90 % interval 79 % to 89 %; average of the business 84 %" in page
    assert "+12 points" in page
    assert "<strong>CRITICAL</strong> asked first, boost +0.29" in page
    assert "<strong>Not enough evidence</strong>" in page
    assert "3.2 outcomes’ worth" in page
    assert cards(page) == ["writer", "reader"]


def test_an_agent_nobody_asked_has_a_card_too(signed_in: SignIn, writer: Agent, victor: User) -> None:
    page = signed_in(victor).get("/admin/trust/").content.decode()
    assert cards(page) == ["writer"]
    assert "No recommendation yet" in page
    assert "nan" not in page.lower().replace("finance", "")


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ["b", "a", "c"]),
        ("?sort=name", ["a", "b", "c"]),
        ("?sort=change", ["a", "b", "c"]),
        ("?sort=evidence", ["b", "a", "c"]),
        ("?sort=nonsense&page=x&type=", ["b", "a", "c"]),
        ("?q=B", ["b"]),
        ("?q=%00", ["b", "a", "c"]),
        ("?type=draft", ["a"]),
        ("?type=nonsense", []),
        ("?page=99999", []),
    ],
)
def test_they_are_sorted_and_filtered(
    signed_in: SignIn, shop: Business, victor: User, query: str, order: list[str]
) -> None:
    a_score(an_agent(shop, "a"), 0.6, change=0.1, effective_n=20)
    a_score(Agent.objects.get(key="a"), 0.6, type="draft")
    a_score(an_agent(shop, "b"), 0.9)
    a_score(an_agent(shop, "c"), 0.99, spread=0.4, enough=False, effective_n=2)
    assert cards(signed_in(victor).get(f"/admin/trust/{query}").content.decode()) == order


def test_names_are_text_and_never_markup(signed_in: SignIn, shop: Business, victor: User) -> None:
    agent = an_agent(shop, "evil")
    Agent.objects.filter(pk=agent.pk).update(
        name='<script>alert("x")</script>', enabled=False, disabled_reason="<b>low"
    )
    a_score(agent)
    a_tally(agent, timezone.now().date())
    patterns_made(shop, 1, agents=["evil"], name="<img src=x>")
    browser = signed_in(victor)
    for address in [*PAGES, "/admin/trust/?view=list", "/admin/trust/agents/evil/"]:
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>low" not in page
        assert "<img src=x" not in page


def test_an_agent_that_is_off_says_why_and_an_admin_turns_it_on(
    signed_in: SignIn, writer: Agent, victor: User, alice: User, bob: User
) -> None:
    Agent.objects.filter(pk=writer.pk).update(
        enabled=False, disabled_reason="Trust 22 % is below 0.3", disabled_by="system:trust", disabled_at=timezone.now()
    )
    a_score(writer, 0.22)
    for who in (victor, alice):
        browser = signed_in(who)
        page = browser.get("/admin/trust/").content.decode()
        assert "Trust 22 % is below 0.3" in page
        assert "agents/writer/enable/" not in page
        assert browser.post("/admin/trust/agents/writer/enable/").status_code == 403
    browser = signed_in(bob)
    assert "agents/writer/enable/" in browser.get("/admin/trust/").content.decode()
    assert browser.get("/admin/trust/agents/writer/enable/").status_code == 405
    assert browser.post("/admin/trust/agents/writer/enable/").status_code == 302
    writer.refresh_from_db()
    assert writer.enabled
    assert Event.objects.filter(kind="agent.enabled").count() == 1


def test_enabling_needs_the_token_of_the_form(writer: Agent, bob: User) -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post("/admin/trust/agents/writer/enable/").status_code == 403
    assert browser.post("/admin/trust/learning/start/").status_code == 403
    assert browser.post("/admin/trust/learning/settings/").status_code == 403


def test_the_page_of_an_agent_shows_digests_and_outcomes_but_no_content(
    signed_in: SignIn, writer: Agent, victor: User
) -> None:
    a_score(writer)
    a_recommendation(writer, judged_by="approval", verdict="partial", value=0.7, reasoning="SECRET THOUGHTS")
    a_recommendation(writer, verdict="pending", value=None, quality=None, failure="timeout", digest="")
    page = signed_in(victor).get("/admin/trust/agents/writer/").content.decode()
    assert "changed, then approved" in page
    assert "70 % kept" in page
    assert "by a decision" in page
    assert "timeout" in page
    assert "abababab" in page
    assert "SECRET THOUGHTS" not in page


def test_recommendations_come_in_pages(signed_in: SignIn, writer: Agent, victor: User) -> None:
    for place in range(30):
        a_recommendation(writer, digest=f"{place:064}")
    browser = signed_in(victor)
    page = browser.get("/admin/trust/agents/writer/").content.decode()
    assert page.count("gh-verdict") == 25
    older = re.search(r'href="(\?after=[^"#]*)', page)
    assert older is not None
    assert browser.get(f"/admin/trust/agents/writer/{older[1]}").content.decode().count("gh-verdict") == 5
    assert browser.get("/admin/trust/agents/writer/?after=nonsense").status_code == 200


def test_agents_called_like_a_page_have_a_page(signed_in: SignIn, shop: Business, victor: User) -> None:
    an_agent(shop, "patterns")
    browser = signed_in(victor)
    assert browser.get("/admin/trust/agents/patterns/").status_code == 200
    assert "Patterns | Gatehouse" in browser.get("/admin/trust/patterns/").content.decode()


def test_performance_counts_what_the_tallies_hold(
    signed_in: SignIn, writer: Agent, reader: Agent, victor: User
) -> None:
    today = timezone.now().date()
    for back in range(5):
        a_tally(writer, today - timedelta(days=back))
        a_tally(reader, today - timedelta(days=back), judged=1, approved=0)
    a_tally(writer, today - timedelta(days=400), judged=1000, approved=0)
    page = signed_in(victor).get("/admin/trust/performance/?window=4w").content.decode()
    assert "<strong>80 %</strong>" in page
    assert "69 to 88 %" in page
    assert "moderate" in page or "strong" in page
    assert "not enough evidence" in page
    assert page.count("<polyline") >= 6


@pytest.mark.parametrize(
    "query",
    ["?window=x", "?unit=day&window=52w", "?agent=gone&agent=%00&agent=writer", "?type=%00", "?agent=" + "x" * 999],
)
def test_performance_takes_strange_questions(signed_in: SignIn, writer: Agent, victor: User, query: str) -> None:
    a_tally(writer, timezone.now().date())
    assert signed_in(victor).get(f"/admin/trust/performance/{query}").status_code == 200


def test_the_export_is_whole_and_harmless(signed_in: SignIn, writer: Agent, reader: Agent, victor: User) -> None:
    today = timezone.now().date()
    Agent.objects.filter(pk=writer.pk).update(name='=cmd|"/c calc"!A1')
    Agent.objects.filter(pk=reader.pk).update(name="Zoë, «reader»")
    for agent in (writer, reader):
        for back in range(3):
            a_tally(agent, today - timedelta(days=back))
    a_tally(reader, today, type="@review", judged=0, approved=0)
    answer = signed_in(victor).get("/admin/trust/performance/export.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="agent-performance-{today:%Y-%m-%d}.csv"'
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 7
    assert {row["name"] for row in rows} == {"Zoë, «reader»", '\'=cmd|"/c calc"!A1'}
    assert {row["type"] for row in rows} == {"draft", "'@review"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    lines = b"".join(signed_in(victor).get("/admin/trust/performance/export.jsonl?agent=reader").streaming_content)
    found = [json.loads(line) for line in lines.decode().splitlines()]
    assert len(found) == 4
    assert found[0]["approval_rate"] == 0.8
    assert next(row for row in found if row["type"] == "@review")["approval_rate"] is None
    assert signed_in(victor).get("/admin/trust/performance/export.exe").status_code == 404


def test_the_export_holds_one_business_only(signed_in: SignIn, writer: Agent, mallory: User) -> None:
    a_tally(writer, timezone.now().date())
    text = b"".join(signed_in(mallory).get("/admin/trust/performance/export.csv").streaming_content).decode()
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("address", [*PAGES, "/admin/trust/?view=list", "/admin/trust/agents/agent-00/"])
def test_more_agents_ask_no_more_queries(
    signed_in: SignIn, shop: Business, victor: User, django_assert_max_num_queries: Any, address: str
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(40) as counted:
            assert browser.get(address).status_code == 200
        return len(counted)

    many_agents(shop, 3)
    patterns_made(shop, 3, agents=["agent-00", "agent-01"])
    browser = signed_in(victor)
    browser.get(address)
    few = queries()
    for agent in many_agents_more(shop, 20):
        assert agent.pk
    assert queries() == few


def many_agents_more(shop: Business, number: int) -> list[Agent]:
    made = []
    for place in range(number):
        agent = an_agent(shop, f"more-{place}", types=["draft"])
        a_score(agent)
        a_tally(agent, timezone.now().date())
        patterns_made(shop, 1, agents=["agent-00", agent.key])
        made.append(agent)
    return made


def test_nothing_is_changed_by_looking(signed_in: SignIn, shop: Business, bob: User) -> None:
    many_agents(shop, 2)
    before = (Event.objects.count(), list(TrustScore.objects.values_list("computed_at", flat=True)))
    browser = signed_in(bob)
    for address in PAGES:
        browser.get(address)
    assert (Event.objects.count(), list(TrustScore.objects.values_list("computed_at", flat=True))) == before
    for address in ("start", "settings"):
        assert browser.get(f"/admin/trust/learning/{address}/").status_code == 405
