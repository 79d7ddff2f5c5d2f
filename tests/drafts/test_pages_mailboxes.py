"""Mailboxes, drafting settings and unsure sendings: who may change them, and what never comes out again."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.accounts.models import Business, User
from apps.accounts.row_access import acting_for
from apps.agents.models import Tool
from apps.core.models import Event
from apps.core.sealing import unseal
from apps.drafts.models import DraftSettings, IntentTool, Mailbox
from apps.drafts.states import SendState
from tests.drafts.page_rows import draft_of, mailbox_of, sending_of, thread_of

SignIn = Callable[[User], Any]
FORM = {
    "address": "help@corner-shop.example",
    "name": "Corner Shop",
    "aliases": "orders@corner-shop.example",
    "signature": "Your Corner Shop",
    "imap_host": "imap.example.com",
    "imap_port": 993,
    "imap_security": "tls",
    "imap_user": "help",
    "imap_password": "open-the-box",
    "imap_folder": "INBOX",
    "after_fetch": "leave",
    "smtp_host": "smtp.example.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
    "smtp_user": "help",
    "smtp_password": "send-the-box",
}
SETTINGS = {
    "enabled": "on",
    "guidance": "Warm and short",
    "model": "",
    "token_budget": 3000,
    "control_share": 50,
    "keep_days": 90,
}


def body_of(answer: Any) -> str:
    return str(answer.content.decode())


def added(client: Any, **changes: Any) -> Any:
    return client.post(reverse("admin:mailbox-add"), FORM | changes)


def test_a_mailbox_is_added_with_sealed_passwords(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    assert added(client).status_code == 302
    with acting_for(shop.pk):
        box = Mailbox.objects.get()
        told = Event.objects.get(kind="mailbox.added")
    assert unseal(box.imap_password) == "open-the-box"
    assert unseal(box.smtp_password) == "send-the-box"
    assert box.aliases == ["orders@corner-shop.example"]
    page = body_of(client.get(reverse("admin:mailbox", args=[box.pk])))
    assert "open-the-box" not in page
    assert box.imap_password not in page
    assert "box" not in str(told.data)


def test_an_empty_password_keeps_the_one_that_is_set(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    added(client)
    with acting_for(shop.pk):
        box = Mailbox.objects.get()
    changed = FORM | {"imap_password": "", "smtp_password": "another", "name": "The Corner Shop"}
    assert client.post(reverse("admin:mailbox", args=[box.pk]), changed).status_code == 302
    with acting_for(shop.pk):
        box.refresh_from_db()
    assert (unseal(box.imap_password), unseal(box.smtp_password)) == ("open-the-box", "another")
    assert box.name == "The Corner Shop"


def test_another_server_is_not_told_the_password(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    added(client)
    with acting_for(shop.pk):
        box = Mailbox.objects.get()
    url = reverse("admin:mailbox", args=[box.pk])
    for kind in ("imap", "smtp"):
        moved = FORM | {"imap_password": "", "smtp_password": "", f"{kind}_host": f"{kind}.elsewhere.example"}
        answer = client.post(url, moved)
        assert answer.status_code == 422 and "Type it again" in body_of(answer)
        with acting_for(shop.pk):
            box.refresh_from_db()
        assert getattr(box, f"{kind}_host") == f"{kind}.example.com"
        assert client.post(url, moved | {f"{kind}_password": "again"}).status_code == 302
        assert client.post(url, FORM).status_code == 302


def test_who_signs_in_at_a_provider_leaves_the_passwords_behind(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    added(client)
    with acting_for(shop.pk):
        box = Mailbox.objects.get()
    blank = {"imap_host": "", "smtp_host": "", "imap_password": "", "smtp_password": "", "sign_in": "google"}
    assert client.post(reverse("admin:mailbox", args=[box.pk]), FORM | blank).status_code == 302
    with acting_for(shop.pk):
        box.refresh_from_db()
    assert (box.imap_host, box.smtp_host) == ("imap.gmail.com", "smtp.gmail.com")
    assert (box.imap_password, box.smtp_password) == ("", "")


def test_another_folder_is_read_from_its_beginning(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    added(client)
    with acting_for(shop.pk):
        box = Mailbox.objects.get()
        Mailbox.objects.update(uid_validity=7, last_uid=900, failures=3, last_error="refused")
    client.post(reverse("admin:mailbox", args=[box.pk]), FORM | {"imap_folder": "Support"})
    with acting_for(shop.pk):
        box.refresh_from_db()
    assert (box.uid_validity, box.last_uid, box.failures, box.last_error) == (None, 0, 0, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": "nobody"}, "valid email"),
        ({"imap_host": "http://imap.example.com/x"}, "The name of a server"),
        ({"imap_port": "99999"}, "1 to 65535"),
        ({"aliases": "nobody at home"}, "is not an address"),
        ({"imap_folder": "INBOX\r\nA1 LOGOUT"}, "single line"),
    ],
)
def test_a_mailbox_that_cannot_be_is_refused_beside_its_field(
    signed_in: SignIn, bob: User, shop: Business, changes: dict[str, Any], words: str
) -> None:
    answer = added(signed_in(bob), **changes)
    assert answer.status_code == 422
    assert words in body_of(answer)
    assert "open-the-box" not in body_of(answer)
    with acting_for(shop.pk):
        assert not Mailbox.objects.exists()


def test_an_address_is_taken_once(signed_in: SignIn, bob: User, shop: Business) -> None:
    client = signed_in(bob)
    added(client)
    answer = added(client)
    assert answer.status_code == 422
    with acting_for(shop.pk):
        assert Mailbox.objects.count() == 1


def test_the_secret_of_the_webhook_is_shown_once(signed_in: SignIn, bob: User, shop: Business) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
    client = signed_in(bob)
    page = body_of(client.post(reverse("admin:mailbox-secret", args=[box.pk])))
    with acting_for(shop.pk):
        box.refresh_from_db()
    secret = unseal(box.webhook_secret)
    assert secret.startswith("whsec_")
    assert secret in page.replace("&#x2B;", "+").replace("&amp;", "&")
    assert secret not in body_of(client.get(reverse("admin:mailbox", args=[box.pk])))
    assert secret not in str([event.data for event in Event.objects.all()])


def test_a_mailbox_is_turned_off_and_on(signed_in: SignIn, bob: User, shop: Business) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
    client, url = signed_in(bob), reverse("admin:mailbox-turn", args=[box.pk])
    for on in ("0", "0", "1"):
        client.post(url, {"on": on})
        with acting_for(shop.pk):
            box.refresh_from_db()
        assert box.enabled is (on == "1")
    kinds = list(Event.objects.filter(subject_type="mailbox").order_by("id").values_list("kind", flat=True))
    assert kinds == ["mailbox.turned_off", "mailbox.turned_on"]


@pytest.mark.parametrize("user", ["alice", "victor"])
def test_only_admins_configure(request: pytest.FixtureRequest, signed_in: SignIn, shop: Business, user: str) -> None:
    with acting_for(shop.pk):
        box = mailbox_of(shop)
        draft, _ = draft_of(thread_of(box).messages.get())
        sending = sending_of(draft, SendState.UNSURE)
    client = signed_in(request.getfixturevalue(user))
    for name in ("mailboxes", "threads", "sendings", "draft-settings"):
        assert client.get(reverse(f"admin:{name}")).status_code == 200, name
    assert client.get(reverse("admin:mailbox-add")).status_code == 403
    assert client.get(reverse("admin:mailbox", args=[box.pk])).status_code == 403
    for name, pk in (
        ("mailbox", box.pk), ("mailbox-test", box.pk), ("mailbox-turn", box.pk), ("mailbox-secret", box.pk),
        ("sending-settle", sending.pk), ("draft-tool-unmap", uuid4()),
    ):  # fmt: skip
        assert client.post(reverse(f"admin:{name}", args=[pk]), FORM).status_code == 403, name
    for name in ("mailbox-add", "draft-settings", "draft-tool-map"):
        assert client.post(reverse(f"admin:{name}"), FORM | SETTINGS).status_code == 403, name


def test_settings_are_kept_and_refused_in_words(signed_in: SignIn, bob: User, shop: Business) -> None:
    client, url = signed_in(bob), reverse("admin:draft-settings")
    assert client.post(url, SETTINGS | {"keep_prompts": "on"}).status_code == 302
    with acting_for(shop.pk):
        row = DraftSettings.objects.get()
    assert (row.guidance, row.token_budget, row.keep_days, row.keep_prompts) == ("Warm and short", 3000, 90, True)
    assert "Prompts are kept." in body_of(client.get(url))
    for wrong in ({"token_budget": 3}, {"control_share": 100}, {"keep_days": 0}, {"guidance": "a\x00b"}):
        assert client.post(url, SETTINGS | wrong).status_code == 422, wrong
    with acting_for(shop.pk):
        assert DraftSettings.objects.get().token_budget == 3000


def test_a_tool_is_mapped_to_an_intent(signed_in: SignIn, bob: User, shop: Business, other_shop: Business) -> None:
    parameters = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    values = {"name": "order_status", "kind": "http", "url": "https://shop.example/", "parameters": parameters}
    with acting_for(shop.pk):
        tool = Tool.objects.create(business=shop, **values)
    with acting_for(other_shop.pk):
        theirs = Tool.objects.create(business=other_shop, **values)
    client, url = signed_in(bob), reverse("admin:draft-tool-map")
    page = body_of(client.get(reverse("admin:draft-settings")))
    assert '<option value="order_number" selected>' in page
    sent = {
        "intent": "ORDER",
        "tool": str(tool.pk),
        f"p:{tool.pk}:order_id": "order_number",
        f"p:{theirs.pk}:x": "date",
    }
    assert client.post(url, sent).status_code == 302
    with acting_for(shop.pk):
        row = IntentTool.objects.get()
    assert (row.intent, row.tool_id, row.arguments) == ("ORDER", tool.pk, {"order_id": "order_number"})
    for wrong in ({"tool": "x"}, {"tool": str(theirs.pk)}, {"intent": "NONE"}, {f"p:{tool.pk}:order_id": "password"}):
        assert client.post(url, sent | wrong).status_code == 422, wrong
    assert client.post(reverse("admin:draft-tool-unmap", args=[row.pk])).status_code == 302
    with acting_for(shop.pk):
        assert not IntentTool.objects.exists()
