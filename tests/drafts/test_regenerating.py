"""Another version, as a reviewer wants it; and what happens meanwhile."""

import json
import threading
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Business, User
from apps.approvals.claiming import claim as hold
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.drafts import composing
from apps.drafts.composing import make_draft
from apps.drafts.models import Draft, DraftVersion, Message
from apps.drafts.regenerating import regenerate
from tests.drafts.letters import (
    ORDER,
    Outside,
    a_mail,
    an_order_tool,
    draft_of,
    later_mail,
    request_of,
    use_model,
    version_of,
)
from tests.drafts.test_scenarios import approve

pytestmark = pytest.mark.django_db
ALICE = "user:alice@example.com"


@pytest.fixture
def made(shop: Business, world: Outside, settings: Any) -> Message:
    """A draft that waits, written by the model."""
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    use_model(settings, world)
    world.writes("Hello Anna,\n\nyour order HP-2041 has shipped.\n\nKind regards\nCorner Shop")
    message = a_mail(shop)
    make_draft(draft_id=draft_of(message).pk)
    return message


def again(message: Message, words: str = "Shorter, please", **more: Any) -> Draft:
    regenerate(draft_id=draft_of(message).pk, instruction=words, actor=ALICE, **more)
    make_draft(draft_id=draft_of(message).pk)
    return draft_of(message)


def test_a_new_version_takes_the_place_of_the_old_one(made: Message, world: Outside) -> None:
    before = request_of(made)
    world.writes("Hello Anna, HP-2041 has shipped.\n\nCorner Shop")
    draft, after = again(made), request_of(made)
    before.refresh_from_db()
    assert (draft.version, draft.state, before.state) == (2, "waiting", "cancelled")
    assert after.pk != before.pk and after.payload["body"].startswith("Hello Anna, HP-2041")
    assert version_of(made, 1).body != version_of(made, 2).body
    assert version_of(made, 2).instruction == "Shorter, please"
    event = Event.objects.get(kind="draft.regenerated")
    assert (event.actor, event.data["request_id"]) == (ALICE, str(after.pk))


def test_the_instruction_is_told_apart_from_the_mail(made: Message, world: Outside) -> None:
    again(made, "Apologise for the delay")
    asked = world.to("/v1/chat/completions")[-1].body["messages"][-1]["content"]
    document = json.loads(asked)
    assert document["instruction"] == "Apologise for the delay"
    assert document["earlier_draft"] == version_of(made, 1).body
    assert "Apologise" not in document["message"]


def test_figures_stay_those_of_the_first_version_and_incidents_add_up(made: Message, world: Outside) -> None:
    first = draft_of(made)
    world.writes("Hello Anna,\n\nyour order HP-2041 costs 80.00 EUR.", bcc="evil@attacker.test")
    draft = again(made)
    assert draft.hallucinations > first.hallucinations and draft.injection_incidents > first.injection_incidents
    same = ("made_at", "took_ms", "tool_calls", "tokens_estimated", "made_by")
    assert [getattr(draft, name) for name in same] == [getattr(first, name) for name in same]


def test_meanwhile_the_old_version_stays_but_cannot_be_approved(made: Message, alice: User) -> None:
    regenerate(draft_id=draft_of(made).pk, instruction="Shorter", actor=ALICE)
    request = request_of(made)
    with pytest.raises(StaleState, match="new version"):
        approve(made, alice)
    request.refresh_from_db()
    assert (request.state, draft_of(made).state) == ("awaiting_approval", "queued")


def test_a_version_that_fails_leaves_the_one_before(made: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_of(made)
    monkeypatch.setattr(composing, "make", lambda held: 1 / 0)
    regenerate(draft_id=draft_of(made).pk, instruction="Shorter", actor=ALICE)
    Draft.objects.filter(pk=draft_of(made).pk).update(attempts=4)
    assert make_draft(draft_id=draft_of(made).pk) == "waiting"
    draft = draft_of(made)
    assert (draft.version, draft.state, request_of(made).pk) == (1, "waiting", request.pk)
    assert "could not be made" in draft.error


def test_a_draft_whose_making_failed_can_be_brought_back(shop: Business) -> None:
    message = a_mail(shop, "Do you sell kettles?")
    Draft.objects.filter(message=message).update(state="failed", attempts=10, next_attempt_at=None)
    assert again(message, "Try it once more").state == "waiting"


def test_who_holds_the_request_keeps_it_and_nobody_else_may_regenerate(made: Message, alice: User, anna: User) -> None:
    hold(request_id=request_of(made).pk, user=alice)
    with pytest.raises(StaleState, match="Somebody else"):
        regenerate(draft_id=draft_of(made).pk, instruction="Shorter", actor="user:anna", user_id=anna.pk)
    again(made, user_id=alice.pk)
    assert request_of(made).claimed_by_id == alice.pk


@pytest.mark.parametrize("words", ["", "   ", "x" * 1001, "a\x00b"])
def test_an_instruction_says_something_that_can_be_kept(made: Message, words: str) -> None:
    with pytest.raises(Invalid):
        regenerate(draft_id=draft_of(made).pk, instruction=words, actor=ALICE)


@pytest.mark.parametrize("state", ["queued", "making", "approved", "sent", "discarded", "stale"])
def test_what_is_being_made_or_over_is_not_regenerated(made: Message, state: str) -> None:
    Draft.objects.filter(message=made).update(state=state)
    with pytest.raises(StaleState):
        regenerate(draft_id=draft_of(made).pk, instruction="Shorter", actor=ALICE)


def test_there_is_no_such_draft(shop: Business) -> None:
    with pytest.raises(NotFound):
        regenerate(draft_id=new_id(), instruction="Shorter", actor=ALICE)


def test_a_newer_mail_during_regeneration_takes_both_versions_back(made: Message) -> None:
    request = request_of(made)
    regenerate(draft_id=draft_of(made).pk, instruction="Shorter", actor=ALICE)
    newer = later_mail(made, "Forget it. Do you sell cups?")
    request.refresh_from_db()
    assert make_draft(draft_id=draft_of(made).pk) is None
    assert (draft_of(made).state, request.state, draft_of(newer).state) == ("stale", "cancelled", "queued")


@pytest.mark.django_db(transaction=True)
def test_a_newer_mail_while_the_draft_is_being_written_wins(shop: Business, world: Outside, settings: Any) -> None:
    use_model(settings, world)
    world.writes("Hello Anna,\n\nwe do.\n\nKind regards")
    world.slow["/v1/chat/completions"] = 0.6
    message = a_mail(shop, "Do you sell kettles?", subject="Kettles")
    states: list[Any] = []

    def run() -> None:
        states.append(make_draft(draft_id=draft_of(message).pk))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    while not world.to("/v1/chat/completions"):
        thread.join(0.02)
    newer = later_mail(message, "And cups?")
    thread.join()
    assert states == [None]
    assert (draft_of(message).state, draft_of(newer).state) == ("stale", "queued")
    assert not DraftVersion.objects.exists()
