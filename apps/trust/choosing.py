"""ACT: choose what learning may do in a business."""

from uuid import UUID

from django.db import transaction

from apps.core.errors import Invalid
from apps.core.events import record
from apps.trust.models import TrustSettings
from apps.trust.models.settings import LEAST_EVIDENCE, MOST_EVIDENCE
from apps.trust.routing import standings_changed

CHOICES = ("keep_reasoning", "may_disable", "min_evidence")


def settings_of(business_id: UUID) -> TrustSettings:
    """The business's own, or the defaults unsaved."""
    return TrustSettings.objects.filter(pk=business_id).first() or TrustSettings(business_id=business_id)


def choose_settings(
    *, business_id: UUID, keep_reasoning: bool, may_disable: bool, min_evidence: int, actor: str
) -> bool:
    """Whether anything changed. Evidence counts anew from the next cycle on. Raises Invalid (min_evidence)."""
    if not LEAST_EVIDENCE <= min_evidence <= MOST_EVIDENCE:
        raise Invalid("min_evidence", f"From {LEAST_EVIDENCE} to {MOST_EVIDENCE}")
    wanted = {"keep_reasoning": keep_reasoning, "may_disable": may_disable, "min_evidence": min_evidence}
    with transaction.atomic():
        before = {name: getattr(settings_of(business_id), name) for name in CHOICES}
        changed = {name: value for name, value in wanted.items() if before[name] != value}
        if not changed:
            return False
        TrustSettings.objects.update_or_create(business_id=business_id, defaults=wanted | {"updated_by": actor[:120]})
        standings_changed()
        record(
            kind="trust.settings_changed",
            subject_type="trust_settings",
            subject_id=business_id,
            business_id=business_id,
            actor=actor,
            **changed,
        )
    return True
