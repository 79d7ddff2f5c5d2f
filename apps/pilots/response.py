"""EDGE: features, their businesses, steps and rollbacks as the JSON that programs read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Model

from apps.pilots.laddering import ladder_of
from apps.pilots.models import Advance, BusinessSettings, Feature, HeldBack, PilotBusiness, Rollback, Stage
from apps.pilots.plans import StagePlan
from apps.pilots.reach import count_on
from apps.pilots.standing import default_of


def features_of(rows: Iterable[Feature]) -> list[dict[str, Any]]:
    """Features in a list, three queries however many they are."""
    features = list(rows)
    listed, held = _counts(PilotBusiness, features), _counts(HeldBack, features)
    here = Stage.objects.filter(feature__in=features, position=F("feature__stage"))
    names = dict(here.values_list("feature_id", "name"))
    return [_feature(one, names.get(one.pk, ""), listed.get(one.pk, 0), held.get(one.pk, 0)) for one in features]


def whole_of(feature: Feature) -> dict[str, Any]:
    """One feature with its ladder and how many businesses have it."""
    plans = ladder_of(feature)
    return features_of([feature])[0] | {
        "description": feature.description,
        "variants": feature.variants,
        "on_variant": feature.on_variant,
        "off_variant": feature.off_variant,
        "businesses_on": 0 if feature.archived_at else count_on(feature),
        "permanent": feature.permanent,
        "self_service": feature.self_service,
        "exposed": feature.exposed,
        "auto_advance": feature.auto_advance,
        "last_evaluated_at": _moment(feature.last_evaluated_at),
        "ladder": [_stage(plan) for plan in plans],
    }


def listed_of(row: PilotBusiness) -> dict[str, Any]:
    """A row of the list. Reads `business`: select it with the row."""
    return {**_business(row), "listed": True, "since": row.enabled_at.isoformat(), "by": row.enabled_by,
            "notes": row.notes, "rollback": None}  # fmt: skip


def held_of(row: HeldBack) -> dict[str, Any]:
    """A business that is held back. Reads `business`: select it with the row."""
    return {**_business(row), "listed": False, "since": row.held_at.isoformat(), "by": row.held_by,
            "notes": row.reason, "rollback": str(row.rollback_id) if row.rollback_id else None}  # fmt: skip


def advance_of(row: Advance) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "state": str(row.state),
        "from_stage": row.from_stage,
        "to_stage": row.to_stage,
        "from_share": row.from_share,
        "to_share": row.to_share,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at.isoformat(),
        "due_at": _moment(row.due_at),
        "override_reason": row.override_reason,
        "criteria": row.measured,
        "approval_request": str(row.request_id) if row.request_id else None,
        "decided_by": row.decided_by,
        "done_at": _moment(row.done_at),
        "ended_because": row.ended_because,
    }


def rollback_of(row: Rollback) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "level": str(row.level),
        "business": str(row.target_id) if row.target_id else None,
        "from": _moment(row.cohort_from),
        "to": _moment(row.cohort_to),
        "reason": row.reason,
        "actor": row.actor,
        "at": row.at.isoformat(),
        "rehearsal": row.rehearsal,
        "affected": row.affected,
        "took_ms": row.took_ms,
        **effect_of(row),
        "undone_at": _moment(row.undone_at),
        "undone_by": row.undone_by,
        "undone_reason": row.undone_reason,
    }


def effect_of(row: Rollback) -> dict[str, Any]:
    """How soon every process had heard of it; nothing of it is known before commit."""
    return {"effect_ms": row.effect_ms, "processes": row.processes, "unheard": row.unheard}


def settings_as_json(chosen: BusinessSettings) -> dict[str, Any]:
    return {
        "emailRagEnabled": chosen.email_rag_enabled,
        "emailSnippetsEnabled": chosen.email_snippets_enabled,
        "emailRagMinConfidence": chosen.email_rag_min_confidence,
        "emailRagMaxExamples": chosen.email_rag_max_examples,
        "updatedAt": _moment(chosen.updated_at),
        "updatedBy": chosen.updated_by,
    }


def state_of(feature: Feature, listed: int) -> str:
    """archived, everybody (by share or default), some, or off."""
    if feature.archived_at:
        return "archived"
    if feature.share == 100 or default_of(feature) == feature.on_variant:
        return "everybody"
    return "some" if feature.share or listed else "off"


def _feature(feature: Feature, stage_name: str, listed: int, held: int) -> dict[str, Any]:
    return {
        "key": feature.key,
        "kind": feature.kind,
        "state": state_of(feature, listed),
        "stage": feature.stage,
        "stage_name": stage_name,
        "stage_since": _moment(feature.stage_since),
        "share": feature.share,
        "default_variant": default_of(feature),
        "businesses_listed": listed,
        "businesses_held_back": held,
        "version": str(feature.version),
        "changed_at": feature.changed_at.isoformat(),
        "changed_by": feature.changed_by,
        "archived_at": _moment(feature.archived_at),
    }


def _counts(model: type[Model], features: list[Feature]) -> dict[UUID, int]:
    rows = model._default_manager.filter(feature__in=features).order_by().values("feature_id")
    return dict(rows.annotate(count=Count("pk")).values_list("feature_id", "count"))


def _business(row: PilotBusiness | HeldBack) -> dict[str, Any]:
    return {"business": str(row.business_id), "slug": row.business.slug, "name": row.business.name}


def _stage(plan: StagePlan) -> dict[str, Any]:
    stage = plan.stage
    return {
        "position": stage.position,
        "name": stage.name,
        "kind": stage.kind.value,
        "businesses_min": stage.businesses_min,
        "businesses_max": stage.businesses_max,
        "share": stage.share,
        "baseline": stage.baseline,
        "soak_hours": stage.soak.total_seconds() / 3600,
        "criteria": [
            {
                "metric": criterion.metric,
                "comparison": criterion.comparison.value,
                "limit": criterion.limit,
                "window_hours": criterion.window_hours,
                "minimum": criterion.minimum,
            }
            for criterion in plan.criteria
        ],
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
