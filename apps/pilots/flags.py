"""ACT: what a feature answers, from memory: no query, and a change is seen by every process within a second.

The whole is loaded anew after a change, but the lists of businesses only of the features that changed.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.core.errors import NotFound
from apps.core.hearing import Announcement
from apps.core.snapshot import Snapshot
from apps.pilots.rollout import Answer, Flag, FlagTerms, flag_of

log = logging.getLogger(__name__)

# A feature is written down as asked for at most so often.
SEEN_EVERY = timedelta(minutes=1)
# So long after the features were read nobody may have them read again by saying that they changed, in seconds.
A_MOMENT = 0.05


@dataclass(frozen=True, slots=True)
class Known:
    """A feature in memory. version: another one after every change. home_id: whose programs may ask for it."""

    id: UUID
    version: UUID
    default_variant: str
    home_id: UUID | None
    exposed: bool
    flag: Flag


@dataclass(frozen=True, slots=True)
class Features:
    """All features by key, and the Flags alone, which is what is asked for most."""

    known: Mapping[str, Known] = field(default_factory=dict)
    flags: Mapping[str, Flag] = field(default_factory=dict)


def evaluate(key: str, targeting_key: str) -> Answer:
    """What the feature answers a targeting key: a business's id as text, or whatever a program splits by.

    Raises NotFound when there is no such feature.
    """
    flag = _snapshot.get().flags.get(key)
    if flag is None:
        raise NotFound(f"There is no feature {key}")
    return flag.answer(targeting_key)


def is_on(key: str, business_id: UUID) -> bool:
    """Whether a business has the feature, whatever it has chosen in its own settings. An unknown feature is off."""
    flag = _snapshot.get().flags.get(key)
    return flag is not None and flag.answer(str(business_id)).on


def features() -> Features:
    """Everything as it stands in this process. Not to be altered."""
    return _snapshot.get()


def age_seconds() -> float:
    """How long ago this process read the features from the database."""
    return _snapshot.age_seconds


def look_again() -> None:
    """Have the features read from the database at the next question, unless they were a moment ago."""
    if _snapshot.age_seconds > A_MOMENT:
        _snapshot.forget()


@contextmanager
def watching(tell: Callable[[], object]) -> Iterator[None]:
    """Have `tell` called, in whichever thread, whenever features may have changed. It must not block."""
    _snapshot.watchers.add(tell)
    try:
        yield
    finally:
        _snapshot.watchers.discard(tell)


def features_changed() -> Announcement:
    """Let every process read the features anew, after commit. Call in the transaction of the change."""
    return _snapshot.changed()


def flush_seen() -> int:
    """Write down which features were asked for in this process since the last time; how many were news."""
    flags = [flag for flag in _held.flags.values() if flag.seen]
    for flag in flags:
        flag.seen = False
    fresh = [
        flag.key for flag in flags if _last_flush.get(flag.key, -1e9) < time.monotonic() - SEEN_EVERY.total_seconds()
    ]
    if not fresh:
        return 0
    _last_flush.update(dict.fromkeys(fresh, time.monotonic()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pilots_saw(%s, %s)", [fresh, timezone.now()])
        return int(cursor.fetchone()[0])


def _flush_and_close() -> None:
    # In the thread that hears pushes: its connection would otherwise stay open for good.
    try:
        flush_seen()
    finally:
        connection.close()


def _load() -> Features:
    global _held
    rows = _rows("SELECT * FROM pilots_flags()")
    kept = {row["key"]: known for row in rows if (known := _unchanged(row))}
    changed = [row for row in rows if row["key"] not in kept]
    listed, held = _lists([row["id"] for row in changed])
    for row in changed:
        try:
            kept[row["key"]] = _known(row, listed.get(row["id"], []), held.get(row["id"], []))
        except KeyError as missing:
            # One feature that nobody could have saved so must not take the others away.
            log.error("feature %s is left out: it has no variant %s", row["key"], missing)
    _held = Features(kept, {key: known.flag for key, known in kept.items()})
    return _held


def _unchanged(row: dict[str, Any]) -> Known | None:
    known = _held.known.get(row["key"])
    same = known and known.version == row["version"] and known.default_variant == _default(row)
    return known if same else None


def _known(row: dict[str, Any], listed: list[str], held: list[str]) -> Known:
    default = _default(row)
    terms = FlagTerms(
        key=row["key"],
        variants=_parsed(row["variants"]),
        on_variant=row["on_variant"],
        off_variant=row["off_variant"],
        default_variant=default,
        share=row["share"],
        serves=row["serves"],
        listed=listed,
        held=held,
        archived=row["archived"],
    )
    flag = flag_of(terms)
    before = _held.known.get(row["key"])
    # Whoever asked before the change is still to be counted.
    flag.seen = before is not None and before.flag.seen
    return Known(row["id"], row["version"], default, row["home_id"], row["exposed"], flag)


def _default(row: dict[str, Any]) -> str:
    """The variant for who has none of their own: the feature's, else the environment's, else off."""
    named = row["default_variant"] or settings.FEATURE_DEFAULTS.get(row["key"], "")
    return named if named in _parsed(row["variants"]) else row["off_variant"]


def _lists(ids: list[UUID]) -> tuple[dict[UUID, list[str]], dict[UUID, list[str]]]:
    listed: dict[UUID, list[str]] = {}
    held: dict[UUID, list[str]] = {}
    # A business is on many lists: its id is kept once.
    names: dict[str, str] = {}
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("SELECT feature_id, business_id::text, held FROM pilots_listed(%s)", [ids])
            for feature_id, name, is_held in cursor.fetchall():
                (held if is_held else listed).setdefault(feature_id, []).append(names.setdefault(name, name))
    return listed, held


def _rows(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _parsed(value: Any) -> dict[str, Any]:
    # A plain cursor gives jsonb as text.
    return json.loads(value) if isinstance(value, str) else value


_held = Features()
_last_flush: dict[str, float] = {}
_snapshot: Snapshot[Features] = Snapshot("features", _load, chore=_flush_and_close)
