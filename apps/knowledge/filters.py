"""RULE: what a search is limited to, as the database is asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import Invalid
from apps.knowledge.words import LONGEST_FACET, facet_value, tag_of

MOST_FILTERS = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """facets: a tsquery that a chunk's terms must match, "" for none. since, until: of the document's own date."""

    facets: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def any(self) -> bool:
        return bool(self.facets or self.since or self.until)


def read_filters(business_id: UUID, given: Mapping[str, Any] | None) -> Filters:
    """`since` and `until` (not itself included) are points in time; every other key is a value of the document's meta,
    or a list of such, of which one must be equal. Raises Invalid."""
    if not given:
        return Filters()
    if len(given) > MOST_FILTERS:
        raise Invalid("filters", f"at most {MOST_FILTERS}")
    tag = tag_of(business_id)
    facets = [_facet(tag, key, value) for key, value in given.items() if key not in ("since", "until")]
    return Filters(" & ".join(facets), _moment(given, "since"), _moment(given, "until"))


def _facet(tag: str, key: str, value: Any) -> str:
    values = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    known = [facet_value(one) for one in values[:MOST_FILTERS]]
    if len(key) > LONGEST_FACET or not known or any(one is None for one in known):
        raise Invalid(f"filters.{key}", f"a text of 1 to {LONGEST_FACET} characters, a whole number or a boolean")
    return "(" + " | ".join(quoted(f"{tag}={key}={one}") for one in known) + ")"


def quoted(lexeme: str) -> str:
    """As a tsquery spells it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _moment(given: Mapping[str, Any], key: str) -> datetime | None:
    value = given.get(key)
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise Invalid(f"filters.{key}", "a point in time with its time zone")
    return value
