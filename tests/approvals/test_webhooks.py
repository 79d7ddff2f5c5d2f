import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from standardwebhooks import Webhook, WebhookVerificationError

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.approvals import delivering
from apps.approvals.delivering import deliver_to, due_endpoints
from apps.approvals.endpoints import add_endpoint, change_endpoint, rotate_secret
from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.tasks import deliver_due_webhooks, deliver_webhooks, forget_deliveries
from apps.approvals.webhook_rules import RETRY_AFTER, bad_kinds, next_try, pause_after, seconds_asked, wants
from apps.approvals.webhooks import queue_deliveries, redeliver
from apps.core import outbox
from apps.core.errors import Invalid, StaleState
from apps.core.events import record
from apps.core.models import Event
from tests.approvals.conftest import ask_in
from tests.approvals.receiver import Receiver, receiving
from tests.approvals.threads import in_threads

PENDING, DELIVERED, FAILED = WebhookDelivery.State


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def endpoint(shop: Business, receiver: Receiver) -> WebhookEndpoint:
    found, secret = add_endpoint(business_id=shop.pk, url=receiver.url, actor="user:bob")
    found.shown = secret  # type: ignore[attr-defined]
    return found


def happen(shop: Business, kind: str = "approval.approved", **data: Any) -> Event:
    with acting_for(shop.pk):
        return record(
            kind=kind, subject_type="approval", subject_id="7", business_id=shop.pk, actor="user:alice", **data
        )


def tell(endpoint: WebhookEndpoint, **data: Any) -> WebhookDelivery:
    """One event, queued for the endpoint."""
    shop = endpoint.business
    queue_deliveries([happen(shop, **data)])
    return WebhookDelivery.objects.latest("id")


def send(endpoint: WebhookEndpoint) -> tuple[int, bool]:
    return deliver_to(endpoint_id=endpoint.pk, business_id=endpoint.business_id)


def make_due(**more: Any) -> None:
    past = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.filter(state=PENDING).update(next_attempt_at=past, **more)
    WebhookEndpoint.objects.update(held_until=None)


def test_a_receiver_verifies_what_it_gets(endpoint: Any, receiver: Receiver) -> None:
    delivery = tell(endpoint, verdict="approve", changes=[{"path": "iban"}])

    assert send(endpoint) == (1, False)

    headers, body = receiver.got[0]
    message = Webhook(endpoint.shown).verify(body, headers)
    assert message["type"] == "approval.approved"
    assert message["data"]["verdict"] == "approve"
    assert message["data"]["id"] == "7"
    assert "changes" not in message["data"]
    assert headers["webhook-id"] == str(delivery.event_id)
    assert headers["content-type"] == "application/json"
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.response_status) == (DELIVERED, 1, 204)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.shown).verify(body + b" ", headers)


def test_a_decision_reaches_the_receiver_by_the_outbox(
    shop: Business, endpoint: Any, receiver: Receiver, api: APIClient
) -> None:
    with acting_for(shop.pk):
        request = ask_in(shop, title="Überweisung \u201c4711\u201d", requested_by="key:agent")
    api.post(
        f"/v1/approvals/{request.pk}/decide",
        {"verdict": "reject", "payload_hash": request.payload_hash, "comment": "Nein \u2013 zu hoch"},
    )
    outbox.drain()
    outbox.drain()

    assert deliver_webhooks(str(endpoint.pk)) == 2
    asked, decided = (Webhook(endpoint.shown).verify(body, headers) for headers, body in receiver.got)
    assert asked["type"] == "approval.requested"
    assert decided["data"]["id"] == str(request.pk)
    assert (decided["data"]["state"], decided["data"]["comment"]) == ("rejected", "Nein \u2013 zu hoch")


def test_an_event_told_twice_is_one_delivery(shop: Business, endpoint: Any) -> None:
    event = happen(shop)
    queue_deliveries([event])
    queue_deliveries([event])

    assert WebhookDelivery.objects.count() == 1


def test_only_endpoints_of_the_business_that_want_it_are_told(
    shop: Business, other_shop: Business, receiver: Receiver
) -> None:
    for business, kinds, enabled in [
        (shop, ["approval.approved"], True),
        (shop, ["goal.*"], True),
        (shop, ["approval.*"], True),
        (shop, [], False),
        (other_shop, [], True),
    ]:
        made, _ = add_endpoint(business_id=business.pk, url=receiver.url, kinds=kinds, actor="user:bob")
        WebhookEndpoint.objects.filter(pk=made.pk).update(enabled=enabled)

    queue_deliveries([happen(shop)])
    queue_deliveries([happen(shop, kind="api_key.issued")])

    assert sorted(d.endpoint.kinds for d in WebhookDelivery.objects.all()) == [["approval.*"], ["approval.approved"]]


def test_a_failure_is_tried_again_on_the_schedule_then_given_up(endpoint: Any, receiver: Receiver) -> None:
    receiver.answers = [500]
    delivery = tell(endpoint)
    waits = []
    for _ in range(len(RETRY_AFTER)):
        assert send(endpoint)[0] == 0
        delivery.refresh_from_db()
        waits.append((delivery.next_attempt_at - timezone.now()).total_seconds())
        assert delivery.state == PENDING
        assert send(endpoint) == (0, False)
        make_due()

    assert all(planned - 2 <= wait <= planned * 1.2 for planned, wait in zip(RETRY_AFTER, waits, strict=True))
    send(endpoint)
    delivery.refresh_from_db()
    endpoint.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.last_error) == (FAILED, 10, "Answered 500")
    assert len(receiver.got) == 10
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "Nothing could be delivered for three days")
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {str(delivery.event_id)}


def test_giving_one_up_leaves_an_endpoint_on_that_took_others(endpoint: Any, receiver: Receiver) -> None:
    receiver.answers = [500, 200]
    bad, _good = tell(endpoint), tell(endpoint)
    WebhookDelivery.objects.filter(pk=bad.pk).update(attempts=9)
    WebhookDelivery.objects.exclude(pk=bad.pk).update(attempts=0)
    send(endpoint)
    endpoint.refresh_from_db()
    assert not endpoint.enabled

    change_endpoint(endpoint_id=endpoint.pk, actor="user:bob", enabled=True)
    first, second = tell(endpoint), tell(endpoint)
    receiver.answers = [200, 500]
    send(endpoint)
    WebhookDelivery.objects.filter(pk=second.pk).update(attempts=9)
    make_due()
    send(endpoint)

    endpoint.refresh_from_db()
    first.refresh_from_db()
    assert first.state == DELIVERED
    assert endpoint.enabled


def test_410_ends_it_at_once(shop: Business, endpoint: Any, receiver: Receiver) -> None:
    receiver.answers = [410]
    first, second = tell(endpoint), tell(endpoint)

    send(endpoint)

    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "It answered 410 Gone")
    assert {d.state for d in WebhookDelivery.objects.all()} == {FAILED}
    assert len(receiver.got) == 1
    assert Event.objects.filter(kind="webhook.disabled").count() == 1
    assert due_endpoints(now=timezone.now()) == []
    assert {first.pk, second.pk} == set(WebhookDelivery.objects.values_list("pk", flat=True))


def test_a_redirect_is_not_followed(endpoint: Any, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [302], {"Location": "http://169.254.169.254/latest/meta-data"}
    delivery = tell(endpoint)

    send(endpoint)

    delivery.refresh_from_db()
    assert (delivery.response_status, delivery.last_error) == (302, "Redirects are not followed")
    assert delivery.state == PENDING


def test_a_slow_receiver_is_left_and_paused(endpoint: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TIMEOUT_SECONDS", 0.3)
    receiver.delay = 1
    first, second = tell(endpoint), tell(endpoint)

    assert send(endpoint) == (0, False)

    first.refresh_from_db()
    second.refresh_from_db()
    endpoint.refresh_from_db()
    assert first.last_error == "No answer within 0.3 s"
    assert (first.response_status, first.state, second.attempts) == (None, PENDING, 0)
    assert (endpoint.failures, endpoint.enabled) == (1, True)
    assert endpoint.held_until > timezone.now() + timedelta(seconds=3)
    assert due_endpoints(now=timezone.now()) == []
    receiver.delay = 0
    make_due()
    assert send(endpoint) == (2, False)
    endpoint.refresh_from_db()
    assert endpoint.failures == 0


def test_a_receiver_that_asks_for_time_gets_it(endpoint: Any, receiver: Receiver) -> None:
    receiver.answers, receiver.headers = [503], {"Retry-After": "600"}
    delivery = tell(endpoint)
    send(endpoint)

    delivery.refresh_from_db()
    assert delivery.next_attempt_at > timezone.now() + timedelta(seconds=590)


def test_nothing_goes_to_private_addresses(shop: Business, endpoint: Any, receiver: Receiver, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    delivery = tell(endpoint)

    send(endpoint)
    delivery.refresh_from_db()

    assert receiver.got == []
    assert "may not be reached" in delivery.last_error
    for url in (
        "http://127.0.0.1/x",
        "http://169.254.169.254/",
        "http://[::1]/",
        "ftp://example.com",
        "http://u:p@example.com",
    ):
        with pytest.raises(Invalid, match="url"):
            add_endpoint(business_id=shop.pk, url=url, actor="user:bob")


def test_an_ended_delivery_is_sent_again_on_request(endpoint: Any, receiver: Receiver) -> None:
    delivery = tell(endpoint)
    with pytest.raises(StaleState, match="on its way"):
        redeliver(delivery_id=delivery.pk, actor="user:bob")
    send(endpoint)

    redeliver(delivery_id=delivery.pk, actor="user:bob")
    assert send(endpoint) == (1, False)

    assert [headers["webhook-id"] for headers, _ in receiver.got] == [str(delivery.event_id)] * 2
    change_endpoint(endpoint_id=endpoint.pk, actor="user:bob", enabled=False)
    with pytest.raises(StaleState, match="disabled"):
        redeliver(delivery_id=delivery.pk, actor="user:bob")


def test_both_secrets_sign_for_a_day_after_a_rotation(endpoint: Any, receiver: Receiver) -> None:
    _, fresh = rotate_secret(endpoint_id=endpoint.pk, actor="user:bob")
    tell(endpoint)
    send(endpoint)
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    tell(endpoint)
    send(endpoint)

    (both, body), (only_new, later) = receiver.got
    for secret in (endpoint.shown, fresh):
        Webhook(secret).verify(body, both)
    Webhook(fresh).verify(later, only_new)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.shown).verify(later, only_new)


def test_secrets_are_neither_stored_bare_nor_logged(
    endpoint: Any, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers = [500]
    tell(endpoint)
    send(endpoint)

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM approvals_webhookendpoint e")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(data::text, '') FROM core_event")
        audited = cursor.fetchone()[0]
    start = endpoint.shown.removeprefix("whsec_")[:12]
    assert start not in stored + audited + caplog.text


def test_no_transaction_is_open_while_the_receiver_answers(
    endpoint: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths = []
    real = delivering.send

    def look(*args: Any, **kwargs: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return real(*args, **kwargs)

    monkeypatch.setattr(delivering, "send", look)
    outside = len(connection.savepoint_ids)
    tell(endpoint)
    send(endpoint)

    assert depths == [outside]


def test_a_worker_that_died_has_used_one_try_and_another_goes_on(
    endpoint: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = tell(endpoint)

    def die(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "send", die)
        with pytest.raises(KeyboardInterrupt):
            send(endpoint)
    assert send(endpoint) == (0, False)
    assert receiver.got == []
    make_due()

    assert send(endpoint) == (1, False)
    delivery.refresh_from_db()
    assert delivery.attempts == 2


def test_an_attempt_that_outlived_its_lease_overwrites_nothing(
    endpoint: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = tell(endpoint)
    real = delivering.send

    def be_overtaken(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        WebhookDelivery.objects.update(attempts=2)
        return answer

    monkeypatch.setattr(delivering, "send", be_overtaken)
    receiver.answers = [500]
    send(endpoint)

    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.last_error) == (2, "")


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_message_once(endpoint: Any, receiver: Receiver) -> None:
    for _ in range(15):
        tell(endpoint)
    sent: list[int] = []

    in_threads(4, lambda _: sent.append(send(endpoint)[0]))

    assert sum(sent) == 15
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == len(receiver.got) == 15


def test_a_secret_that_cannot_be_opened_is_a_failed_try(endpoint: Any, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(secret="not sealed by us")
    delivery = tell(endpoint)

    assert send(endpoint) == (0, False)

    delivery.refresh_from_db()
    assert "could not be opened" in delivery.last_error
    assert receiver.got == []


def test_the_sweep_wakes_endpoints_with_something_due(endpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(deliver_webhooks, "delay", woken.append)
    deliver_due_webhooks()
    assert woken == []

    tell(endpoint)
    tell(endpoint)
    deliver_due_webhooks()

    assert woken == [str(endpoint.pk)]


def test_old_deliveries_are_forgotten_pending_ones_are_not(endpoint: Any, receiver: Receiver) -> None:
    tell(endpoint)
    send(endpoint)
    waiting = tell(endpoint)
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))

    assert forget_deliveries() == 1
    assert list(WebhookDelivery.objects.all()) == [waiting]


# The rules.


def test_the_schedule_lasts_for_days_and_ends() -> None:
    waits = [next_try(attempt, 0.5) for attempt in range(1, 10)]

    assert timedelta(days=3) < sum((wait for wait in waits if wait), timedelta()) < timedelta(days=4)
    assert next_try(10, 0.5) is None
    assert next_try(1, 0) == timedelta(seconds=5)
    assert next_try(1, 0, 10**9) == timedelta(days=1)
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 100, 1000)] == [5, 10, 20, 300, 300]
    assert [seconds_asked(h) for h in (None, "7", "x", "Wed, 21 Oct", "9" * 20)] == [None, 7, None, None, None]


@pytest.mark.parametrize(
    ("kinds", "kind", "told"),
    [
        ([], "approval.approved", True),
        ([], "goal.finished", True),
        ([], "api_key.issued", False),
        (["*"], "api_key.issued", False),
        (["*"], "goal.finished", True),
        (["approval.*"], "goal.finished", False),
        (["approval.approved"], "approval.approved", True),
        (["approval.approved"], "approval.rejected", False),
    ],
)
def test_endpoints_are_told_what_they_want(kinds: list[str], kind: str, told: bool) -> None:
    assert wants(kinds, kind) is told


def test_kinds_that_name_nothing_are_found() -> None:
    assert bad_kinds(["*", "approval.*", "goal.finished"]) == []
    assert bad_kinds(["", "approval", "api_key.*", "a.b.c", "approval.*x"]) == [
        "",
        "approval",
        "api_key.*",
        "a.b.c",
        "approval.*x",
    ]


# Over REST.


def test_endpoints_over_rest(api: APIClient, other_api: APIClient, receiver: Receiver, shop: Business) -> None:
    made = api.post("/v1/webhooks", {"url": receiver.url, "kinds": ["approval.*"]})
    assert made.status_code == 201
    secret, where = made.json()["secret"], f"/v1/webhooks/{made.json()['id']}"
    assert secret.startswith("whsec_")

    assert "secret" not in api.get(where).json()
    assert "secret" not in json.dumps(api.get("/v1/webhooks").json())
    assert api.patch(where, {"kinds": ["goal.*"]}).json()["kinds"] == ["goal.*"]
    assert api.patch(where, {"enabled": False}).json()["enabled"] is False
    assert api.patch(where, {"enabled": True}).json()["disabled_reason"] == ""
    assert api.post(f"{where}/rotate").json()["secret"] != secret
    for client_method, path in [
        ("get", ""),
        ("patch", ""),
        ("delete", ""),
        ("get", "/deliveries"),
        ("post", "/rotate"),
    ]:
        assert getattr(other_api, client_method)(where + path).status_code == 404
    assert other_api.get("/v1/webhooks").json() == {"results": []}
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://example.com", "kinds": ["nothing"]}, "kinds"),
        ({"url": "https://example.com", "kinds": ["a.b"] * 51}, "kinds"),
        ({"url": "https://example.com", "secret": "mine"}, "secret"),
        ({"url": "https://example.com\u0000"}, "url"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(api: APIClient, body: dict[str, Any], field: str) -> None:
    answer = api.post("/v1/webhooks", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith(field)


def test_deliveries_over_rest(api: APIClient, endpoint: Any, receiver: Receiver) -> None:
    delivery = tell(endpoint)
    where = f"/v1/webhooks/{endpoint.pk}/deliveries"
    send(endpoint)

    (row,) = api.get(where).json()["results"]
    assert (row["state"], row["response_status"], row["attempts"]) == ("delivered", 204, 1)
    assert api.post(f"{where}/{delivery.pk}/redeliver").status_code == 202
    assert api.post(f"{where}/{delivery.pk}/redeliver").status_code == 409
    assert api.post(f"{where}/{endpoint.pk}/redeliver").status_code == 404
