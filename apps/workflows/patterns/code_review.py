"""RULE: a review of code: aspects looked at side by side, findings merged, confirmed by others, and one verdict."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, trust_of
from apps.workflows.patterns.asking import Asking, able_to, optional
from apps.workflows.patterns.critics import mean_quality
from apps.workflows.patterns.findings import RANK, Finding, Severity, as_told, findings_of, precision_and_recall, vote
from apps.workflows.patterns.limits import MOST_AGENTS, Line, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, When, each_settled, kept, person_stage
from apps.workflows.patterns.prompts import about_code, told
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan

FINDINGS = {
    "findings": [{"file": "path", "line": 0, "severity": "low, medium, high or critical",
                  "message": "what is wrong and when it shows", "suggestion": "what to write in its place"}]
}  # fmt: skip
VERDICTS = {"verdicts": {"f1": "confirm or refute"}}


class Aspect(StrEnum):
    CORRECTNESS = "correctness"
    SECURITY = "security"
    PERFORMANCE = "performance"
    MAINTAINABILITY = "maintainability"
    TESTS = "tests"
    ACCESSIBILITY = "accessibility"


LOOKS_FOR = {
    Aspect.CORRECTNESS: "wrong results, edge cases, races, resources that are not released, errors that are swallowed",
    Aspect.SECURITY: "injection, missing checks of rights, secrets in code, unsafe parsing, data that leaks",
    Aspect.PERFORMANCE: "work that grows faster than its input, queries in loops, needless copies and round trips",
    Aspect.MAINTAINABILITY: "names that mislead, duplication, functions that do several things, dead code",
    Aspect.TESTS: "behaviour without a test, tests that cannot fail, tests bound to details of the implementation",
    Aspect.ACCESSIBILITY: "controls without names, what a keyboard cannot reach, colour as the only sign",
}


class CodeReviewConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked at and what blocks. each: agents for one aspect. found_by: agents that must have found a finding
    that nobody else has judged. blocks_at: the severity from which a finding that stands blocks the change.
    """

    language: Line = ""
    aspects: Annotated[tuple[Aspect, ...], Meta(min_length=1, max_length=6)] = (
        Aspect.CORRECTNESS,
        Aspect.SECURITY,
        Aspect.MAINTAINABILITY,
    )
    each: Annotated[int, Meta(ge=1, le=MOST_AGENTS, title="Agents for each aspect")] = 2
    found_by: Annotated[int, Meta(ge=1, le=MOST_AGENTS)] = 1
    blocks_at: Severity = Severity.HIGH
    max_findings: Annotated[int, Meta(ge=1, le=200)] = 50
    rules: Words = ""
    inspect: Asking = Asking(types=("code_review",), agents=6)
    confirm: Asking = optional("review", agents=3)
    person: Annotated[
        When, Meta(title="A person decides", description="Unsure: what blocks is unconfirmed, or they disagree")
    ] = When.UNSURE


class CodeReview(Staged[CodeReviewConfig]):
    name = "code_review"
    title = "Code review"
    description = (
        "Agents look at one aspect each, their findings are merged, other agents confirm or refute them, "
        "and what stands decides whether the change may go in. Put the change into the context."
    )
    Config = CodeReviewConfig

    def stages(self, config: CodeReviewConfig) -> tuple[StageRule[CodeReviewConfig], ...]:
        return (
            StageRule("inspect", "Inspection", ", ".join(config.aspects), config.inspect.types, self._inspect),
            StageRule("confirm", "Confirmation", "Others confirm or refute", config.confirm.types, self._confirm),
            StageRule(STAGE, NAME, f"By a person: {config.person}", (), self._approval),
            self.finale("What stands, and the verdict"),
        )

    def _inspect(self, config: CodeReviewConfig, situation: Situation) -> StagePlan:
        parts = [
            Part(
                aspect.value,
                told(
                    f"Review this change for {aspect.value} only: {LOOKS_FOR[aspect]}.",
                    "Report what is really wrong, with file and line, and when it shows; nothing found is an answer.",
                    about_code(config.language, config.rules),
                ),
                {"aspect": aspect.value},
            )
            for aspect in dict.fromkeys(config.aspects)
        ]
        return self.share_out(config.inspect, situation, parts, key="inspect", name="Inspection", answer=FINDINGS,
                              each=config.each)  # fmt: skip

    def _confirm(self, config: CodeReviewConfig, situation: Situation) -> StagePlan | None:
        if not situation.of("inspect"):
            raise Impossible("No agent has looked at the change")
        found = _merged(config, situation)
        if not found or (not config.confirm.every_type and not able_to(config.confirm, situation)):
            return None
        instruction = told(
            "Judge each finding: confirm it if it is really so and matters, refute it if it is wrong or does not.",
            "Look at the code yourself; how sure the finding sounds says nothing.",
            config.rules,
        )
        return self.ask(config.confirm, situation, key="confirm", name="Confirmation", instruction=instruction,
                        answer=VERDICTS, findings=as_told(found))  # fmt: skip

    def _approval(self, config: CodeReviewConfig, situation: Situation) -> StagePlan | None:
        findings = _judged(config, situation)
        why = _open_questions(config, findings)
        verdict = _verdict(config, [one for one in findings if one.stands(config.found_by)])
        return person_stage(Person(when=config.person), situation, answers_of(situation, "inspect"),
                            title="Decide about a review", why=why, verdict=verdict)  # fmt: skip

    def compute(self, config: CodeReviewConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        answers = answers_of(situation, "inspect")
        left = findings_of(each_settled(situation, answers, answers), config.max_findings)
        by_person = kept(situation) is not None
        if not by_person:
            left = _judged(config, situation)
        # What a person let through stands; agents have no say after that.
        standing = [one for one in left if by_person or one.stands(config.found_by)]
        return {
            "verdict": _verdict(config, standing),
            "findings": [_as_result(one) for one in standing],
            "refuted": sum(1 for one in _judged(config, situation) if one.votes and not one.stands(config.found_by)),
            "aspects": list(dict.fromkeys(config.aspects)),
            "looked": len(situation.of("inspect")),
            "decided_by_person": by_person,
        }

    def ratings(self, config: CodeReviewConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        findings, answers = _judged(config, situation), answers_of(situation, "inspect")
        found = []
        for one in answers:
            peers = {other.ref for other in answers if _aspect(other) == _aspect(one)}
            quality = precision_and_recall(findings, config.found_by, one.ref, peers)
            if quality is not None:
                found.append(Rating(step=one.ref, quality=quality, feedback="Its findings against those that stand"))
        return tuple(found), mean_quality([one.quality for one in found])


def _merged(config: CodeReviewConfig, situation: Situation) -> list[Finding]:
    answers = answers_of(situation, "inspect")
    return findings_of([(one, one.content) for one in answers], config.max_findings)


def _judged(config: CodeReviewConfig, situation: Situation) -> list[Finding]:
    findings = _merged(config, situation)
    for one in situation.of("confirm"):
        vote(findings, one.content, one.does, max(0.01, trust_of(situation, one.type, one.does)))
    return findings


def _open_questions(config: CodeReviewConfig, findings: Sequence[Finding]) -> list[str]:
    """Why a person should look: what blocks, and what reviewers disagree about."""
    blocking = [one for one in findings if RANK[one.severity] >= RANK[config.blocks_at] and one.stands(config.found_by)]
    unjudged = [one for one in blocking if not one.votes]
    split = [one for one in findings if len({confirmed for confirmed, _ in one.votes}) == 2]
    why = []
    if unjudged:
        why.append(f"Findings that would block and that nobody else has judged: {len(unjudged)}")
    if split:
        why.append(f"Findings that reviewers disagree about: {len(split)}")
    return why


def _verdict(config: CodeReviewConfig, standing: Sequence[Finding]) -> str:
    if any(RANK[one.severity] >= RANK[config.blocks_at] for one in standing):
        return "block"
    return "comment" if standing else "approve"


def _as_result(one: Finding) -> dict[str, Any]:
    return {
        "file": one.file,
        "line": one.line,
        "severity": one.severity,
        "message": one.message,
        "suggestion": one.suggestion,
        "found_by": sorted(one.agents),
        "confirmed": sum(confirmed for confirmed, _ in one.votes),
        "refuted": sum(not confirmed for confirmed, _ in one.votes),
    }


def _aspect(answer: Answer) -> str:
    return answer.ref.split("/", 1)[1].split(".", 1)[0]
