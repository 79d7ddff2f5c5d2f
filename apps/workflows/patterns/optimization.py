"""RULE: an optimisation: measured first, several proposals, each measured again, and only a proven gain goes on."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, flag_in, number_in, text_in
from apps.workflows.patterns.asking import Asking, asked, optional
from apps.workflows.patterns.consensus import Choice, agreed, choose
from apps.workflows.patterns.critics import critics_stage, qualities_of
from apps.workflows.patterns.limits import Line, Quality, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, When, doubts, kept, person_stage, settled
from apps.workflows.patterns.prompts import about_code, clipped, told
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.patterns.tooling import Tooling, tool_step
from apps.workflows.plans import Barrier, Impossible, Rating, Situation, StagePlan, StepPlan

MEASURE = {"value": "a number", "correct": "true or false: are the results the same as before?"}
PROPOSAL = {"patch": "unified diff", "explanation": "why it is faster, smaller or cheaper", "expected": "gain, 0 to 1"}
MOST_PROPOSALS = 20


class OptimizationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is measured and how much better it must get.

    min_gain: share of the baseline, and beyond its own spread. repeats: measurements of each; the median counts.
    """

    metric: Annotated[str, Meta(min_length=1, max_length=200)] = "duration"
    unit: Line = ""
    lower_is_better: bool = True
    min_gain: Annotated[float, Meta(ge=0.001, le=1)] = 0.05
    repeats: Annotated[int, Meta(ge=1, le=10)] = 3
    language: Line = ""
    rules: Words = ""
    tool: Tooling = Tooling(passes="patch")
    measure: Asking = Asking(types=("measurement",), agents=1, seconds=600)
    propose: Asking = Asking(types=("optimization",), agents=4, seconds=300)
    review: Asking = optional("review", agents=2)
    min_quality: Quality = 50.0
    person: Person = Person()


@dataclass(frozen=True, slots=True)
class Measured:
    """median of what was measured; gain: share of the baseline, positive is better; proven: beyond the spread."""

    median: float
    gain: float
    proven: bool
    correct: bool


class Optimization(Staged[OptimizationConfig]):
    name = "optimization"
    title = "Optimisation"
    description = (
        "The baseline is measured, agents propose improvements, each is measured the same way, and only one that is "
        "better by enough, beyond the noise and with the same results, goes on."
    )
    Config = OptimizationConfig

    def stages(self, config: OptimizationConfig) -> tuple[StageRule[OptimizationConfig], ...]:
        measuring = () if config.tool.tool else config.measure.types
        again = f"Each {config.repeats} times"
        return (
            StageRule("measure", "Baseline", again, measuring, self._measure),
            StageRule("propose", "Proposals", "Side by side", config.propose.types, self._propose),
            StageRule("try", "Measurement", again, measuring, self._try),
            StageRule("review", "Review", "Of those that are better", config.review.types, self._review),
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("The gain, and what it takes"),
        )

    def _measure(self, config: OptimizationConfig, situation: Situation) -> StagePlan:
        keys = [f"r{n}" for n in range(1, config.repeats + 1)]
        if config.tool.tool:
            return _by_tool(config, "measure", "Baseline", [tool_step(config.tool, key, None) for key in keys])
        instruction = told(
            _how(config), "Measure it as it is now, before any change.", about_code(config.language, config.rules)
        )
        parts = [Part(key, instruction) for key in keys]
        return self.share_out(config.measure, situation, parts, key="measure", name="Baseline",
                              answer=MEASURE)  # fmt: skip

    def _propose(self, config: OptimizationConfig, situation: Situation) -> StagePlan:
        base = _values(situation, "measure")
        if not base:
            raise Impossible(f"Nobody could measure the {config.metric} as it is now")
        if not statistics.median(base):
            raise Impossible(f"The {config.metric} is 0 now: a gain cannot be told as a share of it")
        instruction = told(
            f"Propose one change that improves the {config.metric} and leaves the results as they are.",
            f"It is {statistics.median(base):g} {config.unit} now;".replace(" ;", ";"),
            f"a gain below {config.min_gain:.1%} does not count. Say what makes it better; do not trade correctness.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.propose, situation, key="propose", name="Proposals", instruction=instruction,
                        stages=("measure",), answer=PROPOSAL)  # fmt: skip

    def _try(self, config: OptimizationConfig, situation: Situation) -> StagePlan:
        proposals = _proposals(situation)
        if not proposals:
            raise Impossible("No agent has proposed an improvement")
        turns = [(f"c{n}r{turn}", one) for turn in range(1, config.repeats + 1) for n, one in enumerate(proposals, 1)]
        if config.tool.tool:
            steps = [tool_step(config.tool, key, text_in(one.content, "patch") or one.content) for key, one in turns]
            return _by_tool(config, "try", "Measurement", steps)
        instruction = told(
            _how(config),
            "Measure it with this change in place, and check that the results are the same.",
            about_code(config.language, config.rules),
        )
        parts = [
            Part(key, instruction, {"to_measure": clipped(one.content, 100_000)}, frozenset({one.agent}))
            for key, one in turns
        ]
        return self.share_out(config.measure, situation, parts, key="try", name="Measurement", answer=MEASURE, each=1)

    def _review(self, config: OptimizationConfig, situation: Situation) -> StagePlan | None:
        better = _better(config, situation)
        instruction = told(
            "Each of these changes was measured to be better. Rate from 0 to 100 whether it is worth having:",
            "is it still readable, does it hold for other inputs, what does it cost elsewhere?",
            about_code(config.language, config.rules),
        )
        return critics_stage(config.review, situation, better, pattern=self.name, key="review", name="Review",
                             instruction=instruction, stages=("measure",))  # fmt: skip

    def _approval(self, config: OptimizationConfig, situation: Situation) -> StagePlan | None:
        best = _best(config, situation)
        if best is None:
            return None
        measured = _measured(config, situation)
        why = doubts(config.person, [best], situation, least=config.min_quality)
        if config.person.when is When.NEVER and best.quality is not None and best.quality < config.min_quality:
            raise Impossible(f"{why[-1]}, and no person is asked")
        gains = {ref: f"{one.gain:+.1%}" for ref, one in measured.items()}
        return person_stage(config.person, situation, _ranked(config, situation), title="Decide about an optimisation",
                            why=why, proposed=best.answer.ref, gains=gains)  # fmt: skip

    def compute(self, config: OptimizationConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        proposals, base = _ranked(config, situation), _values(situation, "measure")
        taken = settled(situation, proposals)
        ref, measured = taken[0] if taken else "", _measured(config, situation)
        gain = measured.get(ref)
        return {
            "change": taken[1] if taken else None,
            "step": ref,
            "by": next((one.agent for one in proposals if one.ref == ref), ""),
            "metric": config.metric,
            "unit": config.unit,
            "baseline": statistics.median(base) if base else None,
            "value": gain.median if gain else None,
            "gain": round(gain.gain, 6) if gain else None,
            "tried": {
                one: {"value": m.median, "gain": round(m.gain, 6), "proven": m.proven, "correct": m.correct}
                for one, m in measured.items()
            },
            "consensus": {"propose": agreed(_proposals(situation))},
            "decided_by_person": kept(situation) is not None,
            "says": "" if taken else "No change was better by enough, so everything stays as it is",
        }

    def ratings(self, config: OptimizationConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        """50 at the gain that is wanted, 100 at twice as much; 0 for no gain, or for other results than before."""
        found = tuple(
            Rating(
                step=ref,
                quality=round(min(100.0, max(0.0, 50 * one.gain / config.min_gain)), 2) if one.correct else 0.0,
                feedback=f"{one.gain:+.1%}" if one.correct else "The results are not the same",
            )
            for ref, one in _measured(config, situation).items()
        )
        return found, max((one.quality for one in found), default=None)


def _proposals(situation: Situation) -> list[Answer]:
    return answers_of(situation, "propose")[:MOST_PROPOSALS]


def _measured(config: OptimizationConfig, situation: Situation) -> dict[str, Measured]:
    """What each proposal that could be measured came to."""
    base = _values(situation, "measure")
    if not base or not statistics.median(base):
        return {}
    found = {}
    for n, one in enumerate(_proposals(situation), start=1):
        mine = [check for check in situation.of("try") if check.key.startswith(f"c{n}r")]
        values = [number for number in (_value(check.content) for check in mine) if number is not None]
        wrong = any(flag_in(check.content, "correct", "passed") is False for check in mine)
        if values:
            found[one.ref] = _compare(config, base, values, correct=not wrong)
    return found


def _compare(config: OptimizationConfig, base: Sequence[float], values: Sequence[float], *, correct: bool) -> Measured:
    before, after = statistics.median(base), statistics.median(values)
    gain = (before - after if config.lower_is_better else after - before) / abs(before)
    beyond = after < min(base) if config.lower_is_better else after > max(base)
    return Measured(after, gain, beyond and gain >= config.min_gain, correct)


def _better(config: OptimizationConfig, situation: Situation) -> list[Answer]:
    """Proposals with a proven gain and the same results, the greatest gain first."""
    measured = _measured(config, situation)
    good = [one for one in _proposals(situation) if (m := measured.get(one.ref)) and m.proven and m.correct]
    return sorted(good, key=lambda one: -measured[one.ref].gain)


def _best(config: OptimizationConfig, situation: Situation) -> Choice | None:
    """The greatest gain among those that critics find good enough; where none is, the one they find best."""
    better, qualities = _better(config, situation), qualities_of(situation, "review")
    enough = [one for one in better if qualities.get(one.ref, config.min_quality) >= config.min_quality]
    return choose(enough[:1], qualities) if enough else choose(better, qualities)


def _ranked(config: OptimizationConfig, situation: Situation) -> list[Answer]:
    best = _best(config, situation)
    if best is None:
        return []
    return [best.answer, *(one for one in _better(config, situation) if one.ref != best.answer.ref)]


def _values(situation: Situation, stage: str) -> list[float]:
    return [value for value in (_value(one.content) for one in situation.of(stage)) if value is not None]


def _value(content: Any) -> float | None:
    number = number_in(content, "value", "median", "result", "measured")
    return number if number is not None and abs(number) < 1e15 else None


def _by_tool(config: OptimizationConfig, key: str, name: str, steps: Sequence[StepPlan]) -> StagePlan:
    longest = max(config.measure.stage_seconds, config.tool.seconds)
    by_tool = Asking(types=config.measure.types, barrier=Barrier.QUORUM, need=1, stage_seconds=longest)
    return asked(by_tool, key=key, name=name, steps=steps)


def _how(config: OptimizationConfig) -> str:
    unit = f" in {config.unit}" if config.unit else ""
    better = "lower" if config.lower_is_better else "higher"
    return f"Measure the {config.metric}{unit}; {better} is better."
