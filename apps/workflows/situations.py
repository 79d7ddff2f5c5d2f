"""What a pattern may go by, read from a run's rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload
from uuid import UUID

import msgspec

from apps.agents.models import Agent
from apps.core.recall import Recall
from apps.trust import routing
from apps.workflows.models import Run, Step
from apps.workflows.patterns import pattern_of
from apps.workflows.plans import Candidate, Pattern, Situation, StepResult
from apps.workflows.states import StepKind, StepState

_agents: Recall[UUID, list[Agent]] = Recall()
_by_id: Recall[UUID, Agent] = Recall()


def rule_of(pattern: str, config: Mapping[str, Any]) -> tuple[Pattern, Any]:
    """The pattern of this name, and its configuration as it understands it. Raises NotFound, ValidationError."""
    rule = pattern_of(pattern)
    return rule, msgspec.convert(config, rule.Config)


def situation_of(run: Run) -> Situation:
    """Where this run stands: its input, the results of the stages that have passed, and who could be asked."""
    return situation(run_id=run.pk, business_id=run.business_id, given=run.input, passed=run.stage)


def situation(*, run_id: UUID, business_id: UUID, given: Mapping[str, Any], passed: int) -> Situation:
    """The same, of what has been read already. passed: the position of the last stage that has passed, 0 for none.

    Results and candidates are read when a pattern looks at them: many rules look at neither.
    """
    results = _Results(run_id, passed) if passed else ()
    return Situation(run_id=str(run_id), input=given, results=results, candidates=_Candidates(business_id, str(run_id)))


def results_of(run_id: UUID, passed: int) -> tuple[StepResult, ...]:
    """What came of every step of the stages up to this position, in order; what agents and people said, not what undid.

    A run never leaves a stage behind that has not passed.
    """
    rows = (
        Step.objects.filter(run_id=run_id, stage__position__lte=passed)
        .exclude(kind=StepKind.UNDO)
        .order_by("stage__position", "id")
        .values_list("stage__key", "key", "kind", "does", "type", "state", "result", "confidence", "reasoning", "error")
    )
    return tuple(
        StepResult(
            stage=stage,
            key=key[len(stage) + 1 :],
            kind=StepKind(kind),
            does=does,
            type=type_,
            state=StepState(state),
            content=result if state == StepState.DONE else None,
            confidence=confidence,
            reasoning=reasoning,
            error=error,
        )
        for stage, key, kind, does, type_, state, result, confidence, reasoning, error in rows
    )


def agents_of(business_id: UUID) -> list[Agent]:
    """The agents of a business that are switched on; changes count within a second."""
    return _agents.get([business_id], lambda _: {business_id: _look_up(business_id)})[business_id]


def find_agent(agent_id: UUID) -> Agent | None:
    """The agent of this id, as it was within the last second; whether it is switched off counts from then on."""
    found = _by_id.get([agent_id], lambda ids: {one.pk: one for one in Agent.objects.filter(pk__in=ids)})
    return found.get(agent_id)


def _look_up(business_id: UUID) -> list[Agent]:
    return list(Agent.objects.filter(business_id=business_id, enabled=True).order_by("key"))


class _Results(Sequence[StepResult]):
    """The results so far, looked up at the first look."""

    def __init__(self, run_id: UUID, passed: int) -> None:
        self._run_id, self._passed = run_id, passed
        self._found: tuple[StepResult, ...] | None = None

    def _all(self) -> tuple[StepResult, ...]:
        if self._found is None:
            self._found = results_of(self._run_id, self._passed)
        return self._found

    @overload
    def __getitem__(self, place: int) -> StepResult: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[StepResult]: ...

    def __getitem__(self, place: int | slice) -> StepResult | Sequence[StepResult]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[StepResult]:
        return iter(self._all())


class _Candidates(Mapping[str, Sequence[Candidate]]):
    """Who may be asked, by type, looked up when a pattern asks: most stages ask for one type or none."""

    def __init__(self, business_id: UUID, seed: str) -> None:
        self._business_id, self._seed = business_id, seed
        self._found: dict[str, tuple[Candidate, ...]] = {}

    def __getitem__(self, type_: str) -> Sequence[Candidate]:
        if type_ not in self._found:
            able = [one for one in agents_of(self._business_id) if type_ in one.types]
            if not able:
                raise KeyError(type_)
            self._found[type_] = _ranked(self._business_id, type_, able, self._seed)
        return self._found[type_]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({type_ for one in agents_of(self._business_id) for type_ in one.types}))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _ranked(business_id: UUID, type_: str, able: Sequence[Agent], seed: str) -> tuple[Candidate, ...]:
    ranked = routing.rank(business_id, type_, able, seed)
    return tuple(_candidate(one, routing.standing_of(business_id, one.pk, type_)) for one in ranked)


def _candidate(agent: Agent, standing: Any) -> Candidate:
    return Candidate(
        key=agent.key,
        name=agent.name,
        types=tuple(agent.types),
        low=standing.low,
        expected=standing.expected,
        enough=standing.enough,
        price=float(agent.price_per_call),
    )
