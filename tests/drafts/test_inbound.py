"""Mail that is posted to us: signed, fresh, whole, and once."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.sealing import unseal
from apps.core.signing import new_secret
from apps.drafts.models import Draft, Mailbox, Message
from apps.drafts.parsing import MOST_BYTES
from tests.drafts.mail_servers import a_raw_mail, connected


@pytest.fixture
def mailbox(shop: Business) -> Mailbox:
    with acting_for(shop.pk):
        return connected(shop)


def signature(secret: str, content: bytes, at: datetime, message_id: str = "m1") -> dict[str, str]:
    import hashlib
    import hmac

    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = str(int(at.timestamp()))
    signed = hmac.new(key, f"{message_id}.{stamp}.".encode() + content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1,AAAA v1," + base64.b64encode(signed).decode(),
    }


def post(
    mailbox: Mailbox, content: bytes, *, kind: str = "message/rfc822", at: datetime | None = None, **changes: Any
) -> Any:
    headers = signature(unseal(mailbox.webhook_secret), content, at or datetime.now(UTC)) | changes
    client = APIClient()
    return client.generic("POST", f"/v1/mail/inbound/{mailbox.pk}", content, content_type=kind, headers=headers)


def test_a_raw_mail_is_taken_in_once(mailbox: Mailbox) -> None:
    raw = a_raw_mail()
    first, again = post(mailbox, raw), post(mailbox, raw)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["message"] == again.json()["message"]
    assert (first.json()["duplicate"], again.json()["duplicate"]) == (False, True)
    assert first.json()["draft"] == str(Draft.objects.get().pk)
    assert Message.objects.get().source == "webhook"


def test_bytes_of_no_character_set_are_taken(mailbox: Mailbox) -> None:
    assert post(mailbox, b"From: a@b.c\r\n\r\n\xff\xfe\xfd").status_code == 201


def test_a_mail_in_json_is_taken(mailbox: Mailbox) -> None:
    content = json.dumps({"raw": base64.b64encode(a_raw_mail()).decode()}).encode()
    assert post(mailbox, content, kind="application/json").status_code == 201


@pytest.mark.parametrize("content", [b"", b"[]", b'{"raw": 1}', b'{"raw": "%%"}', b'{"raw": "", "x": 1}', b"\xff"])
def test_json_of_another_shape_is_refused_with_words(mailbox: Mailbox, content: bytes) -> None:
    answer = post(mailbox, content, kind="application/json")
    assert answer.status_code == 400 and answer.json()["detail"]
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1," + "ä" * 9},
        {"webhook-id": "another"},
        {"webhook-timestamp": "x"},
        {"webhook-timestamp": "9" * 30},
        {"webhook-timestamp": "-1"},
    ],
)
def test_who_does_not_sign_is_refused(mailbox: Mailbox, changes: dict[str, str]) -> None:
    assert post(mailbox, a_raw_mail(), **changes).status_code == 403
    assert not Message.objects.exists()


def test_an_old_or_future_signature_is_refused(mailbox: Mailbox) -> None:
    for minutes in (-6, 6):
        assert post(mailbox, a_raw_mail(), at=datetime.now(UTC) + timedelta(minutes=minutes)).status_code == 403


def test_the_secret_of_another_mailbox_is_refused(mailbox: Mailbox, other_shop: Business) -> None:
    with acting_for(other_shop.pk):
        other = connected(other_shop, address="x@other.example")
    headers = signature(unseal(other.webhook_secret), b"x", datetime.now(UTC))
    answer = APIClient().generic(
        "POST", f"/v1/mail/inbound/{mailbox.pk}", b"x", content_type="message/rfc822", headers=headers
    )
    assert answer.status_code == 403


def test_no_mailbox_and_one_that_is_off_answer_alike(mailbox: Mailbox) -> None:
    headers = signature(new_secret(), b"x", datetime.now(UTC))
    path = "/v1/mail/inbound/01890a5d-ac96-774b-bcce-b302099a8057"
    none = APIClient().generic("POST", path, b"x", content_type="message/rfc822", headers=headers)
    Mailbox.objects.update(enabled=False)
    off = post(mailbox, a_raw_mail())
    Mailbox.objects.update(enabled=True, webhook_secret="")
    without = APIClient().generic(
        "POST", f"/v1/mail/inbound/{mailbox.pk}", b"x", content_type="message/rfc822", headers=headers
    )
    assert none.status_code == off.status_code == without.status_code == 403
    assert none.json()["detail"] == off.json()["detail"] == without.json()["detail"]


def test_what_is_too_large_is_refused_with_words(mailbox: Mailbox) -> None:
    answer = post(mailbox, b"x" * (MOST_BYTES + 1))
    assert (answer.status_code, answer.json()["detail"]) == (413, "A mail may have 25 MB at most")
    told = post(mailbox, b"x", **{"content-length": str(10**12)})
    assert told.status_code == 413


def test_a_get_is_refused(mailbox: Mailbox) -> None:
    assert APIClient().get(f"/v1/mail/inbound/{mailbox.pk}").status_code == 405
