"""RULE: tests: cases planned together, written in batches, run by a tool or agents, and gaps filled in rounds."""

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, brief_of, items_in, number_in, text_in, usable
from apps.workflows.patterns.asking import Asking, able_to, lenient, optional
from apps.workflows.patterns.checks import Tested, check_stage, ratings_by, tested
from apps.workflows.patterns.consensus import SAME, Choice, likeness
from apps.workflows.patterns.critics import mean_quality
from apps.workflows.patterns.limits import Line, Rounds, Share, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, doubts, each_settled, kept, person_stage
from apps.workflows.patterns.prompts import about_code, told
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.patterns.tooling import Tooling
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan
from apps.workflows.states import StepKind

CASES = {"cases": [{"name": "what is tested, in a line", "level": "as asked for", "about": "given, when, then"}]}
TESTS = {"tests": "code of the test file", "cases": ["names of the cases it covers"]}
RUN = {"passed": "true or false", "coverage": "0 to 1", "why": "what failed"}
GAPS = {
    "coverage": "0 to 1, of what matters",
    "gaps": [{"name": "a case that is missing", "about": "given, when, then"}],
}


class Level(StrEnum):
    UNIT = "unit"
    INTEGRATION = "integration"
    END_TO_END = "end_to_end"
    PROPERTY = "property"


class TestingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What kind of tests, and when they are enough.

    batch: cases that one agent writes at once. min_coverage: below it, gaps are filled in so many rounds; it is what
    the run measures, else what the analysis of gaps states. keep_failing: a test that fails may have found a fault.
    """

    language: Line = ""
    framework: Line = ""
    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=4)] = (Level.UNIT, Level.INTEGRATION)
    max_cases: Annotated[int, Meta(ge=1, le=200)] = 30
    batch: Annotated[int, Meta(ge=1, le=50)] = 5
    min_coverage: Share = 0.8
    rounds: Rounds = 1
    keep_failing: bool = True
    rules: Words = ""
    plan: Asking = Asking(types=("test_plan",), agents=2)
    write: Asking = Asking(types=("test_writing",), agents=4, seconds=300)
    tool: Tooling = Tooling(passes="tests")
    run: Asking = optional("test_run", agents=1, seconds=600)
    gaps: Asking = optional("gap_analysis", agents=2)
    person: Person = Person(min_trust=0.0)


class Testing(Staged[TestingConfig]):
    name = "testing"
    title = "Testing"
    description = (
        "Agents plan cases, write them in batches, a tool or another agent runs them, and what is not covered yet is "
        "written in further rounds."
    )
    Config = TestingConfig

    def stages(self, config: TestingConfig) -> tuple[StageRule[TestingConfig], ...]:
        running = () if config.tool.tool else config.run.types
        rounds: list[StageRule[TestingConfig]] = []
        for n in range(config.rounds + 1):
            write, run, gaps = _keys(n)
            number = f" {n + 1}" if n else ""
            says = "What was not covered yet" if n else ""
            rounds += [
                StageRule(write, f"Writing{number}", says, config.write.types, partial(self._write, number=n)),
                StageRule(run, f"Run{number}", says, running, partial(self._run, number=n)),
                StageRule(gaps, f"Gap analysis{number}", says, config.gaps.types, partial(self._gaps, number=n)),
            ]
        return (
            StageRule("plan", "Plan", "Which cases", config.plan.types, self._plan),
            *rounds,
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("The tests, and what they cover"),
        )

    def _plan(self, config: TestingConfig, situation: Situation) -> StagePlan:
        instruction = told(
            f"List the cases that tests of this need, at most {config.max_cases}, at these levels:",
            f"{', '.join(config.levels)}. Put what would hurt most first;",
            "think of empty, huge, wrong and repeated input.",
            about_code(config.language, config.rules, config.framework),
        )
        return self.ask(config.plan, situation, key="plan", name="Plan", instruction=instruction,
                        answer=CASES)  # fmt: skip

    def _write(self, config: TestingConfig, situation: Situation, *, number: int) -> StagePlan | None:
        cases = _new_cases(config, situation, number)
        if not number and not cases:
            raise Impossible("No agent has named a case to test")
        if not cases:
            return None
        batches = [cases[n : n + config.batch] for n in range(0, len(cases), config.batch)]
        instruction = told(
            "Write these tests. Each has to fail when what it tests is broken; test behaviour, not how it is built.",
            about_code(config.language, config.rules, config.framework),
        )
        parts = [Part(f"b{n}", instruction, {"cases": batch}) for n, batch in enumerate(batches, start=1)]
        key = _keys(number)[0]
        plan = self.share_out(config.write, situation, parts, key=key, name="Writing", answer=TESTS, each=1)
        return lenient(plan) if number else plan

    def _run(self, config: TestingConfig, situation: Situation, *, number: int) -> StagePlan | None:
        write, run, _ = _keys(number)
        written = answers_of(situation, write)
        if not number and not written:
            raise Impossible("No agent has written a test")
        instruction = told(
            "Run these tests and say what came out and how much they cover.",
            about_code(config.language, config.rules, config.framework),
        )
        return check_stage(self, config.run, config.tool, situation, written, key=run, name="Run",
                           instruction=instruction, answer=RUN, hand_over="tests")  # fmt: skip

    def _gaps(self, config: TestingConfig, situation: Situation, *, number: int) -> StagePlan | None:
        write, run, gaps = _keys(number)
        if not answers_of(situation, write) or not (config.gaps.every_type or able_to(config.gaps, situation)):
            return None
        instruction = told(
            "Compare these tests with what has to be tested: name what they leave out, and how much they cover of it.",
            about_code(config.language, config.rules, config.framework),
        )
        return self.ask(config.gaps, situation, key=gaps, name="Gap analysis", instruction=instruction,
                        stages=(write, run), answer=GAPS)  # fmt: skip

    def _approval(self, config: TestingConfig, situation: Situation) -> StagePlan | None:
        written, covered = _written(config, situation), _coverage(config, situation)
        results = _results(config, situation)
        choices = [Choice(one, 1.0, None, "") for one in written]
        why = doubts(config.person, choices, situation)
        if covered is None or covered < config.min_coverage:
            known = "unknown" if covered is None else f"{covered:.0%}"
            why.append(f"Coverage is {known}; {config.min_coverage:.0%} is wanted")
        why += [f"{one.agent}'s tests fail" for one in written if one.ref in results and _failed(results[one.ref])]
        return person_stage(config.person, situation, written, title="Decide about tests", why=why[:20])

    def compute(self, config: TestingConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        written, results = _written(config, situation), _results(config, situation)
        tests = [
            {"tests": content, "by": one.agent, "step": one.ref, "passed": results[one.ref].share}
            for one, content in each_settled(situation, written, written)
            if config.keep_failing or not _failed(results[one.ref])
        ]
        return {
            "tests": tests,
            "cases": _cases(config, situation),
            "coverage": _coverage(config, situation),
            "gaps": _open_gaps(config, situation),
            "decided_by_person": kept(situation) is not None,
        }

    def ratings(self, config: TestingConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        results, covered = _results(config, situation), _coverage(config, situation)
        shares = [one.quality for one in results.values()]
        return ratings_by(results), mean_quality([*shares, None if covered is None else 100 * covered])


def _keys(number: int) -> tuple[str, str, str]:
    end = f"-{number + 1}" if number else ""
    return f"write{end}", f"run{end}", f"gaps{end}"


def _cases(config: TestingConfig, situation: Situation) -> list[dict[str, str]]:
    """What all plans name, each case once, in the order of the plans taken in turn."""
    lists = [items_in(one.content, "cases", "tests") for one in answers_of(situation, "plan")]
    longest = max(map(len, lists), default=0)
    return _unlike([items[n] for n in range(longest) for items in lists if n < len(items)], [], config.max_cases)


def _new_cases(config: TestingConfig, situation: Situation, number: int) -> list[dict[str, str]]:
    if not number:
        return _cases(config, situation)
    covered = _coverage(config, situation)
    if covered is not None and covered >= config.min_coverage:
        return []
    known = [case for n in range(number) for case in _new_cases_named(config, situation, n)]
    return _unlike(_gaps_in(situation, number - 1), known, config.max_cases)


def _new_cases_named(config: TestingConfig, situation: Situation, number: int) -> list[dict[str, str]]:
    if not number:
        return _cases(config, situation)
    return _unlike(_gaps_in(situation, number - 1), [], config.max_cases)


def _gaps_in(situation: Situation, number: int) -> list[Any]:
    return [gap for one in answers_of(situation, _keys(number)[2]) for gap in items_in(one.content, "gaps", "missing")]


def _open_gaps(config: TestingConfig, situation: Situation) -> list[str]:
    """What the last analysis still found missing."""
    last = next((n for n in range(config.rounds, -1, -1) if situation.of(_keys(n)[2])), None)
    named = [] if last is None else _unlike(_gaps_in(situation, last), [], config.max_cases)
    return [one["name"] for one in named]


def _unlike(items: list[Any], known: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for item in items:
        name = (text_in(item, "name", "title", "case") or brief_of(item, 200))[:200]
        if any(likeness(name, one["name"]) >= SAME for one in (*known, *found)):
            continue
        about = text_in(item, "about", "description", "why")[:2000] if isinstance(item, Mapping) else ""
        level = text_in(item, "level")[:40] if isinstance(item, Mapping) else ""
        found.append({"name": name, "level": level, "about": about})
        if len(found) == most:
            break
    return found


def _written(config: TestingConfig, situation: Situation) -> list[Answer]:
    return [one for n in range(config.rounds + 1) for one in answers_of(situation, _keys(n)[0])]


def _results(config: TestingConfig, situation: Situation) -> dict[str, Tested]:
    unknown = {one.ref: Tested(None, 0, ()) for one in _written(config, situation)}
    for n in range(config.rounds + 1):
        write, run, _ = _keys(n)
        unknown |= tested(situation, answers_of(situation, write), run)
    return unknown


def _failed(result: Tested) -> bool:
    return result.share is not None and result.share < 0.5


def _coverage(config: TestingConfig, situation: Situation) -> float | None:
    """0 to 1, as the newest run measured it, else as the newest analysis states it; None: nobody says."""
    for which in (1, 2):
        for n in range(config.rounds, -1, -1):
            stated = [_share(one.content) for one in situation.of(_keys(n)[which]) if one.kind is not StepKind.PERSON]
            known = [one for one in stated if one is not None]
            if known:
                return max(known)
    return None


def _share(content: Any) -> float | None:
    number = number_in(content, "coverage") if isinstance(content, Mapping) and usable(content) else None
    if number is None or not 0 <= number <= 100:
        return None
    return number if number <= 1 else number / 100
