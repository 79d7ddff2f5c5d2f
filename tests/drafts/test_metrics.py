"""What the metrics of drafts count, each by one statement and by its index."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses
from apps.core.ids import new_id
from apps.core.measures import Metric, Sample
from apps.drafts import pilot_metrics
from apps.drafts.counting import count, window_of
from apps.drafts.figures import BY_NAME, NINE, PARTS, Moment
from apps.drafts.figures_found import Standing, found_of, is_calm, must_tell, standing_of
from apps.drafts.pilot_metrics import metric_for, statement_of
from apps.pilots.measuring import metric_of
from tests.drafts.drafted import decided, drafts

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT: dict[str, Any] = {"made_at": NOW - HOUR}


def taken(name: str, *shops: Business, arm: str | None = None, limit: float | None = None) -> Sample:
    metric = metric_of(name) if arm is None else metric_for(BY_NAME[name], arm)
    with across_businesses():
        return metric.measure([shop.pk for shop in shops], NOW - DAY, NOW, limit=limit)


def test_every_part_is_a_metric_of_rollouts() -> None:
    assert {part.name for part in PARTS} <= set(settings.PILOT_METRICS)
    assert all(metric_of(part.name).title == part.title for part in PARTS)
    assert len(NINE) == 9


def test_a_draft_that_failed_is_no_success(shop: Business) -> None:
    drafts(shop, 19, **AT)
    drafts(shop, 1, state="failed", version=0, **AT)
    assert taken("draft_success_rate", shop) == Sample(20, 19, 0.95)


def test_verification_is_counted_of_drafts_that_were_made(shop: Business) -> None:
    drafts(shop, 3, **AT)
    drafts(shop, 1, verification=True, **AT)
    drafts(shop, 5, state="failed", version=0, **AT)
    assert taken("verification_rate", shop) == Sample(4, 1, 0.25)


def test_hallucinations_are_facts_not_drafts(shop: Business) -> None:
    drafts(shop, 5, **AT)
    drafts(shop, 1, hallucinations=3, **AT)
    assert taken("hallucination_count", shop) == Sample(6, 3, 3.0)


def test_incidents_of_both_kinds_are_added_up(shop: Business) -> None:
    drafts(shop, 1, privacy_incidents=1, injection_incidents=2, **AT)
    assert taken("security_incidents", shop) == Sample(1, 3, 3.0)


@pytest.mark.parametrize(("outcome", "counts"), [("miss", 1), ("timeout", 1), ("error", 1), ("dropped", 1), ("off", 0)])
def test_a_hit_is_what_came_into_the_prompt(shop: Business, outcome: str, counts: int) -> None:
    drafts(shop, 1, retrieval="hit", retrieval_ms=20.0, **AT)
    drafts(shop, 1, retrieval=outcome, retrieval_ms=None if outcome == "off" else 30.0, **AT)
    assert taken("rag_hit_rate", shop) == Sample(1 + counts, 1, 1 / (1 + counts))


def test_time_outs_and_errors_of_retrieval_are_one_figure(shop: Business) -> None:
    for outcome in ("hit", "hit", "timeout", "error"):
        drafts(shop, 1, retrieval=outcome, retrieval_ms=9.0, **AT)
    assert taken("retrieval_timeout_rate", shop) == Sample(4, 2, 0.5)


def test_the_time_of_retrieval_is_its_95_percent_in_seconds(shop: Business) -> None:
    for place in range(101):
        drafts(shop, 1, retrieval="hit", retrieval_ms=float(place), **AT)
    found = taken("rag_latency", shop, limit=0.0905)
    assert found.n == 101
    assert found.value == pytest.approx(0.095)
    assert found.hits == 10


@pytest.mark.parametrize(
    ("estimate", "accurate", "far"),
    [(100, 1, 0), (110, 1, 0), (90, 1, 0), (111, 0, 0), (120, 0, 0), (121, 0, 1), (79, 0, 1)],
)
def test_an_estimate_is_held_against_what_the_provider_counted(
    shop: Business, estimate: int, accurate: int, far: int
) -> None:
    drafts(shop, 1, tokens_estimated=estimate, tokens_actual=100, **AT)
    drafts(shop, 1, tokens_estimated=50, tokens_actual=None, **AT)
    drafts(shop, 1, tokens_estimated=50, tokens_actual=0, **AT)
    assert taken("token_accuracy", shop) == Sample(1, accurate, float(accurate))
    assert taken("token_error_rate", shop) == Sample(1, far, float(far))
    assert taken("token_error", shop).value == pytest.approx(abs(estimate - 100) / 100)


def test_only_people_approve(shop: Business) -> None:
    at = NOW - HOUR
    decided(shop, 6, at=at)
    decided(shop, 1, state="approved", at=at)
    decided(shop, 3, state="discarded", at=at)
    decided(shop, 5, state="discarded", decided_by="system:deadline", at=at)
    decided(shop, 2, state="stale", at=at)
    assert taken("draft_approval_rate", shop) == Sample(10, 7, 0.7)
    assert taken("discard_rate", shop) == Sample(15, 8, 8 / 15)


def test_edits_are_put_into_bands(shop: Business) -> None:
    for edit in (0.0, 0.3, 0.31, 0.5, 0.51, 1.0):
        decided(shop, 1, edit=edit, at=NOW - HOUR)
    assert taken("edit_distance", shop) == Sample(6, 2, 2 / 6)
    assert taken("edit_far_rate", shop) == Sample(6, 2, 2 / 6)


def test_tool_errors_are_counted_by_call(shop: Business) -> None:
    drafts(shop, 2, tool_calls=3, tool_errors=1, **AT)
    drafts(shop, 1, **AT)
    assert taken("tool_error_rate", shop) == Sample(6, 2, 2 / 6)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_windows_are_half_open(shop: Business, part: Any) -> None:
    common: dict[str, Any] = {
        "retrieval": "hit", "retrieval_ms": 5.0, "tokens_estimated": 5, "tokens_actual": 5, "tool_calls": 1,
    }  # fmt: skip
    for at in (NOW - DAY - timedelta(microseconds=1), NOW - DAY, NOW):
        decided(shop, 1, at=at, **common)
    assert taken(part.name, shop).n == 1


def test_businesses_and_arms_are_told_apart(shop: Business, other_shop: Business) -> None:
    drafts(shop, 2, hallucinations=1, arm="retrieval", **AT)
    drafts(shop, 1, arm="control", **AT)
    drafts(other_shop, 4, **AT)
    assert taken("hallucination_count", shop, other_shop) == Sample(7, 2, 2.0)
    assert taken("hallucination_count", shop, arm="retrieval") == Sample(2, 2, 2.0)
    assert taken("hallucination_count", shop, other_shop, arm="").n == 4
    with across_businesses():
        each = metric_of("hallucination_count").by_business([shop.pk, other_shop.pk], NOW - DAY, NOW)
    assert each == {shop.pk: Sample(3, 2, 2.0), other_shop.pk: Sample(4, 0, 0.0)}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_it_takes_one_statement_for_ten_thousand(shop: Business, part: Any) -> None:
    metric: Metric = metric_of(part.name)
    ids = [shop.pk, *(new_id() for _ in range(9_999))]
    with across_businesses(), CaptureQueriesContext(connection) as queries:
        assert metric.measure(ids, NOW - DAY, NOW, limit=1.0).n == 0
        assert metric.by_business(ids, NOW - DAY, NOW) == {}
    assert len(queries) == 2


@pytest.fixture
def crowd(shop: Business, other_shop: Business) -> None:
    """120,000 drafts of two businesses over 120 days, written by the database itself."""
    (seed,) = decided(shop, 1, at=NOW - DAY)
    (far,) = decided(other_shop, 1, at=NOW - DAY)
    with across_businesses(), connection.cursor() as cursor:
        for one in (seed, far):
            cursor.execute(COPY_MESSAGES, [60_000, one.message_id])
            cursor.execute(COPY_DRAFTS, [NOW, NOW, one.pk, one.message_id])
        cursor.execute("ANALYZE drafts_draft")
        cursor.execute("SELECT count(*) FROM drafts_draft")
        assert cursor.fetchone()[0] >= 120_000


COPY_MESSAGES = """
INSERT INTO drafts_message SELECT copy.* FROM generate_series(1, %s) n, drafts_message m, jsonb_populate_record(m,
  jsonb_build_object('id', gen_random_uuid(), 'message_id', 'copy-' || n || '-' || m.id)) copy WHERE m.id = %s
"""
COPY_DRAFTS = """
INSERT INTO drafts_draft SELECT copy.* FROM drafts_draft d,
  (SELECT id, thread_id, random() AS at FROM drafts_message) c,
  jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'message_id', c.id,
  'made_at', %s - interval '120 days' * c.at, 'decided_at', %s - interval '120 days' * c.at)) copy
WHERE d.id = %s AND c.thread_id = d.thread_id AND c.id <> %s
"""


def test_each_is_read_by_its_index_among_many(shop: Business, crowd: None) -> None:
    for part in PARTS:
        with across_businesses():
            plan = statement_of(part).explain([shop.pk], NOW - DAY, NOW)
        index = "draft_made" if part.moment is Moment.MADE else "draft_decided"
        assert index in plan and "Seq Scan" not in plan, (part.name, plan)


def test_the_page_and_the_metrics_never_disagree(shop: Business, other_shop: Business) -> None:
    drafts(shop, 30, retrieval="hit", retrieval_ms=40.0, tokens_estimated=95, tokens_actual=100, **AT)
    drafts(shop, 3, state="failed", version=0, **AT)
    drafts(shop, 2, hallucinations=1, tool_calls=2, tool_errors=1, verification=True, **AT)
    decided(shop, 8, at=NOW - 2 * HOUR, edit=0.1, arm="control")
    decided(other_shop, 5, at=NOW - 2 * HOUR, state="discarded")
    shops = [shop.pk, other_shop.pk]
    with across_businesses(), CaptureQueriesContext(connection) as queries:
        counted = count(shops, window_of("24h", NOW), each=True)
    assert len(queries) == 3, "by when they were made, by when they were decided, and the times"
    for part in PARTS:
        said, found = taken(part.name, shop, other_shop), counted.figures[part.name]
        assert found.n == said.n and found.value == pytest.approx(said.value), part.name
        with across_businesses():
            alone = metric_of(part.name).by_business(shops, NOW - DAY, NOW)
        assert {pk: one[part.name].n for pk, one in counted.businesses.items() if one[part.name].n} == {
            pk: sample.n for pk, sample in alone.items()
        }
        assert sum(column.figures[part.name].n for column in counted.columns) == found.n


def test_columns_hold_what_fell_into_them(shop: Business) -> None:
    drafts(shop, 2, made_at=NOW - DAY)
    drafts(shop, 3, made_at=NOW - timedelta(microseconds=1))
    with across_businesses():
        counted = count([shop.pk], window_of("24h", NOW))
    made = [column.figures["verification_rate"].n for column in counted.columns]
    assert made == [2, *[0] * 22, 3]


NINE_BY_NAME = {figure.name: figure for figure in NINE}


@pytest.mark.parametrize(
    ("name", "n", "hits", "standing"),
    [
        ("draft_approval_rate", 0, 0, Standing.NO_DATA),
        ("draft_approval_rate", 19, 19, Standing.THIN),
        ("draft_approval_rate", 200, 170, Standing.ON_TARGET),
        ("draft_approval_rate", 200, 142, Standing.NEAR),
        ("draft_approval_rate", 1000, 650, Standing.OFF_TARGET),
        ("draft_approval_rate", 200, 90, Standing.ALERT),
        ("verification_rate", 500, 150, Standing.ON_TARGET),
        ("verification_rate", 500, 50, Standing.OFF_TARGET),
        ("verification_rate", 500, 400, Standing.ALERT),
        ("hallucination_count", 1, 0, Standing.ON_TARGET),
        ("hallucination_count", 100_000, 1, Standing.ALERT),
    ],
)
def test_a_figure_stands_as_its_interval_says(name: str, n: int, hits: int, standing: Standing) -> None:
    figure = NINE_BY_NAME[name]
    found = found_of(figure.part, n, hits)
    assert standing_of(figure, found) == standing
    assert must_tell(figure, found) == (standing is Standing.ALERT)


def test_what_was_told_is_over_once_the_figure_is_back() -> None:
    figure = NINE_BY_NAME["draft_approval_rate"]
    bad, back = found_of(figure.part, 200, 90), found_of(figure.part, 200, 121)
    assert must_tell(figure, bad) and not is_calm(figure, bad)
    assert is_calm(figure, back) and is_calm(figure, found_of(figure.part, 0, 0))


def test_the_interval_of_a_95_percent_time_holds_it(shop: Business) -> None:
    part = BY_NAME["rag_latency"]
    for place in range(400):
        drafts(shop, 1, retrieval="hit", retrieval_ms=float(place), **AT)
    with across_businesses():
        found = count([shop.pk], window_of("24h", NOW)).figures[part.name]
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.value == pytest.approx(0.379, abs=0.001)
    assert 0.36 < found.low < found.value < found.high < 0.4
    few = found_of(part, 30, 0, [0.01] * 17)
    assert few.low is not None and few.high is None


def test_the_interval_of_a_count_is_that_of_garwood() -> None:
    from scipy.stats import chi2

    for hits in (0, 1, 2, 5, 20):
        found = found_of(BY_NAME["hallucination_count"], 1000, hits)
        assert found.high == pytest.approx(chi2.ppf(0.975, 2 * hits + 2) / 2, rel=0.01)
        assert found.low == pytest.approx(chi2.ppf(0.025, 2 * hits) / 2 if hits else 0.0, rel=0.08)


def test_statements_are_named_by_their_part() -> None:
    assert pilot_metrics.edit_distance.name == "edit_distance"
