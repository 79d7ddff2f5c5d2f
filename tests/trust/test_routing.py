"""Who is asked first, from memory, and how soon a change is in force."""

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.agents.models import Agent
from apps.trust import routing
from apps.trust.models import TrustScore
from apps.trust.routing import NEUTRAL, priority_for, rank, standing_of, standings_changed
from tests.trust.conftest import an_agent

pytestmark = pytest.mark.django_db


def scored(agent: Agent, kind: str = "", *, low: float = 0.5, enough: bool = True, **figures: Any) -> TrustScore:
    found = {
        "overall": low + 0.05, "high": min(1.0, low + 0.1), "accuracy": 0.7, "consistency": 1, "timeliness": 1,
        "reliability": 1, "effective_n": 30 if enough else 3, "boost": low - 0.5 if enough else 0,
        "approval_rate": 0.65, **figures,
    }  # fmt: skip
    return TrustScore.objects.create(
        business_id=agent.business_id,
        agent=agent,
        type=kind,
        low=low,
        enough=enough,
        computed_at=timezone.now(),
        **found,
    )


def test_nothing_is_known_of_a_new_agent(shop: Business, writer: Agent) -> None:
    assert standing_of(shop.pk, writer.pk, "draft") == NEUTRAL
    assert (NEUTRAL.low, NEUTRAL.high, NEUTRAL.expected, NEUTRAL.boost, NEUTRAL.priority) == (0, 1, None, 0, 1)


def test_it_stands_as_its_score_of_the_type_says(shop: Business, writer: Agent) -> None:
    scored(writer, low=0.4)
    scored(writer, "draft", low=0.8)
    found = standing_of(shop.pk, writer.pk, "draft")
    assert (found.low, found.high, found.expected, found.enough) == (0.8, 0.9, 0.7, True)
    assert found.boost == pytest.approx(0.3)
    assert (found.priority, found.average, found.effective_n) == (0, 0.65, 30)


def test_a_type_that_is_new_to_it_goes_by_the_agent_as_a_whole(shop: Business, writer: Agent) -> None:
    scored(writer, low=0.25)
    assert standing_of(shop.pk, writer.pk, "poem").low == 0.25
    assert priority_for(shop.pk, writer.pk, "poem") == 2


@pytest.mark.parametrize(
    ("low", "enough", "priority"), [(0.71, True, 0), (0.7, True, 1), (0.3, True, 1), (0.29, True, 2), (0.1, False, 1)]
)
def test_priority_goes_by_the_lower_bound(
    shop: Business, writer: Agent, low: float, enough: bool, priority: int
) -> None:
    scored(writer, "draft", low=low, enough=enough)
    assert priority_for(shop.pk, writer.pk, "draft") == priority


def test_it_takes_no_query_once_it_is_warm(shop: Business, writer: Agent) -> None:
    scored(writer, "draft")
    standing_of(shop.pk, writer.pk, "draft")
    # What is in memory is read once more when the process begins to hear of changes.
    counts = []
    for _ in range(5):
        with CaptureQueriesContext(connection) as queries:
            standing_of(shop.pk, writer.pk, "draft")
            standing_of(shop.pk, writer.pk, "unknown")
        counts.append(len(queries))
    assert sorted(counts)[2] == 0


def test_a_change_is_in_force_at_once(shop: Business, writer: Agent) -> None:
    score = scored(writer, "draft", low=0.5)
    assert standing_of(shop.pk, writer.pk, "draft").low == 0.5
    TrustScore.objects.filter(pk=score.pk).update(low=0.55)
    standings_changed()
    assert standing_of(shop.pk, writer.pk, "draft").low == 0.55


def test_each_business_has_its_own(shop: Business, other_shop: Business, writer: Agent) -> None:
    scored(writer, "draft", low=0.8)
    assert standing_of(other_shop.pk, writer.pk, "draft") == NEUTRAL
    assert standing_of(shop.pk, writer.pk, "draft").low == 0.8


def test_it_is_read_right_whoever_is_acted_for(shop: Business, other_shop: Business, writer: Agent) -> None:
    scored(writer, "draft", low=0.8)
    for block in (acting_for(shop.pk), across_businesses(), acting_for(other_shop.pk)):
        standings_changed()
        with block:
            assert standing_of(shop.pk, writer.pk, "draft").low == 0.8


def test_it_holds_so_many_and_no_more(
    shop: Business, other_shop: Business, writer: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = an_agent(other_shop, "theirs")
    for kind in ("a", "b", "c"):
        scored(writer, kind)
        scored(theirs, kind)
    monkeypatch.setattr(routing, "MOST_KEPT", 5)
    for _ in range(3):
        assert standing_of(shop.pk, writer.pk, "a").low == 0.5
        assert standing_of(other_shop.pk, theirs.pk, "a").low == 0.5
        assert len(routing._snapshot.get().known) == 1


def test_the_surest_is_asked_first_and_who_is_distrusted_last(shop: Business) -> None:
    poor, new, fair, good = (an_agent(shop, key) for key in ("poor", "new", "fair", "good"))
    scored(poor, "draft", low=0.1)
    scored(fair, "draft", low=0.55)
    scored(good, "draft", low=0.8)
    orders = [tuple(agent.key for agent in rank(shop.pk, "draft", [poor, new, fair, good], str(n))) for n in range(400)]
    usual = ("good", "fair", "new", "poor")
    explored = ("new", "good", "fair", "poor")
    assert set(orders) == {usual, explored}
    assert 2 <= orders.count(explored) <= 50


def test_the_same_choice_comes_out_the_same(shop: Business) -> None:
    agents = [an_agent(shop, key) for key in ("a", "b", "c")]
    scored(agents[0], "draft", low=0.6)
    for seed in range(20):
        found = {tuple(rank(shop.pk, "draft", order, str(seed))) for order in itertools.permutations(agents)}
        assert len(found) == 1
    assert rank(shop.pk, "draft", [], "seed") == []
