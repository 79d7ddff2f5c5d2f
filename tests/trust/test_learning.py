"""Learning cycles: one at a time in each business, gone on with after a kill, and told of when they fail."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Business
from apps.agents.models import Agent
from apps.alerts.models import Notice
from apps.core.errors import Invalid, NotFound, StaleState
from apps.core.ids import new_id
from apps.core.models import Event
from apps.trust import learning, pacing, tasks
from apps.trust.evaluating import record_outcome
from apps.trust.learning import PHASES, Phase, lost_cycles, phases_of, resume, run_cycle, start_cycle
from apps.trust.models import DailyTally, Delta, KeptEvidence, LearningCycle, TrustDay, TrustScore
from apps.trust.routing import standing_of
from apps.trust.verdicts import Source, Verdict
from tests.trust.conftest import Tracked, an_agent
from tests.trust.test_switch import learning_off

pytestmark = pytest.mark.django_db

Worked = Callable[..., None]


@pytest.fixture
def worked(shop: Business, tracked: Tracked) -> Worked:
    """worked(agent, right=9, wrong=1): so many recommendations of it were approved and rejected."""

    def work(agent: Agent, right: int = 0, wrong: int = 0, **facts: Any) -> None:
        for number in range(right + wrong):
            verdict, value = (Verdict.APPROVED, 1.0) if number < right else (Verdict.REJECTED, 0.0)
            record_outcome(
                business_id=agent.business_id,
                recommendation_id=tracked(agent=agent, correlation_id=f"m{number}", **facts),
                source=Source.APPROVAL,
                verdict=verdict,
                value=value,
                judged_by="user:a",
            )

    return work


def run(shop: Business, kind: str = "full") -> LearningCycle:
    return run_cycle(business_id=shop.pk, kind=kind, started_by="user:a")


@pytest.fixture
def phases(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Callable[[LearningCycle], None]]]:
    """Put another function in the place of a phase: phases["fold"] = f."""
    others: dict[str, Callable[[LearningCycle], None]] = {}

    def instead(phase: Phase) -> Phase:
        return phase._replace(does=lambda cycle: others.get(phase.name, phase.does)(cycle))

    monkeypatch.setattr(learning, "PHASES", tuple(instead(phase) for phase in PHASES))
    yield others


def test_a_full_cycle_learns_all_there_is(shop: Business, writer: Agent, reader: Agent, worked: Worked) -> None:
    worked(writer, right=40, wrong=2, confidence=0.9)
    worked(reader, right=10, wrong=30, type="review")
    cycle = run(shop)
    assert (cycle.state, cycle.progress, cycle.phase, cycle.error) == ("done", 1, "", "")
    assert (cycle.agents, cycle.outcomes, cycle.coverage) == (2, 82, 1)
    assert cycle.recommendations == 82
    assert cycle.duration_ms is not None and cycle.finished_at is not None
    assert cycle.rules_updated >= 2
    scores = {(row.agent_id, row.type): row for row in TrustScore.objects.all()}
    assert set(scores) == {(writer.pk, ""), (writer.pk, "draft"), (reader.pk, ""), (reader.pk, "review")}
    good, poor = scores[writer.pk, ""], scores[reader.pk, ""]
    assert good.overall > 0.8 > 0.5 > poor.overall
    assert good.low < good.overall < good.high
    assert (good.judged, good.asked, good.enough) == (42, 42, True)
    assert good.approval_rate == pytest.approx(40 / 42)
    assert good.average_confidence == pytest.approx(0.9)
    assert good.average_quality is None
    assert good.boost > 0 > poor.boost
    assert KeptEvidence.objects.get().learned["weights"]
    assert TrustDay.objects.count() == 2
    assert [e.kind for e in Event.objects.filter(subject_type="learning_cycle").order_by("id")] == [
        "learning_cycle.started",
        "learning_cycle.done",
    ]


def test_it_is_in_force_as_soon_as_it_ends(shop: Business, writer: Agent, worked: Worked) -> None:
    assert standing_of(shop.pk, writer.pk, "draft").expected is None
    worked(writer, right=40, wrong=2)
    run(shop, "trust")
    found = standing_of(shop.pk, writer.pk, "draft")
    assert found.expected is not None and found.expected > 0.8
    assert found.boost > 0


@pytest.mark.parametrize("kind", ["full", "incremental", "trust"])
def test_a_business_without_anything_has_a_cycle_too(shop: Business, writer: Agent, kind: str) -> None:
    cycle = run(shop, kind)
    assert (cycle.state, cycle.agents, cycle.outcomes, cycle.coverage) == ("done", 0, 0, None)


def test_an_incremental_cycle_comes_to_what_a_full_one_would(
    shop: Business, writer: Agent, reader: Agent, worked: Worked
) -> None:
    worked(writer, right=20, wrong=5)
    worked(reader, right=5, wrong=20)
    run(shop)
    worked(writer, wrong=9)
    worked(reader, right=3, type="review")
    cycle = run(shop, "trust")
    assert (cycle.recommendations, cycle.outcomes) == (12, 12)
    names = ("agent_id", "type", "overall", "low", "high", "effective_n", "judged", "boost", "approval_rate")
    step_by_step = {row[:2]: row[2:] for row in TrustScore.objects.values_list(*names)}
    KeptEvidence.objects.update(cells=b"", day=None)
    run(shop, "trust")
    at_once = {row[:2]: row[2:] for row in TrustScore.objects.values_list(*names)}
    assert set(step_by_step) == set(at_once)
    for cell, figures in step_by_step.items():
        assert figures == pytest.approx(at_once[cell], abs=1e-9)


def test_rows_of_types_that_are_gone_go(shop: Business, writer: Agent, worked: Worked) -> None:
    worked(writer, right=3)
    TrustScore.objects.create(
        business=shop, agent=writer, type="gone", overall=0.5, low=0.1, high=0.9, accuracy=0.5, consistency=0.5,
        timeliness=0.5, reliability=0.5, effective_n=1, enough=False, computed_at=timezone.now(),
    )  # fmt: skip
    run(shop, "trust")
    assert set(TrustScore.objects.values_list("type", flat=True)) == {"", "draft"}


def test_an_agent_that_is_deleted_takes_its_evidence_along(
    shop: Business, writer: Agent, reader: Agent, worked: Worked
) -> None:
    worked(writer, right=3)
    worked(reader, right=3)
    run(shop)
    reader.delete()
    worked(writer, right=1)
    assert run(shop, "trust").state == "done"
    assert set(TrustScore.objects.values_list("agent_id", flat=True)) == {writer.pk}


def test_a_second_cycle_is_refused_while_one_runs(shop: Business, other_shop: Business) -> None:
    first = start_cycle(business_id=shop.pk, kind="full", started_by="user:a")
    with pytest.raises(StaleState, match="runs already: user:a began it"):
        start_cycle(business_id=shop.pk, kind="trust", started_by="user:b")
    start_cycle(business_id=other_shop.pk, kind="trust", started_by="user:b")
    resume(cycle_id=first.pk)
    start_cycle(business_id=shop.pk, kind="trust", started_by="user:b")


def test_it_refuses_what_is_no_kind_and_who_does_not_learn(shop: Business) -> None:
    with pytest.raises(Invalid):
        start_cycle(business_id=shop.pk, kind="quick", started_by="user:a")
    learning_off(shop)
    with pytest.raises(StaleState, match="switched off"):
        start_cycle(business_id=shop.pk, kind="full", started_by="user:a")
    assert not LearningCycle.objects.exists()


def test_switched_off_in_the_middle_it_ends_and_nobody_is_alarmed(shop: Business, phases: dict[str, Any]) -> None:
    phases["fold"] = lambda cycle: learning_off(shop)
    cycle = run(shop, "trust")
    assert (cycle.state, cycle.error) == ("failed", "Learning was switched off")
    assert not Notice.objects.exists()


def test_a_killed_cycle_goes_on_where_it_was(
    shop: Business, writer: Agent, reader: Agent, worked: Worked, phases: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    worked(writer, right=3)
    worked(reader, right=3)
    monkeypatch.setattr("apps.trust.phases.SUMMED_AT_ONCE", 1)
    monkeypatch.setattr(pacing, "SAVE_EVERY", timedelta(0))
    summed: list[UUID] = []
    from apps.trust.folding import rebuild

    def kill_behind_the_first(**found: Any) -> Any:
        if summed:
            raise KeyboardInterrupt
        summed.append(found["first"])
        return rebuild(**found)

    monkeypatch.setattr("apps.trust.phases.rebuild", kill_behind_the_first)
    with pytest.raises(KeyboardInterrupt):
        run(shop)
    cycle = LearningCycle.objects.get()
    assert (cycle.state, cycle.phase, cycle.position) == ("running", "rebuild", {"after": str(summed[0])})
    later: list[UUID] = []

    def note(**found: Any) -> Any:
        later.append(found["first"])
        return rebuild(**found)

    monkeypatch.setattr("apps.trust.phases.rebuild", note)
    phases["fold"] = lambda cycle: pytest.fail("what was done is not done again")
    done = resume(cycle_id=cycle.pk)
    assert done.state == "done"
    assert later == sorted({writer.pk, reader.pk} - set(summed))
    assert (done.recommendations, done.outcomes) == (6, 6)


def test_lost_cycles_are_found_and_those_at_work_are_not(shop: Business, other_shop: Business) -> None:
    lost = start_cycle(business_id=shop.pk, kind="full", started_by="user:a")
    start_cycle(business_id=other_shop.pk, kind="full", started_by="user:a")
    now = timezone.now()
    LearningCycle.objects.filter(pk=lost.pk).update(seen_at=now - timedelta(minutes=5))
    assert lost_cycles(now=now) == [lost.pk]
    assert tasks.resume_cycles() == 1
    assert not Notice.objects.exists()


def test_a_cycle_that_takes_long_is_told_of_and_so_is_its_end(shop: Business) -> None:
    cycle = start_cycle(business_id=shop.pk, kind="trust", started_by="user:a")
    LearningCycle.objects.update(started_at=timezone.now() - timedelta(minutes=11))
    for _ in range(2):
        lost_cycles(now=timezone.now())
    notice = Notice.objects.get()
    assert (notice.severity, notice.resolved_at) == ("warning", None)
    resume(cycle_id=cycle.pk)
    assert Notice.objects.get().resolved_at is None
    run(shop, "trust")
    assert Notice.objects.get().resolved_at is not None


def test_the_third_error_is_the_last_and_the_next_success_ends_the_alarm(
    shop: Business, phases: dict[str, Any]
) -> None:
    def fail(cycle: LearningCycle) -> None:
        raise ValueError("no sense in this")

    phases["score"] = fail
    with pytest.raises(ValueError, match="no sense"):
        run(shop, "trust")
    cycle = LearningCycle.objects.get()
    assert (cycle.state, cycle.phase, cycle.error) == ("running", "score", "ValueError: no sense in this")
    for _ in range(2):
        assert not Notice.objects.exists()
        with pytest.raises(ValueError, match="no sense"):
            resume(cycle_id=cycle.pk)
    cycle.refresh_from_db()
    assert (cycle.state, cycle.error) == ("failed", "ValueError: no sense in this")
    notice = Notice.objects.get()
    assert (notice.severity, notice.title) == ("critical", "A learning cycle failed")
    assert Event.objects.filter(kind="learning_cycle.failed").count() == 1
    assert resume(cycle_id=cycle.pk).state == "failed"
    phases.clear()
    assert run(shop, "trust").state == "done"
    notice.refresh_from_db()
    assert notice.resolved_at is not None


def test_while_the_database_is_away_no_error_counts(shop: Business, phases: dict[str, Any]) -> None:
    def away(cycle: LearningCycle) -> None:
        raise OperationalError("the server closed the connection")

    phases["fold"] = away
    with pytest.raises(OperationalError):
        run(shop, "trust")
    for _ in range(4):
        with pytest.raises(OperationalError):
            resume(cycle_id=LearningCycle.objects.get().pk)
    assert LearningCycle.objects.get().state == "running"
    phases.clear()
    assert resume(cycle_id=LearningCycle.objects.get().pk).state == "done"


def test_the_counts_of_a_batch_that_was_taken_back_are_taken_back(
    shop: Business, writer: Agent, worked: Worked, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked(writer, right=3)
    save = pacing.save

    def fail_once(cycle: LearningCycle, **more: Any) -> None:
        save(cycle, **more)
        if cycle.outcomes:
            monkeypatch.setattr(pacing, "save", save)
            raise ValueError("cut off")

    monkeypatch.setattr(pacing, "save", fail_once)
    with pytest.raises(ValueError, match="cut off"):
        run(shop, "trust")
    assert Delta.objects.count() == 6
    cycle = resume(cycle_id=LearningCycle.objects.get().pk)
    assert (cycle.state, cycle.outcomes) == ("done", 3)
    assert DailyTally.objects.get().judged == 3


def test_a_cycle_that_is_unknown_or_over_is_left_alone(shop: Business) -> None:
    with pytest.raises(NotFound):
        resume(cycle_id=new_id())
    cycle = run(shop, "trust")
    assert resume(cycle_id=cycle.pk).finished_at == cycle.finished_at
    tasks.run_learning_cycle(str(new_id()))


def test_the_clock_starts_cycles_where_there_is_something_to_learn(
    shop: Business, other_shop: Business, writer: Agent, worked: Worked
) -> None:
    assert tasks.learn_all() == tasks.refresh_trust() == 0
    worked(writer, right=1)
    assert tasks.refresh_trust() == 1
    assert tasks.learn_all() == 0, "one runs already"
    LearningCycle.objects.update(state="done")
    assert tasks.learn_all() == 1
    assert set(LearningCycle.objects.values_list("kind", "started_by")) == {
        ("trust", "system:schedule"), ("full", "system:nightly"),
    }  # fmt: skip
    LearningCycle.objects.update(state="done")
    learning_off(shop)
    assert tasks.learn_all() == 0


def test_the_phases_of_each_kind() -> None:
    assert [phase.name for phase in phases_of("trust")] == ["fold", "score", "steer"]
    assert [phase.name for phase in phases_of("incremental")] == [
        "fold",
        "score",
        "steer",
        "discover",
        "measure",
        "advise",
    ]
    assert [phase.name for phase in phases_of("full")] == [phase.name for phase in PHASES]


@pytest.mark.django_db(transaction=True)
def test_what_another_process_is_at_work_on_is_left_to_it(shop: Business) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event as Signal

    from apps.core.locking import holding

    cycle = start_cycle(business_id=shop.pk, kind="trust", started_by="user:a")
    begun, over = Signal(), Signal()

    def hold() -> bool:
        try:
            with holding(f"learning:{shop.pk}") as mine:
                begun.set()
                over.wait(10)
                return mine
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        begun.wait(10)
        assert resume(cycle_id=cycle.pk).state == "running"
        over.set()
        assert held.result() is True
    assert resume(cycle_id=cycle.pk).state == "done"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_at_once_one_does(shop: Business) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def start(number: int) -> bool:
        try:
            start_cycle(business_id=shop.pk, kind="trust", started_by=f"user:{number}")
        except StaleState:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, range(4))) == [False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_open_pages_are_told_of_progress(shop: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    monkeypatch.setattr(pacing, "push_events", told.extend)
    cycle = run(shop, "trust")
    assert {(event.kind, event.subject_type, event.subject_id) for event in told} == {
        ("learning_cycle.progress", "learning_cycle", str(cycle.pk))
    }
    assert told[0].business_id == shop.pk
    assert not Event.objects.filter(kind="learning_cycle.progress").exists()


@pytest.mark.django_db(transaction=True)
def test_a_cycle_runs_outside_of_a_transaction(shop: Business, writer: Agent, worked: Worked) -> None:
    worked(writer, right=12, wrong=1)
    with pytest.raises(AssertionError), transaction.atomic():
        assert not connection.in_atomic_block
    assert run(shop).state == "done"
    assert TrustScore.objects.count() == 2
    assert an_agent(shop, "new").pk
