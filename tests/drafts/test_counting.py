"""The figures of the page against a plain count in Python, of drafts of every kind at once."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.measures import Figured
from apps.drafts.counting import Window, count, window_of
from apps.drafts.figures import PARTS, Moment
from apps.drafts.figures_found import NOTHING, Found
from apps.drafts.models import Draft
from tests.drafts.drafted import drafts

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LOOKED_UP = {"hit", "miss", "timeout", "error", "dropped"}
ENDED = {"approved", "sent", "discarded"}


def looked_up(draft: Draft) -> bool:
    return draft.retrieval in LOOKED_UP and draft.retrieval_ms is not None


def counted(draft: Draft) -> bool:
    return draft.tokens_estimated is not None and bool(draft.tokens_actual)


def off_by(draft: Draft) -> float:
    assert draft.tokens_estimated is not None and draft.tokens_actual
    return abs(draft.tokens_estimated - draft.tokens_actual) / draft.tokens_actual


def by_person(draft: Draft) -> bool:
    return draft.state in ENDED and draft.decided_by.startswith("user:")


def edited(draft: Draft) -> bool:
    return draft.state in ("approved", "sent") and draft.edit_distance is not None


# Which drafts count, how many observations each is, and how many of them are hits.
PLAIN: dict[str, tuple[Callable[[Draft], bool], Callable[[Draft], float], Callable[[Draft], float]]] = {
    "draft_success_rate": (lambda d: True, lambda d: 1, lambda d: d.version > 0),
    "verification_rate": (lambda d: d.version > 0, lambda d: 1, lambda d: d.verification),
    "hallucination_count": (lambda d: d.version > 0, lambda d: 1, lambda d: d.hallucinations),
    "rag_hit_rate": (looked_up, lambda d: 1, lambda d: d.retrieval == "hit"),
    "rag_latency": (looked_up, lambda d: 1, lambda d: 0),
    "token_accuracy": (counted, lambda d: 1, lambda d: off_by(d) <= 0.10),
    "token_error_rate": (counted, lambda d: 1, lambda d: off_by(d) > 0.20),
    "token_error": (counted, lambda d: 1, lambda d: min(1.0, off_by(d))),
    "model_written_rate": (lambda d: d.version > 0, lambda d: 1, lambda d: d.made_by == "model"),
    "draft_approval_rate": (by_person, lambda d: 1, lambda d: d.state != "discarded"),
    "edit_distance": (edited, lambda d: 1, lambda d: (d.edit_distance or 0) <= 0.30),
    "edit_far_rate": (edited, lambda d: 1, lambda d: (d.edit_distance or 0) > 0.50),
    "discard_rate": (lambda d: d.state in ENDED, lambda d: 1, lambda d: d.state == "discarded"),
    "retrieval_timeout_rate": (looked_up, lambda d: 1, lambda d: d.retrieval in ("timeout", "error")),
    "tool_error_rate": (lambda d: d.tool_calls > 0, lambda d: d.tool_calls, lambda d: d.tool_errors),
    "security_incidents": (
        lambda d: d.version > 0,
        lambda d: 1,
        lambda d: d.privacy_incidents + d.injection_incidents,
    ),
}


def any_draft(chance: random.Random) -> dict[str, Any]:
    """Columns of a draft of any kind, in and around the window, also at its very ends."""
    made = chance.choice([NOW, NOW - timedelta(hours=24), NOW - timedelta(hours=chance.uniform(-2, 30))])
    state = chance.choice(["waiting", "failed", "stale", "approved", "sent", "discarded"])
    decided = state in ENDED
    return {
        "state": state,
        "version": 0 if state == "failed" else chance.randint(1, 3),
        "made_by": chance.choice(["model", "template", "verification"]),
        "made_at": made,
        "decided_at": made + timedelta(minutes=chance.randint(0, 90)) if decided else None,
        "decided_by": chance.choice(["user:alice", "key:shop", "system:deadline"]) if decided else "",
        "edit_distance": chance.choice([None, 0.0, 0.30, 0.31, 0.50, 0.51, 1.0]) if decided else None,
        "verification": chance.random() < 0.3,
        "hallucinations": chance.choice([0, 0, 0, 2]),
        "privacy_incidents": chance.choice([0, 0, 1]),
        "injection_incidents": chance.choice([0, 0, 1]),
        "retrieval": chance.choice(["hit", "miss", "timeout", "error", "dropped", "off"]),
        "retrieval_ms": chance.choice([None, chance.uniform(5, 900)]),
        "tokens_estimated": chance.choice([None, 100, 110, 121, 400]),
        "tokens_actual": chance.choice([None, 0, 100]),
        "tool_calls": (calls := chance.randint(0, 3)),
        "tool_errors": chance.randint(0, calls),
        "arm": chance.choice(["", "retrieval", "control"]),
    }


def plain(rows: list[Draft], name: str, moment: Moment, start: datetime, end: datetime) -> tuple[int, float]:
    where, n, hits = PLAIN[name]
    seen = [d for d in rows if (at := getattr(d, moment.value)) and start <= at < end and where(d)]
    return sum(int(n(d)) for d in seen), float(sum(hits(d) for d in seen))


def check(figures: Any, rows: list[Draft], start: datetime, end: datetime) -> None:
    for part in PARTS:
        found: Found = figures[part.name]
        n, hits = plain(rows, part.name, part.moment, start, end)
        assert found.n == n, part.name
        assert found.hits == pytest.approx(hits), part.name
        assert (found == NOTHING) == (n == 0)
        if n and part.kind is Figured.SHARE:
            assert found.value == pytest.approx(hits / n)
        if n and part.kind is Figured.QUANTILE:
            times = sorted(d.retrieval_ms / 1000 for d in rows if looked_up(d) and start <= d.made_at < end)  # type: ignore[operator]
            at = 0.95 * (len(times) - 1)
            low = int(at)
            high = min(low + 1, len(times) - 1)
            assert found.value == pytest.approx(times[low] + (at - low) * (times[high] - times[low]))


@pytest.mark.parametrize("arm", [None, "retrieval", "control"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_figure_is_what_a_plain_count_says(
    shop: Business, other_shop: Business, seed: int, arm: str | None
) -> None:
    chance = random.Random(seed)
    for business, number in ((shop, 120), (other_shop, 50)):
        for _ in range(number):
            drafts(business, 1, **any_draft(chance))
    with across_businesses():
        window = window_of("24h", NOW)
        got = count([shop.pk, other_shop.pk], window, arm=arm, each=True)
        alone = count([shop.pk], window, arm=arm)
        rows = [draft for draft in Draft.objects.all() if arm is None or draft.arm == arm]
    check(got.figures, rows, window.start, window.end)
    for column in got.columns:
        check(column.figures, rows, column.start, column.end)
    of_shop = [draft for draft in rows if draft.business_id == shop.pk]
    check(alone.figures, of_shop, window.start, window.end)
    check(got.businesses[shop.pk], of_shop, window.start, window.end)
    assert set(got.businesses) == {shop.pk, other_shop.pk}


def test_it_takes_three_statements_whatever_the_number_of_businesses(
    shop: Business, other_shop: Business, django_assert_num_queries: Any
) -> None:
    for business in (shop, other_shop):
        drafts(business, 2, made_at=NOW - timedelta(hours=1))
    with across_businesses(), django_assert_num_queries(3):
        count([shop.pk, other_shop.pk], window_of("7d", NOW), each=True)


def test_nothing_is_asked_about_nobody(django_assert_num_queries: Any) -> None:
    window: Window = window_of("30d", NOW)
    with django_assert_num_queries(0):
        got = count([], window, each=True)
    assert (len(got.columns), got.businesses) == (30, {})
    assert all(found == NOTHING for found in got.figures.values())
