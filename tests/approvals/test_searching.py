"""Finding requests by words and ids, under row-level security."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals import searching
from apps.approvals.models import ApprovalRequest
from apps.approvals.searching import matching
from apps.approvals.states import State
from tests.approvals.conftest import Ask, ask_in


def found(text: str) -> set[str]:
    rows = ApprovalRequest.objects.filter(state=State.WAITING)
    return set(matching(rows, text, waiting=True).values_list("title", flat=True))


@pytest.fixture
def three(ask: Ask) -> None:
    ask(title="Refund the teapot", requested_by="user:zoe@example.com")
    ask(title="Refund the O'Brien lamp", why="Betrag über 100 \u20ac")
    ask(title="Ship order-1182")


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("teap", {"Refund the teapot"}),
        ("REFUND the", {"Refund the teapot", "Refund the O'Brien lamp"}),
        ("refund lamp", {"Refund the O'Brien lamp"}),
        ("o'brien", {"Refund the O'Brien lamp"}),
        ("über", {"Refund the O'Brien lamp"}),
        ("1182", {"Ship order-1182"}),
        ("order-11", {"Ship order-1182"}),
        ("zoe@example.com", {"Refund the teapot"}),
        ("pot", set()),
        ("&", set()),
        ("   ", {"Refund the teapot", "Refund the O'Brien lamp", "Ship order-1182"}),
    ],
)
def test_it_finds_words_by_their_beginnings(three: None, text: str, titles: set[str]) -> None:
    assert found(text) == titles


@pytest.mark.parametrize("text", ["teap", "refund lamp", "über", "order-11", "zoe@example.com"])
def test_common_words_are_found_as_rare_ones_are(three: None, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of nothing every word is too common to be listed, and the list is walked instead."""
    rare = found(text)
    monkeypatch.setattr(searching, "MOST_MATCHES", 0)

    assert found(text) == rare != set()


def test_it_finds_by_the_beginning_of_an_id(ask: Ask) -> None:
    row = ask(title="This one")

    for text in (str(row.pk), str(row.pk)[:8], row.pk.hex[:20], str(row.subject_id)):
        assert "This one" in found(text)
    assert found("deadbeef") == set()


def test_it_sees_no_other_business(shop: Business, other_shop: Business) -> None:
    with acting_for(other_shop.pk):
        ask_in(other_shop, title="Foreign teapot")
    with acting_for(shop.pk):
        assert found("teapot") == set()
    with acting_for(other_shop.pk):
        assert found("teapot") == {"Foreign teapot"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30) | st.text("'\\&|!():*<-> a", max_size=12))
def test_nothing_typed_is_an_error(in_shop: Any, text: str) -> None:
    found(text.encode(errors="ignore").decode())


def test_it_takes_no_more_queries_for_many(ask: Ask, alice: User, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        ask(title=f"Teapot {number}")

    with django_assert_max_num_queries(2):
        assert len(found("teapot")) == 30
