"""RULE: a bug: reproduced, located, fixed by several, each fix verified by others, and one of them let through."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from apps.workflows.patterns.answers import Answer, answers_of, flag_in
from apps.workflows.patterns.asking import Asking, able_to, lenient, optional
from apps.workflows.patterns.checks import MOST_CANDIDATES, Tested, check_stage, doubts_about, qualities_by, ratings_by
from apps.workflows.patterns.checks import tested as results_of
from apps.workflows.patterns.consensus import Choice, agreed, choose
from apps.workflows.patterns.limits import Line, Rounds, Share, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, When, doubts, kept, person_stage, settled
from apps.workflows.patterns.prompts import about_code, clipped, told
from apps.workflows.patterns.stages import Staged, StageRule
from apps.workflows.patterns.tooling import Tooling
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan

REPRODUCTION = {"reproduced": "true or false", "steps": ["to see it"], "test": "code that fails because of it"}
LOCATION = {"file": "path", "line": 0, "cause": "why it happens there"}
FIX = {"patch": "unified diff", "explanation": "why this removes the cause", "risk": "what it could break"}


class BugFixConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the bug is in, who works on it, and what a fix must pass.

    require_reproduction: a bug that nobody can reproduce ends the run. min_passed: share of its checks a fix must pass.
    rounds: of new fixes, made with what the checks found, while none passes.
    """

    language: Line = ""
    test_framework: Line = ""
    rules: Words = ""
    require_reproduction: bool = False
    reproduce: Asking = optional("reproduction", agents=2)
    locate: Asking = Asking(types=("localisation",), agents=3)
    fix: Asking = Asking(types=("bug_fix",), agents=3, seconds=300)
    verify: Asking = optional("verification", agents=2, seconds=300)
    test: Tooling = Tooling(passes="patch")
    min_passed: Share = 0.6
    rounds: Rounds = 1
    person: Person = Person()


class BugFix(Staged[BugFixConfig]):
    name = "bug_fix"
    title = "Bug fix"
    description = (
        "The bug is reproduced and located, several agents propose fixes, and a tool or other agents check each; "
        "new fixes are made from what failed, and the one that passes goes on."
    )
    Config = BugFixConfig

    def stages(self, config: BugFixConfig) -> tuple[StageRule[BugFixConfig], ...]:
        verifying = () if config.test.tool else config.verify.types
        tried: list[StageRule[BugFixConfig]] = []
        for n in range(config.rounds + 1):
            fix, verify = _keys(n)
            says = "While no fix has passed" if n else ""
            tried.append(
                StageRule(fix, f"Fix {n + 1}" if n else "Fix", says, config.fix.types, partial(self._fix, number=n))
            )
            check = partial(self._verify, number=n)
            tried.append(StageRule(verify, f"Verification {n + 1}" if n else "Verification", says, verifying, check))
        return (
            StageRule("reproduce", "Reproduction", "A test that fails", config.reproduce.types, self._reproduce),
            StageRule("locate", "Location", "Where the cause is", config.locate.types, self._locate),
            *tried,
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("The fix and what speaks for it"),
        )

    def _reproduce(self, config: BugFixConfig, situation: Situation) -> StagePlan | None:
        if not config.reproduce.every_type and not able_to(config.reproduce, situation):
            return None
        instruction = told(
            "Reproduce this bug: give the steps, and the smallest test that fails because of it.",
            "Say plainly if it does not happen.",
            about_code(config.language, config.rules, config.test_framework),
        )
        return self.ask(config.reproduce, situation, key="reproduce", name="Reproduction", instruction=instruction,
                        answer=REPRODUCTION)  # fmt: skip

    def _locate(self, config: BugFixConfig, situation: Situation) -> StagePlan:
        seen = [flag_in(one.content, "reproduced") for one in answers_of(situation, "reproduce")]
        if config.require_reproduction and True not in seen:
            raise Impossible("Nobody could reproduce the bug, and this workflow goes on only if somebody can")
        instruction = told(
            "Find the cause of this bug: the file, the line and why it happens there. Name the cause, not a symptom.",
            about_code(config.language, config.rules, config.test_framework),
        )
        return self.ask(config.locate, situation, key="locate", name="Location", instruction=instruction,
                        stages=("reproduce",), answer=LOCATION)  # fmt: skip

    def _fix(self, config: BugFixConfig, situation: Situation, *, number: int) -> StagePlan | None:
        if number and _passing(config, situation):
            return None
        located = choose(answers_of(situation, "locate"))
        instruction = told(
            "Fix the cause of this bug with the smallest change that does, and add the test that failed before.",
            "The attempts before did not pass; avoid what failed." if number else "",
            about_code(config.language, config.rules, config.test_framework),
        )
        key = _keys(number)[0]
        plan = self.ask(config.fix, situation, key=key, name=f"Fix {number + 1}" if number else "Fix",
                        instruction=instruction, stages=("reproduce", "locate"), answer=FIX,
                        location=located.answer.content if located else None,
                        failed_before=_failures(config, situation))  # fmt: skip
        return lenient(plan) if number else plan

    def _verify(self, config: BugFixConfig, situation: Situation, *, number: int) -> StagePlan | None:
        fix, verify = _keys(number)
        if not number and not answers_of(situation, fix):
            raise Impossible("No agent has proposed a fix")
        instruction = told(
            "Check this fix: does the failing test pass with it, do the other tests still pass,",
            "does it remove the cause and not the symptom, and what does it break?",
            about_code(config.language, config.rules, config.test_framework),
        )
        return check_stage(self, config.verify, config.test, situation, answers_of(situation, fix), key=verify,
                           name=f"Verification {number + 1}" if number else "Verification", instruction=instruction,
                           stages=("reproduce",), hand_over="patch")  # fmt: skip

    def _approval(self, config: BugFixConfig, situation: Situation) -> StagePlan | None:
        best = _best(config, situation)
        if best is None:
            return None
        results = _results(config, situation)
        why = doubts_about(results.get(best.answer.ref), config.min_passed, "fix")
        if why and config.person.when is When.NEVER:
            raise Impossible(f"{why[0]}, and no person is asked")
        why += doubts(config.person, [best], situation)
        return person_stage(config.person, situation, _ranked(config, situation), title="Decide about a fix", why=why,
                            proposed=best.answer.ref, checks=_checks(results))  # fmt: skip

    def compute(self, config: BugFixConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        fixes = _ranked(config, situation)
        taken = settled(situation, fixes)
        ref = taken[0] if taken else ""
        result = _results(config, situation).get(ref)
        reproduced = choose(answers_of(situation, "reproduce"))
        located = choose(answers_of(situation, "locate"))
        return {
            "fix": taken[1] if taken else None,
            "step": ref,
            "by": next((one.agent for one in fixes if one.ref == ref), ""),
            "passed": result.share if result else None,
            "checks": result.checks if result else 0,
            "reproduction": reproduced.answer.content if reproduced else None,
            "location": located.answer.content if located else None,
            "location_agreement": round(located.agreement, 4) if located else None,
            "consensus": {"locate": agreed(answers_of(situation, "locate")), "fix": agreed(fixes)},
            "decided_by_person": kept(situation) is not None,
        }

    def ratings(self, config: BugFixConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        best = _best(config, situation)
        return ratings_by(_results(config, situation)), best.quality if best else None


def _keys(number: int) -> tuple[str, str]:
    return (f"fix-{number + 1}", f"verify-{number + 1}") if number else ("fix", "verify")


def _fixes(config: BugFixConfig, situation: Situation) -> list[Answer]:
    """The newest first: of two that passed alike, the one made with more knowledge is taken."""
    return [one for n in range(config.rounds, -1, -1) for one in answers_of(situation, _keys(n)[0])[:MOST_CANDIDATES]]


def _results(config: BugFixConfig, situation: Situation) -> dict[str, Tested]:
    found: dict[str, Tested] = {}
    for n in range(config.rounds + 1):
        fix, verify = _keys(n)
        found |= results_of(situation, answers_of(situation, fix), verify)
    return found


def _best(config: BugFixConfig, situation: Situation) -> Choice | None:
    return choose(_fixes(config, situation), qualities_by(_results(config, situation)))


def _ranked(config: BugFixConfig, situation: Situation) -> list[Answer]:
    best, qualities = _best(config, situation), qualities_by(_results(config, situation))
    if best is None:
        return []
    rest = [one for one in _fixes(config, situation) if one.ref != best.answer.ref]
    return [best.answer, *sorted(rest, key=lambda one: -qualities.get(one.ref, -1.0))]


def _passing(config: BugFixConfig, situation: Situation) -> bool:
    """Whether a fix has passed, or nothing was checked, so that another round would know no more."""
    shares = [one.share for one in _results(config, situation).values() if one.share is not None]
    return not shares or max(shares) >= config.min_passed


def _failures(config: BugFixConfig, situation: Situation) -> list[dict[str, Any]]:
    results = _results(config, situation)
    return [
        {"fix": clipped(one.content, 20_000), "failures": list(results[one.ref].failures)}
        for one in _fixes(config, situation)
        if one.ref in results and results[one.ref].failures
    ][:5]


def _checks(results: Mapping[str, Tested]) -> dict[str, str]:
    return {ref: f"passed {one.share:.0%} of {one.checks}" for ref, one in results.items() if one.share is not None}
