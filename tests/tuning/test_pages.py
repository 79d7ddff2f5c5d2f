"""The page of calibration: what it shows, to whom, and at what price."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Business, Membership, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event
from apps.goals.configuration import configuration_of
from apps.goals.models import GateCurve
from apps.tuning.auditing import share_for
from apps.tuning.models import CurveVersion
from apps.tuning.refitting import refit
from apps.tuning.selectors import cells_of, simulation_of, weekly_of

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Any]
PAGE = "/admin/calibration/"
MOST_QUERIES = 24


def queries_of(client: Any, url: str) -> int:
    client.get(url)
    # In a test each block is a savepoint, which a real request does not have.
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len([one for one in seen if "SAVEPOINT" not in one["sql"]])


def test_an_empty_page_says_what_comes_next(signed_in: SignIn, bob: User) -> None:
    page = signed_in(bob).get(PAGE).content.decode()
    assert "No goal has been looked at" in page
    assert "No goal has been judged" in page
    assert "shipped curve" in page


def test_it_shows_measures_versions_and_what_thresholds_would_do(
    signed_in: SignIn, bob: User, shop: Business, history: Any
) -> None:
    history(shop, 300)
    refit(business_id=shop.pk, actor="user:bob@example.com")
    page = signed_in(bob).get(PAGE).content.decode()
    for words in ("Brier score", "would run alone", "version 1", "In force.", "The same as a table", "Platt scaling"):
        assert words in page


@pytest.mark.parametrize("number", [0, 50])
def test_it_costs_the_same_queries_however_much_there_is(
    signed_in: SignIn, bob: User, shop: Business, history: Any, number: int
) -> None:
    history(shop, number)
    browser = signed_in(bob)
    assert queries_of(browser, PAGE) <= MOST_QUERIES
    assert queries_of(browser, f"{PAGE}simulate/?high=0.8&medium=0.5") <= 8


# The database copies rows in a tenth of the time in which they are sent to it.
COPY_GOALS = """
INSERT INTO goals_goal SELECT copy.* FROM goals_goal g, generate_series(1, %s) n,
  jsonb_populate_record(g, jsonb_build_object('id', md5(g.id::text || n)::uuid)) copy
"""
COPY_LABELS = """
INSERT INTO tuning_reviewedgoal SELECT copy.* FROM tuning_reviewedgoal r JOIN goals_goal g ON g.id = r.goal_id
  JOIN goals_goal c ON c.text = g.text AND c.id <> g.id,
  jsonb_populate_record(r, jsonb_build_object('goal_id', c.id)) copy
"""


def test_it_stays_small_at_fifty_thousand_labels(signed_in: SignIn, bob: User, shop: Business, history: Any) -> None:
    history(shop, 5_000)
    with connection.cursor() as cursor:
        cursor.execute(COPY_GOALS, [9])
        cursor.execute(COPY_LABELS)
        cursor.execute("ANALYZE goals_goal, tuning_reviewedgoal")
    browser = signed_in(bob)
    assert queries_of(browser, PAGE) <= MOST_QUERIES
    with acting_for(shop.pk):
        assert simulation_of(shop.pk, high=0.8, medium=0.5).new.tally.all == 50_000
        assert sum(cell.seen for cell in cells_of(shop.pk)) == 50_000
        assert len(cells_of(shop.pk)) < 2000
        assert sum(week.seen for week in weekly_of(shop.pk)) == 50_000


def test_the_slider_gets_the_figures_alone(signed_in: SignIn, alice: User, shop: Business, history: Any) -> None:
    history(shop, 300)
    browser = signed_in(alice)
    part = browser.get(f"{PAGE}simulate/?high=0.8&medium=0.5").content.decode()
    assert "At 0.80" in part
    assert "<html" not in part
    wrong = browser.get(f"{PAGE}simulate/?high=0.4&medium=0.5")
    assert wrong.status_code == 422
    assert "must be below" in wrong.content.decode()


def test_one_kind_is_shown_alone(signed_in: SignIn, bob: User, shop: Business, history: Any) -> None:
    history(shop, 300)
    page = signed_in(bob).get(f"{PAGE}?kind=find_order").content.decode()
    assert "<dd>150</dd>" in page
    assert "find_order (150)" in page


def test_a_strange_kind_or_threshold_in_the_address_breaks_nothing(signed_in: SignIn, bob: User) -> None:
    browser = signed_in(bob)
    for query in ("kind=<script>", "kind=%00", "high=x&medium=", "high=nan&medium=1e999"):
        page = browser.get(f"{PAGE}?{query}")
        assert page.status_code == 200
        assert "<script>&" not in page.content.decode()


def test_a_reviewer_looks_on_and_changes_nothing(signed_in: SignIn, alice: User, shop: Business, history: Any) -> None:
    history(shop, 100)
    browser = signed_in(alice)
    page = browser.get(PAGE).content.decode()
    assert "Refit now" not in page
    assert "Propose" not in page
    for path in ("refit", "revert", "audit-share", "propose", "withdraw"):
        assert browser.post(f"{PAGE}{path}/", {}).status_code == 403
        assert browser.get(f"{PAGE}{path}/").status_code == 405


def test_an_admin_goes_back_from_a_curve_and_forward(
    signed_in: SignIn, bob: User, shop: Business, history: Any
) -> None:
    history(shop, 300)
    refit(business_id=shop.pk, actor="user:bob@example.com")
    browser = signed_in(bob)
    browser.post(f"{PAGE}revert/", {"kind": "", "number": ""})
    assert not GateCurve.objects.filter(kind="").exists()
    assert "Taken back" in browser.get(PAGE).content.decode()
    browser.post(f"{PAGE}revert/", {"kind": "", "number": "1"})
    assert configuration_of(shop.pk).curve_for("").version == CurveVersion.objects.get(kind="").pk


def test_an_admin_sets_the_share_that_is_looked_at(signed_in: SignIn, bob: User, shop: Business) -> None:
    browser = signed_in(bob)
    browser.post(f"{PAGE}audit-share/", {"percent": "12.5"})
    assert share_for(shop.pk) == 0.125
    assert Event.objects.get(kind="audit_share.set").actor == "user:bob@example.com"
    for wrong in ("", "101", "-1", "nan"):
        browser.post(f"{PAGE}audit-share/", {"percent": wrong})
    assert share_for(shop.pk) == 0.125
    assert 'value="12.5"' in browser.get(PAGE).content.decode()


def test_a_proposal_waits_in_the_queue_and_may_be_withdrawn(
    signed_in: SignIn, bob: User, carol: User, shop: Business
) -> None:
    browser = signed_in(bob)
    page = browser.post(f"{PAGE}propose/", {"high": "0.8", "medium": "0.5", "reason": "Fewer"}, follow=True)
    assert "A proposal waits" in page.content.decode()
    [request] = ApprovalRequest.objects.filter(kind="thresholds")
    assert "somebody else must decide" in browser.get(f"/admin/queue/{request.pk}/").content.decode()
    again = browser.post(f"{PAGE}propose/", {"high": "0.9", "medium": "0.5", "reason": "More"}, follow=True)
    assert "waits for its decision already" in again.content.decode()
    browser.post(f"{PAGE}withdraw/")
    request.refresh_from_db()
    assert request.state == "cancelled"


def test_a_wrong_proposal_comes_back_as_it_was(signed_in: SignIn, bob: User) -> None:
    body = {"high": "0.4", "medium": "0.5", "reason": "A long thought"}
    page = signed_in(bob).post(f"{PAGE}propose/", body).content.decode()
    assert 'value="A long thought"' in page
    assert "must be below" in page
    assert not ApprovalRequest.objects.exists()


def test_it_says_when_nobody_else_may_decide(signed_in: SignIn, bob: User, alice: User) -> None:
    browser = signed_in(bob)
    assert "Invite a second admin" in browser.get(PAGE).content.decode()
    Membership.objects.filter(user=alice).update(role="admin")
    assert "Invite a second admin" not in browser.get(PAGE).content.decode()


def test_a_refit_is_left_to_a_worker(
    signed_in: SignIn, bob: User, shop: Business, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("apps.core.later._send", lambda name, args, options: sent.append((name, args)))
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(bob).post(f"{PAGE}refit/")
    assert ("apps.tuning.tasks.refit_business", (str(shop.pk), "user:bob@example.com")) in sent
