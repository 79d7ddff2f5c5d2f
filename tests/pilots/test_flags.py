"""Features in memory: no query once they are there, only what changed is read again, and who asked is written down."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core import snapshot
from apps.core.errors import NotFound
from apps.pilots import flags
from apps.pilots.changing import change, holding
from apps.pilots.defining import archive_feature, create_feature
from apps.pilots.models import Feature
from apps.pilots.switching import set_default, switch_off, switch_on

ACTOR = "user:root@example.com"


@pytest.fixture(autouse=True)
def nothing_written_yet() -> None:
    flags._last_flush.clear()
    for known in flags._held.flags.values():
        known.seen = False


def make(key: str, **given: Any) -> Feature:
    return create_feature(key=key, actor=ACTOR, **given)


def set_share(feature: Feature, share: int) -> None:
    with holding(feature.pk) as held:
        change(held, actor=ACTOR, share=share)


def settled() -> None:
    """Wait until this process hears pushes: before that its memory is polled."""
    until = time.monotonic() + 3
    flags.features()
    while not snapshot._listener.hears(time.monotonic()):
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.05)
    flags.features()


def queries_of(captured: CaptureQueriesContext, word: str) -> list[str]:
    return [query["sql"] for query in captured.captured_queries if word in query["sql"]]


def test_asking_takes_no_query_once_the_features_are_in_memory(
    shop: Business, switch: Feature, django_assert_num_queries: Any
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    settled()
    with django_assert_num_queries(0):
        for _ in range(1000):
            assert flags.evaluate("BULK_APPROVE", str(shop.pk)).on
            assert flags.is_on("BULK_APPROVE", shop.pk)
            assert not flags.is_on("UNKNOWN", shop.pk)


def test_loading_takes_two_queries_however_many_features(
    shop: Business, more_shops: list[Business], django_assert_num_queries: Any
) -> None:
    for n in range(10):
        feature = make(f"FEATURE_{n}")
        switch_on(feature_id=feature.pk, business_id=more_shops[n].pk, actor=ACTOR)
    flags.look_again()
    snapshot.forget_everything()
    with django_assert_num_queries(2):
        assert flags.is_on("FEATURE_3", more_shops[3].pk)


def test_only_the_lists_of_what_changed_are_read_again(shop: Business, more_shops: list[Business]) -> None:
    first, second = make("FIRST"), make("SECOND")
    for business in more_shops:
        switch_on(feature_id=first.pk, business_id=business.pk, actor=ACTOR)
    flags.features()
    kept = flags.features().flags["FIRST"]
    switch_on(feature_id=second.pk, business_id=shop.pk, actor=ACTOR)
    with CaptureQueriesContext(connection) as captured:
        assert flags.is_on("SECOND", shop.pk)
    (listed,) = queries_of(captured, "pilots_listed")
    assert second.pk.hex in listed
    assert first.pk.hex not in listed
    assert flags.features().flags["FIRST"] is kept


def test_no_list_is_read_when_nothing_changed(switch: Feature) -> None:
    flags.features()
    snapshot.forget_everything()
    with CaptureQueriesContext(connection) as captured:
        flags.features()
    assert queries_of(captured, "pilots_flags")
    assert not queries_of(captured, "pilots_listed")


def test_a_business_that_is_current_does_not_narrow_what_is_loaded(
    shop: Business, other_shop: Business, switch: Feature
) -> None:
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    snapshot.forget_everything()
    with acting_for(other_shop.pk):
        assert flags.is_on("BULK_APPROVE", shop.pk)
        assert not flags.is_on("BULK_APPROVE", other_shop.pk)


def test_a_change_is_seen_at_once_in_this_process(shop: Business, switch: Feature) -> None:
    assert not flags.is_on("BULK_APPROVE", shop.pk)
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    assert flags.is_on("BULK_APPROVE", shop.pk)
    switch_off(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    assert not flags.is_on("BULK_APPROVE", shop.pk)
    set_share(switch, 100)
    assert flags.evaluate("BULK_APPROVE", str(shop.pk)).reason == "STATIC"
    switch_off(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    assert not flags.is_on("BULK_APPROVE", shop.pk)
    archive_feature(feature_id=switch.pk, actor=ACTOR)
    assert flags.evaluate("BULK_APPROVE", str(shop.pk)).reason == "DISABLED"


def test_a_lost_push_is_made_up_for_by_polling(shop: Business, switch: Feature, monkeypatch: Any) -> None:
    monkeypatch.setattr(snapshot._Listener, "heard_at", lambda self: -1e9)
    assert not flags.is_on("BULK_APPROVE", shop.pk)
    # Another process has changed it, and nobody has told this one.
    Feature.objects.filter(pk=switch.pk).update(share=100, version=UUID(int=4))
    started = time.monotonic()
    while not flags.is_on("BULK_APPROVE", shop.pk):
        assert time.monotonic() - started < 1.0
        time.sleep(0.01)


def test_the_age_is_visible(switch: Feature) -> None:
    flags.features()
    assert 0 <= flags.age_seconds() < 5
    young = flags.age_seconds()
    time.sleep(0.01)
    assert flags.age_seconds() > young


def test_the_environment_says_what_everybody_has_until_somebody_says_otherwise(
    shop: Business, switch: Feature, settings: Any
) -> None:
    settings.FEATURE_DEFAULTS = {"BULK_APPROVE": "on", "OTHER": "on"}
    snapshot.forget_everything()
    assert flags.evaluate("BULK_APPROVE", str(shop.pk)).reason == "DEFAULT"
    assert flags.is_on("BULK_APPROVE", shop.pk)
    set_default(feature_id=switch.pk, variant="off", actor=ACTOR)
    assert not flags.is_on("BULK_APPROVE", shop.pk)
    set_default(feature_id=switch.pk, variant="", actor=ACTOR)
    assert flags.is_on("BULK_APPROVE", shop.pk)
    settings.FEATURE_DEFAULTS = {"BULK_APPROVE": "no such variant"}
    snapshot.forget_everything()
    assert not flags.is_on("BULK_APPROVE", shop.pk)


def test_an_unknown_feature_is_off_and_evaluating_it_raises(shop: Business) -> None:
    assert not flags.is_on("UNKNOWN", shop.pk)
    with pytest.raises(NotFound):
        flags.evaluate("UNKNOWN", str(shop.pk))


def test_a_broken_feature_does_not_take_the_others_away(shop: Business, switch: Feature, caplog: Any) -> None:
    broken = make("BROKEN")
    Feature.objects.filter(pk=broken.pk).update(on_variant="gone", version=UUID(int=5))
    switch_on(feature_id=switch.pk, business_id=shop.pk, actor=ACTOR)
    assert flags.is_on("BULK_APPROVE", shop.pk)
    assert not flags.is_on("BROKEN", shop.pk)
    assert "BROKEN" in caplog.text


# --- Who asked -------------------------------------------------------------------------------------------------------


def last_asked(feature: Feature) -> Any:
    return Feature.objects.values_list("last_evaluated_at", flat=True).get(pk=feature.pk)


def test_that_it_was_asked_for_is_written_down_but_not_while_asking(
    shop: Business, switch: Feature, django_assert_num_queries: Any
) -> None:
    other = make("NOT_ASKED")
    flags.features()
    with django_assert_num_queries(0):
        flags.is_on("BULK_APPROVE", shop.pk)
    assert last_asked(switch) is None
    assert flags.flush_seen() == 1
    assert timezone.now() - last_asked(switch) < timedelta(seconds=5)
    assert last_asked(other) is None


def test_it_is_written_down_at_most_once_a_minute(
    shop: Business, switch: Feature, django_assert_num_queries: Any, monkeypatch: Any
) -> None:
    flags.is_on("BULK_APPROVE", shop.pk)
    assert flags.flush_seen() == 1
    flags.is_on("BULK_APPROVE", shop.pk)
    with django_assert_num_queries(0):
        assert flags.flush_seen() == 0
    Feature.objects.filter(pk=switch.pk).update(last_evaluated_at=timezone.now() - timedelta(minutes=2))
    later = time.monotonic() + 61
    monkeypatch.setattr(flags.time, "monotonic", lambda: later)
    flags._held.flags["BULK_APPROVE"].answer("somebody")
    with django_assert_num_queries(1):
        assert flags.flush_seen() == 1


def test_another_process_that_wrote_it_down_a_moment_ago_is_enough(shop: Business, switch: Feature) -> None:
    Feature.objects.filter(pk=switch.pk).update(last_evaluated_at=timezone.now())
    flags.is_on("BULK_APPROVE", shop.pk)
    assert flags.flush_seen() == 0


def test_nothing_is_written_when_nobody_asked(switch: Feature, django_assert_num_queries: Any) -> None:
    flags.features()
    with django_assert_num_queries(0):
        assert flags.flush_seen() == 0


def test_a_change_does_not_make_it_forget_who_asked(shop: Business, switch: Feature) -> None:
    flags.is_on("BULK_APPROVE", shop.pk)
    set_share(switch, 10)
    flags.features()
    assert flags.flush_seen() == 1


@pytest.mark.django_db(transaction=True)
def test_writing_it_down_does_not_wait_for_a_rollout_that_holds_the_feature(shop: Business, switch: Feature) -> None:
    flags.is_on("BULK_APPROVE", shop.pk)
    with holding(switch.pk):
        outcome = in_another_thread(flags.flush_seen)
    assert outcome == 0


def in_another_thread(work: Any) -> Any:
    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(timeout=5)
