"""What a reviewer writes is judged as the machine's text was; facts without a source stop an approval."""

from typing import Any

import pytest

from apps.accounts.models import Business, User
from apps.approvals.deciding import decide, decide_many
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.drafts.composing import make_draft
from apps.drafts.models import Draft, Message, Sending
from apps.drafts.rechecking import check_text
from apps.drafts.requests import reason_of
from tests.drafts.letters import ORDER, Outside, a_mail, an_order_tool, draft_of, request_of, use_model
from tests.drafts.test_scenarios import CARD, approve, person

pytestmark = pytest.mark.django_db

TRUE = "Hello Anna,\n\nyour order HP-2041 has shipped.\n\nKind regards\nCorner Shop"
FALSE = "Hello Anna,\n\nyour order HP-2041 has shipped and costs 80.00 EUR.\n\nKind regards\nCorner Shop"


@pytest.fixture
def made(shop: Business, world: Outside, settings: Any) -> Message:
    """A draft that states what no source says."""
    return _made(shop, world, settings, FALSE)


@pytest.fixture
def sound(shop: Business, world: Outside, settings: Any) -> Message:
    return _made(shop, world, settings, TRUE)


def _made(shop: Business, world: Outside, settings: Any, body: str) -> Message:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    use_model(settings, world)
    world.writes(body)
    message = a_mail(shop)
    make_draft(draft_id=draft_of(message).pk)
    return message


def test_a_fact_without_a_source_stops_approval_until_it_is_edited_out(made: Message, alice: User) -> None:
    request = request_of(made)
    assert request.checks["blocked"] is True
    assert any("80.00" in one["text"] for one in request.checks["unsupported"])
    assert "no source" in request.why
    with pytest.raises(Invalid, match=r"80\.00"):
        approve(made, alice)
    approve(made, alice, body=TRUE)
    assert draft_of(made).state == "approved"


def test_or_until_somebody_says_why_it_may_stand(made: Message, alice: User) -> None:
    approve(made, alice, override_reason="Agreed on the phone")
    draft = draft_of(made)
    assert (draft.state, draft.override_reason) == ("approved", "Agreed on the phone")
    told = Event.objects.get(kind="draft.approved").data
    assert told["override_reason"] == "Agreed on the phone"
    assert any("80.00" in one["text"] for one in told["overridden"])


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_an_empty_reason_is_none(made: Message, alice: User, reason: str) -> None:
    with pytest.raises(Invalid):
        approve(made, alice, override_reason=reason, body=FALSE + " ")
    assert draft_of(made).state == "waiting"


def test_several_at_once_are_stopped_alike(made: Message, alice: User) -> None:
    request = request_of(made)
    [result] = decide_many(items=[(request.pk, request.payload_hash)], by=person(alice), verdict="approve")
    assert not result.ok and "80.00" in result.detail
    assert not Sending.objects.exists()


def test_rejecting_needs_no_source(made: Message, alice: User) -> None:
    request = request_of(made)
    decide(request_id=request.pk, by=person(alice), verdict="reject", payload_hash=request.payload_hash, reason="Wrong")
    draft = draft_of(made)
    assert (draft.state, draft.decided_by) == ("discarded", "user:alice@example.com")
    assert Event.objects.get(kind="draft.discarded").data["why"] == "rejected"


def test_an_edit_that_states_what_nobody_said_is_stopped(sound: Message, alice: User) -> None:
    with pytest.raises(Invalid, match=r"75\.00"):
        approve(sound, alice, body=TRUE.replace("has shipped", "has shipped and costs 75.00 EUR"))
    assert draft_of(sound).state == "waiting"


@pytest.mark.parametrize(
    "edit",
    [
        {"body": ""},
        {"body": "  \n"},
        {"body": 7},
        {"body": "x" * 60_000},
        {"subject": "Re: Order\r\nBcc: evil@attacker.test"},
        {"subject": "Re: Order\x00"},
        {"subject": "x" * 301},
        {"to": ["evil@attacker.test"]},
        {"to": []},
        {"cc": ["evil@attacker.test"]},
        {"bcc": ["evil@attacker.test"]},
        {"body": TRUE + f"\nYour card {CARD} was charged."},
        {"body": TRUE + f"\nYour card {CARD} was charged.", "override_reason": "They asked"},
        {"override_reason": "x" * 301},
    ],
    ids=lambda edit: "-".join(edit),
)
def test_what_an_edit_may_never_be(sound: Message, alice: User, edit: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        approve(sound, alice, **edit)
    assert draft_of(sound).state == "waiting"


def test_the_address_of_somebody_else_needs_a_reason(sound: Message, alice: User) -> None:
    body = TRUE + "\nWrite to karl.weber@private.example for details."
    with pytest.raises(Invalid, match="personal data"):
        approve(sound, alice, body=body)
    approve(sound, alice, body=body, override_reason="Karl is our carrier")
    assert draft_of(sound).state == "approved"


def test_line_ends_of_a_browser_are_no_edit_to_speak_of(sound: Message, alice: User) -> None:
    approve(sound, alice, body=TRUE.replace("\n", "\r\n"))
    assert draft_of(sound).edit_distance == 0


def test_a_draft_without_anybody_to_answer_is_not_approved(sound: Message, alice: User) -> None:
    request = request_of(sound)
    request.payload = request.payload | {"to": []}
    request.save()
    with pytest.raises(Invalid):
        decide(request_id=request.pk, by=person(alice), verdict="approve", payload_hash=request.payload_hash)


def test_what_has_moved_on_is_not_approved(sound: Message, alice: User) -> None:
    Draft.objects.filter(message=sound).update(state="stale")
    with pytest.raises(StaleState):
        approve(sound, alice)


def test_a_text_can_be_checked_while_it_is_typed(sound: Message) -> None:
    pk = draft_of(sound).pk
    assert check_text(draft_id=pk, subject="Re: Order", body=TRUE).blocked is False
    assert check_text(draft_id=pk, subject="Re: Order", body=FALSE).blocked is True
    with pytest.raises(NotFound):
        check_text(draft_id=new_id(), subject="", body="")
    assert request_of(sound).payload["body"] == TRUE


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({}, ""),
        ({"override_reason": None}, ""),
        ({"override_reason": " \u200b\n"}, ""),
        ({"override_reason": "\u2063\u2063\u2063\u2063"}, ""),
        ({"override_reason": "..."}, ""),
        ({"override_reason": " asked  Tom "}, "asked Tom"),
        ({"override_reason": "確認済"}, "確認済"),
    ],
)
def test_a_reason_holds_letters(payload: dict[str, object], reason: str) -> None:
    assert reason_of(payload) == reason
