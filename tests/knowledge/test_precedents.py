"""Precedents: decisions of people are learned, found for requests like them, and shown without slowing the queue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.approvals.models import ApprovalRequest, Decision
from apps.core.models import Event
from apps.knowledge import precedents
from apps.knowledge.embedders import EmbeddingFailed
from apps.knowledge.models import Document
from apps.knowledge.tallying import in_sum, tally_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(shop: Business, alice: User) -> Callable[..., ApprovalRequest]:
    """asked("Refund order 1", "approved", reason="...") is a request, decided by alice unless it waits."""

    def ask(title: str, state: str = "awaiting_approval", *, by: User | None = alice, **extra: Any) -> ApprovalRequest:
        business = extra.pop("business", shop)
        said = {name: extra.pop(name) for name in ("reason", "comment", "edited") if name in extra}
        waits = state == "awaiting_approval"
        request = ApprovalRequest.objects.create(
            business=business, kind=extra.pop("kind", "goal"), subject_id=business.pk if waits else alice.pk,
            title=title, payload=extra.pop("payload", {"goal": title}), payload_hash="0" * 64, on_timeout="keep",
            escalate_to="admin", deadline=timezone.now() + timedelta(days=1), state=state,
            decided_at=None if waits else timezone.now() - timedelta(minutes=10),
            decided_by="" if waits else "user:alice@example.com", **extra,
        )  # fmt: skip
        if not waits and by:
            verdict = {"approved": "approve", "rejected": "reject"}[state]
            Decision.objects.create(
                business=business, request=request, user=by, actor="user:alice@example.com", verdict=verdict, **said
            )
        return request

    return ask


def learned(shop: Business, *requests: ApprovalRequest) -> int:
    return precedents.learn(business_id=shop.pk, request_ids=[one.pk for one in requests])


def test_alike_decisions_are_found_with_what_people_said(shop: Business, asked: Any) -> None:
    yes = asked("Refund the customer 20 euros for a late parcel", "approved", edited=True)
    no = asked("Refund the customer 900 euros for a late parcel", "rejected", reason="Too much", comment="Ask first")
    asked_other = asked("Publish the new opening hours on the website", "approved")
    assert learned(shop, yes, no, asked_other) == 3
    found = precedents.precedents_of(asked("Refund a customer 25 euros because the parcel came late")).found
    assert {one.request_id for one in found} == {yes.pk, no.pk}
    rejected = next(one for one in found if one.request_id == no.pk)
    assert (rejected.verdict, rejected.reason, rejected.comment) == ("rejected", "Too much", "Ask first")
    assert rejected.decided_by == "user:alice@example.com" and 0.35 <= rejected.alike <= 1
    assert next(one for one in found if one.request_id == yes.pk).edited


def test_a_request_is_no_precedent_of_itself_nor_of_another_kind(shop: Business, asked: Any) -> None:
    mine = asked("Refund the customer 20 euros", "approved")
    draft = asked("Refund the customer 20 euros", "approved", kind="draft")
    learned(shop, mine, draft)
    assert precedents.precedents_of(mine).found == ()


def test_only_what_people_decided_is_learned(shop: Business, asked: Any) -> None:
    waiting = asked("Refund the customer 20 euros")
    by_program = asked("Refund the customer 20 euros", "approved", by=None)
    assert learned(shop, waiting, by_program) == 0


def test_of_a_draft_only_its_title_is_learned_and_secrets_never(shop: Business, asked: Any) -> None:
    draft = asked("Re: my order", "approved", kind="draft", payload={"body": "Dear Mrs Smith", "to": ["a@b.example"]})
    goal = asked("Log in", "approved", payload={"goal": "Log in", "api_token": "abc123", "amount": 5})
    learned(shop, draft, goal)
    texts = " ".join(Document.objects.values_list("text", flat=True))
    assert "Smith" not in texts and "a@b.example" not in texts and "abc123" not in texts
    assert "amount: 5" in texts


def test_another_business_learns_nothing_of_it(
    shop: Business, other_shop: Business, asked: Any, other_api: Any
) -> None:
    mine = asked("Refund the customer 20 euros", "approved")
    assert precedents.learn(business_id=other_shop.pk, request_ids=[mine.pk]) == 0
    learned(shop, mine)
    theirs = asked("Refund the customer 20 euros", business=other_shop)
    assert precedents.precedents_of(theirs).found == ()
    waiting = asked("Refund the customer 21 euros")
    assert other_api.get(f"/v1/approvals/{waiting.pk}/precedents").status_code == 404


def test_a_decision_is_learned_by_its_event(shop: Business, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(precedents, "later", lambda *given: sent.append(given))
    request = asked("Refund", "approved")
    events = [
        Event(kind="approval.approved", subject_type="approval", subject_id=str(request.pk), business_id=shop.pk),
        Event(kind="approval.claimed", subject_type="approval", subject_id=str(request.pk), business_id=shop.pk),
    ]
    precedents.learn_from_events(events)
    assert sent == [(precedents.LEARN, str(shop.pk), str(request.pk))]


def test_what_was_missed_is_learned_later_once(shop: Business, asked: Any) -> None:
    asked("Refund the customer 20 euros", "approved")
    assert precedents.learn_missed() == 1
    assert precedents.learn_missed() == 0


def test_what_somebody_took_out_is_not_learned_again(shop: Business, bob: User, asked: Any, signed_in: Any) -> None:
    asked("Refund the customer 20 euros", "approved")
    precedents.learn_missed()
    document = Document.objects.get()
    signed_in(bob).post(f"/admin/knowledge/precedents/documents/{document.pk}/remove/")
    assert not Document.objects.exists() and precedents.learn_missed() == 0


def test_a_model_that_is_away_keeps_only_its_own_business_waiting(
    shop: Business, other_shop: Business, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked("Refund the customer 20 euros", "approved")
    asked("Refund the customer 20 euros", "approved", business=other_shop)
    real = precedents.learn

    def learn(*, business_id: Any, **given: Any) -> int:
        if business_id == shop.pk:
            raise EmbeddingFailed("away")
        return real(business_id=business_id, **given)

    monkeypatch.setattr(precedents, "learn", learn)
    assert precedents.learn_missed() == 1
    assert set(Document.objects.values_list("business_id", flat=True)) == {other_shop.pk}


def test_how_requests_like_it_were_decided_is_summed_up(
    shop: Business, asked: Any, api: Any, anna: User, signed_in: Any
) -> None:
    yes = [asked(f"Refund the customer {n} euros for a late parcel", "approved", edited=n == 21) for n in range(20, 26)]
    no = asked("Refund the customer 900 euros for a late parcel", "rejected", reason="Too much")
    learned(shop, *yes, no)
    waiting = asked("Refund a customer 25 euros because the parcel came late")
    told = api.get(f"/v1/approvals/{waiting.pk}/precedents").json()
    words = "6 of 7 like this were approved, 1 of them with changes; 1 was rejected: Too much."
    assert len(told["results"]) == 5
    assert told["in_sum"] == {
        "approved": 6, "edited": 1, "rejected": 1, "answered": 0, "reasons": ["Too much"], "words": words,
    }  # fmt: skip
    assert words in signed_in(anna).get(f"/admin/queue/{waiting.pk}/precedents/").content.decode()


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        ([("approved", False, "")] * 2, ""),
        ([("approved", False, "")] * 3, "All 3 like this were approved."),
        ([("rejected", False, "Late"), ("rejected", False, "")] * 2, "All 4 like this were rejected: Late."),
        (
            [("approved", False, ""), ("rejected", False, "Late"), ("rejected", False, "Wrong")],
            "1 of 3 like this was approved; 2 were rejected: Late, Wrong.",
        ),
        ([("answered", False, "")] * 3, "All 3 like this were answered."),
        (
            [("rejected", False, "Late"), ("answered", False, ""), ("answered", True, "")],
            "1 of 3 like this was rejected: Late; 2 of 3 like this were answered.",
        ),
    ],
    ids=["few", "all", "none", "most_rejected", "answered", "both"],
)
def test_the_sum_is_a_sentence(decided: list[tuple[str, bool, str]], words: str) -> None:
    assert in_sum(tally_of(decided)) == words


def test_rest_and_the_queue_tell_of_them(
    api: Any, shop: Business, asked: Any, anna: User, signed_in: Any, django_assert_max_num_queries: Any
) -> None:
    learned(shop, asked("Refund the customer 900 euros for a late parcel", "rejected", comment="Too <b>much</b>"))
    waiting = asked("Refund the customer 20 euros for a late parcel")
    told = api.get(f"/v1/approvals/{waiting.pk}/precedents").json()
    assert told["results"][0]["comment"] == "Too <b>much</b>" and told["problem"] == ""
    browser = signed_in(anna)
    page = browser.get(f"/admin/queue/{waiting.pk}/").content.decode()
    assert f"/admin/queue/{waiting.pk}/precedents/" in page and "Too" not in page
    with django_assert_max_num_queries(22):
        part = browser.get(f"/admin/queue/{waiting.pk}/precedents/").content.decode()
    assert "Too &lt;b&gt;much" in part and "% alike" in part and "Rejected" in part


def test_without_any_and_with_an_error_the_queue_says_so(
    shop: Business, asked: Any, anna: User, signed_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, browser = asked("Refund"), signed_in(anna)
    url = f"/admin/queue/{waiting.pk}/precedents/"
    assert "Nobody has decided on anything like this yet" in browser.get(url).content.decode()

    def fail(*given: Any, **options: Any) -> Any:
        raise RuntimeError("away")

    monkeypatch.setattr(precedents, "search", fail)
    answer = browser.get(url)
    assert answer.status_code == 200 and "could not be looked up" in answer.content.decode()


def test_another_business_cannot_open_the_part(asked: Any, mallory: User, signed_in: Any) -> None:
    waiting = asked("Refund")
    assert signed_in(mallory).get(f"/admin/queue/{waiting.pk}/precedents/").status_code == 404
