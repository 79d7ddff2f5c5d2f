"""ACT: set up, change and end the addresses that are told of events."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.approvals.models import WebhookDelivery, WebhookEndpoint
from apps.approvals.webhook_rules import MAX_KINDS, bad_kinds
from apps.core.errors import Invalid, NotFound
from apps.core.events import record
from apps.core.outbound import check_url
from apps.core.sealing import seal
from apps.core.signing import new_secret

MOST_ENDPOINTS = 50
# For so long after a rotation both secrets sign, so that the receiver can change over without losing a message.
OLD_SECRET_HOURS = 24


def add_endpoint(*, business_id: UUID, url: str, kinds: Sequence[str] = (), actor: str) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint; (row, secret). The secret, whsec_..., is shown now and never again.

    url: http or https, to a public address. kinds: such as approval.approved or goal.*; none means all.
    Raises Invalid (url, kinds, or too many endpoints).
    """
    secret = new_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(business_id=business_id).count() >= MOST_ENDPOINTS:
            raise Invalid("", f"A business has at most {MOST_ENDPOINTS} endpoints")
        endpoint = WebhookEndpoint.objects.create(
            business_id=business_id, url=check_url(url), kinds=_checked(kinds), secret=seal(secret)
        )
        _record("webhook.added", endpoint, actor)
    return endpoint, secret


def change_endpoint(
    *,
    endpoint_id: UUID,
    actor: str,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. Disabling gives up what is on its way. Raises NotFound, Invalid."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        if url is not None:
            endpoint.url = check_url(url)
        if kinds is not None:
            endpoint.kinds = _checked(kinds)
        if enabled is True:
            endpoint.enabled, endpoint.disabled_reason, endpoint.failures, endpoint.held_until = True, "", 0, None
        endpoint.save()
        if enabled is False:
            disable(endpoint, actor=actor, reason="Switched off")
        _record("webhook.changed", endpoint, actor)
    return endpoint


def disable(endpoint: WebhookEndpoint, *, actor: str, reason: str) -> None:
    """Stop telling an endpoint; what was on its way is given up and can be sent again later."""
    endpoint.enabled, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["enabled", "disabled_reason"])
    pending = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.PENDING)
    pending.update(state=WebhookDelivery.State.FAILED, last_error=f"The endpoint was disabled: {reason}"[:300])
    _record("webhook.disabled", endpoint, actor, reason=reason)


def rotate_secret(*, endpoint_id: UUID, actor: str) -> tuple[WebhookEndpoint, str]:
    """A new secret, shown now; the old one signs beside it for OLD_SECRET_HOURS. Raises NotFound."""
    secret = new_secret()
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        endpoint.old_secret, endpoint.secret = endpoint.secret, seal(secret)
        endpoint.old_secret_until = timezone.now() + timedelta(hours=OLD_SECRET_HOURS)
        endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
        _record("webhook.rotated", endpoint, actor)
    return endpoint, secret


def remove_endpoint(*, endpoint_id: UUID, actor: str) -> None:
    """Remove an endpoint with its deliveries. Raises NotFound."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        _record("webhook.removed", endpoint, actor)
        endpoint.delete()


def _checked(kinds: Sequence[str]) -> list[str]:
    if len(kinds) > MAX_KINDS:
        raise Invalid("kinds", f"At most {MAX_KINDS}")
    if bad := bad_kinds(kinds):
        raise Invalid("kinds", f"There is no such event: {', '.join(bad)[:100]}")
    return sorted(set(kinds))


def _locked(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id).select_for_update().first()
    if endpoint is None:
        raise NotFound
    return endpoint


def _record(kind: str, endpoint: WebhookEndpoint, actor: str, **data: Any) -> None:
    record(
        kind=kind,
        subject_type="webhook",
        subject_id=endpoint.pk,
        business_id=endpoint.business_id,
        actor=actor,
        url=endpoint.url,
        kinds=endpoint.kinds,
        **data,
    )
