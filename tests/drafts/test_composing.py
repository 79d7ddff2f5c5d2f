"""Making a draft, end to end: against real PostgreSQL, Redis, tools over HTTP and a model over HTTP."""

import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.approvals.models import ApprovalRequest
from apps.core.ids import new_id
from apps.core.models import Event
from apps.core.sealing import seal
from apps.core.snapshot import forget_everything
from apps.drafts import composing, keeping
from apps.drafts.choosing import choose
from apps.drafts.composing import make_draft
from apps.drafts.models import Draft, DraftVersion
from apps.drafts.retrieving import _within, arm_of
from apps.drafts.states import Arm
from apps.llm.estimating import estimate
from apps.llm.models import Provider, TokenRate
from tests.drafts.letters import (
    ASKS,
    COMPLETIONS,
    ORDER,
    Outside,
    a_mail,
    an_order_tool,
    draft_of,
    know_reply,
    know_snippet,
    later_mail,
    request_of,
    turn_on_retrieval,
    use_model,
    version_of,
    whole_of,
)

pytestmark = pytest.mark.django_db


def test_a_draft_is_made_from_tool_data_and_waits_for_a_person(shop: Business, world: Outside) -> None:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    message = a_mail(shop)
    assert make_draft(draft_id=draft_of(message).pk) == "waiting"
    draft, version, request = draft_of(message), version_of(message), request_of(message)
    assert (draft.state, draft.version, draft.intent, draft.made_by) == ("waiting", 1, "ORDER", "template")
    assert (draft.tool_calls, draft.tool_errors, draft.retrieval, draft.hallucinations) == (1, 0, "off", 0)
    assert "shipped" in version.body and "59.90 EUR" in version.body
    assert "0.42" not in whole_of(version), "a field that is not on the tool's list came through"
    assert request.payload["to"] == ["Anna Berg <anna@example.com>"]
    assert request.payload["subject"] == "Re: Order HP-2041"
    assert request.payload["body"] == version.body
    assert request.checks["blocked"] is False
    assert [one.body for one in world.to("/orders")] == [{"number": "HP-2041"}]


def test_the_model_writes_it_where_there_is_one(shop: Business, world: Outside, settings: Any) -> None:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    use_model(settings, world)
    world.writes("Hello Anna,\n\nyour order HP-2041 has shipped.\n\nKind regards\nCorner Shop")
    message = a_mail(shop)
    assert make_draft(draft_id=draft_of(message).pk) == "waiting"
    draft, version = draft_of(message), version_of(message)
    assert (draft.made_by, version.model, draft.tokens_actual) == ("model", "test", 321)
    assert draft.hallucinations == 0, version.claims
    assert version.usage_id and version.prompt == "" and len(version.prompt_digest) == 64


def test_tokens_are_counted_for_the_model_of_the_business_s_own_provider(shop: Business, world: Outside) -> None:
    provider = {"base_url": f"{world.url}/v1", "key": seal("sk-test"), "timeout_seconds": 5, "retries": 0}
    Provider.objects.create(business=shop, name="house", model="house-model", position=0, **provider)
    TokenRate.objects.create(model="house-model", estimated=1000, actual=2000, error=0, weight=10)
    forget_everything()
    world.writes("Hello Anna,\n\nthank you for writing.\n\nKind regards\nCorner Shop")
    message = a_mail(shop, text="Are you open on Saturdays?")
    choose(business_id=shop.pk, actor="user:a", keep_prompts=True)
    assert make_draft(draft_id=draft_of(message).pk) == "waiting"
    draft, system, user = draft_of(message), *version_of(message).prompt.rsplit("\n\n", 1)
    assert draft.made_by == "model"
    assert draft.tokens_estimated == pytest.approx(2 * (estimate(system) + estimate(user)), abs=2)


def test_making_one_takes_nine_statements_whatever_it_is_made_from(shop: Business, world: Outside) -> None:
    turn_on_retrieval(shop)
    know_reply(shop, ASKS, "Your order is on its way.")
    know_snippet(shop, "Delivery", "We deliver on every working day.")
    world.says("/orders", ORDER)
    for name in ("order_status", "order_again", "order_once_more"):
        an_order_tool(shop, world, name=name)
    earlier = a_mail(shop)
    make_draft(draft_id=draft_of(earlier).pk)  # what is remembered for a second is known from here on
    message = later_mail(earlier, f"{ASKS}\nMy card is 4111 1111 1111 1111")
    pk = draft_of(message).pk
    with CaptureQueriesContext(connection) as seen:
        make_draft(draft_id=pk)
    made = draft_of(message)
    assert (made.tool_calls, made.retrieval, made.redactions.count() > 0) == (3, "hit", True)
    # Flags, policies and where passages lie are remembered for a second, which may be over; what was prepared for the
    # first draft is not told.
    said = [one["sql"] for one in seen if one["sql"]]
    assert len(seen) - len(said) == 8, "to claim; three to plan; two searches; to lock the thread; to change the draft"
    assert [one.split()[0] for one in said if "drafts_" in one] == ["WITH"], said
    assert sum(one.startswith("SAVEPOINT") for one in said) <= 4, "to claim, to plan, to search, to keep"
    assert len(seen) <= 40, said


class _Killed(BaseException):
    """As if the process ended here: nothing may catch it."""


STEPS = [
    (composing, "read_intent"),
    (composing, "gather"),
    (composing, "retrieve"),
    (composing, "build_prompt"),
    (composing, "generate"),
    (composing, "check_draft"),
    (composing, "keep"),
    (keeping, "weigh"),
    (keeping, "change_held"),
    (keeping, "event_of"),
    (keeping, "request_approval"),
    (keeping, "request_approval"),
]


@pytest.mark.parametrize("place", range(len(STEPS)), ids=[*(name for _, name in STEPS[:-1]), "after all is written"])
@pytest.mark.parametrize("how", ["fails", "is killed"])
def test_whatever_ends_it_wherever_it_is_made_once(
    shop: Business, world: Outside, monkeypatch: pytest.MonkeyPatch, place: int, how: str
) -> None:
    world.says("/orders", ORDER)
    an_order_tool(shop, world)
    message = a_mail(shop)
    pk = draft_of(message).pk
    module, name = STEPS[place]
    real = getattr(module, name)

    def ends(*args: Any, **kwargs: Any) -> None:
        if place == len(STEPS) - 1:  # when all of it is written and only the commit is missing
            real(*args, **kwargs)
        raise (RuntimeError if how == "fails" else _Killed)("in the middle")

    with monkeypatch.context() as patched:
        patched.setattr(module, name, ends)
        if how == "fails":
            assert make_draft(draft_id=pk) == "queued"
        else:
            with pytest.raises(_Killed):
                make_draft(draft_id=pk)
    assert not DraftVersion.objects.exists() and not ApprovalRequest.objects.exists()
    assert make_draft(draft_id=pk) is None, "taken up before its time"
    Draft.objects.filter(pk=pk).update(next_attempt_at=timezone.now())
    assert make_draft(draft_id=pk) == "waiting"
    assert (DraftVersion.objects.count(), ApprovalRequest.objects.count()) == (1, 1)
    assert Event.objects.filter(kind="draft.made").count() == 1
    assert len({one.headers["idempotency-key"] for one in world.to("/orders")}) == 1


def test_a_mail_that_always_fails_is_given_up_after_five_attempts(
    shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = a_mail(shop)
    monkeypatch.setattr(composing, "make", lambda held: 1 / 0)
    states = []
    for _ in range(6):
        Draft.objects.filter(message=message).update(next_attempt_at=timezone.now())
        states.append(make_draft(draft_id=draft_of(message).pk))
    assert states == ["queued"] * 4 + ["failed", None]
    draft = draft_of(message)
    assert draft.made_at is not None and "ZeroDivisionError" in draft.error
    assert Event.objects.filter(kind="draft.failed").count() == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_the_prompt_is_kept_only_where_the_business_wants_it(
    shop: Business, world: Outside, settings: Any, keeps: bool
) -> None:
    choose(business_id=shop.pk, actor="user:bob@example.com", keep_prompts=keeps)
    use_model(settings, world)
    world.writes("Hello Anna,\n\nthank you for asking.\n\nKind regards")
    message = a_mail(shop, "Do you sell kettles?", subject="Kettles")
    make_draft(draft_id=draft_of(message).pk)
    version = version_of(message)
    assert ("Do you sell kettles?" in version.prompt) is keeps
    assert len(version.prompt_digest) == 64 and version.prompt_parts[0]["part"] == "rules"


@pytest.mark.parametrize("trouble", ["500", "hangs up", "garbage", "slow"])
def test_a_model_that_fails_leaves_the_template_which_says_so(
    shop: Business, world: Outside, settings: Any, trouble: str
) -> None:
    settings.DRAFT_MODEL_SECONDS = 1.0
    use_model(settings, world)
    world.writes("Hello")
    if trouble == "slow":
        world.slow[COMPLETIONS] = 1.5
    elif trouble == "hangs up":
        world.hang_up = {COMPLETIONS}
    else:
        world.answers[COMPLETIONS] = lambda _: (500 if trouble == "500" else 200, b"\xff garbage")
    message = a_mail(shop, "Do you sell kettles?", subject="Kettles")
    assert make_draft(draft_id=draft_of(message).pk) == "waiting"
    version = version_of(message)
    assert (version.made_by, draft_of(message).made_by) == ("template", "template")
    assert "The model gave no reply" in version.material["generation"]["error"]
    assert "The model gave no reply" in request_of(message).why


def test_arms_are_sticky_and_shared_as_chosen(shop: Business) -> None:
    ids = [new_id() for _ in range(2000)]
    share = sum(arm_of(one, 30) == Arm.CONTROL for one in ids) / len(ids)
    assert 0.25 < share < 0.35
    assert all(arm_of(one, 30) == arm_of(one, 30) for one in ids)
    moved = [one for one in ids if arm_of(one, 30) == Arm.CONTROL and arm_of(one, 60) != Arm.CONTROL]
    assert not moved, "widening the share moved threads out of it"


def test_a_thread_of_the_control_arm_is_drafted_without_retrieval_and_says_so(shop: Business) -> None:
    turn_on_retrieval(shop)
    know_reply(shop, "Do you sell kettles?", "We do, and are happy to help.")
    choose(business_id=shop.pk, actor="user:bob@example.com", compare=True, control_share=50)
    arms = set()
    for number in range(12):
        message = a_mail(shop, f"Do you sell kettles? {number}", subject="Kettles")
        make_draft(draft_id=draft_of(message).pk)
        draft = draft_of(message)
        message.thread.refresh_from_db()
        assert draft.arm == message.thread.arm != ""
        assert draft.retrieval == ("off" if draft.arm == "control" else "hit")
        assert (draft.retrieval_ms is None) is (draft.arm == "control")
        arms.add(draft.arm)
    assert arms == {"control", "retrieval"}


@pytest.mark.parametrize("floor, outcome", [(0.0, "hit"), (1.0, "miss")])
def test_the_floor_of_the_business_counts(shop: Business, floor: float, outcome: str) -> None:
    turn_on_retrieval(shop, floor=floor, snippets=False)
    know_reply(shop, "How do I descale a kettle?", "With vinegar.")
    message = a_mail(shop, "Do you sell gift cards?", subject="Gift")
    make_draft(draft_id=draft_of(message).pk)
    assert draft_of(message).retrieval == outcome


def test_an_embedder_that_does_not_answer_is_left_to_itself() -> None:
    began, ended = time.monotonic(), threading.Event()
    with pytest.raises(TimeoutError):
        _within(0.1, lambda: ended.wait(5))
    assert time.monotonic() - began < 4
    ended.set()
    assert _within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        _within(5, lambda: 1 / 0)
