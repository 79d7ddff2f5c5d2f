"""Workflows of a business: made, altered in versions that stay, switched, restored; twice, and at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.workflows.defining import (
    RESERVED,
    change_workflow,
    create_workflow,
    install_ready_workflows,
    restore_version,
)
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.patterns import PATTERNS

BOB = "user:bob"


def made(shop: Business, key: str = "moves", **more: Any) -> Workflow:
    return create_workflow(
        business_id=shop.pk, key=key, pattern=more.pop("pattern", "move_creation"), actor=BOB, **more
    )


def config_of(workflow: Workflow, number: int) -> dict[str, Any]:
    config: dict[str, Any] = WorkflowVersion.objects.get(workflow=workflow, number=number).config
    return config


@pytest.mark.django_db
def test_a_workflow_begins_with_version_one_and_is_told_in_the_trail(shop: Business) -> None:
    workflow = made(shop, name=" Moves ", config={"tone": "calm"}, note="First")
    version = WorkflowVersion.objects.get(workflow=workflow)
    assert (workflow.name, workflow.version, version.number, version.note, version.made_by) == (
        "Moves", 1, 1, "First", BOB,
    )  # fmt: skip
    assert version.config["tone"] == "calm" and version.config["research"]["types"] == ["research", "analysis"]
    event = Event.objects.get(kind="workflow.created")
    assert (event.actor, event.data["key"], event.data["pattern"]) == (BOB, "moves", "move_creation")


@pytest.mark.django_db
@pytest.mark.parametrize("key", [*sorted(RESERVED), "", "-a", "A", "ä", "a b", "a\n", "x" * 61, "../x"])
def test_a_key_that_cannot_stand_in_an_address_is_refused(shop: Business, key: str) -> None:
    with pytest.raises(Invalid) as found:
        made(shop, key)
    assert found.value.errors[0]["field"] == "key"


@pytest.mark.django_db
def test_a_key_is_taken_once_in_a_business(shop: Business, other_shop: Business) -> None:
    made(shop)
    with pytest.raises(Invalid):
        made(shop)
    assert made(other_shop).key == "moves"


@pytest.mark.django_db
def test_a_change_makes_a_version_and_leaves_those_before(shop: Business) -> None:
    workflow = made(shop)
    changed = change_workflow(workflow_id=workflow.pk, actor=BOB, config={"tone": "loud"}, expected=1, note="Louder")
    assert (changed.version, config_of(workflow, 1)["tone"], config_of(workflow, 2)["tone"]) == (2, "", "loud")
    assert Event.objects.get(kind="workflow.configured").data["changed"] == ["tone"]
    same = change_workflow(workflow_id=workflow.pk, actor=BOB, config={"tone": "loud"})
    assert same.version == 2 and Event.objects.filter(kind="workflow.configured").count() == 1


@pytest.mark.django_db
def test_a_version_is_never_altered(shop: Business) -> None:
    workflow = made(shop)
    with pytest.raises(DatabaseError), transaction.atomic():
        WorkflowVersion.objects.filter(workflow=workflow).update(note="Other")


@pytest.mark.django_db
def test_a_change_that_is_wrong_changes_nothing_of_what_came_with_it(shop: Business) -> None:
    workflow = made(shop)
    with pytest.raises(Invalid) as found:
        change_workflow(workflow_id=workflow.pk, actor=BOB, name="New", config={"person": {"when": "x"}})
    assert found.value.errors[0]["field"] == "config.person.when"
    workflow.refresh_from_db()
    assert (workflow.name, workflow.version) == ("Move creation", 1)


@pytest.mark.django_db
def test_a_change_from_a_version_that_is_past_is_refused(shop: Business) -> None:
    workflow = made(shop)
    change_workflow(workflow_id=workflow.pk, actor=BOB, config={"tone": "loud"})
    with pytest.raises(StaleState) as found:
        change_workflow(workflow_id=workflow.pk, actor=BOB, config={"tone": "low"}, expected=1)
    assert found.value.extra == {"version": 2}
    with pytest.raises(NotFound):
        change_workflow(workflow_id=new_id(), actor=BOB, name="x")


@pytest.mark.django_db
def test_an_earlier_version_comes_back_as_a_new_one(shop: Business) -> None:
    workflow = made(shop)
    change_workflow(workflow_id=workflow.pk, actor=BOB, config={"tone": "loud"})
    restored = restore_version(workflow_id=workflow.pk, number=1, actor=BOB)
    assert (restored.version, config_of(workflow, 3)) == (3, config_of(workflow, 1))
    assert WorkflowVersion.objects.get(workflow=workflow, number=3).note == "As version 1"
    assert restore_version(workflow_id=workflow.pk, number=3, actor=BOB).version == 3
    with pytest.raises(NotFound):
        restore_version(workflow_id=workflow.pk, number=7, actor=BOB)


@pytest.mark.django_db
def test_switching_is_told_once(shop: Business) -> None:
    workflow = made(shop)
    for _ in range(2):
        change_workflow(workflow_id=workflow.pk, actor=BOB, enabled=False)
    change_workflow(workflow_id=workflow.pk, actor=BOB, enabled=True)
    kinds = list(Event.objects.filter(subject_type="workflow").order_by("id").values_list("kind", flat=True))
    assert kinds == ["workflow.created", "workflow.disabled", "workflow.enabled"]


@pytest.mark.django_db
def test_the_library_is_installed_once_and_leaves_alone_what_is_there(shop: Business, other_shop: Business) -> None:
    mine = made(shop, "my-bugs", pattern="bug_fix")
    made(shop, "testing", pattern="single")
    added = install_ready_workflows(business_id=shop.pk, actor=BOB)
    assert {one.pattern for one in added} == set(PATTERNS) - {"bug_fix", "testing", "single"}
    assert install_ready_workflows(business_id=shop.pk, actor=BOB) == []
    mine.refresh_from_db()
    assert mine.version == 1 and not Workflow.objects.filter(business=other_shop).exists()
    assert all(WorkflowVersion.objects.filter(workflow=one, number=1).exists() for one in added)


@pytest.mark.django_db
def test_under_row_security_another_business_finds_nothing_to_change(shop: Business, other_shop: Business) -> None:
    workflow = made(shop)
    with acting_for(other_shop.pk):
        for act in (
            lambda: change_workflow(workflow_id=workflow.pk, actor="user:mallory", name="Mine"),
            lambda: restore_version(workflow_id=workflow.pk, number=1, actor="user:mallory"),
        ):
            with pytest.raises(NotFound):
                act()
    with acting_for(shop.pk):
        assert change_workflow(workflow_id=workflow.pk, actor=BOB, name="Ours").name == "Ours"


@pytest.mark.django_db(transaction=True)
def test_of_many_changes_at_once_from_one_version_one_is_made(shop: Business) -> None:
    workflow = made(shop)

    def change(number: int) -> bool:
        try:
            change_workflow(workflow_id=workflow.pk, actor=BOB, config={"horizon_days": number}, expected=1)
        except StaleState:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(change, range(2, 6)))
    assert done.count(True) == 1
    assert sorted(WorkflowVersion.objects.values_list("number", flat=True)) == [1, 2]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_who_install_the_library_at_once_install_it_once(shop: Business) -> None:
    def install(_: int) -> int:
        try:
            return len(install_ready_workflows(business_id=shop.pk, actor=BOB))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        added = sum(pool.map(install, range(2)))
    assert added == len(PATTERNS) == Workflow.objects.count() == WorkflowVersion.objects.count()
