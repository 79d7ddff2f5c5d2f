"""ACT: ask a model, where the business has a provider, what it makes of a goal."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.goals.facts import GoalFacts
from apps.goals.judgement import INSTRUCTIONS, Judgement, material_of, parse_judgement
from apps.goals.prevalidation import run_checks
from apps.goals.requests import GoalIn
from apps.llm.asking import has_provider
from apps.llm.judging import ask_for_opinion


def ask_the_judge(
    *, business_id: UUID, wanted: GoalIn, tools: Sequence[Mapping[str, Any]], facts: GoalFacts
) -> Judgement | None:
    """The judgement of the first of the business's providers that answers within LLM_TIMEOUT_SECONDS; None without."""
    material = material_of(
        goal=wanted.goal, context=wanted.context, history=wanted.history, tools=tools, checks=run_checks(facts)
    )
    opinion = ask_for_opinion(
        business_id=business_id,
        instructions=INSTRUCTIONS,
        material=material,
        timeout=settings.LLM_TIMEOUT_SECONDS,
    )
    return parse_judgement(opinion.found, model=opinion.model) if opinion else None


def has_judge(business_id: UUID) -> bool:
    """Whether there is anybody to ask. No query when warm."""
    return has_provider(business_id)
