"""ACT: the model provider as a judge, where one is configured."""

from functools import cache

from django.conf import settings

from apps.goals.judgement import Judge


@cache
def configured_judge() -> Judge | None:
    """The judge of LLM_BASE_URL and LLM_MODEL, or None: then the rules stand alone."""
    if not (settings.LLM_BASE_URL and settings.LLM_MODEL):
        return None
    # The client is heavy to import, and most installations have no provider.
    from apps.llm.judging import ModelJudge

    return ModelJudge(
        base_url=settings.LLM_BASE_URL,
        api_key=settings.LLM_API_KEY,
        model=settings.LLM_MODEL,
        timeout=settings.LLM_TIMEOUT_SECONDS,
    )
