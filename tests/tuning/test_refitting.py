"""Curves are fitted where there is evidence, put in force where they do better, kept for good, and taken back."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from apps.accounts.models import Business
from apps.accounts.row_access import acting_for
from apps.core.errors import NotFound, StaleState
from apps.core.models import Event
from apps.goals.calibration import Curve
from apps.goals.configuration import EVERY_KIND, configuration_of, put_curve
from apps.goals.models import GateCurve
from apps.tuning.models import CurveVersion, ReviewedGoal
from apps.tuning.refitting import NIGHTLY, refit
from apps.tuning.reverting import revert
from apps.tuning.tasks import refit_all, refit_business
from tests.tuning.conftest import label, past_goals

pytestmark = pytest.mark.django_db
BOB = "user:bob@example.com"


def test_with_enough_labels_the_curve_holds_at_once(shop: Business, history: Any) -> None:
    history(shop, 400)
    assert configuration_of(shop.pk).curve_for("").version is None
    found = refit(business_id=shop.pk, actor=BOB)
    assert [one.kind for one in found] == [EVERY_KIND, "find_order", "refund_order"]
    version = CurveVersion.objects.get(kind=EVERY_KIND)
    assert version.accepted
    assert version.brier_after[0] < version.brier_before[0]
    assert (version.number, version.labels, version.fitted_by) == (1, 400, BOB)
    in_force = configuration_of(shop.pk).curve_for("a kind of no curve")
    assert in_force.version == version.pk
    assert in_force.curve.apply(0.7) < 0.7


def test_what_changed_and_why_is_in_the_audit(shop: Business, history: Any) -> None:
    history(shop, 400)
    refit(business_id=shop.pk, actor=BOB)
    event = Event.objects.filter(kind="curve.set", data__kind_of_goal="").get()
    assert event.actor == BOB
    assert event.data["number"] == 1
    assert "Put in force" in event.data["reason"]
    assert len(event.data["brier"]) == 2
    assert Event.objects.get(kind="curves.refitted").data["labels"] == 400


@pytest.mark.parametrize("number", [0, 40])
def test_with_too_little_nothing_is_fitted_and_it_says_so(shop: Business, history: Any, number: int) -> None:
    history(shop, number)
    [found] = refit(business_id=shop.pk, actor=BOB)
    assert found.version is None
    assert "Not enough evidence" in found.said
    assert not CurveVersion.objects.exists()
    assert not GateCurve.objects.exists()


def test_with_one_sort_of_label_nothing_is_fitted(shop: Business) -> None:
    ReviewedGoal.objects.bulk_create(label(goal, right=True) for goal in past_goals(shop, 300))
    [found] = refit(business_id=shop.pk, actor=BOB)
    assert "Not enough evidence: 300 went well and 0 did not" in found.said
    assert not CurveVersion.objects.exists()


def test_a_kind_is_drawn_towards_the_business_and_that_towards_the_shipped_curve(shop: Business, history: Any) -> None:
    history(shop, 300, kind="refund_order")
    ReviewedGoal.objects.bulk_create(
        label(goal, right=place % 5 != 0) for place, goal in enumerate(past_goals(shop, 80, seed=9, kind="find_order"))
    )
    refit(business_id=shop.pk, actor=BOB)
    whole = CurveVersion.objects.get(kind=EVERY_KIND)
    assert whole.share == pytest.approx(380 / (380 + 200))
    one = CurveVersion.objects.get(kind="find_order")
    assert one.share == pytest.approx(80 / (80 + 200))
    business, kind = Curve.through(whole.points), Curve.through(one.points)
    # Goals of this kind go well four times in five; 80 of them move the curve there by 2 parts in 7.
    own_share = 0.8
    expected = one.share * own_share + (1 - one.share) * business.apply(0.4)
    assert kind.apply(0.4) == pytest.approx(expected, abs=0.05)


def test_a_curve_that_does_worse_is_kept_out_with_the_reason(shop: Business, history: Any) -> None:
    rows = history(shop, 400)
    # What holds knows the truth, and no fit on these labels can do better than that.
    points = [[place / 20, (place / 20) ** 2] for place in range(21)]
    with acting_for(shop.pk):
        put_curve(business_id=shop.pk, kind=EVERY_KIND, version=uuid4(), points=points, actor=BOB)
    ReviewedGoal.objects.exclude(pk__in=[row.pk for row in rows]).delete()
    found = refit(business_id=shop.pk, actor=BOB)[0]
    assert found.version is not None
    assert not found.version.accepted
    assert found.said.startswith("Kept out")
    assert GateCurve.objects.get(kind=EVERY_KIND).points == points
    assert Event.objects.filter(kind="curve.refused").exists()


def test_a_night_without_news_makes_no_version(shop: Business, history: Any) -> None:
    history(shop, 400)
    refit(business_id=shop.pk, actor=NIGHTLY)
    before = CurveVersion.objects.count()
    found = refit(business_id=shop.pk, actor=NIGHTLY)
    assert CurveVersion.objects.count() == before
    assert found[0].said == "Nothing new since version 1."


def test_one_goes_back_to_the_shipped_curve_and_forward_again(shop: Business, history: Any) -> None:
    history(shop, 400)
    refit(business_id=shop.pk, actor=BOB)
    with acting_for(shop.pk):
        revert(business_id=shop.pk, kind=EVERY_KIND, number=None, actor=BOB, reason="Looks odd")
    assert configuration_of(shop.pk).curve_for("other").version is None
    first = CurveVersion.objects.get(kind=EVERY_KIND)
    assert first.reverted_at is not None
    cleared = Event.objects.get(kind="curve.cleared")
    assert (cleared.data["reason"], cleared.data["from_number"]) == ("Looks odd", 1)
    with acting_for(shop.pk):
        revert(business_id=shop.pk, kind=EVERY_KIND, number=1, actor=BOB)
        with pytest.raises(StaleState):
            revert(business_id=shop.pk, kind=EVERY_KIND, number=1, actor=BOB)
        with pytest.raises(NotFound):
            revert(business_id=shop.pk, kind=EVERY_KIND, number=7, actor=BOB)
    assert configuration_of(shop.pk).curve_for("other").version == first.pk


def test_after_somebody_went_back_the_night_leaves_it_to_a_person(shop: Business, history: Any) -> None:
    history(shop, 400)
    refit(business_id=shop.pk, actor=NIGHTLY)
    with acting_for(shop.pk):
        revert(business_id=shop.pk, kind=EVERY_KIND, number=None, actor=BOB)
    history(shop, 100, seed=5)
    found = refit(business_id=shop.pk, actor=NIGHTLY)[0]
    assert found.version is not None
    assert "a person must refit" in found.said
    assert not GateCurve.objects.filter(kind=EVERY_KIND).exists()
    history(shop, 50, seed=6)
    assert refit(business_id=shop.pk, actor=BOB)[0].version.accepted  # type: ignore[union-attr]
    assert GateCurve.objects.filter(kind=EVERY_KIND).exists()


def test_the_night_refits_every_business_with_labels(
    shop: Business, other_shop: Business, history: Any, monkeypatch: Any
) -> None:
    history(shop, 100)
    history(other_shop, 100, seed=2)
    sent: list[str] = []
    monkeypatch.setattr(refit_business, "delay", sent.append)
    assert refit_all() == 2
    assert set(sent) == {str(shop.pk), str(other_shop.pk)}
    for one in sent:
        refit_business(one)
    assert set(CurveVersion.objects.values_list("business_id", flat=True)) == {shop.pk, other_shop.pk}
    assert set(CurveVersion.objects.values_list("fitted_by", flat=True)) == {NIGHTLY}


def test_the_command_refits_one_business(shop: Business, other_shop: Business, history: Any, capsys: Any) -> None:
    history(shop, 200)
    history(other_shop, 200, seed=2)
    call_command("refit_gate", business="corner-shop")
    assert set(CurveVersion.objects.values_list("business_id", flat=True)) == {shop.pk}
    assert "corner-shop, every kind: Put in force" in capsys.readouterr().out


def test_no_business_sees_or_learns_from_the_labels_of_another(
    shop: Business, other_shop: Business, history: Any
) -> None:
    history(shop, 200)
    refit(business_id=shop.pk, actor=BOB)
    with acting_for(other_shop.pk):
        assert not ReviewedGoal.objects.exists()
        assert not CurveVersion.objects.exists()
        assert not GateCurve.objects.exists()
    assert refit(business_id=other_shop.pk, actor=BOB)[0].version is None
    assert configuration_of(other_shop.pk).curve_for("refund_order").version is None


def test_two_at_once_the_second_is_told(shop: Business, history: Any) -> None:
    """The lock is the database's: another connection holds it."""
    import psycopg

    from apps.tuning.refitting import LOCK

    history(shop, 200)
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as other:
        key = f"tuning:{LOCK}:{shop.pk}"
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        with pytest.raises(StaleState, match="already"):
            refit(business_id=shop.pk, actor=BOB)
        refit_business(str(shop.pk))
        assert not CurveVersion.objects.exists()
        # However the other one ends, even by being killed, its lock ends with its transaction.
        other.rollback()
    assert refit(business_id=shop.pk, actor=BOB)[0].version is not None


def test_cut_off_half_way_nothing_has_changed(shop: Business, history: Any, monkeypatch: Any) -> None:
    history(shop, 400)
    from apps.tuning import refitting

    put = refitting._put

    def die_at_the_second(version: CurveVersion, actor: str) -> None:
        if version.kind != EVERY_KIND:
            raise KeyboardInterrupt
        put(version, actor)

    monkeypatch.setattr(refitting, "_put", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        refit(business_id=shop.pk, actor=BOB)
    assert not CurveVersion.objects.exists()
    assert not GateCurve.objects.exists()
    assert not Event.objects.filter(kind__startswith="curve").exists()
