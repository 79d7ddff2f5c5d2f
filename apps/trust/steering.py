"""ACT: give no more work to agents that trust has dropped too low for, and tell people, who may switch them on again.

Whom a person has switched on again is judged by what came after: the old evidence alone switches nobody off twice.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, Count, Q
from django.db.models.functions import Coalesce
from django.urls import NoReverseMatch, reverse

from apps.accounts.row_access import acting_for
from apps.agents.models import Agent
from apps.agents.switching import disable_agent
from apps.alerts.raising import raise_notice, resolve_notice
from apps.alerts.severities import Severity
from apps.core.models import Event
from apps.trust.boosting import DISABLE_BELOW, should_disable
from apps.trust.models import Recommendation, TrustScore, TrustSettings
from apps.trust.models.settings import LEAST_EVIDENCE
from apps.trust.scoring import MIN_EVIDENCE

ACTOR = "system:trust"
SOURCE = "trust"
ENABLED = "agent.enabled"


def steer_agents(*, business_id: UUID) -> int:
    """Switch off the agents whose overall trust is below 0.3 on enough evidence; how many. All in one transaction."""
    chosen = TrustSettings.objects.filter(pk=business_id).first()
    if chosen and not chosen.may_disable:
        return 0
    enough_at = chosen.min_evidence if chosen else LEAST_EVIDENCE
    rows = TrustScore.objects.filter(business_id=business_id, type="", agent__enabled=True, overall__lt=DISABLE_BELOW)
    low = rows.filter(effective_n__gte=enough_at).select_related("agent").order_by("agent_id")
    with transaction.atomic():
        return sum(_switch_off(score) for score in low if should_disable(score.overall, score.effective_n))


def on_events(events: Sequence[Event]) -> None:
    """Event consumer: once an agent is on again, whoever was told that it is off is told so."""
    for event in events:
        if event.kind == ENABLED and event.business_id:
            with acting_for(event.business_id):
                if Agent.objects.filter(pk=event.subject_id, enabled=True).exists():
                    resolve_notice(business_id=event.business_id, dedup_key=key_of(event.subject_id))


def key_of(agent_id: UUID | str) -> str:
    """The dedup_key of the notice about an agent that trust has switched off."""
    return f"trust:disabled:{agent_id}"


def _switch_off(score: TrustScore) -> bool:
    agent = score.agent
    since = _enabled_at(agent.pk)
    if since is not None and not _failed_again(agent, since):
        return False
    words = f"Trust {score.overall:.2f}, below {DISABLE_BELOW:.2f}, on evidence worth {score.effective_n:.0f} outcomes"
    if not disable_agent(agent_id=agent.pk, reason=words, by="trust", actor=ACTOR):
        return False
    raise_notice(
        business_id=agent.business_id,
        severity=Severity.CRITICAL,
        title=f"{agent.name} was switched off: its trust is {score.overall:.2f}",
        text=(
            f"{words}. It is given no more work; what it has taken on may still end. An admin can switch it on again:"
            " it is then judged by what it does from there on."
        ),
        facts=[
            ("Agent", agent.key),
            ("Trust", f"{score.overall:.2f} ({score.low:.2f} to {score.high:.2f})"),
            ("Accuracy", f"{score.accuracy:.2f}"),
            ("Reliability", f"{score.reliability:.2f}"),
            ("Outcomes", score.judged),
        ],
        link=_page_of(agent),
        dedup_key=key_of(agent.pk),
        source=SOURCE,
    )
    return True


def _enabled_at(agent_id: UUID) -> datetime | None:
    """When a person last switched it on again."""
    rows = Event.objects.filter(subject_type="agent", subject_id=str(agent_id), kind=ENABLED)
    return rows.order_by("-id").values_list("at", flat=True).first()


def _failed_again(agent: Agent, since: datetime) -> bool:
    """Whether what it recommended since then is enough evidence by itself, and as poor."""
    rows = Recommendation.objects.filter(business_id=agent.business_id, agent=agent, created_at__gte=since)
    ended = rows.filter(Q(value__isnull=False) | ~Q(failure=""))
    found = ended.aggregate(many=Count("pk"), mean=Avg(Coalesce("value", 0.0)))
    return found["many"] >= MIN_EVIDENCE and found["mean"] < DISABLE_BELOW


def _page_of(agent: Agent) -> str:
    try:
        return reverse("admin:agent-trust", args=[agent.key])
    except NoReverseMatch:
        return ""
