"""RULE: a refactoring: smells found, a plan within bounds, changes whose behaviour is compared, applied or undone."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, flag_in, items_in, number_in
from apps.workflows.patterns.asking import Asking, optional
from apps.workflows.patterns.checks import Tested, check_stage, doubts_about, qualities_by, ratings_by, tested
from apps.workflows.patterns.consensus import Choice, agreed, choose
from apps.workflows.patterns.limits import Line, Name, Share, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, When, doubts, kept, person_stage, settled
from apps.workflows.patterns.prompts import about_code, told
from apps.workflows.patterns.stages import Staged, StageRule
from apps.workflows.patterns.tooling import Tooling, tool_step
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan, Undo
from apps.workflows.states import StepKind

SMELLS = {"smells": [{"file": "path", "what": "the smell", "why": "what it costs"}]}
PLAN = {
    "steps": [{"file": "path", "change": "what"}],
    "changes_public_api": "true or false",
    "risk": "what could break",
}
CHANGE = {"patch": "unified diff", "lines_changed": 0, "explanation": "what became simpler"}


class Aim(StrEnum):
    READABILITY = "readability"
    DUPLICATION = "duplication"
    COMPLEXITY = "complexity"
    COUPLING = "coupling"
    TESTABILITY = "testability"


class RefactoringConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is improved, how far a change may go, and how it is proved that the behaviour stays.

    max_files: a plan that touches more, or the public interface while that is kept, goes before a person first.
    apply, confirm: tools that put the chosen change in place and check it there; revert: takes it back if the run
    fails or is cancelled after that.
    """

    language: Line = ""
    aims: Annotated[tuple[Aim, ...], Meta(min_length=1, max_length=5)] = (Aim.READABILITY, Aim.DUPLICATION)
    keep_public_api: bool = True
    max_files: Annotated[int, Meta(ge=1, le=1000)] = 10
    rules: Words = ""
    analyse: Asking = Asking(types=("code_analysis",), agents=2)
    plan: Asking = Asking(types=("refactoring_plan",), agents=2)
    change: Asking = Asking(types=("refactoring",), agents=2, seconds=300)
    compare: Asking = optional("verification", agents=2, seconds=300)
    test: Tooling = Tooling(passes="patch")
    min_same: Share = 0.9
    apply: Tooling = Tooling(passes="patch")
    confirm: Tooling = Tooling()
    revert: Name = ""
    person: Person = Person()


class Refactoring(Staged[RefactoringConfig]):
    name = "refactoring"
    title = "Refactoring"
    description = (
        "Agents find what is worth improving, agree on a plan within bounds and change the code; tests or other agents "
        "compare the behaviour before and after, and what was applied is taken back if it does not hold."
    )
    Config = RefactoringConfig

    def stages(self, config: RefactoringConfig) -> tuple[StageRule[RefactoringConfig], ...]:
        comparing = () if config.test.tool else config.compare.types
        applying = [
            StageRule("apply", "Application", f"By the tool {config.apply.tool}", (), self._apply),
            StageRule("confirm", "Confirmation", "Checked in place; else it is taken back", (), self._confirm),
        ]
        return (
            StageRule("analyse", "Analysis", "What is worth improving", config.analyse.types, self._analyse),
            StageRule("plan", "Plan", "What is changed, in small steps", config.plan.types, self._plan),
            StageRule("consent", "Consent", f"If it touches more than {config.max_files} files", (), self._consent),
            StageRule("change", "Change", "Each carries out the plan", config.change.types, self._change),
            StageRule("compare", "Comparison", "The behaviour must stay", comparing, self._compare),
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            *(applying if config.apply.tool else []),
            self.finale("The change and what speaks for it"),
        )

    def problem_of(self, config: RefactoringConfig) -> tuple[str, str] | None:
        if config.revert and not config.apply.tool:
            return "revert", "There is nothing to take back: apply names no tool"
        if config.confirm.tool and not config.apply.tool:
            return "confirm.tool", "There is nothing to confirm: apply names no tool"
        return super().problem_of(config)

    def _analyse(self, config: RefactoringConfig, situation: Situation) -> StagePlan:
        instruction = told(
            f"Find what makes this code worse than it need be, with an eye to {', '.join(config.aims)}.",
            "Name file and place, and what it costs; report nothing that is only a matter of taste.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.analyse, situation, key="analyse", name="Analysis", instruction=instruction,
                        answer=SMELLS)  # fmt: skip

    def _plan(self, config: RefactoringConfig, situation: Situation) -> StagePlan:
        if not answers_of(situation, "analyse"):
            raise Impossible("The analysis found nothing to improve")
        instruction = told(
            "Plan a refactoring in small steps, each of which leaves the code working and its behaviour as it is.",
            f"Touch at most {config.max_files} files.",
            "Leave the public interface as it is." if config.keep_public_api else "",
            about_code(config.language, config.rules),
        )
        return self.ask(config.plan, situation, key="plan", name="Plan", instruction=instruction, stages=("analyse",),
                        answer=PLAN)  # fmt: skip

    def _consent(self, config: RefactoringConfig, situation: Situation) -> StagePlan | None:
        plans = _plans(situation)
        why = _reach(config, plans[0].content) if plans else []
        if not why or config.person.when is When.NEVER:
            return None
        return person_stage(Person(when=When.ALWAYS), situation, plans, title="Decide about a plan", why=why,
                            key="consent", name="Consent", proposed=plans[0].ref)  # fmt: skip

    def _change(self, config: RefactoringConfig, situation: Situation) -> StagePlan:
        plan = settled(situation, _plans(situation), "consent")
        if plan is None:
            raise Impossible("There is no plan to go by")
        instruction = told(
            "Carry out this plan exactly; change no behaviour and nothing beside it.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.change, situation, key="change", name="Change", instruction=instruction, answer=CHANGE,
                        plan=plan[1])  # fmt: skip

    def _compare(self, config: RefactoringConfig, situation: Situation) -> StagePlan | None:
        changes = answers_of(situation, "change")
        if not changes:
            raise Impossible("No agent has made the change")
        instruction = told(
            "Compare the behaviour before and after this change, edge cases and errors included: it must be the same.",
            "The public interface must be the same too." if config.keep_public_api else "",
            about_code(config.language, config.rules),
        )
        return check_stage(self, config.compare, config.test, situation, changes, key="compare", name="Comparison",
                           instruction=instruction, hand_over="patch")  # fmt: skip

    def _approval(self, config: RefactoringConfig, situation: Situation) -> StagePlan | None:
        best = _best(situation)
        if best is None:
            return None
        why = doubts_about(_results(situation).get(best.answer.ref), config.min_same, "change")
        if why and config.person.when is When.NEVER:
            raise Impossible(f"{why[0]}, and no person is asked")
        why += doubts(config.person, [best], situation)
        return person_stage(config.person, situation, _ranked(situation), title="Decide about a refactoring", why=why,
                            proposed=best.answer.ref)  # fmt: skip

    def _apply(self, config: RefactoringConfig, situation: Situation) -> StagePlan:
        taken = settled(situation, _ranked(situation))
        if taken is None:
            raise Impossible("Nothing was let through that could be applied")
        step = tool_step(config.apply, "apply", _patch(taken[1]))
        undo = Undo(kind=StepKind.TOOL, does=config.revert, input=step.input) if config.revert else None
        step = msgspec.structs.replace(step, undo=undo)
        return StagePlan(key="apply", name="Application", steps=(step,))

    def _confirm(self, config: RefactoringConfig, situation: Situation) -> StagePlan | None:
        if not config.confirm.tool:
            return None
        step = tool_step(config.confirm, "confirm", [one.content for one in situation.of("apply")])
        return StagePlan(key="confirm", name="Confirmation", steps=(step,))

    def compute(self, config: RefactoringConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        changes = _ranked(situation)
        taken = settled(situation, changes)
        plan = settled(situation, _plans(situation), "consent")
        ref = taken[0] if taken else ""
        result = _results(situation).get(ref)
        return {
            "change": taken[1] if taken else None,
            "step": ref,
            "by": next((one.agent for one in changes if one.ref == ref), ""),
            "plan": plan[1] if plan else None,
            "smells": [smell for one in answers_of(situation, "analyse") for smell in items_in(one.content, "smells")],
            "same": result.share if result else None,
            "checks": result.checks if result else 0,
            "applied": bool(situation.of("apply")),
            "consensus": {stage: agreed(answers_of(situation, stage)) for stage in ("plan", "change")},
            "decided_by_person": kept(situation) is not None or kept(situation, "consent") is not None,
        }

    def ratings(self, config: RefactoringConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        best = _best(situation)
        return ratings_by(_results(situation)), best.quality if best else None


def _plans(situation: Situation) -> list[Answer]:
    """The plan most agree on first."""
    plans = answers_of(situation, "plan")
    best = choose(plans)
    return [best.answer, *(one for one in plans if one.ref != best.answer.ref)] if best else []


def _reach(config: RefactoringConfig, plan: Any) -> list[str]:
    """Why a plan goes further than it may without a person."""
    steps = items_in(plan, "steps")
    files = {str(one.get("file")) for one in steps if isinstance(one, Mapping)} or set(map(str, steps))
    why = []
    if len(files) > config.max_files:
        why.append(f"The plan touches {len(files)} files, more than {config.max_files}")
    if config.keep_public_api and flag_in(plan, "changes_public_api") and isinstance(plan, Mapping):
        why.append("The plan changes the public interface")
    return why


def _results(situation: Situation) -> dict[str, Tested]:
    return tested(situation, answers_of(situation, "change"), "compare")


def _best(situation: Situation) -> Choice | None:
    """Of the changes that keep the behaviour best, the smallest."""
    changes, qualities = answers_of(situation, "change"), qualities_by(_results(situation))
    if not qualities:
        return choose(changes)
    most = max(qualities.values())
    top = [one for one in changes if qualities.get(one.ref) == most]
    sizes = {one.ref: number_in(one.content, "lines_changed") for one in top}
    smallest = min((size for size in sizes.values() if size is not None), default=None)
    return choose([one for one in top if sizes[one.ref] == smallest] or top, qualities)


def _ranked(situation: Situation) -> list[Answer]:
    best, qualities = _best(situation), qualities_by(_results(situation))
    if best is None:
        return []
    rest = [one for one in answers_of(situation, "change") if one.ref != best.answer.ref]
    return [best.answer, *sorted(rest, key=lambda one: -qualities.get(one.ref, -1.0))]


def _patch(content: Any) -> Any:
    return content.get("patch", content) if isinstance(content, Mapping) else content
