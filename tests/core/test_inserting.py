"""Several new rows, of whatever models, in one round trip."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import ApiKey, Business
from apps.agents.models import Tool
from apps.core.inserting import insert
from apps.core.models import Event, Outbox
from apps.core.recall import Recall

pytestmark = pytest.mark.django_db


def test_it_writes_what_save_would_write(shop: Business) -> None:
    tool = Tool(
        business=shop, name="order", description="Orders ünïcödé", parameters={"type": "object", "n": [1, None]}
    )
    key = ApiKey(business=shop, name="till", prefix="ab", digest="0" * 64, scopes=["goals:read", "goals:write"])
    with transaction.atomic():
        insert(tool, key)
    stored = Tool.objects.get(name="order")
    assert stored == tool
    assert (stored.parameters, stored.risk, stored.enabled) == ({"type": "object", "n": [1, None]}, 0.3, True)
    assert stored.created_at is not None
    assert ApiKey.objects.get(prefix="ab").scopes == ["goals:read", "goals:write"]
    assert not tool._state.adding


def test_a_row_that_breaks_a_rule_of_the_database_writes_nothing(shop: Business) -> None:
    good = Tool(business=shop, name="good", description="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(good, Tool(business=shop, name="bad", description="x", risk=7.0))
    assert not Tool.objects.exists()


def test_triggers_see_the_rows(shop: Business) -> None:
    def event(kind: str) -> Event:
        return Event(business_id=shop.pk, kind=kind, subject_type="x", subject_id="1", actor="user:a")

    with transaction.atomic():
        insert(event("a.b"), event("a.c"))
    kinds = [row.event.kind for row in Outbox.objects.select_related("event").order_by("event_id")]
    assert kinds == ["a.b", "a.c"]


def test_what_was_looked_up_is_remembered_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    recall: Recall[str, int] = Recall()
    asked: list[list[str]] = []

    def look_up(keys: list[str]) -> dict[str, int]:
        asked.append(sorted(keys))
        return {key: len(key) for key in keys if key != "missing"}

    assert recall.get({"a", "bb"}, look_up) == {"a": 1, "bb": 2}
    assert recall.get(["a", "ccc", "missing"], look_up) == {"a": 1, "ccc": 3}
    assert asked == [["a", "bb"], ["ccc", "missing"]]
    monkeypatch.setattr("apps.core.recall.SECONDS", 0.0)
    recall.get(["a"], look_up)
    assert asked[-1] == ["a"]
