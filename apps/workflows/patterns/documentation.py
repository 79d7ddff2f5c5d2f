"""RULE: a document: its outline, sections drafted side by side, a check of the whole, and what was weak revised."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from apps.workflows.patterns.answers import Answer, answers_of, brief_of, items_in, text_in
from apps.workflows.patterns.asking import Asking, lenient, optional
from apps.workflows.patterns.consensus import Choice, choose
from apps.workflows.patterns.critics import critics_stage, feedback_on, mean_quality, qualities_of, ratings_from
from apps.workflows.patterns.limits import Line, Quality, Rounds, Words
from apps.workflows.patterns.persons import NAME, STAGE, Person, doubts, each_settled, kept, person_stage
from apps.workflows.patterns.prompts import told
from apps.workflows.patterns.revising import draft_stages, review_stages
from apps.workflows.patterns.stages import Part, Staged, StageRule
from apps.workflows.plans import Impossible, Rating, Situation, StagePlan

OUTLINE = {"title": "of the document", "sections": [{"title": "heading", "covers": "what it has to say"}]}
SECTION = {"text": "the section in Markdown, without its heading"}
_NUMBER = re.compile(r"^s(\d{1,3})(?:\.|$)")


class Audience(StrEnum):
    END_USERS = "end_users"
    DEVELOPERS = "developers"
    OPERATORS = "operators"
    DECISION_MAKERS = "decision_makers"


READERS = {
    Audience.END_USERS: "It is for people who use the product and know nothing of how it is built: tasks only.",
    Audience.DEVELOPERS: "It is for developers: exact names, types, units, errors, and an example that runs.",
    Audience.OPERATORS: "It is for operators: settings, limits, what to watch, what to do when it fails.",
    Audience.DECISION_MAKERS: "It is for people who decide: what it does for them, what it costs, what the risks are.",
}  # fmt: skip


class DocumentationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who reads it and how it is written. each: agents that draft one section. min_quality: of a section, by critics;
    one below it is revised in so many rounds.
    """

    audience: Audience = Audience.DEVELOPERS
    text_language: Line = "English"
    style: Line = ""
    examples: bool = True
    max_sections: Annotated[int, Meta(ge=1, le=30)] = 8
    each: Annotated[int, Meta(ge=1, le=5, title="Agents for each section")] = 1
    rules: Words = ""
    outline: Asking = Asking(types=("outline",), agents=2)
    draft: Asking = Asking(types=("documentation",), agents=4, seconds=300)
    review: Asking = optional("review", agents=2)
    min_quality: Quality = 60.0
    rounds: Rounds = 1
    person: Person = Person()


class Documentation(Staged[DocumentationConfig]):
    name = "documentation"
    title = "Documentation"
    description = (
        "Agents agree on an outline and draft its sections side by side; others check that the whole fits together, "
        "and the sections they find weak are revised."
    )
    Config = DocumentationConfig

    def stages(self, config: DocumentationConfig) -> tuple[StageRule[DocumentationConfig], ...]:
        rounds: list[StageRule[DocumentationConfig]] = []
        for n in range(1, config.rounds + 1):
            says = f"Sections rated below {config.min_quality:.0f}"
            revise, again = partial(self._revise, number=n), partial(self._check_again, number=n)
            rounds.append(StageRule(f"revision-{n}", f"Revision {n}", says, config.draft.types, revise))
            rounds.append(StageRule(f"review-{n + 1}", f"Check {n + 1}", says, config.review.types, again))
        return (
            StageRule("outline", "Outline", "What it has to say", config.outline.types, self._outline),
            StageRule("draft", "Drafts", "Each section by itself", config.draft.types, self._draft),
            StageRule("review", "Consistency check", "Does it fit together?", config.review.types, self._check),
            *rounds,
            StageRule(STAGE, NAME, f"By a person: {config.person.when}", (), self._approval),
            self.finale("The sections as one document"),
        )

    def _outline(self, config: DocumentationConfig, situation: Situation) -> StagePlan:
        instruction = told(
            f"Outline a document of at most {config.max_sections} sections that reaches the goal;",
            "each section has one purpose, and none repeats another.",
            _manner(config),
        )
        return self.ask(config.outline, situation, key="outline", name="Outline", instruction=instruction,
                        answer=OUTLINE)  # fmt: skip

    def _draft(self, config: DocumentationConfig, situation: Situation) -> StagePlan:
        _, sections = _outlined(config, situation)
        parts = [
            Part(
                f"s{number}",
                told(f'Write the section "{title}" of this document.', covers, _manner(config)),
                {"section": title, "covers": covers, "outline": [one for one, _ in sections]},
            )
            for number, (title, covers) in enumerate(sections, start=1)
        ]
        return self.share_out(config.draft, situation, parts, key="draft", name="Drafts", answer=SECTION,
                              each=config.each)  # fmt: skip

    def _check(self, config: DocumentationConfig, situation: Situation) -> StagePlan | None:
        if not answers_of(situation, "draft"):
            raise Impossible("No agent has drafted a section")
        return self._rate(config, situation, answers_of(situation, "draft"), "review", "Consistency check")

    def _revise(self, config: DocumentationConfig, situation: Situation, *, number: int) -> StagePlan | None:
        _, sections = _outlined(config, situation)
        parts = [
            Part(
                f"s{place}",
                told(f'Revise the section "{sections[place - 1][0]}": mend what was found.', _manner(config)),
                {
                    "section": sections[place - 1][0],
                    "draft": best.answer.content,
                    "feedback": feedback_on(situation, best.answer.ref, *review_stages(config.rounds)),
                },
            )
            for place, best in _best(config, situation).items()
            if best.quality is not None and best.quality < config.min_quality
        ]
        if not parts:
            return None
        plan = self.share_out(config.draft, situation, parts, key=f"revision-{number}", name=f"Revision {number}",
                              answer=SECTION, each=1)  # fmt: skip
        return lenient(plan)

    def _check_again(self, config: DocumentationConfig, situation: Situation, *, number: int) -> StagePlan | None:
        revised = answers_of(situation, f"revision-{number}")
        return self._rate(config, situation, revised, f"review-{number + 1}", f"Check {number + 1}")

    def _rate(
        self, config: DocumentationConfig, situation: Situation, judged: Sequence[Answer], key: str, name: str
    ) -> StagePlan | None:
        instruction = told(
            "Read these sections as one document. Rate each from 0 to 100: is it true, complete for its purpose,",
            "in the same terms as the others, without contradicting or repeating them? Name each contradiction.",
            _manner(config),
        )
        _, sections = _outlined(config, situation)
        return critics_stage(config.review, situation, judged, pattern=self.name, key=key, name=name,
                             instruction=instruction, outline=[title for title, _ in sections])  # fmt: skip

    def _approval(self, config: DocumentationConfig, situation: Situation) -> StagePlan | None:
        best = _best(config, situation)
        why = doubts(config.person, best.values(), situation, least=config.min_quality)
        missing = _missing(config, situation)
        why += [f"Nobody has drafted: {', '.join(missing)}"] if missing else []
        shown = [one.answer for one in best.values()]
        return person_stage(config.person, situation, shown, title="Decide about a document", why=why[:20],
                            title_of_document=_outlined(config, situation)[0])  # fmt: skip

    def compute(self, config: DocumentationConfig, rule: str, situation: Situation, given: Mapping[str, Any]) -> Any:
        title, sections = _outlined(config, situation)
        best = _best(config, situation)
        drafts = [one.answer for one in best.values()]
        settled = [
            {
                "title": sections[(_place(answer) or 1) - 1][0],
                "text": text_in(content, "text", "content", "markdown") or brief_of(content, 100_000),
                "by": answer.agent,
                "step": answer.ref,
                "quality": best[_place(answer) or 1].quality,
            }
            for answer, content in each_settled(situation, drafts, drafts)
        ]
        return {
            "title": title,
            "text": "\n\n".join([f"# {title}", *(f"## {one['title']}\n\n{one['text']}" for one in settled)]),
            "sections": settled,
            "missing": _missing(config, situation),
            "decided_by_person": kept(situation) is not None,
        }

    def ratings(self, config: DocumentationConfig, situation: Situation) -> tuple[tuple[Rating, ...], float | None]:
        rated = ratings_from(situation, draft_stages("draft", config.rounds), review_stages(config.rounds))
        return rated, mean_quality(one.quality for one in _best(config, situation).values())


def _outlined(config: DocumentationConfig, situation: Situation) -> tuple[str, list[tuple[str, str]]]:
    """(title, [(heading, what it covers)]): of the outline most agree on; one section where it names none."""
    best = choose(answers_of(situation, "outline"))
    content = best.answer.content if best else None
    found = [_section(one) for one in items_in(content, "sections", "outline", "headings") if not isinstance(one, list)]
    title = text_in(content, "title")[:200] if isinstance(content, Mapping) else ""
    if isinstance(content, str) or not found:
        found = [("The whole", content.strip()[:2000] if isinstance(content, str) else "")]
    return title or "Document", found[: config.max_sections]


def _section(item: Any) -> tuple[str, str]:
    covers = text_in(item, "covers", "purpose", "description")[:2000] if isinstance(item, Mapping) else ""
    return (text_in(item, "title", "heading", "name") or brief_of(item, 120))[:200], covers


def _best(config: DocumentationConfig, situation: Situation) -> dict[int, Choice]:
    """The best draft of each section that has one, by its number."""
    qualities = qualities_of(situation, *review_stages(config.rounds))
    drafts = answers_of(situation, *reversed(draft_stages("draft", config.rounds)))
    count = len(_outlined(config, situation)[1])
    found = {}
    for place in range(1, count + 1):
        best = choose([one for one in drafts if _place(one) == place], qualities)
        if best:
            found[place] = best
    return found


def _missing(config: DocumentationConfig, situation: Situation) -> list[str]:
    best = _best(config, situation)
    return [title for n, (title, _) in enumerate(_outlined(config, situation)[1], start=1) if n not in best]


def _place(answer: Answer) -> int | None:
    match = _NUMBER.match(answer.ref.split("/", 1)[1])
    return int(match[1]) if match else None


def _manner(config: DocumentationConfig) -> str:
    return told(
        READERS[config.audience],
        f"It is written in {config.text_language}." if config.text_language else "",
        f"Its style: {config.style}." if config.style else "",
        "Show an example for each thing a reader is to do." if config.examples else "No examples.",
        config.rules,
    )
