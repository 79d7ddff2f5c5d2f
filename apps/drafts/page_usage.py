"""EDGE: what the call behind a version took and cost."""

from apps.drafts.models import DraftVersion
from apps.llm.models import Usage


def usage_of(version: DraftVersion | None) -> list[tuple[str, str]]:
    """(name, value) rows of the call, [] where no model was asked: one query, or none."""
    if version is None or version.usage_id is None:
        return []
    row = Usage.objects.filter(business_id=version.business_id, pk=version.usage_id).first()
    if row is None:
        return []
    cost = "not known" if row.cost is None else f"{row.cost:.6f}".rstrip("0").rstrip(".") + " USD"
    counted = " (our count)" if row.estimated else ""
    rows = [
        ("Tokens read", f"{row.tokens_in:,}{counted}"),
        ("of a cache", f"{row.tokens_cached:,}" if row.tokens_cached else ""),
        ("Tokens written", f"{row.tokens_out:,}{counted}"),
        ("Cost", cost),
        ("Time of the call", f"{row.latency_ms:,} ms"),
    ]
    return [(name, value) for name, value in rows if value]
