"""ACT: test a provider because a person asks: begin it, and carry it out on a worker."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.row_access import acting_for
from apps.core.errors import NotFound
from apps.core.events import record
from apps.core.ids import new_id
from apps.core.later import later
from apps.llm.endpoints import Endpoint
from apps.llm.models import Trial
from apps.llm.providing import endpoint_of, settings_endpoint, settings_id
from apps.llm.selectors import find_provider
from apps.llm.trial_states import LEASE, UNDER_WAY, TrialState
from apps.llm.trying import try_provider

TASK = "apps.llm.tasks.run_trial"
LONGEST_WORDS = 400


def begin_trial(*, business_id: UUID, provider_id: UUID, actor: str, now: datetime) -> bool:
    """Have a provider that the business may ask tested; False when a test of it is under way. Raises NotFound."""
    endpoint = endpoint_for(business_id, provider_id)
    if endpoint is None:
        raise NotFound
    with transaction.atomic():
        trial = _asked(business_id, provider_id, actor, now)
        if trial is None:
            return False
        _tell("provider.test_asked", trial, actor, name=endpoint.name)
        later(TASK, str(business_id), str(trial.pk), str(trial.turn))
    return True


def run_trial(*, business_id: UUID, trial_id: UUID, turn: UUID) -> bool:
    """Carry a test out; False when it is another's, too old, or gone. Call outside of a transaction."""
    with acting_for(business_id):
        mine = Trial.objects.filter(pk=trial_id, turn=turn)
        waiting = mine.filter(state=TrialState.ASKED, asked_at__gt=timezone.now() - LEASE)
        if not waiting.update(state=TrialState.RUNNING):
            return False
        trial = mine.get()
        endpoint = endpoint_for(business_id, trial.provider_id)
    if endpoint is None:
        return False
    tried = try_provider(endpoint=endpoint, business_id=business_id)
    state = TrialState.PASSED if tried.ok else TrialState.FAILED
    with acting_for(business_id):
        running = mine.filter(state=TrialState.RUNNING)
        if not running.update(state=state, words=tried.words[:LONGEST_WORDS], ended_at=timezone.now()):
            return False
        _tell("provider.tested", trial, trial.asked_by, name=endpoint.name, ok=tried.ok, took_ms=tried.took_ms)
    return True


def endpoint_for(business_id: UUID, provider_id: UUID) -> Endpoint | None:
    """The provider of this id that the business may ask, switched on or not; also that of the settings."""
    if settings.LLM_BASE_URL and settings.LLM_MODEL and provider_id == settings_id(settings.LLM_BASE_URL):
        return settings_endpoint(api_key=settings.LLM_API_KEY, model=settings.LLM_MODEL)
    row = find_provider(business_id, provider_id)
    return endpoint_of(row) if row else None


def _asked(business_id: UUID, provider_id: UUID, actor: str, now: datetime) -> Trial | None:
    fresh = {
        "turn": new_id(), "state": TrialState.ASKED, "words": "", "asked_by": actor[:120], "asked_at": now,
        "ended_at": None,
    }  # fmt: skip
    rows = Trial.objects.filter(business_id=business_id, provider_id=provider_id)
    free = rows.filter(~Q(state__in=UNDER_WAY) | Q(asked_at__lte=now - LEASE))
    if not free.update(**fresh):
        if rows.exists():
            return None
        try:
            with transaction.atomic():
                return Trial.objects.create(business_id=business_id, provider_id=provider_id, **fresh)
        except IntegrityError:  # somebody else was quicker
            return None
    return rows.get()


def _tell(kind: str, trial: Trial, actor: str, **data: object) -> None:
    record(
        kind=kind,
        subject_type="provider",
        subject_id=trial.provider_id,
        business_id=trial.business_id,
        actor=actor,
        **data,
    )
