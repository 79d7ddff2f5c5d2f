"""The pattern board: filters, pages of it, the timeline, and one pattern; among thousands it asks no more."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.agents.models import Agent
from apps.trust.models import PatternEvent
from apps.trust.page_context_patterns import AT_ONCE, doubt_in_words
from tests.trust.conftest import an_agent
from tests.trust.shown import patterns_made

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
BOARD = "/admin/trust/patterns/"


def shown(page: str) -> list[str]:
    return re.findall(r'<a href="/admin/trust/patterns/([^/"]*)/">', page)


def test_a_card_says_all_of_a_pattern(
    signed_in: SignIn, shop: Business, writer: Agent, reader: Agent, victor: User
) -> None:
    row = patterns_made(shop, 1, agents=["writer", "reader", "gone"], category="consensus", strength="very_strong")[0]
    page = signed_in(victor).get(BOARD).content.decode()
    for words in ("Expert number 0", "Consensus", "90 %", "85 to 95 %", "from 40", "+30 points", "very strong",
                  "about 1 in 100 is chance", "last confirmed"):  # fmt: skip
        assert words in page
    assert re.findall(r'text-anchor="middle">(\w+)</text>', page.split("gh-agents")[0])[-3:] == ["WR", "RE", "GO"]
    assert "Writer</a>" in page
    assert shown(page) == [str(row.pk)]


def test_filters_and_their_counts(signed_in: SignIn, shop: Business, victor: User) -> None:
    patterns_made(shop, 3, agents=["a"])
    patterns_made(shop, 2, agents=["a"], category="consensus", state="found", confirmed_at=None)
    patterns_made(shop, 1, agents=["a"], category="high_confidence", state="retired")
    browser = signed_in(victor)
    counts = {
        "": 5, "?category=consensus": 2, "?category=expert&state=confirmed": 3, "?state=found": 2, "?state=retired": 1,
        "?category=expert&state=found": 0, "?category=nonsense&state=nonsense&after=nonsense": 5,
    }  # fmt: skip
    for query, number in counts.items():
        page = browser.get(BOARD + query).content.decode()
        assert len(shown(page)) == number, query
    page = browser.get(BOARD).content.decode()
    tabs = dict(re.findall(r"<a [^>]*>([^<]*) <span[^>]*>(\d+)</span></a>", page))
    assert tabs == {
        "In force": "5", "Confirmed": "3", "Found, not confirmed yet": "2", "Retired": "1",
        "All": "5", "Consensus": "2", "Expert": "3", "High confidence": "0",
    }  # fmt: skip


@pytest.mark.parametrize("query", ["", "?category=expert", "?state=confirmed"])
def test_every_pattern_is_on_one_page_only(signed_in: SignIn, shop: Business, victor: User, query: str) -> None:
    patterns_made(shop, 30, agents=["a"])
    patterns_made(shop, 30, agents=["a"], low=0.7)
    browser, address, found = signed_in(victor), BOARD + query, list[str]()
    while address:
        page = browser.get(address).content.decode()
        found += shown(page)
        more = re.search(r'href="(\?[^"]*)" rel="next"', page)
        address = BOARD + unescape(more[1]) if more else ""
    assert len(found) == len(set(found)) == 60


@pytest.mark.parametrize("after", ["nan:x", "nan:00000000-0000-0000-0000-000000000000", "0.5", ":", "1e999:x"])
def test_a_strange_place_is_the_first_page(signed_in: SignIn, shop: Business, victor: User, after: str) -> None:
    patterns_made(shop, 1, agents=["a"])
    assert len(shown(signed_in(victor).get(BOARD, {"after": after}).content.decode())) == 1


def test_a_pattern_shows_what_became_of_it(signed_in: SignIn, shop: Business, writer: Agent, victor: User) -> None:
    row = patterns_made(shop, 1, agents=["writer"], state="retired", retired_at=timezone.now())[0]
    PatternEvent.objects.create(
        business=shop, pattern=row, what="retired", rate=0.5, trials=60, at=timezone.now() + timedelta(seconds=1)
    )
    page = signed_in(victor).get(f"{BOARD}{row.pk}/").content.decode()
    order = [page.index(words) for words in ("Retired: later evidence", "Confirmed by later evidence", ">Found ")]
    assert order[0] < order[1]
    assert "<polyline" in page
    assert "all 60 %" in page


def test_thousands_ask_no_more_and_walk_an_index(signed_in: SignIn, shop: Business, victor: User) -> None:
    for place in range(5):
        an_agent(shop, f"a{place}")
    agents = [f"a{place}" for place in range(5)]
    patterns_made(shop, 3, agents=agents[:2])
    browser = signed_in(victor)
    browser.get(BOARD)
    with CaptureQueriesContext(connection) as few:
        browser.get(BOARD)
    patterns_made(shop, 2000, agents=agents)
    patterns_made(shop, 1000, agents=agents, state="found")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE trust_pattern")
    with CaptureQueriesContext(connection) as many:
        page = browser.get(BOARD).content.decode()
    assert len(many) == len(few)
    assert len(shown(page)) == AT_ONCE
    board = next(one["sql"] for one in many if "UNION ALL" in one["sql"] and "trust_pattern" in one["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {board}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("pattern_board") == 2, plan


@pytest.mark.parametrize(
    ("q_value", "words"),
    [
        (0.0, "fewer than 1 in 2,000"),
        (0.01, "about 1 in 100 is chance"),
        (0.049, "about 1 in 20 is chance"),
        (0.7, "may well be chance"),
        (float("nan"), "may well be chance"),
    ],
)
def test_doubt_in_words(q_value: float, words: str) -> None:
    assert words in doubt_in_words(q_value)
