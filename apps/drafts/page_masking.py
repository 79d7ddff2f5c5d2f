"""EDGE: personal data masked where a page shows mail."""

import re

from apps.drafts.guardrails.privacy import mask

_BETWEEN_TAGS = re.compile(r">([^<>]+)<")


def masked(text: str, allowed: frozenset[str]) -> tuple[str, int]:
    """(the text with personal data masked, how many pieces were)."""
    hidden, findings = mask(text, allowed)
    return hidden, len(findings)


def masked_html(html: str, allowed: frozenset[str]) -> str:
    """Cleaned HTML with its text masked; tags and addresses of links stay."""
    return _BETWEEN_TAGS.sub(lambda found: f">{mask(found[1], allowed)[0]}<", f">{html}<")[1:-1]
