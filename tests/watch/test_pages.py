"""The Watch page: figures, charts, the goals behind them, alerts; and the same over REST."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.core.models import Event
from apps.goals.models import Goal
from apps.watch.alerting import evaluate
from apps.watch.folding import fold
from apps.watch.models import Alert, TargetBand
from tests.watch.conftest import Put
from tests.watch.made import errors_at, goal_at, goals_over, save

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
HOUR = timedelta(hours=1)


def links(page: str, start: str) -> list[str]:
    """Addresses of links whose id starts so."""
    found = re.findall(rf'<a [^>]*href="([^"]*)"[^>]*id="{start}|<a [^>]*id="{start}[^"]*"[^>]*href="([^"]*)"', page)
    return [unescape(one or other) for one, other in found]


def test_it_says_what_to_do_where_no_goal_came(signed_in: SignIn, alice: User) -> None:
    page = signed_in(alice).get("/admin/watch/").content.decode()
    assert "No goals came in this window" in page
    assert "stress_gate" in page
    assert "No alert is open" in page


def test_it_shows_figures_bars_and_tables(signed_in: SignIn, alice: User, shop: Business, now: datetime) -> None:
    goals_over(shop, now - HOUR, now, 300)
    errors_at(shop, [now - HOUR / 2])
    page = signed_in(alice).get("/admin/watch/?window=1h").content.decode()
    assert "No goals came" not in page
    assert page.count("gh-tile-name") == 10
    assert len(links(page, "bin-")) >= 20
    assert "ZeroDivisionError" in page
    assert "asks from 0.55" in page
    assert "As a table" in page
    assert 'aria-current="true">1h' in page


def test_every_link_leads_to_as_many_goals_as_it_says(
    signed_in: SignIn, alice: User, shop: Business, now: datetime
) -> None:
    goals_over(shop, now - HOUR, now, 40)
    browser = signed_in(alice)
    page = browser.get("/admin/watch/?window=1h").content.decode()
    pieces = re.findall(r'<a href="([^"]*)" id="(?:bin|path)-\d+" tabindex="-1" aria-label="[^"]*: (\d+) ', page)
    assert len(pieces) > 25
    for href, count in pieces:
        listed = browser.get(unescape(href)).content.decode()
        assert listed.count('<a class="gh-link" href="/admin/goal/') == int(count)


def test_a_long_list_comes_in_pages(signed_in: SignIn, alice: User, shop: Business, now: datetime) -> None:
    save([goal_at(shop, now - HOUR / 2) for _ in range(120)])
    browser, address, found = signed_in(alice), "/admin/watch/goals/?window=1h&what=executed", set()
    while address:
        page = browser.get(address).content.decode()
        found |= set(re.findall(r'href="/admin/goal/([^/]*)/', page))
        older = re.search(r'href="([^"]*)" rel="next"', page)
        address = f"/admin/watch/goals/{unescape(older[1])}" if older else ""
    assert len(found) == 120


@pytest.mark.parametrize(
    "query",
    [
        "window=2w",
        "from=nonsense",
        "from=2026-01-01T00:00&to=2026-12-01T00:00",
        "to=2026-11-01",
        "from=%00",
        "window=%00",
    ],
)
def test_a_window_that_is_none_is_said_and_the_usual_one_shown(signed_in: SignIn, alice: User, query: str) -> None:
    for path in ("/admin/watch/", "/admin/watch/goals/"):
        page = signed_in(alice).get(f"{path}?{query}")
        assert page.status_code == 200
        assert "The last 24 hours are shown" in page.content.decode()


@pytest.mark.parametrize(
    "query", ["confidence=99", "confidence=x", "slower=-1", "what=nonsense", "after=x", "slower=%00"]
)
def test_a_list_that_is_none_lists_all(
    signed_in: SignIn, alice: User, shop: Business, now: datetime, query: str
) -> None:
    save([goal_at(shop, now - HOUR / 2)])
    assert "/admin/goal/" in signed_in(alice).get(f"/admin/watch/goals/?window=1h&{query}").content.decode()


def test_it_escapes_what_others_wrote(signed_in: SignIn, bob: User, shop: Business, put: Put, now: datetime) -> None:
    put(now, approved=90)
    Goal.objects.update(text="<script>alert(1)</script>")
    evaluate(business_id=shop.pk, now=now)
    browser = signed_in(bob)
    alert = Alert.objects.order_by("pk")[0]
    browser.post(f"/admin/watch/alerts/{alert.pk}/", {"note": "<script>alert(2)</script>"})
    for path in ("/admin/watch/", "/admin/watch/goals/?window=1h"):
        assert "<script>alert(" not in browser.get(path).content.decode()


def test_another_business_sees_nothing_of_it(
    signed_in: SignIn, mallory: User, shop: Business, put: Put, now: datetime
) -> None:
    put(now, approved=90)
    evaluate(business_id=shop.pk, now=now)
    browser = signed_in(mallory)
    assert "No goals came in this window" in browser.get("/admin/watch/").content.decode()
    assert "/admin/goal/" not in browser.get("/admin/watch/goals/?window=1h").content.decode()
    assert browser.post(f"/admin/watch/alerts/{Alert.objects.all()[0].pk}/", {"note": "mine"}).status_code == 302
    assert not Alert.objects.exclude(acknowledged_at=None).exists()


def test_an_admin_looks_after_an_alert_and_a_reviewer_only_looks(
    signed_in: SignIn, alice: User, bob: User, shop: Business, put: Put, now: datetime
) -> None:
    put(now, executed=20, approved=90, clarification=11)
    evaluate(business_id=shop.pk, now=now)
    alert = Alert.objects.get()
    page = signed_in(alice).get("/admin/watch/").content.decode()
    assert "1 alert open" in page
    assert "I look after it" not in page
    assert signed_in(alice).post(f"/admin/watch/alerts/{alert.pk}/").status_code == 403
    browser = signed_in(bob)
    assert "I look after it" in browser.get("/admin/watch/").content.decode()
    assert browser.get(f"/admin/watch/alerts/{alert.pk}/").status_code == 405
    browser.post(f"/admin/watch/alerts/{alert.pk}/", {"note": "A new agent asks for much"})
    page = browser.get("/admin/watch/").content.decode()
    assert "bob@example.com looks after it" in page
    assert "A new agent asks for much" in page
    assert browser.get("/admin/counts/").json()["/admin/watch/"] == "1"
    browser.post(f"/admin/watch/alerts/{alert.pk}/", {"note": "Me too"})
    assert "acknowledged this already" in browser.get("/admin/watch/").content.decode()


def test_the_part_that_is_refreshed_is_the_same(signed_in: SignIn, alice: User, shop: Business, now: datetime) -> None:
    goals_over(shop, now - 2 * HOUR, now - HOUR, 60)
    browser = signed_in(alice)
    query = f"from={(now - 2 * HOUR):%Y-%m-%dT%H:%M:%S}&to={(now - HOUR):%Y-%m-%dT%H:%M:%S}"
    page, part = (browser.get(f"/admin/watch/{path}?{query}").content.decode() for path in ("", "figures/"))
    assert part.strip() in page
    assert "<html" not in part
    assert "hx-get" in page
    assert browser.post("/admin/watch/figures/").status_code == 405


@pytest.mark.parametrize("window", ["15m", "30d"])
def test_it_takes_few_queries_however_many_goals(
    signed_in: SignIn, bob: User, shop: Business, now: datetime, window: str, django_assert_max_num_queries: Any
) -> None:
    goals_over(shop, now - 40 * HOUR, now, 200)
    fold(business_id=shop.pk, now=now)
    for figure in ("approval_rate", "error_rate"):
        Alert.objects.create(
            business=shop, figure=figure, opened_at=now, window_minutes=60, value=0.5, low=0.4, high=0.6, n=90
        )
    browser = signed_in(bob)
    browser.get("/admin/watch/")
    with django_assert_max_num_queries(19):
        browser.get(f"/admin/watch/?window={window}")
    with django_assert_max_num_queries(13):
        browser.get(f"/admin/watch/goals/?window={window}")


def test_an_admin_sets_a_band_and_the_audit_tells(signed_in: SignIn, alice: User, bob: User, shop: Business) -> None:
    address = "/admin/watch/targetband/add/"
    assert signed_in(alice).get(address).status_code == 403
    browser = signed_in(bob)
    wrong = browser.post(address, {"figure": "approval_rate", "low": "0.5", "high": "0.4"}).content.decode()
    assert "must be below the upper" in wrong
    assert "0 to 1" in browser.post(address, {"figure": "catch_rate", "low": "80"}).content.decode()
    assert browser.post(address, {"figure": "approval_rate", "low": "0.05", "high": "0.4"}).status_code == 302
    assert "a band for this figure already" in browser.post(address, {"figure": "approval_rate"}).content.decode()
    band = TargetBand.objects.get()
    assert (band.business_id, band.low, band.high) == (shop.pk, 0.05, 0.4)
    assert Event.objects.get(kind="band.created").actor == "user:bob@example.com"
    assert "5 % to 40 %" in browser.get("/admin/watch/").content.decode()
    assert "5 % to 40 %" in browser.get("/admin/watch/targetband/").content.decode()


def test_programs_read_the_same_figures(api: APIClient, shop: Business, put: Put, now: datetime) -> None:
    put(now, executed=20, approved=90, clarification=11)
    evaluate(business_id=shop.pk, now=now)
    health = api.get("/v1/gate/health?window=1h").json()
    by_name = {figure["figure"]: figure for figure in health["figures"]}
    assert health["goals"] == 121
    assert by_name["approval_rate"]["now"]["value"] == pytest.approx(90 / 121)
    assert by_name["approval_rate"]["standing"] == "out_of_band"
    assert by_name["approval_rate"]["band"] == {"low": 0.1, "high": 0.3}
    assert by_name["catch_rate"]["standing"] == "not_enough_data"
    assert sum(found["goals"] for found in health["confidence"]) == 121
    assert sum(column["approved"] for column in health["paths"]) == 90
    assert health["alerts"][0]["figure"] == "approval_rate"
    assert health["window"]["name"] == "1h"


@pytest.mark.parametrize("query", ["window=2w", "from=x", "from=2026-01-01T00:00Z"])
def test_a_bad_window_is_a_problem(api: APIClient, query: str) -> None:
    answer = api.get(f"/v1/gate/health?{query}")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "window"


def test_programs_see_their_own_business(other_api: APIClient, shop: Business, put: Put, now: datetime) -> None:
    put(now, executed=20, approved=90)
    with acting_for(shop.pk):
        evaluate(business_id=shop.pk, now=now)
    health = other_api.get("/v1/gate/health").json()
    assert (health["goals"], health["alerts"]) == (0, [])


def test_a_key_without_the_scope_is_refused(shop: Business) -> None:
    from apps.accounts.keys import issue_key
    from tests.conftest import client_for

    client = client_for(issue_key(business=shop, name="write", scopes=["goals:write"], by=None)[1])
    assert client.get("/v1/gate/health").status_code == 403
