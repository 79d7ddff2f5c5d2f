"""ACT: ask the model provider, where one is configured, what it makes of a goal."""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.goals.facts import GoalFacts
from apps.goals.judgement import Judgement, judge_goal
from apps.goals.prevalidation import run_checks
from apps.goals.requests import GoalIn
from apps.llm.judging import JsonModel


def ask_the_judge(
    *, business_id: UUID, wanted: GoalIn, tools: Sequence[Mapping[str, Any]], facts: GoalFacts
) -> Judgement | None:
    """The judgement of LLM_MODEL at LLM_BASE_URL; None where none is configured or it does not answer in time."""
    model = _configured_model()
    if model is None:
        return None
    return judge_goal(
        partial(model.answer, business_id=business_id),
        model=model.model,
        goal=wanted.goal,
        context=wanted.context,
        history=wanted.history,
        tools=tools,
        checks=run_checks(facts),
    )


def judge_is_configured() -> bool:
    return _configured_model() is not None


@cache
def _configured_model() -> JsonModel | None:
    if not (settings.LLM_BASE_URL and settings.LLM_MODEL):
        return None
    return JsonModel(
        base_url=settings.LLM_BASE_URL,
        api_key=settings.LLM_API_KEY,
        model=settings.LLM_MODEL,
        timeout=settings.LLM_TIMEOUT_SECONDS,
    )
