"""The seven days with real drafts: a baseline, past replies learned, retrieval for two, then five, a hallucination.

The processes are those of `make run`: web, live, worker, beat; mail comes in by the signed webhook, the model is a
local server. The time passes by moving what has happened into the past; the crowd of ordinary drafts is written as
rows.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, User
from apps.accounts.roles import Scope
from apps.accounts.row_access import across_businesses, acting_for
from apps.alerts.connecting import add_channel
from apps.alerts.models import Notice
from apps.approvals.deciding import decide
from apps.approvals.models import ApprovalRequest
from apps.core.sealing import seal, unseal
from apps.core.signing import new_secret, signed_headers
from apps.drafts.figures_plan import FEATURE
from apps.drafts.models import BackfillRun, Draft, Mailbox
from apps.drafts.piloting import set_up_pilot
from apps.knowledge.models import Document
from apps.pilots.choosing import choose_settings
from apps.pilots.models import Advance, Feature, Guard, Incident, PilotBusiness, Rollback
from apps.pilots.switching import switch_on
from apps.pilots.widening import ask_to_advance
from tests.drafts.drafted import decided, mailbox_of
from tests.drafts.letters import Outside, outside_server
from tests.drafts.replied import conversation, conversations
from tests.fakes import Outsider
from tests.journeys.test_seven_days import MOMENTS
from tests.journeys.test_trust_learned import House
from tests.pilots.conftest import acting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOB = "user:bob@example.com"
WELL = "Thank you for your message. We are sorry for the trouble and look into it."
# Nothing that anybody told the model says any of this.
MADE_UP = "Your order 7734219 was shipped on 3 May 2026 by DHL and costs 349.50 EUR."
ASKED = "Hello,\r\n\r\nmy lamp arrived broken, number 0. What now?\r\n\r\nKim"
PATIENCE = 60.0
WITHIN_SECONDS = 15.0
MOVED: dict[Any, list[str]] = {**MOMENTS, Draft: ["made_at", "decided_at"]}


def days_pass(days: float) -> None:
    with across_businesses():
        for model, fields in MOVED.items():
            model.objects.update(**{field: F(field) - timedelta(days=days) for field in fields})


def within(seconds: float, what: Callable[[], Any], said: Callable[[], Any] = lambda: "") -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"not within {seconds:g} s {said()}"
        time.sleep(0.1)
    return found


@pytest.fixture
def model() -> Iterator[Outside]:
    with outside_server() as told:
        told.writes(WELL)
        yield told


@pytest.fixture
def house(
    transactional_db: None, tmp_path: Path, outside: Outsider, model: Outside, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    call_command("seed_schedule", verbosity=0)
    outside.answer = (202, b'{"status": "success"}', {})
    for name, value in {"LLM_BASE_URL": f"{model.url}/v1", "LLM_API_KEY": "sk-test", "LLM_MODEL": "test"}.items():
        monkeypatch.setenv(name, value)
    running = House(tmp_path, outside.url)
    yield running
    running.stop()


@pytest.fixture
def shops(shop: Business) -> list[Business]:
    """Five that pilot, each with a mailbox that takes mail by webhook."""
    made = Business.objects.bulk_create([Business(name=f"Shop {n}", slug=f"shop-{n}") for n in range(5)])
    with across_businesses():
        for one in made:
            mailbox = mailbox_of(one)
            Mailbox.objects.filter(pk=mailbox.pk).update(webhook_secret=seal(new_secret()))
    return made


class Post:
    """Mail from customers, through the web process."""

    def __init__(self, house: House) -> None:
        self.house, self.number = house, 0

    def mail(self, business: Business, text: str = ASKED) -> UUID:
        """The draft that came of a mail."""
        self.number += 1
        with across_businesses():
            mailbox = mailbox_of(business)
        raw = (
            f"From: Kim <kim@example.net>\r\nTo: {mailbox.address}\r\nSubject: My lamp\r\n"
            f"Message-ID: <mail-{self.number}@example.net>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n{text}\r\n"
        ).encode()
        headers = signed_headers(
            [unseal(mailbox.webhook_secret)], message_id=f"m{self.number}", at=datetime.now().astimezone(), content=raw
        )
        url = f"{self.house.url}/v1/mail/inbound/{mailbox.pk}"
        answer = httpx.post(url, content=raw, headers=headers | {"content-type": "message/rfc822"}, timeout=30)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["draft"])

    def drafted(self, business: Business, text: str = ASKED) -> Draft:
        """The draft once it is made."""
        draft_id = self.mail(business, text)
        return within(PATIENCE, lambda: made(draft_id), lambda: Draft.objects.filter(pk=draft_id).values())


def made(draft_id: UUID) -> Draft | None:
    with across_businesses():
        return Draft.objects.filter(pk=draft_id, made_at__isnull=False).first()


def crowd(shops: list[Business], *, retrieval: bool) -> None:
    """What else was drafted in the last hours, as it should be."""
    at = timezone.now() - timedelta(hours=2)
    looked: dict[str, Any] = {"retrieval": "hit", "retrieval_ms": 25.0} if retrieval else {}
    common: dict[str, Any] = {"tool_calls": 1, "tokens_estimated": 980, "tokens_actual": 1000, "made_at": at, "at": at}
    for business in shops:
        decided(business, 45, edit=0.1, **common, **looked)
        decided(business, 5, state="discarded", **common, **looked)


def test_the_seven_days_end_with_a_hallucination_and_go_on_without_retrieval(
    house: House, model: Outside, shop: Business, shops: list[Business], bob: User, bo: User, outside: Outsider,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    feature = set_up_pilot(actor="user:root@example.com", home=shop.pk)
    add_channel(business_id=shop.pk, kind="pagerduty", name="On call", secret="k" * 32, actor=BOB)
    post = Post(house)

    def step() -> None:
        """Bob asks for the next stage, Bo agrees."""
        advance = ask_to_advance(feature_id=feature.pk, by=acting(bob, shop))
        with acting_for(shop.pk):
            assert advance.request_id
            request = ApprovalRequest.objects.get(pk=advance.request_id)
            decide(request_id=request.pk, by=acting(bo, shop), verdict="approve", payload_hash=request.payload_hash)
        within(PATIENCE, lambda: Advance.objects.get(pk=advance.pk).state == "done")
        feature.refresh_from_db()

    # Days 1 and 2: two are measured; drafts are made without retrieval.
    step()
    for business in shops[:2]:
        switch_on(feature_id=feature.pk, business_id=business.pk, actor=BOB)
        choose_settings(business_id=business.pk, actor=BOB, email_rag_enabled=True, email_rag_min_confidence=0.2)
    assert feature.stage == 1
    draft = post.drafted(shops[0])
    assert (draft.retrieval, draft.made_by, draft.hallucinations) == ("off", "model", 0)
    crowd(shops[:2], retrieval=False)
    days_pass(2)
    crowd(shops[:2], retrieval=False)

    # Days 3 and 4: their replies of 90 days are learned by the worker, then they have it.
    for business in shops[:2]:
        conversations(business, 120)
        conversation(business, "My lamp arrived broken, what now?", "We are sorry. A new lamp leaves us tomorrow.")
        key = issue_key(business=business, name="ops", scopes=[s.value for s in Scope], by=None)[1]
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx.post(f"{house.url}/v1/drafts/backfills", json={"days": 90}, headers=headers, timeout=30)
        assert answer.status_code == 201, answer.text
    within(120, lambda: all(state == "done" for state in backfills()), backfills)
    for business in shops[:2]:
        with acting_for(business.pk):
            assert Document.objects.filter(collection__key="replies").count() == 121
    step()
    draft = post.drafted(shops[1])
    assert (draft.retrieval, draft.hallucinations) == ("hit", 0) and draft.passages >= 1
    crowd(shops[:2], retrieval=True)
    days_pass(2)
    crowd(shops[:2], retrieval=True)

    # Days 5 and 6: five have it.
    step()
    for business in shops[2:]:
        switch_on(feature_id=feature.pk, business_id=business.pk, actor=BOB)
        choose_settings(business_id=business.pk, actor=BOB, email_rag_enabled=True, email_rag_min_confidence=0.2)
    assert feature.stage == 3
    # What the replies of the others are like, this one does not know: none of its own is there.
    assert post.drafted(shops[4]).retrieval == "miss"
    assert not Rollback.objects.exists() and not Incident.objects.exists()

    # The model makes something up.
    model.completes(lambda _: json.dumps({"body": MADE_UP}))
    bad = post.drafted(shops[3])
    assert bad.hallucinations >= 1, bad
    rollback = within(WITHIN_SECONDS, lambda: Rollback.objects.first())
    took = (rollback.at - bad.made_at).total_seconds()
    with capsys.disabled():
        print(f"\ntaken back {took:.2f} s after the draft was there; {rollback.affected} businesses")
    assert (rollback.level, rollback.affected, rollback.actor) == ("everything", 5, "system:guard")
    assert took < WITHIN_SECONDS
    incident = Incident.objects.get()
    assert (incident.metric, incident.figures["value"]) == ("hallucination_count", bad.hallucinations)
    assert Notice.objects.filter(business=shop, source="pilots", severity="critical").count() == 1
    within(PATIENCE, lambda: any(b"RAG_PILOT" in told.body for told in outside.received))

    # The next mail of everybody is drafted by the core flow.
    model.writes(WELL)
    for business in (shops[0], shops[3]):
        after = post.drafted(business)
        assert (after.retrieval, after.passages, after.state) == ("off", 0, "waiting")
    with across_businesses():
        assert not PilotBusiness.objects.exists()
        assert Feature.objects.get(key=FEATURE).stage == 0
        assert Guard.objects.filter(enabled=True).count() == 8


def backfills() -> list[str]:
    with across_businesses():
        return list(BackfillRun.objects.values_list("state", flat=True))
