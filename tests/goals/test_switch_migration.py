"""Switches that were set before they became features keep what they said, and come back as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.accounts.models import Business
from apps.core.ids import new_id
from apps.core.snapshot import forget_everything
from apps.goals.configuration import configuration_of
from apps.goals.switches import WORDS, switches_of
from apps.pilots.kinds import ON_OFF
from apps.pilots.models import Feature, HeldBack, PilotBusiness

pytestmark = pytest.mark.django_db

BEFORE, MIGRATION = ("goals", "0005_goal_ended"), ("goals", "0006_switches_are_features")
THEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
COLUMNS = 'id, business_id, name, "on", updated_at, updated_by'


class Steps:
    """The one migration, done and undone within the transaction of the test."""

    def __init__(self) -> None:
        self.loader = MigrationLoader(connection)
        self.migration = self.loader.get_migration(*MIGRATION)

    def back(self) -> None:
        with self._editor() as editor:
            self.migration.unapply(self._before(), editor)

    def forth(self) -> None:
        with self._editor() as editor:
            self.migration.apply(self._before(), editor)
        forget_everything()

    def _before(self) -> Any:
        nodes = [BEFORE, *(node for node in self.migration.dependencies if node[0] != "goals")]
        return self.loader.project_state(nodes)

    @contextmanager
    def _editor(self) -> Iterator[Any]:
        with connection.cursor() as cursor:
            # What the rows written so far refer to is checked now: a table with a check to come cannot be dropped.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with connection.schema_editor(atomic=True) as editor:
            yield editor


def write(rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO goals_switch ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", rows)


def read() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM goals_switch ORDER BY id")
        return list(cursor.fetchall())


def a_past(shop: Business, other_shop: Business) -> list[tuple[Any, ...]]:
    said = [
        (None, "PHASE2_CLARIFICATION_ENABLED", False, "user:root@example.com"),
        (None, "PHASE2_ENABLED", True, ""),
        (shop.pk, "PHASE2_ENABLED", False, "user:bob@example.com"),
        (shop.pk, "PHASE2_CLARIFICATION_ENABLED", True, ""),
        (other_shop.pk, "PHASE2_GRADED_CONFIDENCE_ENABLED", False, ""),
        (other_shop.pk, "PHASE2_APPROVAL_GATES_ENABLED", True, "user:mallory@example.com"),
    ]
    return sorted(
        (new_id(), business, name, on, THEN + timedelta(minutes=place), by)
        for place, (business, name, on, by) in enumerate(said)
    )


def test_switches_become_features_and_come_back_exactly(shop: Business, other_shop: Business) -> None:
    steps, rows = Steps(), a_past(shop, other_shop)
    steps.back()
    assert not Feature.objects.filter(key__in=WORDS).exists()
    write(rows)
    steps.forth()
    defaults = dict(Feature.objects.filter(key__in=WORDS).values_list("key", "default_variant"))
    assert defaults == dict.fromkeys(WORDS, "") | {"PHASE2_CLARIFICATION_ENABLED": "off", "PHASE2_ENABLED": "on"}
    listed = PilotBusiness.objects.order_by("pk").values_list("business", "feature__key", "enabled_at", "enabled_by")
    assert list(listed) == [
        (shop.pk, "PHASE2_CLARIFICATION_ENABLED", THEN + timedelta(minutes=3), "system:migration"),
        (other_shop.pk, "PHASE2_APPROVAL_GATES_ENABLED", THEN + timedelta(minutes=5), "user:mallory@example.com"),
    ]
    held = HeldBack.objects.order_by("pk").values_list("business", "feature__key", "held_at", "held_by")
    assert list(held) == [
        (shop.pk, "PHASE2_ENABLED", THEN + timedelta(minutes=2), "user:bob@example.com"),
        (other_shop.pk, "PHASE2_GRADED_CONFIDENCE_ENABLED", THEN + timedelta(minutes=4), "system:migration"),
    ]
    ours, theirs = configuration_of(shop.pk), configuration_of(other_shop.pk)
    assert (ours.enabled, ours.switches.clarification, ours.switches.graded_confidence) == (False, True, True)
    assert (theirs.enabled, theirs.switches.clarification, theirs.switches.graded_confidence) == (True, False, False)
    shown = {stand.name: (stand.source, stand.changed_by) for stand in switches_of(other_shop.pk)}
    assert shown["PHASE2_CLARIFICATION_ENABLED"] == ("set for the whole installation", "user:root@example.com")
    steps.back()
    assert read() == rows
    steps.forth()
    assert configuration_of(shop.pk) == ours


def test_a_fresh_installation_has_the_five_as_the_environment_says() -> None:
    steps = Steps()
    steps.back()
    steps.forth()
    features = Feature.objects.filter(key__in=WORDS)
    assert {row.key: row.description for row in features} == {name: ". ".join(said) for name, said in WORDS.items()}
    assert all(row.permanent and row.self_service and row.home is None for row in features)
    assert {row.default_variant for row in features} == {""}


def test_what_was_rolled_out_since_goes_back_to_what_a_switch_can_say(shop: Business) -> None:
    steps = Steps()
    feature, _ = Feature.objects.update_or_create(key="PHASE2_ENABLED", defaults={"share": 100, "variants": ON_OFF})
    PilotBusiness.objects.create(business=shop, feature=feature, enabled_at=THEN, enabled_by="user:bob@example.com")
    HeldBack.objects.create(business=shop, feature=feature, held_at=THEN, held_by="user:bob@example.com")
    steps.back()
    assert [row[1:4] for row in read()] == [(shop.pk, "PHASE2_ENABLED", False)]
    steps.forth()
