"""ACT: which providers a business has, in the order in which they are asked. From memory; a change is seen at once."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db.models import F, Q

from apps.accounts.row_access import acting_for
from apps.core.hearing import Announcement
from apps.core.snapshot import Snapshot
from apps.llm.endpoints import Endpoint
from apps.llm.models import Provider
from apps.llm.responses import Form, Kind

SETTINGS = "settings"  # the name of the provider that LLM_BASE_URL and its kin make
MOST_KEPT = 20_000  # businesses
_INSTALLATION = UUID(int=0)
# A request of the settings' provider lasts as long as its caller gives it, as it did before there were others.
_SETTINGS_SECONDS = 3600.0


@dataclass(slots=True)
class _Held:
    """By business, read when it is first asked for."""

    known: dict[UUID, tuple[Endpoint, ...]] = field(default_factory=dict)


def chat_providers(business_id: UUID | None) -> list[Endpoint]:
    """Who may be asked for a text, in order: of the business, of the installation, of the settings."""
    return [*(one for one in _stored(business_id) if one.kind is Kind.CHAT), *_of_settings()]


def embedding_providers(business_id: UUID | None) -> list[Endpoint]:
    """Who may be asked for vectors, in order: of the business, of the installation."""
    return [one for one in _stored(business_id) if one.kind is Kind.EMBEDDING]


def has_provider(business_id: UUID | None) -> bool:
    """Whether there is anybody to ask for a text. No query when warm; says nothing of whether they answer."""
    return any(one.model for one in chat_providers(business_id))


def providers_changed() -> Announcement:
    """Let every process read the providers anew, after commit. Call in the transaction of the change."""
    return _snapshot.changed()


def endpoint_of(provider: Provider) -> Endpoint:
    """A stored provider as it is called, whether it is switched on or not."""
    return Endpoint(
        id=provider.pk,
        name=provider.name,
        base_url=provider.base_url,
        model=provider.model,
        kind=Kind(provider.kind),
        sealed_key=provider.key,
        sealed_headers=provider.headers,
        serves=tuple(provider.serves),
        timeout=float(provider.timeout_seconds),
        retries=provider.retries,
        form=Form(provider.form),
        dim=provider.dim,
        price_in=provider.price_in,
        price_cached=provider.price_cached,
        price_out=provider.price_out,
    )


def settings_endpoint(
    base_url: str = "", api_key: str = "", model: str = "", retries: int = 0, name: str = SETTINGS
) -> Endpoint:
    """The provider an operator has named; its id, and so its breaker, is that of its address."""
    paid = settings.LLM_INPUT_PRICE or settings.LLM_OUTPUT_PRICE
    return Endpoint(
        id=settings_id(base_url or settings.LLM_BASE_URL),
        name=name,
        base_url=base_url or settings.LLM_BASE_URL,
        model=model,
        plain_key=api_key,
        timeout=_SETTINGS_SECONDS,
        retries=retries,
        form=Form.SCHEMA,
        price_in=Decimal(str(settings.LLM_INPUT_PRICE)) if paid else None,
        price_out=Decimal(str(settings.LLM_OUTPUT_PRICE)) if paid else None,
        trusted=True,
    )


def settings_id(base_url: str) -> UUID:
    return uuid5(NAMESPACE_URL, base_url)


def _of_settings() -> list[Endpoint]:
    if not settings.LLM_BASE_URL:
        return []
    return [settings_endpoint(api_key=settings.LLM_API_KEY, model=settings.LLM_MODEL, retries=2)]


def _stored(business_id: UUID | None) -> tuple[Endpoint, ...]:
    held = _snapshot.get()
    key = business_id or _INSTALLATION
    known = held.known.get(key)
    if known is None:
        known = _read(business_id)
        if len(held.known) >= MOST_KEPT:
            held.known.clear()
        held.known[key] = known
    return known


def _read(business_id: UUID | None) -> tuple[Endpoint, ...]:
    rows = Provider.objects.filter(enabled=True).order_by(F("business").asc(nulls_last=True), "position", "created_at")
    if business_id is None:
        return tuple(endpoint_of(row) for row in rows.filter(business=None))
    # Whoever asks may be acting for nobody yet.
    with acting_for(business_id):
        return tuple(endpoint_of(row) for row in rows.filter(Q(business=business_id) | Q(business=None)))


_snapshot: Snapshot[_Held] = Snapshot("llm", _Held)
