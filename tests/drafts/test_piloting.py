"""The pilot is set up as its plan says, and taken back by the first incident, at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.accounts.models import Business
from apps.accounts.row_access import across_businesses, acting_for
from apps.alerts.models import Notice
from apps.core.errors import StaleState
from apps.core.events import record
from apps.core.models import Event
from apps.drafts.alerting import tell_of_figures
from apps.drafts.figures_plan import FEATURE, GUARDS, rag_plan
from apps.drafts.incident_watch import look_at_incidents, on_events
from apps.drafts.piloting import missing_of, set_up_pilot
from apps.pilots.criteria import Judged, Verdict
from apps.pilots.defining import archive_feature, create_feature
from apps.pilots.flags import is_on
from apps.pilots.guarding import remove_guard
from apps.pilots.guards import problem_of
from apps.pilots.ladder import Level
from apps.pilots.laddering import ladder_of
from apps.pilots.models import Feature, Guard, Incident, PilotBusiness, Rollback, Stage
from apps.pilots.plans import problem_of_plans
from apps.pilots.progress import judged, progress_of
from apps.pilots.selectors import businesses_on
from apps.pilots.watching import watch_guards
from config.settings.pilots import PILOT_METRICS
from tests.drafts.drafted import decided, drafts

pytestmark = pytest.mark.django_db

ROOT = "user:root@example.com"


@pytest.fixture
def feature(shop: Business) -> Feature:
    return set_up_pilot(actor=ROOT, home=shop.pk)


def out_for(feature: Feature, *shops: Business, hours: float = 3) -> None:
    """The pilot is out for these since some hours, its guards armed then."""
    at = timezone.now() - timedelta(hours=hours)
    with across_businesses():
        Guard.objects.update(armed_at=at)
        PilotBusiness.objects.bulk_create(
            PilotBusiness(feature=feature, business=shop, enabled_at=at, enabled_by=ROOT) for shop in shops
        )


def test_the_plan_is_sound() -> None:
    assert problem_of_plans(rag_plan(), PILOT_METRICS.keys()) is None
    assert [len(plan.criteria) for plan in rag_plan()] == [0, 3, 4, 6, 3, 3, 3]


@pytest.mark.parametrize(
    ("metric", "level", "limit", "relative", "minimum"),
    [
        ("hallucination_count", "everything", 0, False, 1),
        ("security_incidents", "everything", 0, False, 1),
        ("retrieval_timeout_rate", "business", 0.05, False, 30),
        ("tool_error_rate", "business", 0.01, False, 30),
        ("draft_approval_rate", "business", 0.8, True, 30),
        ("retrieval_timeout_rate", "everything", 0.10, False, 30),
        ("tool_error_rate", "everything", 0.02, False, 30),
        ("draft_approval_rate", "everything", 0.7, True, 30),
    ],
)
def test_the_triggers_are_those_of_the_plan(
    feature: Feature, metric: str, level: str, limit: float, relative: bool, minimum: int
) -> None:
    guard = Guard.objects.get(feature=feature, metric=metric, level=level)
    assert (guard.limit, guard.relative, guard.minimum, guard.enabled) == (limit, relative, minimum, True)


def test_setting_up_twice_changes_nothing(feature: Feature, shop: Business) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (Feature, Stage, Guard)]
    assert set_up_pilot(actor=ROOT, home=None) == feature
    assert [list(model.objects.order_by("pk").values()) for model in (Feature, Stage, Guard)] == before
    assert missing_of(feature) == [] and ladder_of(feature) == rag_plan()


def test_what_is_missing_is_added_and_what_is_there_is_left(shop: Business) -> None:
    made = create_feature(key=FEATURE, home_id=shop.pk, description="Ours", actor=ROOT)
    set_up_pilot(actor=ROOT, home=None)
    remove_guard(guard_id=Guard.objects.filter(metric="tool_error_rate", level="business").get().pk, actor=ROOT)
    assert missing_of(made) == ["tool validation errors above 1 %"]
    set_up_pilot(actor=ROOT, home=None)
    made.refresh_from_db()
    assert (made.description, made.home, Guard.objects.count(), Stage.objects.count()) == ("Ours", shop, 8, 7)


def test_an_archived_pilot_is_not_set_up(feature: Feature) -> None:
    archive_feature(feature_id=feature.pk, actor=ROOT)
    with pytest.raises(StaleState, match="archived"):
        set_up_pilot(actor=ROOT, home=None)


def test_the_command_sets_it_up(shop: Business, capsys: Any) -> None:
    with pytest.raises(CommandError, match="no business nowhere"):
        call_command("set_up_rag_pilot", home="nowhere")
    call_command("set_up_rag_pilot", home=shop.slug)
    assert "RAG_PILOT is set up with 8 guards" in capsys.readouterr().out


def token_criterion(feature: Feature) -> Judged:
    """What stands before the step to 10 %, of how far estimates of tokens are off."""
    with across_businesses():
        found = judged(feature, rag_plan()[3].criteria, timezone.now())
    return next(one for one in found if one.terms.metric == "token_error")


def test_without_a_model_that_writes_the_token_criterion_does_not_hold_up_the_step(
    feature: Feature, shop: Business
) -> None:
    out_for(feature, shop)
    at = timezone.now() - timedelta(hours=1)
    drafts(shop, 99, made_at=at, made_by="template")
    assert token_criterion(feature).verdict is Verdict.NO_DATA, "with so few drafts it waits"
    drafts(shop, 1, made_at=at, made_by="verification")
    found = token_criterion(feature)
    assert (found.verdict, found.passes) == (Verdict.DOES_NOT_APPLY, True)
    assert "none of 100 drafts in 48 h written by a model" in found.words
    with across_businesses():
        Feature.objects.filter(pk=feature.pk).update(stage=3)
        feature.refresh_from_db()
        assert not any("Token error" in words for words in progress_of(feature, timezone.now()).unmet)


def test_once_a_model_writes_the_token_criterion_waits_for_its_hundred(feature: Feature, shop: Business) -> None:
    out_for(feature, shop)
    at = timezone.now() - timedelta(hours=1)
    drafts(shop, 200, made_at=at, made_by="template")
    drafts(shop, 1, made_at=at, made_by="model")
    assert token_criterion(feature).verdict is Verdict.NO_DATA, "one that does not count is no excuse"
    drafts(shop, 99, made_at=at, made_by="model", tokens_estimated=100, tokens_actual=100)
    assert token_criterion(feature).verdict is Verdict.TOO_LITTLE_DATA
    drafts(shop, 1, made_at=at, made_by="model", tokens_estimated=100, tokens_actual=100)
    assert token_criterion(feature).verdict is Verdict.MET
    drafts(shop, 100, made_at=at, made_by="model", tokens_estimated=150, tokens_actual=100)
    assert token_criterion(feature).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "columns",
    [{"hallucinations": 1}, {"privacy_incidents": 1}, {"injection_incidents": 2}],
    ids=lambda c: next(iter(c)),
)
def test_the_first_incident_takes_everything_back(
    feature: Feature, shop: Business, other_shop: Business, columns: dict[str, int]
) -> None:
    out_for(feature, shop, other_shop)
    drafts(shop, 20, made_at=timezone.now() - timedelta(minutes=5))
    assert look_at_incidents() == []
    assert is_on(FEATURE, shop.pk)
    drafts(shop, 1, made_at=timezone.now() - timedelta(seconds=1), **columns)
    (rollback,) = look_at_incidents()
    assert (rollback.level, rollback.affected) == (Level.EVERYTHING, 2)
    assert not is_on(FEATURE, shop.pk) and not is_on(FEATURE, other_shop.pk)
    incident = Incident.objects.get()
    figures = incident.figures
    assert (figures["value"], figures["n"], figures["limit"]) == (sum(columns.values()), 21, 0)
    notice = Notice.objects.get(source="pilots")
    assert (notice.severity, notice.business) == ("critical", shop)
    assert look_at_incidents() == []


def test_a_second_incident_after_it_is_back_on_acts_at_once_again(feature: Feature, shop: Business) -> None:
    for _ in range(2):
        with across_businesses():
            PilotBusiness.objects.filter(feature=feature).delete()
        out_for(feature, shop, hours=0.001)
        drafts(shop, 1, made_at=timezone.now(), hallucinations=1)
        assert len(look_at_incidents()) == 1
    assert Rollback.objects.count() == 2


def test_a_business_that_times_out_loses_it_alone(feature: Feature, shop: Business, other_shop: Business) -> None:
    out_for(feature, shop, other_shop)
    drafts(shop, 25, retrieval="timeout", retrieval_ms=2000.0)
    drafts(other_shop, 600, retrieval="hit", retrieval_ms=20.0)
    drafts(shop, 35, retrieval="hit", retrieval_ms=20.0)
    assert watch_guards(now=timezone.now()) == 1
    with across_businesses():
        assert businesses_on(feature) == [other_shop.pk]
    assert Rollback.objects.get().level == Level.BUSINESS


def test_tools_that_fail_everywhere_take_everything_back(
    feature: Feature, shop: Business, other_shop: Business
) -> None:
    out_for(feature, shop, other_shop)
    for business in (shop, other_shop):
        drafts(business, 60, tool_calls=1, tool_errors=1)
    watch_guards(now=timezone.now())
    with across_businesses():
        assert businesses_on(feature) == []


def test_a_drop_of_the_approvals_is_held_against_the_baseline(feature: Feature, shop: Business) -> None:
    at = timezone.now() - timedelta(hours=3)
    decided(shop, 180, at=at - timedelta(hours=10))
    decided(shop, 20, state="discarded", at=at - timedelta(hours=10))
    out_for(feature, shop)
    with across_businesses():
        Guard.objects.filter(relative=True).update(baseline=0.9, baseline_n=200)
    decided(shop, 80)
    decided(shop, 10, state="discarded")
    assert watch_guards(now=timezone.now()) == 0
    decided(shop, 120, state="discarded")
    assert watch_guards(now=timezone.now()) == 1
    with across_businesses():
        assert businesses_on(feature) == []


def event_of(business: Business, subject: Any, kind: str = "draft.made") -> Event:
    with acting_for(business.pk):
        return record(
            kind=kind, subject_type="draft", subject_id=subject, business_id=business.pk, actor="system:drafts"
        )


def test_only_a_draft_with_an_incident_has_the_guards_looked_at(
    shop: Business, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("apps.drafts.incident_watch.later", asked.append)
    (well,) = drafts(shop, 1)
    (bad,) = drafts(shop, 1, injection_incidents=1)
    on_events([event_of(shop, well.pk), event_of(shop, bad.pk, "draft.sent")])
    assert asked == []
    on_events([event_of(shop, well.pk), event_of(shop, bad.pk)])
    on_events([event_of(shop, bad.pk, "draft.regenerated")])
    assert asked == ["apps.drafts.tasks.look_at_incidents"] * 2


def test_guards_of_the_plan_are_sound(feature: Feature) -> None:
    from apps.pilots.guarding import terms_of
    from apps.pilots.measuring import metric_of

    assert Guard.objects.count() == len(GUARDS)
    assert all(problem_of(terms_of(guard, metric_of(guard.metric))) is None for guard in Guard.objects.all())


# --- Notices ----------------------------------------------------------------------------------------------------------


def told(business: Business) -> dict[str, str]:
    with acting_for(business.pk):
        rows = Notice.objects.filter(business_id=business.pk, source="drafts", resolved_at=None)
        return dict(rows.values_list("dedup_key", "severity"))


def test_people_are_told_once_and_told_of_the_end(shop: Business, other_shop: Business) -> None:
    now = timezone.now()
    drafts(shop, 40)
    drafts(shop, 1, hallucinations=1)
    drafts(other_shop, 40)
    assert tell_of_figures(now=now) == 1
    assert tell_of_figures(now=now) == 0
    assert told(shop) == {"drafts:hallucination_count": "critical"} and told(other_shop) == {}
    assert tell_of_figures(now=now + timedelta(hours=26)) == 1
    assert told(shop) == {}


def test_a_rate_is_told_of_only_when_it_is_sure(shop: Business) -> None:
    now = timezone.now()
    decided(shop, 12, state="discarded")
    assert tell_of_figures(now=now) == 0
    decided(shop, 30, state="discarded")
    assert tell_of_figures(now=now) == 2
    assert told(shop) == {"drafts:draft_approval_rate": "warning", "drafts:discard_rate": "warning"}
    decided(shop, 150)
    assert tell_of_figures(now=now) == 2
    assert told(shop) == {}


def test_the_alert_of_token_estimates_looks_at_those_far_off(shop: Business) -> None:
    drafts(shop, 60, tokens_estimated=115, tokens_actual=100)
    assert tell_of_figures(now=timezone.now()) == 0
    drafts(shop, 60, tokens_estimated=150, tokens_actual=100)
    assert tell_of_figures(now=timezone.now()) == 1
    assert set(told(shop)) == {"drafts:token_accuracy"}
