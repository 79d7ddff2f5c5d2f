"""RULE: a feature: what is wanted, designs weighed, parts built side by side, put together, and each wish checked."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, brief_of, items_in, text_in, trust_of
from apps.workflows.patterns.asking import Asking, able_to, optional
from apps.workflows.patterns.checks import CHECK, passed_in
from apps.workflows.patterns.consensus import SAME, Choice, agreed, choose, likeness
from apps.workflows.patterns.critics import critics_stage, qualities_of, ratings_from
from apps.workflows.patterns.limits import Line, Quality, Share, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, When, doubts, kept, person_stage, settled
from apps.workflows.patterns.prompts import about_code, clipped, told
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.patterns.tooling import Tooling, tool_step
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan
from apps.workflows.states import StepKind

WISHES = {"criteria": ["what must hold when it is done, each one testable"], "open_questions": ["what is unclear"]}
DESIGN = {"design": "how it is built", "parts": [{"name": "part", "does": "what it does"}], "risks": []}
BUILT = {"patch": "unified diff", "explanation": "what it does, and what others have to know"}
MOST_CRITERIA = 30


class FeatureConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a feature is built and when it is accepted. min_quality: of the design, by critics, 0 to 100.

    max_parts: that are built side by side. min_accepted: share of the criteria that have to hold.
    """

    language: Line = ""
    with_tests: bool = True
    with_docs: bool = False
    max_parts: Annotated[int, Meta(ge=1, le=20)] = 6
    rules: Words = ""
    requirements: Asking = Asking(types=("requirements",), agents=2)
    design: Asking = Asking(types=("design",), agents=3)
    design_review: Asking = optional("review", agents=2)
    min_quality: Quality = 50.0
    build: Asking = Asking(types=("implementation",), agents=4, seconds=600, stage_seconds=3600)
    integrate: Asking = Asking(types=("integration",), agents=1, seconds=600)
    accept: Asking = optional("verification", agents=2, seconds=300)
    test: Tooling = Tooling(passes="patch")
    min_accepted: Share = 0.9
    person: Person = Person()


class FeatureDevelopment(Staged[FeatureConfig]):
    name = "feature_development"
    title = "Feature development"
    description = (
        "Agents work out what must hold, design alternatives that others rate, build the parts of the best side by "
        "side, put them together, and check each criterion."
    )
    Config = FeatureConfig

    def stages(self, config: FeatureConfig) -> tuple[StageRule[FeatureConfig], ...]:
        return (
            StageRule("requirements", "Requirements", "What must hold", config.requirements.types, self._requirements),
            StageRule("design", "Design", "Alternatives", config.design.types, self._design),
            StageRule("design-review", "Design review", "Rated by others", config.design_review.types, self._weigh),
            StageRule("build", "Building", "Parts side by side", config.build.types, self._build),
            StageRule("integrate", "Integration", "One change of all parts", config.integrate.types, self._integrate),
            StageRule("accept", "Acceptance", "Each criterion by itself", config.accept.types, self._accept),
            StageRule("test", "Test", "By the tool, where one is set", (), self._test),
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("The change and what it fulfils"),
        )

    def _requirements(self, config: FeatureConfig, situation: Situation) -> StagePlan:
        instruction = told(
            "Work out what must hold when this feature is done: criteria that a test can decide,",
            "for what goes well, for what goes wrong, and for what must stay as it is.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.requirements, situation, key="requirements", name="Requirements",
                        instruction=instruction, answer=WISHES)  # fmt: skip

    def _design(self, config: FeatureConfig, situation: Situation) -> StagePlan:
        if not answers_of(situation, "requirements"):
            raise Impossible("Nobody could say what the feature must do")
        instruction = told(
            f"Design this feature in at most {config.max_parts} parts that can be built side by side;",
            "name each part, what it does and what it needs of the others. Fulfil every criterion; add nothing else.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.design, situation, key="design", name="Design", instruction=instruction, answer=DESIGN,
                        criteria=_criteria(situation))  # fmt: skip

    def _weigh(self, config: FeatureConfig, situation: Situation) -> StagePlan | None:
        designs = answers_of(situation, "design")
        if not designs:
            raise Impossible("No agent has proposed a design")
        instruction = told(
            "Rate each design from 0 to 100: does it fulfil every criterion with the least that is needed,",
            "can its parts be built apart, and what would be hard to change later?",
            about_code(config.language, config.rules),
        )
        return critics_stage(config.design_review, situation, designs, pattern=self.name, key="design-review",
                             name="Design review", instruction=instruction, criteria=_criteria(situation))  # fmt: skip

    def _build(self, config: FeatureConfig, situation: Situation) -> StagePlan:
        design = _designed(situation)
        if design is None:
            raise Impossible("There is no design to build by")
        parts = _parts(config, design)
        shares = [
            Part(
                f"p{n}",
                told(
                    f'Build the part "{name}" of this design, and nothing of the others.',
                    does,
                    "Write its tests too." if config.with_tests else "Write no tests.",
                    "Write its documentation too." if config.with_docs else "",
                    about_code(config.language, config.rules),
                ),
                {"part": name, "design": design.answer.content},
            )
            for n, (name, does) in enumerate(parts, start=1)
        ]
        return self.share_out(config.build, situation, shares, key="build", name="Building", answer=BUILT, each=1)

    def _integrate(self, config: FeatureConfig, situation: Situation) -> StagePlan:
        built = answers_of(situation, "build")
        if not built:
            raise Impossible("No part was built")
        design = _designed(situation)
        instruction = told(
            "Put these parts together to one change that fulfils every criterion; mend what does not fit,",
            "and build what is missing.",
            about_code(config.language, config.rules),
        )
        return self.ask(config.integrate, situation, key="integrate", name="Integration", instruction=instruction,
                        stages=("build",), answer=BUILT, criteria=_criteria(situation),
                        design=design.answer.content if design else None)  # fmt: skip

    def _accept(self, config: FeatureConfig, situation: Situation) -> StagePlan | None:
        best = choose(answers_of(situation, "integrate"))
        if best is None:
            raise Impossible("Nobody has put the parts together")
        criteria = _criteria(situation)
        if not criteria or not (config.accept.every_type or able_to(config.accept, situation)):
            return None
        instruction = told(
            "Check whether this holds with the change in place; try it, do not believe it.",
            about_code(config.language, config.rules),
        )
        whole = clipped(best.answer.content, 60_000)
        parts = [
            Part(
                f"a{n}",
                instruction,
                {"criterion": criterion, "to_check": whole, "candidate": best.answer.ref},
                frozenset({best.answer.agent}),
            )
            for n, criterion in enumerate(criteria, start=1)
        ]
        return self.share_out(config.accept, situation, parts, key="accept", name="Acceptance", answer=CHECK)

    def _test(self, config: FeatureConfig, situation: Situation) -> StagePlan | None:
        best = choose(answers_of(situation, "integrate"))
        if best is None or not config.test.tool:
            return None
        step = tool_step(config.test, "test", text_in(best.answer.content, "patch") or best.answer.content)
        return StagePlan(key="test", name="Test", steps=(step,))

    def _approval(self, config: FeatureConfig, situation: Situation) -> StagePlan | None:
        best = choose(answers_of(situation, "integrate"))
        if best is None:
            return None
        why = _objections(config, situation)
        if why and config.person.when is When.NEVER:
            raise Impossible(f"{why[0]}, and no person is asked")
        why += doubts(config.person, [best], situation)
        return person_stage(config.person, situation, _shown(situation), title="Decide about a feature", why=why,
                            proposed=best.answer.ref, criteria=_as_words(situation))  # fmt: skip

    def compute(self, config: FeatureConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        whole = _whole(situation)
        taken = settled(situation, whole)
        design = _designed(situation)
        return {
            "change": taken[1] if taken else None,
            "step": taken[0] if taken else "",
            "by": next((one.agent for one in whole if taken and one.ref == taken[0]), ""),
            "design": design.answer.content if design else None,
            "design_quality": design.quality if design else None,
            "criteria": [{"criterion": text, "holds": share} for text, share in _accepted(situation)],
            "parts": [{"step": one.ref, "by": one.agent} for one in answers_of(situation, "build")],
            "test": [one.content for one in situation.of("test")],
            "consensus": {"design": agreed(answers_of(situation, "design"))},
            "decided_by_person": kept(situation) is not None,
        }

    def ratings(self, config: FeatureConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        rated = list(ratings_from(situation, ("requirements", "design"), ("design-review",)))
        share = _share_accepted(situation)
        best = choose(answers_of(situation, "integrate"))
        if best and share is not None:
            words = f"{share:.0%} of the criteria hold"
            rated.append(Rating(step=best.answer.ref, quality=round(100 * share, 2), feedback=words))
        return tuple(rated), None if share is None else round(100 * share, 2)


def _criteria(situation: Situation) -> list[str]:
    """What all who were asked name, each once."""
    found: list[str] = []
    for one in answers_of(situation, "requirements"):
        for item in items_in(one.content, "criteria", "acceptance_criteria", "requirements"):
            text = (text_in(item, "criterion", "text", "name") or brief_of(item, 500))[:500]
            if len(found) < MOST_CRITERIA and all(likeness(text, other) < SAME for other in found):
                found.append(text)
    return found


def _designed(situation: Situation) -> Choice | None:
    return choose(answers_of(situation, "design"), qualities_of(situation, "design-review"))


def _parts(config: FeatureConfig, design: Choice) -> list[tuple[str, str]]:
    content = design.answer.content
    items = items_in(content, "parts", "components", "tasks") if isinstance(content, Mapping) else []
    named = [(_name(one), text_in(one, "does", "description")[:2000] if isinstance(one, Mapping) else "")
             for one in items if not isinstance(one, list)]  # fmt: skip
    return named[: config.max_parts] or [("The whole", "")]


def _name(item: Any) -> str:
    return (text_in(item, "name", "title", "part") or brief_of(item, 120))[:200]


def _accepted(situation: Situation) -> list[tuple[str, float | None]]:
    """(criterion, share of the trust of those who checked it that found it to hold, None: nobody did)."""
    author = choose(answers_of(situation, "integrate"))
    found = []
    for n, criterion in enumerate(_criteria(situation), start=1):
        votes = [
            (passed, max(0.01, trust_of(situation, one.type, one.does)))
            for one in situation.of("accept")
            if one.key.split(".", 1)[0] == f"a{n}"
            and one.kind is StepKind.AGENT
            and (author is None or one.does != author.answer.agent)
            and (passed := passed_in(one.content)) is not None
        ]
        total = sum(weight for _, weight in votes)
        found.append((criterion, round(sum(w for passed, w in votes if passed) / total, 4) if votes else None))
    return found


def _share_accepted(situation: Situation) -> float | None:
    """Share of the criteria that were checked and hold by most of the trust; None: nobody has checked one."""
    checked = [share for _, share in _accepted(situation) if share is not None]
    return sum(share > 0.5 for share in checked) / len(checked) if checked else None


def _objections(config: FeatureConfig, situation: Situation) -> list[str]:
    share, design = _share_accepted(situation), _designed(situation)
    why = []
    if any(passed_in(one.content) is False for one in situation.of("test")):
        why.append("The test of the whole failed")
    if share is None and not situation.of("test"):
        why.append("Nobody else has checked whether the criteria hold")
    elif share is not None and share < config.min_accepted:
        why.append(f"{share:.0%} of the criteria hold; {config.min_accepted:.0%} are wanted")
    if design and design.quality is not None and design.quality < config.min_quality:
        why.append(f"The design is rated {design.quality:.0f} of 100, less than {config.min_quality:.0f}")
    return why


def _as_words(situation: Situation) -> dict[str, str]:
    return {text: "not checked" if share is None else f"{share:.0%}" for text, share in _accepted(situation)}


def _whole(situation: Situation) -> list[Answer]:
    """The best integration first."""
    answers = answers_of(situation, "integrate")
    best = choose(answers)
    return [best.answer, *(one for one in answers if one.ref != best.answer.ref)] if best else []


def _shown(situation: Situation) -> Sequence[Answer]:
    design = _designed(situation)
    return [*_whole(situation), *([design.answer] if design else []), *answers_of(situation, "build")]
