"""Past replies are learned once each, without personal data, at a rate, and gone on with after whatever stopped it."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.models import Event
from apps.drafts import backfilling, learning_replies
from apps.drafts.backfilling import cancel, pause, resume, run_backfill, start_backfill, unfinished
from apps.drafts.learning_replies import index_replies, replies
from apps.drafts.models import BackfillRun, Mailbox
from apps.drafts.tasks import run_backfill as run_task
from apps.knowledge.models import Document
from tests.drafts.replied import conversation, conversations

pytestmark = pytest.mark.django_db

ACTOR = "user:bob@example.com"
SORRY = "We are sorry to hear that. A new lamp is on its way to you and will be there on Friday."


def documents(business: Business) -> list[Document]:
    with acting_for(business.pk):
        return list(Document.objects.filter(collection__key="replies").order_by("created_at"))


def learn(business: Business, days: int = 90, per_second: float = 10_000) -> BackfillRun:
    run = start_backfill(business_id=business.pk, days=days, per_second=per_second, actor=ACTOR)
    ended = run_backfill(business_id=business.pk, run_id=run.pk)
    assert ended is not None
    return ended


def test_a_reply_is_learned_with_the_mail_that_it_answered(shop: Business) -> None:
    sent = conversation(shop, "My lamp came broken, what now?", SORRY)
    run = learn(shop)
    assert (run.state, run.total, run.seen, run.indexed) == ("done", 1, 1, 1)
    (document,) = documents(shop)
    assert (document.text, document.searchable) == (SORRY, "My lamp came broken, what now?")
    assert (document.key, document.whole, document.created_at) == (str(sent.pk), True, sent.received_at)
    assert document.meta == {"thread": str(sent.thread_id), "asked": "My lamp came broken, what now?"}
    with across_businesses():
        sent.refresh_from_db()
    assert sent.indexed_at is not None


def test_a_second_run_learns_nothing(shop: Business) -> None:
    conversations(shop, 70)
    assert learn(shop).indexed == 70
    again = learn(shop)
    assert (again.state, again.seen, again.indexed, again.duplicates) == ("done", 70, 0, 0)
    assert len(documents(shop)) == 70


def test_equal_pairs_are_one(shop: Business) -> None:
    for _ in range(3):
        conversation(shop, "Where is my lamp?", SORRY)
    run = learn(shop)
    assert (run.seen, run.indexed, run.duplicates) == (3, 1, 2)
    assert learn(shop).indexed == 0


def test_only_the_days_asked_for_are_learned_and_only_of_this_business(shop: Business, other_shop: Business) -> None:
    conversation(shop, "Old question?", SORRY, at=timezone.now() - timedelta(days=31))
    conversation(shop, "New question?", SORRY, at=timezone.now() - timedelta(days=29))
    conversation(other_shop, "Of others?", SORRY)
    assert learn(shop, days=30).indexed == 1
    assert [one.searchable for one in documents(shop)] == ["New question?"]
    assert documents(other_shop) == []


def test_personal_data_is_never_learned(shop: Business) -> None:
    conversation(
        shop,
        "I am Kim Novak, my card is 4111 1111 1111 1111 and my phone +44 20 7946 0958.",
        "Hello Kim, we paid it back to DE89 3704 0044 0532 0130 00. Write to kim.novak@example.net or "
        f"help@{shop.slug}.example.com.",
        name="Kim Novak",
    )
    learn(shop)
    (document,) = documents(shop)
    whole = document.text + document.searchable + document.title + str(document.meta)
    for secret in ("4111", "7946", "DE89 3704", "kim.novak", "Kim", "Novak"):
        assert secret not in whole, (secret, whole)
    assert f"help@{shop.slug}.example.com" in document.text


def test_our_own_signature_is_not_learned(shop: Business) -> None:
    sent = conversation(shop, "Where is it?", f"{SORRY}\n\n-- \nThe people of the shop\nHigh Street 1")
    with across_businesses():
        Mailbox.objects.filter(pk=sent.mailbox_id).update(signature="The people of the shop\nHigh Street 1")
    learn(shop)
    assert documents(shop)[0].text == SORRY


@pytest.mark.parametrize(
    ("asked", "reply", "more"),
    [
        ("", SORRY, {}),
        ("A question?", "Ok.", {}),
        ("A question?", "", {}),
        ("A question?", SORRY, {"automatic": "auto-reply"}),
    ],
    ids=["answers nothing", "says nothing", "empty", "automatic"],
)
def test_what_teaches_nothing_is_left_out(shop: Business, asked: str, reply: str, more: dict[str, Any]) -> None:
    conversation(shop, asked, reply, **more)
    run = learn(shop)
    assert (run.state, run.indexed, run.failed) == ("done", 0, 0)
    assert documents(shop) == []


def test_nothing_at_all_is_done_at_once(shop: Business) -> None:
    run = learn(shop)
    assert (run.state, run.total, run.seen) == ("done", 0, 0)


def test_one_runs_at_a_time_in_a_business(shop: Business, other_shop: Business) -> None:
    run = start_backfill(business_id=shop.pk, actor=ACTOR)
    with pytest.raises(StaleState, match="is running"):
        start_backfill(business_id=shop.pk, actor=ACTOR)
    start_backfill(business_id=other_shop.pk, actor=ACTOR)
    pause(business_id=shop.pk, run_id=run.pk, actor=ACTOR)
    newer = start_backfill(business_id=shop.pk, actor=ACTOR)
    with pytest.raises(StaleState, match="cancelled"):
        resume(business_id=shop.pk, run_id=run.pk, actor=ACTOR)
    cancel(business_id=shop.pk, run_id=newer.pk, actor=ACTOR)
    assert unfinished(shop.pk) is None


@pytest.mark.parametrize(
    ("days", "per_second"), [(0, 50), (3651, 50), (90, 0), (90, -1), (90, 10_001), (90, float("nan"))]
)
def test_terms_out_of_range_are_refused(shop: Business, days: int, per_second: float) -> None:
    with pytest.raises(Invalid):
        start_backfill(business_id=shop.pk, days=days, per_second=per_second, actor=ACTOR)


def test_nobody_turns_the_run_of_another_business(shop: Business, other_shop: Business) -> None:
    run = start_backfill(business_id=shop.pk, actor=ACTOR)
    for act in (pause, resume, cancel):
        with pytest.raises(NotFound):
            act(business_id=other_shop.pk, run_id=run.pk, actor=ACTOR)


def test_a_pause_holds_behind_the_batch_and_it_goes_on_there(shop: Business) -> None:
    conversations(shop, 150)
    run = start_backfill(business_id=shop.pk, per_second=10_000, actor=ACTOR)

    def stop(now: BackfillRun) -> None:
        if now.seen == learning_replies.BATCH and now.state == "running":
            pause(business_id=shop.pk, run_id=run.pk, actor=ACTOR)

    paused = run_backfill(business_id=shop.pk, run_id=run.pk, progress=stop)
    # The batch that was under way when it was paused is done and counted.
    assert paused is not None and paused.state == "paused"
    assert paused.seen == len(documents(shop)) == 2 * learning_replies.BATCH
    resume(business_id=shop.pk, run_id=run.pk, actor=ACTOR)
    ended = run_backfill(business_id=shop.pk, run_id=run.pk)
    assert ended is not None
    assert (ended.state, ended.seen, ended.indexed) == ("done", 150, 150)
    with across_businesses():
        kinds = list(Event.objects.filter(subject_type="backfill").order_by("id").values_list("kind", flat=True))
    assert kinds == ["backfill.started", "backfill.paused", "backfill.resumed", "backfill.done"]


def test_a_turn_ends_in_time_and_the_next_goes_on(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations(shop, 5)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(run_task, "delay", lambda *args: asked.append(args))
    monkeypatch.setattr(backfilling, "TURN", 0.0)
    run = start_backfill(business_id=shop.pk, per_second=10_000, actor=ACTOR)
    run_task(str(run.pk), str(shop.pk))
    assert asked == [(str(run.pk), str(shop.pk))]
    assert backfilling.go_on_with_backfills() == 1


def test_it_keeps_to_its_rate(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it waits is what is looked at, not how long this machine takes."""
    conversations(shop, 12)
    clock = {"now": 1000.0}
    monkeypatch.setattr(backfilling.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(backfilling.time, "sleep", lambda seconds: clock.update(now=clock["now"] + seconds))
    assert learn(shop, per_second=4).seen == 12
    assert clock["now"] - 1000 == pytest.approx(12 / 4)


def test_an_embedder_that_is_away_stops_the_run_which_can_be_gone_on_with(
    shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations(shop, 3)
    real, state = learning_replies.index_many, {"away": True}

    def index_many(**asked: Any) -> Any:
        if state["away"]:
            raise RuntimeError("the embedder is away")
        return real(**asked)

    monkeypatch.setattr(learning_replies, "index_many", index_many)
    monkeypatch.setattr(backfilling.time, "sleep", lambda seconds: None)
    run = learn(shop)
    assert (run.state, run.seen) == ("failed", 0) and "the embedder is away" in run.error
    state["away"] = False
    resume(business_id=shop.pk, run_id=run.pk, actor=ACTOR)
    ended = run_backfill(business_id=shop.pk, run_id=run.pk)
    assert ended is not None and (ended.state, ended.indexed, ended.error) == ("done", 3, "")


def test_one_reply_that_cannot_be_learned_stops_no_other(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = conversations(shop, 6)
    real, bad = learning_replies.index_many, str(sent[2].pk)

    def index_many(*, documents: list[Any], **asked: Any) -> Any:
        if any(one.key == bad for one in documents):
            raise ValueError("this one is bad")
        return real(documents=documents, **asked)

    monkeypatch.setattr(learning_replies, "index_many", index_many)
    run = learn(shop)
    assert (run.state, run.seen, run.indexed, run.failed) == ("done", 6, 5, 1)


def test_replies_are_read_in_one_statement_a_batch(shop: Business, django_assert_num_queries: Any) -> None:
    conversations(shop, 10)
    with acting_for(shop.pk), django_assert_num_queries(1):
        rows: list[Any] = list(replies())
        assert all(row.asked and row.mailbox.address and row.thread.subject for row in rows)


def test_learning_twice_at_once_is_learning_once(shop: Business) -> None:
    sent = conversation(shop, "Where is it?", SORRY)
    with acting_for(shop.pk):
        rows = list(replies().filter(pk=sent.pk))
    assert index_replies(business_id=shop.pk, messages=rows).indexed == 1
    assert index_replies(business_id=shop.pk, messages=rows).same == 1


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_did(shop: Business, capsys: Any) -> None:
    conversations(shop, 4)
    conversation(shop, "A question?", "Ok.")
    call_command("backfill_replies", business=shop.slug, days=30, per_second=1000.0)
    out = capsys.readouterr().out
    assert "5 replies: 4 learned, 0 the same as others, 1 known or without anything to learn, 0 failed" in out
    with pytest.raises(CommandError, match="no business nowhere"):
        call_command("backfill_replies", business="nowhere")
    with pytest.raises(CommandError):
        call_command("backfill_replies", business=shop.slug, days=0)


def test_the_command_goes_on_with_what_was_stopped(shop: Business, capsys: Any) -> None:
    conversations(shop, 3)
    run = start_backfill(business_id=shop.pk, days=30, actor=ACTOR)
    pause(business_id=shop.pk, run_id=run.pk, actor=ACTOR)
    call_command("backfill_replies", business=shop.slug, days=90)
    assert "Going on behind 0 of 3 (the run of 30 days)" in capsys.readouterr().out
    assert unfinished(shop.pk) is None


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_after_a_kill(shop: Business) -> None:
    conversations(shop, 400)
    parts = urlsplit(os.environ["DATABASE_URL"])
    env = os.environ | {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
    }
    command = [sys.executable, "manage.py", "backfill_replies", "--business", shop.slug, "--per-second", "60"]
    process = subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 90
    while len(documents(shop)) < 60 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    before = unfinished(shop.pk)
    assert before is not None and before.state == "running" and 0 < len(documents(shop)) < 400
    with across_businesses():
        BackfillRun.objects.update(per_second=10_000)
    ended = run_backfill(business_id=shop.pk, run_id=before.pk)
    assert ended is not None and (ended.state, ended.seen) == ("done", 400)
    keys = [one.key for one in documents(shop)]
    assert len(keys) == len(set(keys)) == 400
