"""EDGE: what the page of a run is given: a constant number of queries, however many steps it has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import NoReverseMatch, reverse

from apps.approvals.models import ApprovalRequest
from apps.approvals.states import State
from apps.core.errors import GatehouseError
from apps.trust.models import Outcome, Recommendation
from apps.workflows.configs import decode
from apps.workflows.diagram import StageFacts, StepFacts, counts_words, diagram_of
from apps.workflows.diagram_words import KIND_WORDS, PRIORITY_WORDS, RUN_WORDS, money, span, why_words
from apps.workflows.models import Run, Stage, Step
from apps.workflows.page_context import Who
from apps.workflows.page_excerpts import Excerpt, excerpted
from apps.workflows.patterns import pattern_of
from apps.workflows.plans import Barrier, StageOutline
from apps.workflows.states import RUN_ENDS, Priority, RunState, StageState, StepKind, StepState
from apps.workflows.undoing import STAGE as UNDO_STAGE

VERDICT_WORDS = {"approved": "approved", "partial": "edited", "rejected": "rejected"}
# From these a person may bring a run to another; the acts have the last word.
CANCELLABLE = (RunState.RUNNING, RunState.WAITING)
RESUMABLE = (RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of one step besides its place in the diagram."""

    step: Step
    agent: str
    kind: str
    priority: str
    cost: str
    why: str
    content: Excerpt
    recommendation: Recommendation | None
    verdict: str
    outcomes: tuple[Outcome, ...]
    request: ApprovalRequest | None
    may_retry: bool

    @property
    def is_awaited(self) -> bool:
        return self.request is not None and self.request.state == State.WAITING


def run_for_page(person: Who, pk: UUID) -> Run:
    """The run without its input and result, of which excerpts stand in. Raises Http404."""
    rows = Run.objects.filter(business_id=person.business_id, pk=pk).select_related("workflow")
    found = excerpted(excerpted(rows, "result"), "input").first()
    if found is None:
        raise Http404
    return found


def run_context(run: Run, person: Who, now: datetime) -> dict[str, Any]:
    """Five queries at most: stages, steps, recommendations, their outcomes, requests."""
    stages = list(Stage.objects.filter(run_id=run.pk).order_by("position"))
    steps = list(excerpted(Step.objects.filter(run_id=run.pk), "result").defer("input", "undo").select_related("agent"))
    recommended = _recommendations_of(run, steps)
    requests = _requests_of(run, steps)
    retriable = _retriable(run, stages, steps, now) if person.may_run else frozenset()
    shown = [_shown(step, recommended, requests, step.pk in retriable) for step in steps]
    facts = [_step(one) for one in shown]
    outline = outline_of(run.pattern, run.config)
    return {
        "run": run,
        "word": RUN_WORDS[RunState(run.state)],
        "ended": run.state in RUN_ENDS,
        "diagram": diagram_of(outline, [_stage(one) for one in stages], facts, run_state=run.state, now=now),
        "elapsed": span((run.finished_at or now) - run.created_at),
        "steps_words": counts_words([one for one in facts if one.state != StepState.DONE]),
        "done_count": sum(one.state == StepState.DONE for one in facts),
        "step_count": len(facts),
        "cost": money(run.cost),
        "awaited": [one for one in shown if one.is_awaited],
        "subject_url": _subject_url(run),
        "given": Excerpt(run, "input"),
        "result": Excerpt(run, "result"),
        "priority": PRIORITY_WORDS[Priority(run.priority)],
        "may_cancel": person.may_run and run.state in CANCELLABLE,
        "may_resume": person.may_run and _may_go_on(run, stages, now),
    }


def outline_of(name: str, config: dict[str, Any]) -> tuple[StageOutline, ...]:
    """The stages that may come with this configuration; none where the library knows one of the two no more."""
    try:
        pattern = pattern_of(name)
        return pattern.outline(decode(pattern, config))
    except GatehouseError:
        return ()


def _recommendations_of(run: Run, steps: list[Step]) -> dict[UUID, Recommendation]:
    ids = [step.recommendation_id for step in steps if step.recommendation_id]
    if not ids:
        return {}
    rows = Recommendation.objects.filter(business_id=run.business_id, pk__in=ids).prefetch_related("outcomes")
    return {row.pk: row for row in rows.defer("reasoning")}


def _requests_of(run: Run, steps: list[Step]) -> dict[UUID, ApprovalRequest]:
    ids = [step.request_id for step in steps if step.request_id]
    if not ids:
        return {}
    rows = ApprovalRequest.objects.filter(business_id=run.business_id, pk__in=ids)
    return {row.pk: row for row in rows.only("state", "title", "deadline", "decided_by", "decided_at", "decider_role")}


def _may_go_on(run: Run, stages: list[Stage], now: datetime) -> bool:
    """Not once what was done has been taken back."""
    undone = any(stage.key == UNDO_STAGE for stage in stages)
    return run.state in RESUMABLE and not undone and not (run.deadline and run.deadline <= now)


def _retriable(run: Run, stages: list[Stage], steps: list[Step], now: datetime) -> frozenset[UUID]:
    """The failed steps for which a button is shown: of the stage the run stands at, or of an undoing."""
    failed = [step for step in steps if step.state == StepState.FAILED]
    here = next((stage for stage in stages if stage.position == run.stage), None)
    if here is None or here.state == StageState.PASSED:
        at_hand = []
    else:
        at_hand = [step for step in failed if step.stage_id == here.pk and step.kind != StepKind.UNDO]
    ended = run.state not in CANCELLABLE
    # Where all must be done, one alone would not help: resuming tries all of them.
    if ended and not (_may_go_on(run, stages, now) and (here is None or here.rule != Barrier.ALL or len(at_hand) == 1)):
        at_hand = []
    return frozenset(step.pk for step in [*at_hand, *(one for one in failed if one.kind == StepKind.UNDO)])


def _shown(
    step: Step, recommended: dict[UUID, Recommendation], requests: dict[UUID, ApprovalRequest], may_retry: bool
) -> Shown:
    recommendation = recommended.get(step.recommendation_id) if step.recommendation_id else None
    return Shown(
        step=step,
        agent=_label(step),
        kind=KIND_WORDS[StepKind(step.kind)],
        priority=PRIORITY_WORDS[Priority(step.priority)],
        cost=money(step.cost),
        why=why_words(step.why) if step.why else "",
        content=Excerpt(step, "result"),
        recommendation=recommendation,
        verdict=VERDICT_WORDS.get(recommendation.verdict, "") if recommendation else "",
        outcomes=tuple(recommendation.outcomes.all()) if recommendation else (),
        request=requests.get(step.request_id) if step.request_id else None,
        may_retry=may_retry,
    )


def _label(step: Step) -> str:
    """Who does it, as people call it."""
    if step.kind == StepKind.PERSON:
        return "A person"
    if step.agent is not None:
        return f"Undo: {step.agent.name}" if step.kind == StepKind.UNDO else step.agent.name
    return step.does


def _stage(row: Stage) -> StageFacts:
    return StageFacts(
        id=row.pk,
        key=row.key,
        name=row.name,
        state=row.state,
        rule=row.rule,
        need=row.need,
        timeout_seconds=row.timeout_seconds,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        says=row.says,
    )


def _step(shown: Shown) -> StepFacts:
    row = shown.step
    return StepFacts(
        id=row.pk,
        stage_id=row.stage_id,
        key=row.key,
        label=shown.agent,
        kind=row.kind,
        state=row.state,
        attempt=row.attempt,
        run_after=row.run_after,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        cost=row.cost,
        row=shown,
    )


def _subject_url(run: Run) -> str:
    """The page of what waits for the run, such as its goal; "" where there is none."""
    name = settings.SUBJECT_PAGES.get(run.subject_type)
    if not name or run.subject_id is None:
        return ""
    try:
        return reverse(name, args=[run.subject_id])
    except NoReverseMatch:
        return ""
