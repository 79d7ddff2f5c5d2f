"""ACT: the providers of a business or of the installation: add, change, order, switch and remove them."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from apps.core import breaking
from apps.core.errors import Invalid, NotFound
from apps.core.events import record
from apps.core.outbound import check_url
from apps.core.sealing import seal
from apps.llm.models import Provider, Trial
from apps.llm.providing import SETTINGS, providers_changed

MOST_PROVIDERS = 20  # of one owner
MOST_HEADERS = 20
LONGEST_HEADER = 4000
_CHANGEABLE = frozenset(
    {
        "kind", "name", "base_url", "model", "serves", "timeout_seconds", "retries", "form", "dim", "price_in",
        "price_cached", "price_out", "enabled",
    }
)  # fmt: skip
# The client writes these itself, or they would change what is asked.
_OWN_HEADERS = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "connection",
        "keep-alive",
        "accept-encoding",
        "user-agent",
    }
)


def add_provider(
    *, business_id: UUID | None, actor: str, key: str = "", headers: Mapping[str, str] | None = None, **fields: Any
) -> Provider:
    """Add a provider behind the others. business_id None: of the installation. Raises Invalid.

    key, headers: stored encrypted and never shown again. fields: columns of Provider.
    """
    _check(fields)
    with transaction.atomic():
        rows = _of_owner(business_id)
        if rows.count() >= MOST_PROVIDERS:
            raise Invalid("name", f"There may be {MOST_PROVIDERS} providers at most")
        _check_name(business_id, fields["name"])
        last = rows.aggregate(last=Max("position"))["last"]
        made = Provider(business_id=business_id, position=0 if last is None else last + 1, **fields)
        made.key, made.headers = _sealed_key(key), _sealed_headers(headers or {})
        made.save(force_insert=True)
        _tell("provider.added", made, actor, address=made.base_url, model=made.model)
    return made


def change_provider(
    *,
    provider: Provider,
    actor: str,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> Provider:
    """Change what is given. key, headers: None keeps them, empty takes them away. Raises Invalid, NotFound.

    With another address the key must be given anew: it would otherwise be sent to whoever has that address.
    """
    _check(fields)
    with transaction.atomic():
        row = _locked(provider)
        moved = "base_url" in fields and fields["base_url"] != row.base_url
        if moved and ((row.key and key is None) or (row.headers and headers is None)):
            raise Invalid("key", "With another address, give its key and headers anew")
        if "name" in fields:
            _check_name(row.business_id, fields["name"], but=row.pk)
        changed = sorted(name for name, value in fields.items() if getattr(row, name) != value)
        for name, value in fields.items():
            setattr(row, name, value)
        if key is not None:
            row.key = _sealed_key(key)
            changed.append("key")
        if headers is not None:
            row.headers = _sealed_headers(headers)
            changed.append("headers")
        if changed:
            row.save()
            _forget_tests(row)
            _tell("provider.changed", row, actor, changed=changed)
    return row


def switch_provider(*, provider: Provider, on: bool, actor: str) -> None:
    """Ask it from now on, or not. Twice is the same as once. Raises NotFound."""
    with transaction.atomic():
        row = _locked(provider)
        if row.enabled != on:
            row.enabled = on
            row.save(update_fields=["enabled", "updated_at"])
            _tell("provider.switched_on" if on else "provider.switched_off", row, actor)


def move_provider(*, provider: Provider, up: bool, actor: str) -> None:
    """One place up or down in the order of its kind; nothing at the end of it. Raises NotFound."""
    with transaction.atomic():
        rows = list(
            Provider.objects.select_for_update()
            .filter(pk__in=_of_owner(provider.business_id).filter(kind=provider.kind))
            .order_by("position", "created_at")
        )
        here = next((place for place, row in enumerate(rows) if row.pk == provider.pk), None)
        if here is None:
            raise NotFound
        there = here - 1 if up else here + 1
        if not 0 <= there < len(rows):
            return
        rows[here], rows[there] = rows[there], rows[here]
        for place, row in enumerate(rows):
            row.position = place
        Provider.objects.bulk_update(rows, ["position"])
        _tell("provider.moved", rows[there], actor, to=there + 1)


def remove_provider(*, provider: Provider, actor: str) -> None:
    """Remove it and its key; what was noted of its use stays. Raises NotFound."""
    with transaction.atomic():
        row = _locked(provider)
        _tell("provider.removed", row, actor, address=row.base_url)
        _forget_tests(row)
        row.delete()


def close_breaker(*, provider: Provider, actor: str) -> None:
    """Ask it again at once, because a person says so."""
    with transaction.atomic():
        breaking.close(provider.pk)
        _tell("provider.breaker_closed", provider, actor)


def _of_owner(business_id: UUID | None) -> QuerySet[Provider]:
    rows = Provider.objects.all()
    return rows.filter(business_id=business_id) if business_id else rows.filter(business=None)


def _locked(provider: Provider) -> Provider:
    row = Provider.objects.select_for_update().filter(pk=provider.pk).first()
    if row is None:
        raise NotFound
    return row


def _forget_tests(row: Provider) -> None:
    """What they found holds no longer."""
    Trial.objects.filter(provider_id=row.pk).delete()


def _check(fields: Mapping[str, Any]) -> None:
    if unknown := set(fields) - _CHANGEABLE:
        raise Invalid(sorted(unknown)[0], "There is no such field")
    if "base_url" in fields:
        check_url(fields["base_url"], field="base_url")
        if set(fields["base_url"]) & {"?", "#"}:
            raise Invalid("base_url", "Without ? and #; what a gateway needs besides goes into headers")
    for name in ("price_in", "price_cached", "price_out"):
        if fields.get(name) is not None and fields[name] < 0:
            raise Invalid(name, "From 0")


def _check_name(business_id: UUID | None, name: str, but: UUID | None = None) -> None:
    if name == SETTINGS:
        raise Invalid("name", "That is how the provider of the settings is called")
    others = _of_owner(business_id).filter(name=name)
    if (others.exclude(pk=but) if but else others).exists():
        raise Invalid("name", "There is one of this name already")


def _sealed_key(key: str) -> str:
    if any(not " " < letter <= "~" for letter in key):
        raise Invalid("key", "A key has neither spaces nor line breaks nor letters beyond ASCII")
    return seal(key) if key else ""


def _sealed_headers(headers: Mapping[str, str]) -> str:
    if len(headers) > MOST_HEADERS:
        raise Invalid("headers", f"At most {MOST_HEADERS}")
    for name, value in headers.items():
        if not name or not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name):
            raise Invalid("headers", "A name has letters, digits and dashes")
        if name.lower() in _OWN_HEADERS:
            raise Invalid("headers", f"{name} is set by Gatehouse")
        if len(value) > LONGEST_HEADER or any(not " " <= letter <= "~" for letter in value):
            raise Invalid("headers", f"The value of {name} has letters that a header cannot hold")
    return seal(json.dumps(dict(headers))) if headers else ""


def _tell(kind: str, provider: Provider, actor: str, **data: Any) -> None:
    record(
        kind=kind,
        subject_type="provider",
        subject_id=provider.pk,
        business_id=provider.business_id,
        actor=actor,
        name=provider.name,
        **data,
    )
    providers_changed()
