"""The five security suites a release is checked by, each under its own name."""

import json
from typing import Any

import pytest

from apps.accounts.models import Business, User
from apps.core.errors import Invalid
from apps.drafts.composing import make_draft
from apps.drafts.models import Message, Sending
from tests.drafts.letters import (
    CUSTOMER,
    ORDER,
    Outside,
    a_mail,
    an_order_tool,
    draft_of,
    know_reply,
    request_of,
    turn_on_retrieval,
    use_model,
    version_of,
    whole_of,
)
from tests.drafts.test_scenarios import CARD, IBAN, SSN, approve

pytestmark = pytest.mark.django_db
FINE = "Hello Anna,\n\nyour order HP-2041 has shipped.\n\nKind regards\nCorner Shop"


@pytest.fixture
def model(shop: Business, world: Outside, settings: Any) -> Outside:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    use_model(settings, world)
    world.writes(FINE)
    return world


def make(shop: Business, *args: Any, **more: Any) -> Message:
    message = a_mail(shop, *args, **more)
    make_draft(draft_id=draft_of(message).pk)
    return message


def asked_of(world: Outside) -> str:
    """Everything that the model was sent, as text."""
    return json.dumps([one.body for one in world.to("/v1/chat/completions")], ensure_ascii=False)


# --- 1. Tool whitelist enforcement -----------------------------------------------------------------------------------


def test_suite_1_tool_whitelist_enforcement_other_fields_reach_neither_model_nor_draft(
    shop: Business, model: Outside
) -> None:
    secret = {"margin": "0.4217", "supplier": "Acme Wholesale"}
    order: dict[str, Any] = {**ORDER["order"], "note": "VIP-SECRET", **secret}
    model.says("/orders", {"order": order, **secret, "debug": "TRACE-77"})
    message = make(shop)
    everything = whole_of(version_of(message)) + asked_of(model) + json.dumps(request_of(message).payload)
    assert "shipped" in everything
    for hidden in ("VIP-SECRET", "0.4217", "Acme Wholesale", "TRACE-77"):
        assert hidden not in everything


@pytest.mark.parametrize(
    "answer", ["shipped", 7, [], {}, None, {"order": None}, {"orders": []}, {"error": "no such order"}, {"order": "x"}],
    ids=repr,
)  # fmt: skip
def test_suite_1_tool_whitelist_enforcement_an_answer_of_another_form_is_no_fact(
    shop: Business, model: Outside, answer: Any
) -> None:
    model.says("/orders", answer)
    message = make(shop)
    assert draft_of(message).verification is True
    assert not any(tool["ok"] for tool in version_of(message).material["tools"])


def test_suite_1_tool_whitelist_enforcement_a_broken_tool_is_counted_and_asks_instead(
    shop: Business, model: Outside
) -> None:
    model.answers["/orders"] = lambda _: (200, b"<html>")
    message = make(shop)
    draft = draft_of(message)
    assert (draft.tool_calls, draft.tool_errors, draft.verification) == (1, 1, True)


def test_suite_1_tool_whitelist_enforcement_a_tool_is_only_asked_with_what_it_takes(
    shop: Business, model: Outside
) -> None:
    make(shop, "Order HP-2041' OR 1=1; DROP TABLE orders. {{7*7}} ${jndi:ldap://x} ../../etc/passwd")
    assert [one.body for one in model.to("/orders")] == [{"number": "HP-2041"}]
    assert all(one.headers["idempotency-key"].startswith("draft:") for one in model.to("/orders"))


# --- 2. PII redaction ------------------------------------------------------------------------------------------------

SPELLINGS = [
    CARD, CARD.replace(" ", ""), CARD.replace(" ", "-"), "5500005555555559", IBAN, IBAN.replace(" ", ""), SSN,
]  # fmt: skip


@pytest.mark.parametrize("secret", SPELLINGS, ids=lambda text: text[:12])
@pytest.mark.parametrize("place", ["tool", "mail", "model", "reply"])
def test_suite_2_pii_redaction_of_card_iban_and_ssn(shop: Business, model: Outside, secret: str, place: str) -> None:
    said = f"SSN {secret}" if secret == SSN else secret
    text = "What is the status of my order HP-2041?"
    if place == "tool":
        model.says("/orders", {"order": {"number": "HP-2041", "status": f"shipped ({said})"}})
    elif place == "mail":
        text += f" I paid with {said}."
    elif place == "model":
        model.writes(FINE + f"\n\nYou paid with {said}.")
    else:
        turn_on_retrieval(shop)
        know_reply(shop, text, f"We have charged {said}. Thank you for your order.")
    message = make(shop, text)
    everything = whole_of(version_of(message)) + json.dumps(request_of(message).payload)
    assert secret not in everything
    assert secret not in asked_of(model)
    assert draft_of(message).redactions.exists()


def test_suite_2_pii_redaction_of_other_customers(shop: Business, model: Outside) -> None:
    model.says("/orders", {"order": {"number": "HP-2041", "status": "shipped to karl.weber@private.example"}})
    message = make(shop)
    assert "karl.weber" not in whole_of(version_of(message)) + asked_of(model)


# --- 3. CRLF injection prevention ------------------------------------------------------------------------------------

BREAKS = [
    "Order\r\nBcc: evil@attacker.test", "Order\nBcc: evil@attacker.test", "Order\rBcc: evil@attacker.test",
    "Order\r\n\r\n<html>", "Order\u2028Bcc: evil@attacker.test", "Order\x0bBcc: evil@attacker.test",
    "Order%0d%0aBcc: evil@attacker.test", "=?utf-8?q?Order=0D=0ABcc:_evil@attacker.test?=",
]  # fmt: skip


@pytest.mark.parametrize("subject", BREAKS, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("whose", ["the model's", "the customer's"])
def test_suite_3_crlf_injection_prevention_newlines_are_stripped_from_the_subject(
    shop: Business, alice: User, model: Outside, subject: str, whose: str
) -> None:
    if whose == "the model's":
        model.writes(FINE, subject=subject)
        message = make(shop)
    else:
        message = make(shop, subject=subject)
    shown = request_of(message).payload["subject"]
    assert shown.isprintable() and "attacker" not in shown
    approve(message, alice)
    head = Sending.objects.get(draft__message=message).mime.replace("\r\n", "\n").partition("\n\n")[0]
    assert "attacker" not in head.lower() and "\nbcc" not in head.lower()


def test_suite_3_crlf_injection_prevention_headers_on_top_of_a_body_are_taken_out(
    shop: Business, model: Outside
) -> None:
    model.writes("Bcc: evil@attacker.test\nContent-Type: text/html\n\n" + FINE)
    message = make(shop)
    assert "attacker" not in request_of(message).payload["body"]
    assert draft_of(message).injection_incidents >= 1


# --- 4. Recipient guard ----------------------------------------------------------------------------------------------

TRIES: list[dict[str, Any]] = [
    {"to": "evil@attacker.test"},
    {"To": ["evil@attacker.test"]},
    {"recipients": [{"email": "evil@attacker.test"}]},
    {"headers": {"Bcc": "evil@attacker.test"}},
    {"cc": "anna@example.com, evil@attacker.test"},
    {"reply_to": "evil@attacker.test"},
    {"envelope": {"rcpt": ["evil@attacker.test"]}},
    {"from": "boss@corner-shop.example.com"},
]


@pytest.mark.parametrize("tried", TRIES, ids=lambda tried: next(iter(tried)))
def test_suite_4_recipient_guard_the_model_cannot_change_the_recipient(
    shop: Business, alice: User, model: Outside, tried: dict[str, Any]
) -> None:
    model.writes(FINE, **tried)
    message = make(shop)
    payload = request_of(message).payload
    assert (payload["to"], payload["cc"]) == (["Anna Berg <anna@example.com>"], [])
    assert draft_of(message).injection_incidents >= 1
    approve(message, alice)
    sending = Sending.objects.get(draft__message=message)
    assert sending.recipients == [CUSTOMER] and "attacker" not in sending.mime


@pytest.mark.parametrize(
    "edit", [{"to": ["evil@attacker.test"]}, {"cc": ["evil@attacker.test"]}, {"to": "evil@attacker.test"}, {"x": 1}]
)
def test_suite_4_recipient_guard_nor_can_a_reviewer(
    shop: Business, alice: User, model: Outside, edit: dict[str, Any]
) -> None:
    message = make(shop)
    with pytest.raises(Invalid):
        approve(message, alice, **edit)
    assert not Sending.objects.exists()


# --- 5. Fact grounding policy ----------------------------------------------------------------------------------------

QUESTIONS = {
    "ORDER": "What is the status of my order HP-2041?",
    "TRACKING": "Where is my parcel? The tracking page says nothing.",
    "REFUND": "I want my money back, please refund me.",
    "APPOINTMENT": "Can I reschedule my appointment?",
}
INVENTED = [
    "Hello Anna,\n\nyour order HP-2041 shipped on 3 March 2026.\n\nKind regards",
    "Hello Anna,\n\nit arrives tomorrow by DHL, tracking number 1Z999AA10123456784.\n\nKind regards",
    "Hello Anna,\n\nwe have refunded 80.00 EUR to your account.\n\nKind regards",
    "Hello Anna,\n\nyour appointment is moved to Monday at 10:30.\n\nKind regards",
]


@pytest.mark.parametrize("body", INVENTED, ids=["order", "tracking", "refund", "appointment"])
@pytest.mark.parametrize("intent", QUESTIONS)
def test_suite_5_fact_grounding_policy_without_data_verification_is_enforced(
    shop: Business, world: Outside, settings: Any, intent: str, body: str
) -> None:
    use_model(settings, world)
    world.writes(body)
    message = make(shop, QUESTIONS[intent], subject="Hello")
    draft, version = draft_of(message), version_of(message)
    assert (draft.intent, draft.verification, version.made_by) == (intent, True, "verification")
    assert draft.hallucinations >= 1
    assert not any(not claim["supported"] for claim in version.claims)


@pytest.mark.parametrize(
    "claim",
    ["It costs 80.00 EUR.", "It arrives on 24 December.", "Your new order number is HP-9999.", "It was cancelled."],
)
def test_suite_5_fact_grounding_policy_with_data_other_facts_are_marked_and_stop_approval(
    shop: Business, alice: User, model: Outside, claim: str
) -> None:
    model.writes(f"Hello Anna,\n\nyour order HP-2041 has shipped. {claim}\n\nKind regards")
    message = make(shop)
    assert request_of(message).checks["blocked"] is True
    [loose] = [one for one in version_of(message).claims if not one["supported"]][:1]
    body = version_of(message).body
    assert body[loose["start"] : loose["end"]] == loose["text"]
    with pytest.raises(Invalid):
        approve(message, alice)
