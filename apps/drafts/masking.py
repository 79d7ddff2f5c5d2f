"""RULE: personal data taken out of everything that is kept or shown to a model: texts, and JSON of any depth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.drafts.guardrails.masking import terms_of
from apps.drafts.guardrails.privacy import Allowed, mask, mask_data
from apps.drafts.guardrails.terms import Context, Finding

MOST_REDACTIONS = 200


@dataclass(frozen=True, slots=True)
class Redacted:
    """Something that was masked. place: tool, passage, thread or draft. original is sealed before it is kept."""

    place: str
    kind: str
    masked: str
    original: str


@dataclass(slots=True)
class Masker:
    """Masks the material of one draft, and remembers what it masked, each once a place."""

    allowed: Allowed = field(default_factory=Allowed)
    names: frozenset[str] = frozenset()
    found: dict[tuple[str, str], Redacted] = field(default_factory=dict)

    def learn(self, context: Context) -> None:
        """Know from here on what this context says of who is who: whose data may stand, and the names of others."""
        self.allowed, self.names = terms_of(context)

    def text(self, text: str, place: str) -> str:
        masked, findings = mask(text, self.allowed, self.names)
        self.note(findings, place)
        return masked

    def data(self, data: Any, place: str) -> Any:
        """JSON with its texts masked, its keys, and numbers that are as long as an account's."""
        masked, findings = mask_data(data, self.allowed, self.names)
        self.note(findings, place)
        return self._keys(masked, place)

    def note(self, findings: Iterable[Finding], place: str) -> None:
        """Remember what another rule has masked."""
        for one in findings:
            if one.original and len(self.found) < MOST_REDACTIONS:
                self.found.setdefault((place, one.original), Redacted(place, one.kind, one.text, one.original))

    @property
    def redactions(self) -> tuple[Redacted, ...]:
        return tuple(self.found.values())

    def _keys(self, data: Any, place: str) -> Any:
        if isinstance(data, Mapping):
            return {self._key(str(key), place): self._keys(value, place) for key, value in data.items()}
        if isinstance(data, list):
            return [self._keys(item, place) for item in data]
        return data

    def _key(self, key: str, place: str) -> str:
        return key if key.isidentifier() and not any(map(str.isdigit, key)) else self.text(key, place)
