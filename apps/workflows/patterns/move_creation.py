"""RULE: a marketing move: research and analysis, strategies, their review and revision, and the final package."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, text_in
from apps.workflows.patterns.asking import Asking, lenient, optional
from apps.workflows.patterns.consensus import agreed
from apps.workflows.patterns.critics import critics_stage, qualities_of, ratings_from
from apps.workflows.patterns.limits import Line, Quality, Rounds, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, doubts, each_settled, kept, person_stage, settled
from apps.workflows.patterns.prompts import told
from apps.workflows.patterns.revising import (
    best_draft,
    draft_stages,
    needs_revision,
    ranked,
    remarks_on,
    review_stages,
)
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan

MOVE = {"move": "what is done, in a line", "steps": ["in order"], "channels": [], "budget": "USD", "measures": []}
FINDINGS = {"findings": ["each with its source"], "conclusion": "what follows for the goal"}


class MoveConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a move is made for, who works on it, and how good it must be. min_quality: 0 to 100, of the review."""

    audience: Line = ""
    channels: Annotated[tuple[Line, ...], Meta(max_length=20)] = ()
    budget_usd: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    horizon_days: Annotated[int, Meta(ge=1, le=730)] = 30
    tone: Line = ""
    rules: Words = ""
    research: Asking = Asking(types=("research", "analysis"), agents=3)
    strategy: Asking = Asking(types=("strategy",), agents=3, seconds=180)
    review: Asking = optional("review", agents=2)
    min_quality: Quality = 60.0
    rounds: Rounds = 1
    person: Person = Person()


class MoveCreation(Staged[MoveConfig]):
    name = "move_creation"
    title = "Move creation"
    description = (
        "Agents research and analyse side by side, propose strategies, rate each other's and revise the best; "
        "a person decides where it is unsure, and the move comes as one package."
    )
    Config = MoveConfig

    def stages(self, config: MoveConfig) -> tuple[StageRule[MoveConfig], ...]:
        rounds: list[StageRule[MoveConfig]] = []
        for n in range(1, config.rounds + 1):
            says = f"While the best is rated below {config.min_quality:.0f}"
            revise = partial(self._revise, number=n)
            rounds.append(StageRule(f"revision-{n}", f"Revision {n}", says, config.strategy.types, revise))
            again = partial(self._review_again, number=n)
            rounds.append(StageRule(f"review-{n + 1}", f"Review {n + 1}", says, config.review.types, again))
        return (
            StageRule("research", "Research and analysis", "Side by side", config.research.types, self._research),
            StageRule("strategy", "Strategy", "Each proposes a move", config.strategy.types, self._strategy),
            StageRule("review", "Review", "Agents rate what others gave", config.review.types, self._review),
            *rounds,
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("One package of what is left"),
        )

    def _research(self, config: MoveConfig, situation: Situation) -> StagePlan:
        instruction = told(
            "Find out and work out what has to be known before this marketing move is planned:",
            "market, audience, competitors, earlier results. Say where each finding comes from and what is uncertain.",
            _brief(config),
        )
        return self.ask(config.research, situation, key="research", name="Research and analysis",
                        instruction=instruction, answer=FINDINGS)  # fmt: skip

    def _strategy(self, config: MoveConfig, situation: Situation) -> StagePlan:
        if not answers_of(situation, "research"):
            raise Impossible("The research came to nothing that a strategy could be built on")
        instruction = told(
            "Propose one move that reaches the goal, built on the findings so far:",
            "what is done in which order, on which channels, for what money, and how its success is measured.",
            _brief(config),
        )
        return self.ask(config.strategy, situation, key="strategy", name="Strategy", instruction=instruction,
                        stages=("research",), answer=MOVE)  # fmt: skip

    def _review(self, config: MoveConfig, situation: Situation) -> StagePlan | None:
        if not answers_of(situation, "strategy"):
            raise Impossible("No agent has proposed a strategy")
        judged = answers_of(situation, "strategy", "research")
        return self._rate(config, situation, judged, "review", "Review")

    def _revise(self, config: MoveConfig, situation: Situation, *, number: int) -> StagePlan | None:
        best = best_draft(situation, "strategy", number - 1)
        if best is None or not needs_revision(best, config.min_quality):
            return None
        instruction = told(
            "Make this move better where its reviewers found it wanting; keep what they found good.", _brief(config)
        )
        more = {"draft": best.answer.content, "feedback": list(remarks_on(situation, best, number - 1))}
        part = Part("", instruction, more)
        plan = self.share_out(config.strategy, situation, [part], key=f"revision-{number}", name=f"Revision {number}",
                              stages=("research",), answer=MOVE)  # fmt: skip
        return lenient(plan)

    def _review_again(self, config: MoveConfig, situation: Situation, *, number: int) -> StagePlan | None:
        revised = answers_of(situation, f"revision-{number}")
        return self._rate(config, situation, revised, f"review-{number + 1}", f"Review {number + 1}")

    def _rate(
        self, config: MoveConfig, situation: Situation, judged: list[Answer], key: str, name: str
    ) -> StagePlan | None:
        instruction = told(
            "Rate each of these answers from 0 (useless) to 100 (could be carried out as it is): does it serve the",
            "goal, does it follow from the findings, can it be done with these means, can its success be measured?",
            _brief(config),
        )
        return critics_stage(config.review, situation, judged, pattern=self.name, key=key, name=name,
                             instruction=instruction, stages=("research",))  # fmt: skip

    def _approval(self, config: MoveConfig, situation: Situation) -> StagePlan | None:
        best = best_draft(situation, "strategy", config.rounds)
        if best is None:
            return None
        why = doubts(config.person, [best], situation, least=config.min_quality)
        return person_stage(config.person, situation, _shown(config, situation), title="Decide about a move", why=why,
                            proposed=best.answer.ref)  # fmt: skip

    def compute(self, config: MoveConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        drafts = ranked(situation, "strategy", config.rounds)
        taken = settled(situation, drafts)
        research = each_settled(situation, answers_of(situation, "research"), _shown(config, situation))
        qualities = qualities_of(situation, *review_stages(config.rounds))
        by_ref = {one.ref: one for one in drafts}
        return {
            "move": taken[1] if taken else None,
            "step": taken[0] if taken else "",
            "by": by_ref[taken[0]].agent if taken else "",
            "quality": qualities.get(taken[0]) if taken else None,
            "decided_by_person": kept(situation) is not None,
            "research": [{"by": one.agent, "type": one.type, "content": content} for one, content in research],
            "consensus": {stage: agreed(answers_of(situation, stage)) for stage in ("research", "strategy")},
            "missing": _missing(config, situation),
        }

    def ratings(self, config: MoveConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        rated = ("research", *draft_stages("strategy", config.rounds))
        best = best_draft(situation, "strategy", config.rounds)
        return ratings_from(situation, rated, review_stages(config.rounds)), best.quality if best else None


def _shown(config: MoveConfig, situation: Situation) -> list[Answer]:
    return [*ranked(situation, "strategy", config.rounds), *answers_of(situation, "research")]


def _missing(config: MoveConfig, situation: Situation) -> list[str]:
    said = [one for stage in review_stages(config.rounds) for one in answers_of(situation, stage)]
    return list(dict.fromkeys(filter(None, (_gap(one.content) for one in said))))


def _gap(content: Any) -> str:
    return text_in(content, "missing")[:500] if isinstance(content, Mapping) else ""


def _brief(config: MoveConfig) -> str:
    return told(
        f"The audience is {config.audience}." if config.audience else "",
        f"Use only these channels: {', '.join(config.channels)}." if config.channels else "",
        f"It may cost at most {config.budget_usd:g} USD." if config.budget_usd is not None else "",
        f"It runs for {config.horizon_days} days.",
        f"The tone is {config.tone}." if config.tone else "",
        config.rules,
    )
