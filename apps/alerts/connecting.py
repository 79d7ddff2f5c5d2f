"""ACT: set up, change, try and remove the channels that alerts go out by."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.alerts.models import Channel, Delivery, Notice
from apps.alerts.raising import open_notice, resolve_notice
from apps.alerts.reaching import reach
from apps.alerts.severities import Severity
from apps.core.errors import Invalid, NotFound
from apps.core.events import record
from apps.core.outbound import check_url
from apps.core.sealing import seal

MOST_CHANNELS, MOST_ADDRESSES = 20, 20
_ROUTING_KEY = re.compile(r"^[0-9A-Za-z]{32}$")


def add_channel(
    *,
    business_id: UUID | None,
    kind: str,
    name: str,
    secret: str = "",
    addresses: Sequence[str] = (),
    lowest: str = Severity.WARNING,
    actor: str,
) -> Channel:
    """Add a channel of a business, or (None) of the installation.

    kind: email, slack, pagerduty. secret: the address of Slack's incoming webhook, or the 32 characters of PagerDuty's
    integration key (Events API v2); kept encrypted, never shown again. addresses: for mail, beside admins and owners.
    Raises Invalid (secret, addresses, or too many channels).
    """
    with reach(business_id):
        if Channel.objects.filter(Q(business_id=business_id)).count() >= MOST_CHANNELS:
            raise Invalid("", f"At most {MOST_CHANNELS} channels")
        channel = Channel.objects.create(
            business_id=business_id,
            kind=Channel.Kind(kind).value,
            name=name,
            secret=seal(checked_secret(kind, secret)) if kind != Channel.Kind.EMAIL else "",
            addresses=checked_addresses(kind, addresses),
            lowest=Severity(lowest).value,
        )
        _record("alert_channel.added", channel, actor)
    return channel


def change_channel(*, channel_id: UUID, business_id: UUID | None, actor: str, **changes: Any) -> Channel:
    """Change name, secret, addresses, lowest or enabled; the kind stays. What is on its way through a channel that
    is switched off is withdrawn when its turn comes.

    A new secret, or enabling, lets bygones be bygones: the channel counts as working until the next attempt says else.
    Raises NotFound, Invalid.
    """
    with reach(business_id):
        channel = _found(Channel.objects.filter(pk=channel_id).select_for_update())
        for name in changes.keys() & {"name", "lowest", "enabled"}:
            setattr(channel, name, changes[name])
        if "addresses" in changes:
            channel.addresses = checked_addresses(channel.kind, changes["addresses"])
        if changes.get("secret"):
            channel.secret = seal(checked_secret(channel.kind, changes["secret"]))
        if changes.get("secret") or changes.get("enabled"):
            channel.failing = ""
        channel.save()
        _record("alert_channel.changed", channel, actor, changed=sorted(changes), enabled=channel.enabled)
    return channel


def remove_channel(*, channel_id: UUID, business_id: UUID | None, actor: str) -> None:
    """Remove a channel with its deliveries; the notices stay. Raises NotFound."""
    with reach(business_id):
        channel = _found(Channel.objects.filter(pk=channel_id))
        _record("alert_channel.removed", channel, actor)
        # In the order in which sending writes them, so that neither waits for the other.
        Delivery.objects.filter(channel=channel).delete()
        channel.delete()


def send_test(*, channel_id: UUID, business_id: UUID | None, actor: str) -> Notice:
    """Send a notice by this channel alone, whatever its lowest severity; it is over as soon as it was told.

    Raises NotFound, Invalid (the channel is switched off).
    """
    with reach(business_id):
        channel = _found(Channel.objects.filter(pk=channel_id))
        if not channel.enabled:
            raise Invalid("", "The channel is switched off; enable it first")
        key = f"test:{channel.pk}"
        # One that was never told must not stand in the way of the next.
        resolve_notice(business_id=business_id, dedup_key=key)
        notice = Notice(
            business_id=business_id,
            source="alerts",
            severity=Severity.INFO.value,
            title="Test of an alert channel",
            text="Nothing is wrong. Somebody wanted to see whether alerts arrive here.",
            facts=[{"name": "Asked for by", "value": actor.removeprefix("user:")}],
            dedup_key=key,
            test=True,
            opened_at=timezone.now(),
        )
        _record("alert_channel.tested", channel, actor)
        return open_notice(notice, [channel])


def checked_secret(kind: str, secret: str, *, field: str = "secret") -> str:
    """The secret, if it is one for this kind. Raises Invalid(field, reason); the reason never repeats it."""
    secret = secret.strip()
    if kind == Channel.Kind.SLACK:
        return check_url(secret, field=field)
    if not _ROUTING_KEY.match(secret):
        raise Invalid(field, "An integration key has 32 letters and digits")
    return secret


def checked_addresses(kind: str, addresses: Sequence[str], *, field: str = "addresses") -> list[str]:
    """Addresses without repetition. Raises Invalid."""
    found = list(dict.fromkeys(address.strip() for address in addresses if address.strip()))
    if found and kind != Channel.Kind.EMAIL:
        raise Invalid(field, "Only mail goes to addresses")
    if len(found) > MOST_ADDRESSES:
        raise Invalid(field, f"At most {MOST_ADDRESSES} addresses")
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(field, f"This is not a mail address: {address[:80]}") from None
    return found


def _found(rows: "QuerySet[Channel]") -> Channel:
    channel = rows.first()
    if channel is None:
        raise NotFound
    return channel


def _record(kind: str, channel: Channel, actor: str, **data: Any) -> None:
    record(
        kind=kind,
        subject_type="alert_channel",
        subject_id=channel.pk,
        business_id=channel.business_id,
        actor=actor,
        name=channel.name,
        channel_kind=channel.kind,
        lowest=channel.lowest,
        **data,
    )
