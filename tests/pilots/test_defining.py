"""Features are made, edited, laddered and put away; everything wrong is named, nothing running is shrunk."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Business, User
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.pilots.defining import archive_feature, create_feature, edit_feature, restore_feature
from apps.pilots.flags import evaluate, is_on
from apps.pilots.ladder import StageKind, StageTerms
from apps.pilots.laddering import ladder_of, set_ladder
from apps.pilots.models import Advance, Feature, PilotBusiness, Rollback, Stage
from apps.pilots.plans import StagePlan, seven_day_plan
from apps.pilots.switching import switch_on

pytestmark = pytest.mark.django_db
ROOT = "user:root@example.com"


def test_a_feature_begins_with_nobody(shop: Business) -> None:
    feature = create_feature(key="NEW", home_id=shop.pk, actor=ROOT)
    assert (feature.kind, feature.variants, feature.stage, feature.share) == (
        "boolean",
        {"on": True, "off": False},
        0,
        0,
    )
    assert not is_on("NEW", shop.pk)
    event = Event.objects.get(kind="feature.created")
    assert (event.business_id, event.subject_id, event.actor) == (shop.pk, str(feature.pk), ROOT)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": "a b"}, "key"),
        ({"kind": "date"}, "kind"),
        ({"variants": {"on": 1, "off": 0}}, "variants"),
        ({"on_variant": "maybe"}, "on_variant"),
        ({"on_variant": "off"}, "on_variant"),
        ({"description": "x" * 501}, "description"),
        ({"owner_id": new_id()}, "owner"),
        ({"home_id": new_id()}, "home"),
        ({"ladder": [StagePlan(StageTerms(1, "", StageKind.PERCENTAGE, share=10))]}, "stages.0.name"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_left_behind(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as found:
        create_feature(**{"key": "NEW", "actor": ROOT, **given})
    assert found.value.errors[0]["field"] == field
    assert not Feature.objects.filter(key="NEW").exists()
    assert not Event.objects.exists()


def test_a_key_is_taken_once(switch: Feature) -> None:
    with pytest.raises(Invalid, match="already"):
        create_feature(key=switch.key, actor=ROOT)


def test_an_edit_says_what_changed_and_gives_another_version(switch: Feature, bob: User) -> None:
    edited = edit_feature(feature_id=switch.pk, description="Many at once", owner_id=bob.pk, exposed=False, actor=ROOT)
    assert edited.version != switch.version
    assert Event.objects.get(kind="feature.edited").data["changed"] == ["description", "owner_id"]
    again = edit_feature(feature_id=switch.pk, description="Many at once", actor=ROOT)
    assert again.version == edited.version
    assert Event.objects.filter(kind="feature.edited").count() == 1


def test_key_and_kind_stay(switch: Feature) -> None:
    for column in ("key", "kind", "share", "stage"):
        with pytest.raises(Invalid, match=column):
            edit_feature(feature_id=switch.pk, actor=ROOT, **{column: "x"})


def test_other_values_of_variants_are_answered_at_once(switch: Feature, shop: Business) -> None:
    feature = create_feature(
        key="MODEL", kind="string", variants={"old": "a", "new": "b"}, on_variant="new", off_variant="old", actor=ROOT
    )
    assert evaluate("MODEL", "x").value == "a"
    edit_feature(feature_id=feature.pk, variants={"old": "c", "new": "b"}, actor=ROOT)
    assert evaluate("MODEL", "x").value == "c"


def test_an_archived_feature_is_off_and_comes_back_as_it_was(switch: Feature, shop: Business) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ROOT)
    archive_feature(feature_id=switch.pk, actor=ROOT)
    assert not is_on(switch.key, shop.pk)
    for act in (archive_feature, edit_feature):
        with pytest.raises(StaleState, match="archived"):
            act(feature_id=switch.pk, actor=ROOT)
    restore_feature(feature_id=switch.pk, actor=ROOT)
    assert is_on(switch.key, shop.pk)
    with pytest.raises(StaleState, match="not archived"):
        restore_feature(feature_id=switch.pk, actor=ROOT)


def test_a_permanent_feature_is_not_archived_by_accident(switch: Feature) -> None:
    edit_feature(feature_id=switch.pk, permanent=True, actor=ROOT)
    with pytest.raises(StaleState, match="permanent"):
        archive_feature(feature_id=switch.pk, actor=ROOT)


def test_what_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        edit_feature(feature_id=new_id(), actor=ROOT)


class TestLadders:
    def test_a_ladder_reads_as_it_was_written(self, feature: Feature, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(2):
            assert ladder_of(feature) == seven_day_plan()

    def test_another_ladder_takes_its_place(self, feature: Feature) -> None:
        plans = [StagePlan(StageTerms(1, "Everybody", StageKind.PERCENTAGE, share=100))]
        set_ladder(feature_id=feature.pk, plans=plans, actor=ROOT)
        assert ladder_of(feature) == plans

    def test_it_is_all_or_nothing(self, feature: Feature) -> None:
        bad = [StagePlan(StageTerms(1, "A", StageKind.PERCENTAGE, share=10))] * 2
        with pytest.raises(Invalid):
            set_ladder(feature_id=feature.pk, plans=bad, actor=ROOT)
        assert ladder_of(feature) == seven_day_plan()

    @pytest.mark.parametrize(
        ("stage", "share", "change", "field"),
        [
            (4, 10, lambda plans: plans[:3], "stages"),
            (4, 10, lambda plans: _with(plans, 3, share=5), "stages.3.share"),
            (4, 10, lambda plans: _with(plans, 3, share=15), "stages.3.share"),
            (1, 0, lambda plans: _with(plans, 0, baseline=False), "stages.0.baseline"),
        ],
    )
    def test_a_running_rollout_does_not_shrink_by_its_ladder(
        self, feature: Feature, stage: int, share: int, change: Any, field: str
    ) -> None:
        Feature.objects.filter(pk=feature.pk).update(stage=stage, share=share)
        with pytest.raises(Invalid) as found:
            set_ladder(feature_id=feature.pk, plans=change(seven_day_plan()), actor=ROOT)
        assert found.value.errors[0]["field"] == field

    def test_nor_does_its_list(self, feature: Feature, more_shops: list[Business]) -> None:
        Feature.objects.filter(pk=feature.pk).update(stage=3)
        for business in more_shops[:3]:
            switch_on(feature_id=feature.pk, business_id=business.pk, actor=ROOT)
        with pytest.raises(Invalid, match="3 businesses are on the list already"):
            set_ladder(feature_id=feature.pk, plans=_with(seven_day_plan(), 2, businesses_max=2), actor=ROOT)

    def test_what_lies_ahead_may_change(self, feature: Feature) -> None:
        Feature.objects.filter(pk=feature.pk).update(stage=4, share=10)
        plans = _with(seven_day_plan(), 4, share=20)
        set_ladder(feature_id=feature.pk, plans=plans, actor=ROOT)
        assert ladder_of(feature) == plans

    def test_it_waits_for_an_open_step(self, feature: Feature) -> None:
        Advance.objects.create(
            feature=feature, from_stage=0, to_stage=1, from_share=0, to_share=0, state="asked", asked_by="user:b",
            asked_at=timezone.now(),
        )  # fmt: skip
        with pytest.raises(StaleState, match="withdraw"):
            set_ladder(feature_id=feature.pk, plans=[], actor=ROOT)


@pytest.mark.parametrize("broken", ["share", "listed twice", "open twice", "cohort"])
def test_the_database_itself_refuses(feature: Feature, shop: Business, broken: str) -> None:
    now = timezone.now()
    step: dict[str, Any] = {
        "feature": feature, "from_stage": 0, "to_stage": 1, "from_share": 0, "to_share": 0, "asked_by": "a",
        "asked_at": now,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        if broken == "share":
            Feature.objects.filter(pk=feature.pk).update(share=101)
        elif broken == "listed twice":
            for _ in range(2):
                PilotBusiness.objects.create(feature=feature, business=shop, enabled_at=now, enabled_by="user:a")
        elif broken == "open twice":
            Advance.objects.create(**step, state="asked")
            Advance.objects.create(**step, state="scheduled")
        else:
            Rollback.objects.create(
                feature=feature, level="cohort", reason="x", actor="a", at=now, affected=0, took_ms=0, cohort_from=now,
                cohort_to=now - timedelta(seconds=1),
            )  # fmt: skip
    assert Stage.objects.filter(feature=feature).count() == 7


def _with(plans: list[StagePlan], index: int, **changes: Any) -> list[StagePlan]:
    plan = plans[index]
    return [*plans[:index], replace(plan, stage=replace(plan.stage, **changes)), *plans[index + 1 :]]
