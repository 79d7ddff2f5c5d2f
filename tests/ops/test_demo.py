"""The demo shop: made once, kept on a second load, believable."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.keys import find_key, revoke_key
from apps.accounts.models import Business, Membership, User
from apps.accounts.row_access import across_businesses
from apps.accounts.selectors import seats_of
from apps.agents.models import Agent, Tool
from apps.approvals.models import ApprovalRequest
from apps.core.models import Event, Outbox
from apps.drafts.models import IntentTool
from apps.drafts.states import Intent
from apps.goals.models import Goal
from apps.ops.demo.goals import GOALS
from apps.ops.demo.history import BY
from apps.ops.demo.history import GOALS as PAST
from apps.ops.demo.loading import SLUG, load
from apps.ops.demo.pilots import KEYS, OTHERS
from apps.pilots.models import Feature, GuardReading, Incident, PilotBusiness, Rollback
from apps.pilots.overview import phase_words_of
from apps.pilots.selectors import businesses_on
from apps.pilots.stale import stale_features
from apps.tuning.models import ReviewedGoal
from apps.tuning.refitting import refit

pytestmark = pytest.mark.django_db


def load_again(**known: str | None) -> dict[str, str]:
    return load(base_url="http://127.0.0.1:8000", **({"password": None, "api_key": None} | known))


def test_a_new_user_meets_every_path_and_a_queue_with_a_past() -> None:
    found = load_again()
    assert User.objects.get(username=found["username"]).check_password(found["password"])
    assert find_key(found["api_key"]) is not None
    assert Goal.objects.exclude(submitted_by=BY).count() == len(GOALS) >= 40
    assert set(Goal.objects.values_list("execution_path", flat=True)) == {
        "executed",
        "approved",
        "clarification",
        "rejected",
    }
    assert ApprovalRequest.objects.filter(state="awaiting_approval").count() >= 8
    assert {"approved", "rejected"} <= set(ApprovalRequest.objects.values_list("state", flat=True))


def test_a_second_load_keeps_everything_and_the_credentials_that_work() -> None:
    first = load_again()
    second = load_again(password=first["password"], api_key=first["api_key"])
    assert second == first
    assert Business.objects.count() == 1 + len(OTHERS)
    assert Goal.objects.count() == len(GOALS) + PAST


def test_credentials_that_work_no_more_are_made_anew() -> None:
    first = load_again()
    key = find_key(first["api_key"])
    assert key is not None
    revoke_key(key=key, by=None)
    second = load_again(password="forgotten", api_key=first["api_key"])
    assert second["api_key"] != first["api_key"]
    assert User.objects.get(username="demo").check_password(second["password"])


def test_agents_follow_the_installations_port() -> None:
    load_again()
    load(base_url="http://127.0.0.1:9999", password=None, api_key=None)
    assert all(agent.url.startswith("http://127.0.0.1:9999/") for agent in Agent.objects.all())


def test_the_built_in_agents_are_not_served_outside_of_a_local_installation(client: Client) -> None:
    assert client.post("/demo/agents/concierge", {}, content_type="application/json").status_code == 404


def test_it_has_a_past_of_every_path_that_calibration_can_learn_from() -> None:
    load_again()
    past = Goal.objects.filter(submitted_by=BY)
    assert set(past.values_list("execution_path", flat=True)) == {"executed", "approved", "clarification", "rejected"}
    assert {"done", "failed", "rejected", "expired"} <= set(past.values_list("state", flat=True))
    assert past.filter(created_at__gte=timezone.now() - timedelta(days=14)).count() > PAST / 3
    assert not past.filter(created_at__gte=timezone.now()).exists()
    # The newest goals are those that were submitted, not those of the past.
    newest = Goal.objects.order_by("-id").values_list("submitted_by", flat=True)[: len(GOALS)]
    assert BY not in newest
    assert set(ReviewedGoal.objects.values_list("source", flat=True)) == {"decision", "audit"}
    assert refit(business_id=Business.objects.get(slug=SLUG).pk, actor="system:test")[0].version is not None


def test_its_past_is_the_same_each_time_and_calls_nobody(mailoutbox: list[object]) -> None:
    load_again()
    texts = list(Goal.objects.filter(submitted_by=BY).order_by("id").values_list("text", "state", "confidence"))
    Goal.objects.filter(submitted_by=BY).delete()
    load_again()
    assert list(Goal.objects.filter(submitted_by=BY).order_by("id").values_list("text", "state", "confidence")) == texts
    assert not mailoutbox
    assert not Event.objects.filter(data__submitted_by=BY).exists()
    assert not Goal.objects.filter(submitted_by=BY, state__in=["ready", "running", "waiting", "asking"]).exists()


def test_somebody_besides_the_owner_may_agree_to_other_thresholds() -> None:
    load_again()
    assert set(Membership.objects.filter(role__in=["admin", "owner"]).values_list("user__username", flat=True)) == {
        "cleo",
        "demo",
    }


def test_it_has_rollouts_of_every_sort_to_look_at(mailoutbox: list[object]) -> None:
    load_again()
    home = Business.objects.get(slug=SLUG)
    assert Feature.objects.filter(home=home).count() == len(KEYS)
    with across_businesses():
        phases = {one.key: phase_words_of(one.pk)[1] for one in Feature.objects.filter(home=home)}
    pilot, share = Feature.objects.get(key="RAG_PILOT"), Feature.objects.get(key="NEW_TRIAGE_MODEL")
    assert len(businesses_on(pilot)) == 2
    assert home.pk in businesses_on(share)
    assert len(businesses_on(Feature.objects.get(key="BULK_APPROVE"))) == len(OTHERS)
    assert businesses_on(Feature.objects.get(key="ORDER_SEARCH_2")) != []
    # What guards read is in the goals of the shop, and none of them has acted.
    assert GuardReading.objects.filter(value__isnull=False).count() >= 10
    assert not GuardReading.objects.filter(verdict="breached").exists()
    assert Incident.objects.get().closed_at is not None
    assert Rollback.objects.get().undone_at is not None
    assert not mailoutbox
    assert seats_of(User.objects.get(username="demo"))[0].business_id == home.pk
    assert phases == {
        "RAG_PILOT": "pilot",
        "NEW_TRIAGE_MODEL": "rolling out 25 %",
        "BULK_APPROVE": "everyone",
        "ORDER_SEARCH_2": "everyone",
    }


def test_its_rollouts_are_loaded_once_and_what_admins_changed_stays() -> None:
    load_again()
    feature = Feature.objects.get(key="RAG_PILOT")
    PilotBusiness.objects.filter(feature=feature).delete()
    Feature.objects.filter(key="BULK_APPROVE").delete()
    before = (Feature.objects.count(), Event.objects.count(), GuardReading.objects.count(), Business.objects.count())
    found = load_again()
    assert find_key(found["api_key"]) is not None
    after = (Feature.objects.count(), Event.objects.count(), GuardReading.objects.count(), Business.objects.count())
    # A new key is told of in the trail, nothing else.
    assert (after[0], after[2], after[3]) == (before[0], before[2], before[3])
    assert not PilotBusiness.objects.filter(feature=feature).exists()


def test_the_past_of_its_rollouts_is_told_at_its_time_and_to_nobody() -> None:
    load_again()
    feature = Feature.objects.get(key="NEW_TRIAGE_MODEL")
    made_up = Event.objects.filter(subject_id=str(feature.pk), data__demo=True)
    assert set(made_up.values_list("kind", flat=True)) >= {"feature.created", "feature.advanced", "feature.rolled_back"}
    assert not made_up.filter(at__gt=timezone.now() - timedelta(days=6)).exists()
    assert not Outbox.objects.filter(event__in=made_up).exists()
    assert [event.at for event in made_up.order_by("id")] == sorted(made_up.values_list("at", flat=True))


def test_an_old_feature_of_it_is_in_the_report_of_stale_ones() -> None:
    load_again()
    with across_businesses():
        found = {one.feature.key for one in stale_features(timezone.now())}
    assert "ORDER_SEARCH_2" in found
    assert "BULK_APPROVE" not in found


def test_its_tools_follow_the_port_and_keep_what_an_admin_chose() -> None:
    load_again()
    kept = Tool.objects.get(name="find_order")
    kept.returned = ["status"]
    kept.save(update_fields=["returned"])
    IntentTool.objects.filter(tool=kept, intent=Intent.COMPLAINT).delete()
    Tool.objects.filter(name="track_parcel").update(url="https://parcels.example.com/track")
    load(base_url="http://127.0.0.1:9999", password=None, api_key=None)
    kept.refresh_from_db()
    assert (kept.url, kept.returned) == ("http://127.0.0.1:9999/demo/shop/orders", ["status"])
    assert set(IntentTool.objects.filter(tool=kept).values_list("intent", flat=True)) == {
        Intent.ORDER,
        Intent.TRACKING,
        Intent.REFUND,
    }
    assert Tool.objects.get(name="track_parcel").url == "https://parcels.example.com/track"
