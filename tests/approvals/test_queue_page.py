"""The queue page: what it shows, to whom, and that looking changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.claiming import claim
from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from tests.approvals.conftest import ask_in

SignIn = Callable[[User], Any]
MOST_QUERIES = 13


@pytest.fixture
def put(shop: Business) -> Callable[..., ApprovalRequest]:
    def put_one(business: Business = shop, **changes: Any) -> ApprovalRequest:
        with acting_for(business.pk):
            return ask_in(business, **changes)

    return put_one


def queries_of(client: Any, url: str) -> int:
    client.get(url)
    # In a test each block is a savepoint, which a real request does not have.
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len([one for one in seen if "SAVEPOINT" not in one["sql"]])


def test_the_house_opens_on_the_queue(signed_in: SignIn, alice: User) -> None:
    assert signed_in(alice).get("/admin/").headers["location"] == "/admin/queue/"


def test_an_empty_queue_says_what_comes_next(signed_in: SignIn, alice: User) -> None:
    page = signed_in(alice).get("/admin/queue/").content.decode()
    assert "Nothing waits" in page


def test_one_request_is_shown_with_all_that_decides(signed_in: SignIn, alice: User, put: Any) -> None:
    put(
        why="The amount is above the limit",
        confidence=0.61,
        risk=0.8,
        factors=[{"name": "tool_fit", "score": 0.7, "weight": 0.5, "contribution": 0.35, "reason": "It fits"}],
        checks={
            "status": "warn",
            "checks": [
                {"check": "in_scope", "status": "warn", "score": 0.4, "reason": "Far off", "suggestion": "Ask nearer"}
            ],
        },
    )
    page = signed_in(alice).get("/admin/queue/").content.decode()
    for words in ("Refund order 1182", "The amount is above the limit", "61 %", "Tool fit", "It fits", "+0.35"):
        assert words in page
    for words in ("In scope", "Far off", "Ask nearer", "Approve", "asked for a decision", "42.5"):
        assert words in page


def test_the_page_takes_as_many_queries_for_300_as_for_one(signed_in: SignIn, alice: User, put: Any) -> None:
    client = signed_in(alice)
    put()
    few, few_found = queries_of(client, "/admin/queue/"), queries_of(client, "/admin/queue/?q=request")
    for number in range(299):
        put(title=f"Request {number}", risk=(number % 100) / 100)
    many, many_found = queries_of(client, "/admin/queue/"), queries_of(client, "/admin/queue/?q=request")
    assert few == many <= MOST_QUERIES
    assert max(few_found, many_found) <= MOST_QUERIES


def test_the_list_goes_on_where_it_ended(signed_in: SignIn, alice: User, put: Any) -> None:
    for number in range(95):
        put(title=f"Request {number:02d}", risk=(number % 7) / 10)
    client, seen, after = signed_in(alice), [], ""
    for _ in range(5):
        answer = client.get("/admin/queue/rows/", {"after": after})
        seen += [row.pk for row in answer.context["rows"]]
        after = answer.context["after"]
        if not after:
            break
    with acting_for(ApprovalRequest.objects.get(pk=seen[0]).business_id):
        assert seen == list(ApprovalRequest.objects.order_by("-risk", "deadline", "id").values_list("pk", flat=True))


@pytest.mark.parametrize("order", ["deadline", "newest"])
def test_the_other_orders_go_on_too(signed_in: SignIn, alice: User, put: Any, order: str) -> None:
    for number in range(60):
        put(title=f"Request {number:02d}", deadline=timezone.now() + timedelta(minutes=5 + number % 9))
    client = signed_in(alice)
    first = client.get("/admin/queue/rows/", {"order": order}).context
    second = client.get("/admin/queue/rows/", {"order": order, "after": first["after"]}).context
    assert len({row.pk for row in (*first["rows"], *second["rows"])}) == 60


def test_filters_and_search_narrow_the_list(signed_in: SignIn, alice: User, put: Any) -> None:
    put(title="Refund the rope", kind="action", risk=0.9)
    put(title="Reply to Jonas", kind="draft", risk=0.1)
    client = signed_in(alice)

    def titles(**query: str) -> list[str]:
        return [row.title for row in client.get("/admin/queue/rows/", query).context["rows"]]

    assert titles(kind="draft") == ["Reply to Jonas"]
    assert titles(risk="high") == ["Refund the rope"]
    assert titles(q="jon rep") == ["Reply to Jonas"]
    assert titles(q="') & !!:*'\\") == []
    assert titles(q="refund", kind="draft") == []
    assert titles(state="approved") == []
    assert titles(state="nonsense", order="nonsense", after="nonsense") == ["Refund the rope", "Reply to Jonas"]


def test_what_i_hold_is_mine(signed_in: SignIn, alice: User, put: Any, shop: Business) -> None:
    held, _ = put(title="Held"), put(title="Free")
    with acting_for(shop.pk):
        claim(request_id=held.pk, user=alice)
    rows = signed_in(alice).get("/admin/queue/rows/", {"mine": "1"}).context["rows"]
    assert [row.title for row in rows] == ["Held"]


def test_others_see_who_is_on_it(signed_in: SignIn, alice: User, anna: User, put: Any, shop: Business) -> None:
    row = put()
    with acting_for(shop.pk):
        claim(request_id=row.pk, user=anna)
    page = signed_in(alice).get(f"/admin/queue/{row.pk}/").content.decode()
    assert "Anna</strong> is on this" in page
    assert 'id="do-approve"' not in page


def test_a_payload_cannot_write_into_the_page(signed_in: SignIn, alice: User, put: Any) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    row = put(title=evil, why=evil, payload={evil: evil, "deep": {evil: {"x": evil}}}, requested_by=evil[:100])
    page = signed_in(alice).get(f"/admin/queue/{row.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


def test_an_item_of_another_business_is_not_there(signed_in: SignIn, mallory: User, put: Any) -> None:
    row, client = put(), signed_in(mallory)
    for part in ("", "status/"):
        assert client.get(f"/admin/queue/{row.pk}/{part}").status_code == 404
    for act in ("claim", "let-go", "skip", "decide"):
        assert client.post(f"/admin/queue/{row.pk}/{act}/", {"verdict": "approve"}).status_code == 404
    assert "Refund order" not in client.get("/admin/queue/").content.decode()


def test_a_stranger_is_asked_to_sign_in(client: Any, put: Any) -> None:
    row = put()
    for url in ("/admin/queue/", f"/admin/queue/{row.pk}/", "/admin/queue/rows/", "/admin/counts/"):
        assert client.get(url).headers["location"].startswith("/admin/login/")
    answer = client.post(f"/admin/queue/{row.pk}/decide/", {"verdict": "approve"})
    assert answer.headers["location"].startswith("/admin/login/")


def test_looking_changes_nothing(signed_in: SignIn, alice: User, put: Any, shop: Business) -> None:
    row, client = put(), signed_in(alice)
    query = {"verdict": "approve", "hash": row.payload_hash, "pick": f"{row.pk}:{row.payload_hash}", "on": "0"}
    for act in ("", "status/", "claim/", "let-go/", "skip/", "decide/"):
        assert client.get(f"/admin/queue/{row.pk}/{act}", query).status_code in (200, 302)
    for url in ("/admin/queue/bulk/", "/admin/queue/keys/", "/admin/queue/rows/"):
        client.get(url, query)
    client.head(f"/admin/queue/{row.pk}/decide/", query)
    alice.refresh_from_db()
    assert alice.single_keys
    with acting_for(shop.pk):
        row.refresh_from_db()
        assert (row.state, row.claimed_by_id, row.decisions.count()) == (State.WAITING, None, 0)


def test_a_viewer_may_look_but_not_decide(signed_in: SignIn, victor: User, put: Any, shop: Business) -> None:
    row, client = put(), signed_in(victor)
    page = client.get(f"/admin/queue/{row.pk}/").content.decode()
    assert "Refund order 1182" in page
    assert 'id="do-approve"' not in page
    answer = client.post(f"/admin/queue/{row.pk}/decide/", {"verdict": "approve", "hash": row.payload_hash})
    assert answer.status_code == 403
    assert client.post(f"/admin/queue/{row.pk}/claim/").status_code == 302
    with acting_for(shop.pk):
        row.refresh_from_db()
        assert (row.state, row.claimed_by_id) == (State.WAITING, None)


def test_the_counts_of_the_navigation(signed_in: SignIn, alice: User, put: Any) -> None:
    put()
    put(title="Another")
    assert signed_in(alice).get("/admin/counts/").json()["/admin/queue/"] == "2"


def test_somebody_in_no_business_is_told_so(signed_in: SignIn, root: User) -> None:
    assert "You belong to no business yet" in signed_in(root).get("/admin/queue/").content.decode()
