"""Rows that belong to a feature are seen and written with it: by its home, and by no other business."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.core.migration_ops import APP_ROLE
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Advance, Criterion, Feature, Guard, GuardReading, Incident, Rollback, Stage

pytestmark = pytest.mark.django_db
OF_A_FEATURE: list[Any] = [Stage, Criterion, Advance, Rollback, Guard, GuardReading, Incident]


def feature_with_everything(home: Business | None, key: str) -> Feature:
    now = timezone.now()
    feature = Feature.objects.create(key=key, variants=ON_OFF, home=home)
    stage = Stage.objects.create(feature=feature, position=1, name="Pilot", kind="allowlist", businesses_max=2)
    Criterion.objects.create(
        stage=stage, metric="approval_rate", comparison="at_least", limit=0.7, window_hours=48, minimum=30
    )
    Advance.objects.create(
        feature=feature, from_stage=0, to_stage=1, from_share=0, to_share=0, state="done", asked_by="user:a",
        asked_at=now, done_at=now,
    )  # fmt: skip
    Rollback.objects.create(
        feature=feature, level="everything", reason="Odd", actor="user:a", at=now, affected=1, took_ms=1
    )
    guard = Guard.objects.create(feature=feature, metric="error_rate", comparison="at_most", limit=0.1, armed_at=now)
    GuardReading.objects.create(guard=guard, at=now, n=1, verdict="quiet")
    Incident.objects.create(
        feature=feature, guard=guard, level="everything", metric="error_rate", figures={}, opened_at=now
    )
    return feature


@pytest.fixture
def three(shop: Business, other_shop: Business) -> list[Feature]:
    """A feature of each shop, and one without a home."""
    homes = ((shop, "MINE"), (other_shop, "THEIRS"), (None, "NOBODYS"))
    return [feature_with_everything(home, key) for home, key in homes]


def features_of(model: Any) -> set[str]:
    path = {Criterion: "stage__feature__key", GuardReading: "guard__feature__key"}.get(model, "feature__key")
    return set(model.objects.values_list(path, flat=True))


@pytest.mark.parametrize("model", OF_A_FEATURE)
def test_a_business_sees_those_of_its_own_features(three: list[Feature], shop: Business, model: Any) -> None:
    with acting_for(shop.pk):
        assert features_of(model) == {"MINE"}
        assert model.objects.count() == 1
    with across_businesses():
        assert features_of(model) == {"MINE", "THEIRS", "NOBODYS"}


@pytest.mark.parametrize("model", OF_A_FEATURE)
def test_it_neither_changes_deletes_nor_adds_those_of_others(three: list[Feature], shop: Business, model: Any) -> None:
    column = {Criterion: "stage_id", GuardReading: "guard_id"}.get(model, "feature_id")
    theirs = model.objects.exclude(pk__in=mine_of(model, shop)).values_list(column, flat=True)
    other = next(iter(theirs))
    with acting_for(shop.pk):
        assert model.objects.filter(**{column: other}).update(**{column: other}) == 0
        assert model.objects.filter(**{column: other}).delete()[0] == 0
    with pytest.raises(ProgrammingError, match="row-level security"), acting_for(shop.pk), transaction.atomic():
        model.objects.update(**{column: other})
    assert model.objects.count() == 3


def mine_of(model: Any, shop: Business) -> list[Any]:
    with acting_for(shop.pk):
        return list(model.objects.values_list("pk", flat=True))


def test_features_without_a_home_are_read_by_all_and_written_by_none(three: list[Feature], shop: Business) -> None:
    with acting_for(shop.pk):
        assert set(Feature.objects.filter(pk__in=[one.pk for one in three]).values_list("key", flat=True)) == {
            "MINE", "NOBODYS",
        }  # fmt: skip
        assert Feature.objects.filter(key="NOBODYS").update(share=100) == 0
        assert Feature.objects.filter(key="MINE").update(share=0) == 1


@pytest.mark.parametrize("model", OF_A_FEATURE)
def test_where_no_business_is_current_nothing_is_seen(three: list[Feature], model: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        assert not model.objects.exists()
        cursor.execute("RESET ROLE")
