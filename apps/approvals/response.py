"""EDGE: requests, endpoints and deliveries as the JSON that programs read."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.approvals.models import ApprovalRequest, Decision, WebhookDelivery, WebhookEndpoint


def summary_of(request: ApprovalRequest) -> dict[str, Any]:
    """A request in a list: without its payload and reasons. Reads `claimed_by`: select it with the row."""
    held = request.claimed_until is not None and request.claimed_until > timezone.now()
    return {
        "id": str(request.pk),
        "kind": request.kind,
        "subject_id": str(request.subject_id),
        "title": request.title,
        "why": request.why,
        "state": str(request.state),
        "risk": request.risk,
        "confidence": request.confidence,
        "requested_by": request.requested_by,
        "payload_hash": request.payload_hash,
        "version": request.version,
        "approvers_needed": request.approvers_needed,
        "decider_role": str(request.decider_role),
        "created_at": _moment(request.created_at),
        "deadline": _moment(request.deadline),
        "escalated_at": _moment(request.escalated_at),
        "claimed_by": str(request.claimed_by) if held else None,
        "claimed_until": _moment(request.claimed_until) if held else None,
        "decided_at": _moment(request.decided_at),
        "decided_by": request.decided_by,
        "url": settings.PUBLIC_URL.rstrip("/") + reverse("admin:queue-item", args=[request.pk]),
    }


def whole_of(request: ApprovalRequest) -> dict[str, Any]:
    """Everything about one request, its decisions oldest first: one query more."""
    decisions = Decision.objects.filter(request=request).order_by("at", "id")
    return summary_of(request) | {
        "payload": request.payload,
        "payload_schema": request.payload_schema,
        "original_payload": request.original,
        "questions": request.questions,
        "factors": request.factors,
        "checks": request.checks,
        "decisions": [_decision(decision) for decision in decisions],
    }


def endpoint_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """An endpoint, never with its secret."""
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "kinds": endpoint.kinds,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": _moment(endpoint.created_at),
    }


def delivery_of(delivery: WebhookDelivery) -> dict[str, Any]:
    pending = delivery.state == WebhookDelivery.State.PENDING
    return {
        "id": str(delivery.pk),
        "event_id": str(delivery.event_id),
        "kind": delivery.kind,
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "next_attempt_at": _moment(delivery.next_attempt_at) if pending else None,
        "response_status": delivery.response_status,
        "last_error": delivery.last_error,
        "created_at": _moment(delivery.created_at),
        "delivered_at": _moment(delivery.delivered_at),
        "body": delivery.body,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "actor": decision.actor,
        "verdict": str(decision.verdict),
        "reason": decision.reason,
        "comment": decision.comment,
        "payload_hash": decision.payload_hash,
        "version": decision.version,
        "edited": decision.edited,
        "answers": decision.answers,
        "at": _moment(decision.at),
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
