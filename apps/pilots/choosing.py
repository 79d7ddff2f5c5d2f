"""ACT: a business chooses how it uses the powers it pilots."""

import math
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.core.errors import Invalid
from apps.core.events import record
from apps.pilots.models import BusinessSettings
from apps.pilots.models.settings import MOST_EXAMPLES

CHOICES = ("email_rag_enabled", "email_snippets_enabled", "email_rag_min_confidence", "email_rag_max_examples")


def settings_of(business_id: UUID) -> BusinessSettings:
    """What the business has chosen, or the defaults, unsaved."""
    found = BusinessSettings.objects.filter(business_id=business_id).first()
    return found or BusinessSettings(business_id=business_id)


def choose_settings(*, business_id: UUID, actor: str, **choices: Any) -> BusinessSettings:
    """Change some of CHOICES for the business that is current, and leave the others.

    email_rag_min_confidence: 0 to 1. email_rag_max_examples: 0 to 10. Raises Invalid naming the field.
    """
    for name, value in choices.items():
        if problem := _problem(name, value):
            raise Invalid(name, problem)
    with transaction.atomic():
        BusinessSettings.objects.bulk_create([BusinessSettings(business_id=business_id)], ignore_conflicts=True)
        chosen = BusinessSettings.objects.select_for_update().get(business_id=business_id)
        before = {name: getattr(chosen, name) for name in choices}
        for name, value in choices.items():
            setattr(chosen, name, value)
        chosen.updated_by = actor[:120]
        chosen.save()
        news = {name: value for name, value in choices.items() if value != before[name]}
        if news:
            record(
                kind="pilot_settings.changed",
                subject_type="business",
                subject_id=business_id,
                business_id=business_id,
                actor=actor,
                before={name: before[name] for name in news},
                after=news,
            )
    return chosen


def _problem(name: str, value: Any) -> str:
    if name not in CHOICES:
        return "There is no such setting"
    if name == "email_rag_min_confidence":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if is_number and math.isfinite(value) and 0 <= value <= 1 else "From 0 to 1"
    if name == "email_rag_max_examples":
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and 0 <= value <= MOST_EXAMPLES else f"A whole number from 0 to {MOST_EXAMPLES}"
    return "" if isinstance(value, bool) else "true or false"
