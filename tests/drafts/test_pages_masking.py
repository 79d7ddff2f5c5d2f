"""What is masked on the pages of mail, and who may look behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event
from apps.drafts.models import Draft, Message
from apps.drafts.states import Direction
from tests.drafts.page_rows import (
    draft_of,
    mailbox_of,
    redaction_of,
    thread_of,
)

SignIn = Callable[[User], Any]
MOST_QUERIES = 22


@pytest.fixture
def drafted(shop: Business) -> Callable[..., tuple[Draft, ApprovalRequest]]:
    def make(**more: Any) -> tuple[Draft, ApprovalRequest]:
        with acting_for(shop.pk):
            thread = thread_of(mailbox_of(shop, address=f"help{shop.mailboxes.count()}@corner-shop.example"))
            return draft_of(thread.messages.get(), **more)

    return make


def item(row: ApprovalRequest) -> str:
    return reverse("admin:queue-item", args=[row.pk])


def shown(client: Any, row: ApprovalRequest) -> str:
    answer = client.get(item(row))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_masked_data_is_shown_to_admins_once_and_audited(
    signed_in: SignIn, alice: User, bob: User, drafted: Any, shop: Business
) -> None:
    draft, row = drafted()
    with acting_for(shop.pk):
        redaction = redaction_of(draft)
    url = reverse("admin:redaction-reveal", args=[redaction.pk])
    page = shown(signed_in(alice), row)
    assert "[card ending 1111]" in page
    assert "4111" not in page
    assert signed_in(alice).post(url).status_code == 403
    client = signed_in(bob)
    assert "4111" not in shown(client, row)
    assert client.get(url).status_code == 405
    answer = client.post(url)
    assert "4111 1111 1111 1111" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    told = Event.objects.filter(kind="personal_data.revealed", business_id=shop.pk)
    assert [(one.actor, one.data["id"]) for one in told] == [(f"user:{bob.email}", str(redaction.pk))]
    assert "4111" not in str(told[0].data)


def test_personal_data_in_the_mail_is_masked_until_an_admin_looks(
    signed_in: SignIn, alice: User, bob: User, shop: Business
) -> None:
    with acting_for(shop.pk):
        thread = thread_of(
            mailbox_of(shop), texts=[(Direction.IN, "My card is 4111 1111 1111 1111, is that all right?")]
        )
        draft, row = draft_of(thread.messages.get())
    url = reverse("admin:message-reveal", args=[draft.message_id])
    assert "4111 1111" not in shown(signed_in(alice), row)
    assert signed_in(alice).post(url).status_code == 403
    assert "4111 1111 1111 1111" in signed_in(bob).post(url, headers={"x-part": "1"}).content.decode()
    assert Event.objects.filter(kind="personal_data.revealed", actor=f"user:{bob.email}").count() == 1


def test_html_of_a_mail_stands_alone_in_a_frame_that_can_do_nothing(
    signed_in: SignIn, alice: User, drafted: Any, shop: Business
) -> None:
    draft, _ = drafted()
    url = reverse("admin:message-html", args=[draft.message_id])
    client = signed_in(alice)
    assert client.get(url).status_code == 404
    with acting_for(shop.pk):
        Message.objects.filter(pk=draft.message_id).update(html="<p>Hello, card 4111 1111 1111 1111</p>")
    answer = client.get(url)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "4111 1111" not in answer.content.decode()
