"""The plan of seven days, and the weeks after, from a baseline of two businesses to a guard that takes all of it back.

The processes are those of `make run`; two admins work in their browsers, a program asks by OFREP; the time passes by
moving what has happened into the past.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone
from openfeature import api as openfeature
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from playwright.sync_api import Page, expect

from apps.accounts.keys import issue_key
from apps.accounts.models import Business, User
from apps.accounts.roles import Scope
from apps.accounts.row_access import across_businesses
from apps.alerts.sending import deliver, due_deliveries
from apps.approvals.models import ApprovalRequest
from apps.core.errors import StaleState
from apps.goals.models import Goal
from apps.pilots.advancing import advance_due
from apps.pilots.defining import create_feature
from apps.pilots.flags import is_on
from apps.pilots.guarding import create_guard
from apps.pilots.models import Advance, Feature, Guard, GuardReading, HeldBack, Incident, PilotBusiness, Rollback
from apps.pilots.plans import seven_day_plan
from apps.pilots.selectors import businesses_on
from apps.pilots.switching import switch_on
from apps.pilots.watching import watch_guards
from apps.pilots.widening import ask_to_advance
from tests.journeys.conftest import Served
from tests.journeys.parts import within
from tests.pilots.conftest import acting, request_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEY = "RAG_PILOT"
# What has happened, by model: the journey moves it into the past.
MOMENTS: dict[Any, list[str]] = {
    Feature: ["stage_since"],
    PilotBusiness: ["enabled_at"],
    Advance: ["asked_at", "done_at"],
    Guard: ["armed_at", "cooling_until"],
    GuardReading: ["at"],
    Rollback: ["at"],
    ApprovalRequest: ["decided_at"],
    Goal: ["started_at", "finished_at"],
}


def days_pass(days: float) -> None:
    back = timedelta(days=days)
    with across_businesses():
        for model, fields in MOMENTS.items():
            model.objects.update(**{field: F(field) - back for field in fields})


def work(businesses: list[Business], *, approved: int, rejected: int = 0) -> None:
    """People decided so much in each business within the last hours, and as many goals ran well."""
    at = timezone.now() - timedelta(hours=2)
    common = {"state": "done", "approval_state": "not_required", "started_at": at, "finished_at": at}
    states = ["approved"] * approved + ["rejected"] * rejected
    with across_businesses():
        ApprovalRequest.objects.bulk_create(request_row(b.pk, state, at) for b in businesses for state in states)
        Goal.objects.bulk_create(Goal(business=b, text="A goal", **common) for b in businesses for _ in states)


@pytest.fixture
def shops(shop: Business) -> list[Business]:
    return Business.objects.bulk_create([Business(name=f"Shop {n:02}", slug=f"shop-{n:02}") for n in range(40)])


@pytest.fixture
def rag(shop: Business) -> Feature:
    return create_feature(key=KEY, home_id=shop.pk, ladder=seven_day_plan(), actor="user:root@example.com")


@pytest.fixture
def program(served: Served, shop: Business) -> Iterator[OpenFeatureClient]:
    """A program outside, which asks by OFREP with a key of the feature's home."""
    whole = issue_key(business=shop, name="program", scopes=[Scope.FLAGS_EVALUATE], by=None)[1]
    headers = {"Authorization": f"Bearer {whole}"}
    openfeature.set_provider(OFREPProvider(served.url, headers_factory=lambda: headers))
    yield openfeature.get_client()
    openfeature.clear_providers()


def test_seven_days_and_the_weeks_after(
    open_as: Callable[..., Page],
    program: OpenFeatureClient,
    rag: Feature,
    shop: Business,
    shops: list[Business],
    bob: User,
    bo: User,
) -> None:
    def told() -> list[bool]:
        """What the program is told about each shop."""
        return [program.get_boolean_value(KEY, False, EvaluationContext(str(s.pk))) for s in shops]

    def agreed() -> None:
        """Bob asks for the next stage, Bo agrees in the queue."""
        advance = ask_to_advance(feature_id=rag.pk, by=acting(bob, shop))
        other.goto(f"/admin/queue/{advance.request_id}/")
        other.locator("#do-approve").click()
        within(5, lambda: Advance.objects.get(pk=advance.pk).state == "done")
        rag.refresh_from_db()

    # Who has asked once listens from then on: this process too.
    assert not is_on(KEY, shop.pk)
    page, other = open_as(bob, f"/admin/features/{KEY}/"), open_as(bo, "/admin/queue/")

    # Days 1 and 2: two businesses are named and measured, and have nothing yet.
    agreed()
    for business in shops[:2]:
        switch_on(feature_id=rag.pk, business_id=business.pk, actor="user:bob@example.com")
    assert (rag.stage, told()) == (1, [False] * 40)
    with pytest.raises(StaleState, match="The stage must last until"):
        ask_to_advance(feature_id=rag.pk, by=acting(bob, shop))
    days_pass(2)
    work(shops[:2], approved=45, rejected=5)

    # Days 3 and 4: the two have it. A guard watches that people go on approving.
    agreed()
    within(3, lambda: told() == [True] * 2 + [False] * 38)
    create_guard(
        feature_id=rag.pk, metric="approval_rate", comparison="at_least", limit=0.6, actor="user:bob@example.com"
    )
    assert watch_guards(now=timezone.now()) == 0
    days_pass(2)
    work(shops[:2], approved=5, rejected=5)
    with pytest.raises(StaleState, match=r"Approval rate .* too little data"):
        ask_to_advance(feature_id=rag.pk, by=acting(bob, shop))
    work(shops[:2], approved=30)

    # Days 5 and 6: five businesses.
    agreed()
    for business in shops[2:5]:
        switch_on(feature_id=rag.pk, business_id=business.pk, actor="user:bob@example.com")
    within(3, lambda: told() == [True] * 5 + [False] * 35)
    with pytest.raises(StaleState, match="room for 5"):
        switch_on(feature_id=rag.pk, business_id=shops[5].pk, actor="user:bob@example.com")
    days_pass(2)
    work(shops[:5], approved=27, rejected=3)

    # The weeks after: 10 %, then 25 % when it is due. Nobody who has it loses it.
    before = told()
    agreed()
    assert rag.share == 10
    days_pass(7)
    work(shops[:5], approved=27, rejected=3)
    assert watch_guards(now=timezone.now()) == 0
    tenth = told()
    assert all(now for was, now in zip(before, tenth, strict=True) if was)
    due = timezone.now() + timedelta(hours=1)
    advance = ask_to_advance(feature_id=rag.pk, by=acting(bob, shop), due_at=due)
    other.goto(f"/admin/queue/{advance.request_id}/")
    other.locator("#do-approve").click()
    within(5, lambda: Advance.objects.get(pk=advance.pk).state == "scheduled")
    assert advance_due(now=due) == 1
    rag.refresh_from_db()
    assert (rag.stage, rag.share) == (5, 25)
    within(3, lambda: sum(told()) >= sum(tenth))
    quarter = told()
    assert all(now for was, now in zip(tenth, quarter, strict=True) if was)
    days_pass(3)

    # People stop approving: the guard takes it back from everybody.
    with across_businesses():
        on = businesses_on(rag)
    hit = [s for s in shops if s.pk in on]
    assert len(hit) == sum(quarter)
    work(hit, approved=4, rejected=16)
    facts = standing(rag)
    assert watch_guards(now=timezone.now()) == 1
    within(3, lambda: told() == [False] * 40)
    rollback = Rollback.objects.get()
    assert (rollback.level, rollback.affected, rollback.actor) == ("everything", len(on), "system:guard")
    # This process and the web process of the journey, at least, hold the features and have heard of it.
    assert rollback.processes and rollback.processes >= 2
    assert rollback.effect_ms is not None and rollback.effect_ms < 1000
    incident = Incident.objects.get()
    assert incident.figures["value"] < 0.6 and incident.figures["n"] >= 20 * len(hit)
    for delivery_id in due_deliveries():
        deliver(delivery_id=delivery_id, business_id=shop.pk)
    assert any(KEY in message.subject for message in mail.outbox)

    # The incident stands on the page; Bob undoes the rollback, and everything is as it was.
    page.goto(f"/admin/features/{KEY}/")
    expect(page.locator("#part-incidents")).to_contain_text("Approval rate")
    page.goto(f"/admin/features/{KEY}/rollbacks/{rollback.pk}/")
    page.locator("[name=reason]").fill("A reviewer had the wrong filter")
    page.locator("#undo").click()
    within(5, lambda: Rollback.objects.get().undone_at is not None)
    assert standing(rag) == facts
    within(3, lambda: told() == quarter)
    # What was held against it before does not count again.
    assert watch_guards(now=timezone.now()) == 0

    # On to 50 and 100 %.
    days_pass(7)
    for share in (50, 100):
        with across_businesses():
            rag.refresh_from_db()
            hit = [s for s in shops if s.pk in businesses_on(rag)]
        work(hit, approved=19, rejected=1)
        agreed()
        assert rag.share == share
        days_pass(7)
    within(3, lambda: told() == [True] * 40)


def standing(feature: Feature) -> dict[str, Any]:
    """Everything that says who has a feature, row by row."""
    with across_businesses():
        columns = ["stage", "share", "default_variant", "stage_since"]
        return {
            "feature": Feature.objects.filter(pk=feature.pk).values(*columns).get(),
            "listed": list(PilotBusiness.objects.filter(feature=feature).order_by("pk").values()),
            "held": list(HeldBack.objects.filter(feature=feature).order_by("pk").values()),
        }
