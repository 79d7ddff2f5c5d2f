"""The admin pages of approvals: what was decided, policies, webhooks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from standardwebhooks import Webhook

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.deciding import decide
from apps.approvals.endpoints import add_endpoint
from apps.approvals.models import ApprovalRequest, Decision, Notice, Policy, WebhookDelivery, WebhookEndpoint
from apps.approvals.webhooks import queue_deliveries
from apps.core.events import record
from apps.core.models import Event
from tests.approvals.conftest import as_person, ask_in

SignIn = Callable[[User], Client]
POLICY = {
    "kind": "goal",
    "decider_role": "reviewer",
    "approvers": "1",
    "deadline_minutes": "60",
    "on_timeout": "reject",
    "escalate_to": "admin",
    "reason_presets": "Too risky\n\n Not now ",
}


def decided(business: Business, user: User, **changes: Any) -> ApprovalRequest:
    with acting_for(business.pk):
        request = ask_in(business, **changes)
        return decide(
            request_id=request.pk,
            by=as_person(user, business, "owner"),
            verdict="reject",
            payload_hash=request.payload_hash,
            reason="Too risky",
        )


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:approvals_{name}", args=args)


def test_the_decided_are_listed_and_found_without_those_that_wait(
    signed_in: SignIn, shop: Business, other_shop: Business, alice: User, mallory: User
) -> None:
    row = decided(shop, alice, title="Refund the teapot")
    decided(shop, alice, title="Cancel the lamp")
    decided(other_shop, mallory, title="Foreign teapot")
    with acting_for(shop.pk):
        ask_in(shop, title="Waiting teapot")
    browser = signed_in(alice)

    everything = browser.get(page("approvalrequest_changelist")).content.decode()
    assert "Refund the teapot" in everything
    assert "Waiting teapot" not in everything
    assert "Foreign teapot" not in everything
    for query in ("teap", "REFUND the", str(row.pk), str(row.pk)[:13]):
        found = browser.get(page("approvalrequest_changelist"), {"q": query}).content.decode()
        assert "Refund the teapot" in found
        assert "Foreign teapot" not in found
    assert "Cancel the lamp" not in browser.get(page("approvalrequest_changelist"), {"q": "teapot"}).content.decode()
    assert (
        "Refund the teapot" not in browser.get(page("approvalrequest_changelist") + "?state=approved").content.decode()
    )
    assert browser.get(page("approvalrequest_changelist"), {"q": "' & | ! \\ :*"}).status_code == 200


def test_one_decided_is_shown_with_its_decisions_and_cannot_be_changed(
    signed_in: SignIn, shop: Business, alice: User, carol: User
) -> None:
    row = decided(shop, alice, payload={"note": "<script>alert(1)</script>"})
    browser = signed_in(carol)

    shown = browser.get(page("approvalrequest_change", row.pk)).content.decode()
    assert "user:alice@example.com" in shown
    assert "<script>alert(1)" not in shown
    for name in ("approvalrequest", "decision"):
        assert browser.get(page(f"{name}_add")).status_code == 403
        target = row if name == "approvalrequest" else Decision.objects.get()
        assert browser.post(page(f"{name}_change", target.pk), {"state": "approved"}).status_code == 403
        assert browser.post(page(f"{name}_delete", target.pk), {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "rejected"


def test_the_lists_take_as_many_queries_for_many_as_for_few(signed_in: SignIn, shop: Business, alice: User) -> None:
    browser, counts = signed_in(alice), []
    decided(shop, alice)
    for _ in range(2):
        for name in ("approvalrequest", "decision"):
            browser.get(page(f"{name}_changelist"))
            with CaptureQueriesContext(connection) as seen:
                browser.get(page(f"{name}_changelist"))
            counts.append(len(seen))
        for _ in range(5):
            decided(shop, alice)

    assert counts[:2] == counts[2:]
    assert "Refund order" in browser.get(page("decision_changelist"), {"q": "alice"}).content.decode()


@pytest.mark.parametrize(
    "name", ["policy_add", "webhookendpoint_changelist", "webhookendpoint_add", "webhookdelivery_changelist"]
)
def test_rules_and_webhooks_are_for_admins(signed_in: SignIn, alice: User, bob: User, name: str) -> None:
    assert signed_in(bob).get(page(name)).status_code == 200
    assert signed_in(alice).get(page(name)).status_code == 403


def test_an_admin_writes_a_policy(signed_in: SignIn, shop: Business, bob: User) -> None:
    browser = signed_in(bob)

    assert browser.post(page("policy_add"), POLICY).status_code == 302
    policy = Policy.objects.get()
    assert (policy.business, policy.reason_presets) == (shop, ["Too risky", "Not now"])
    assert Event.objects.get(kind="policy.created").actor == "user:bob@example.com"
    again = browser.post(page("policy_add"), POLICY)
    assert again.status_code == 200
    assert "already exists" in again.content.decode()
    assert browser.post(page("policy_change", policy.pk), POLICY | {"approvers": "2"}).status_code == 302
    policy.refresh_from_db()
    assert policy.approvers == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "Not a word"},
        {"decider_role": "viewer"},
        {"decider_role": "owner"},
        {"approvers": "0"},
        {"approvers": "11"},
        {"approvers": "2", "requester_may_decide": "on"},
        {"deadline_minutes": "0"},
        {"deadline_minutes": "9999999"},
        {"on_timeout": "approve"},
        {"reason_presets": "x" * 81},
    ],
)
def test_a_policy_that_cannot_be_is_refused(signed_in: SignIn, bob: User, wrong: dict[str, str]) -> None:
    assert signed_in(bob).post(page("policy_add"), POLICY | wrong).status_code == 200
    assert not Policy.objects.exists()


def test_an_endpoint_is_added_shown_once_and_rotated(signed_in: SignIn, shop: Business, bob: User) -> None:
    browser = signed_in(bob)

    added = browser.post(page("webhookendpoint_add"), {"url": "http://127.0.0.1:9/hook", "kinds": "approval.*"})
    endpoint = WebhookEndpoint.objects.get()
    secret = added.context["secret"]
    assert secret in added.content.decode()
    assert "no-store" in added["Cache-Control"]
    Webhook(secret)
    assert secret not in browser.get(page("webhookendpoint_change", endpoint.pk)).content.decode()
    rotate = page("webhookendpoint_rotate", endpoint.pk)
    assert browser.get(rotate).status_code == 200
    rotated = browser.post(rotate)
    assert rotated.context["secret"] != secret
    kinds = set(Event.objects.filter(subject_type="webhook").values_list("kind", flat=True))
    assert kinds == {"webhook.added", "webhook.rotated"}


def test_an_endpoint_is_changed_switched_off_and_removed(signed_in: SignIn, shop: Business, bob: User) -> None:
    endpoint, _ = add_endpoint(business_id=shop.pk, url="http://127.0.0.1:9/hook", actor="user:bob")
    browser, change = signed_in(bob), page("webhookendpoint_change", endpoint.pk)

    assert browser.post(change, {"url": "http://127.0.0.1:9/other", "kinds": ""}).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.enabled, endpoint.disabled_reason) == (
        "http://127.0.0.1:9/other",
        False,
        "Switched off",
    )
    for url, kinds in (("http://10.0.0.1/", ""), ("http://127.0.0.1:9/", "nothing")):
        assert browser.post(change, {"url": url, "kinds": kinds, "enabled": "on"}).status_code == 200
    assert browser.post(page("webhookendpoint_delete", endpoint.pk), {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()


def test_a_delivery_is_sent_again_from_the_list(signed_in: SignIn, shop: Business, bob: User) -> None:
    add_endpoint(business_id=shop.pk, url="http://127.0.0.1:9/hook", actor="user:bob")
    with acting_for(shop.pk):
        event = record(kind="goal.done", subject_type="goal", subject_id="1", business_id=shop.pk, actor="system:x")
    queue_deliveries([event])
    delivery = WebhookDelivery.objects.get()
    browser, again = signed_in(bob), {"action": "send_again", "_selected_action": [str(delivery.pk)]}

    waiting = browser.post(page("webhookdelivery_changelist"), again, follow=True).content.decode()
    assert "on its way already" in waiting
    WebhookDelivery.objects.update(state="failed", attempts=10)
    browser.post(page("webhookdelivery_changelist"), again)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)
    assert browser.get(page("webhookdelivery_change", delivery.pk)).status_code == 200


def test_mails_under_way_are_shown_to_admins(signed_in: SignIn, shop: Business, bob: User) -> None:
    with acting_for(shop.pk):
        request = ask_in(shop)
    Notice.objects.create(
        business=shop, request=request, kind="reminder", role="reviewer", next_attempt_at=request.created_at
    )

    assert "Refund order 1182" in signed_in(bob).get(page("notice_changelist")).content.decode()
