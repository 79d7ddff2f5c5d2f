"""ACT: keep the decayed sums of a business in step with its tallies, so that a cycle need not sum old days anew.

Whoever changes tallies tells so here in the same transaction, under the lock of the tallies. What is kept holds for one
day: the first cycle of a day makes it anew from the tallies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.utils import timezone

from apps.trust.estimation import Learned, cell_key
from apps.trust.models import KeptEvidence
from apps.trust.tallies import HALF_LIVES, SUMS, Evidence, Tallies, gather

# Sums that are only shown, and never fade.
PLAIN = ("rated", "quality", "claimed", "confidence")
Plain = dict[str, list[float]]
Row = Sequence[Any]


_CELLS = f"""
SELECT agent_id::text, type, string_agg(int4send(%s - day), ''::bytea),
    string_agg({" || ".join(f"float8send({name})" for name in SUMS)}, ''::bytea),
    {", ".join(f"sum({name})" for name in PLAIN)}
FROM trust_dailytally WHERE business_id = %s GROUP BY agent_id, type ORDER BY agent_id, type
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """evidence: what trust is computed from. plain: the sums of PLAIN by estimation.cell_key."""

    evidence: Evidence
    plain: Plain

    @classmethod
    def of(cls, rows: Sequence[Row], today: date) -> "Kept":
        """From rows of (agent, type, day, the sums of tallies.SUMS, the sums of PLAIN)."""
        plain: Plain = {}
        for row in rows:
            sums = plain.setdefault(cell_key(str(row[0]), row[1]), [0.0] * len(PLAIN))
            for place, value in enumerate(row[-len(PLAIN) :]):
                sums[place] += value
        return cls(gather(Tallies.of([row[: -len(PLAIN)] for row in rows], today)), plain)

    def plus(self, other: "Kept") -> "Kept":
        plain = {key: list(sums) for key, sums in self.plain.items()}
        for key, sums in other.plain.items():
            plain[key] = [a + b for a, b in zip(plain.get(key, [0.0] * len(PLAIN)), sums, strict=True)]
        return Kept(self.evidence.plus(other.evidence), plain)


class _Cells(msgspec.Struct):
    """Evidence as it is kept: places and sums as the bytes of their arrays."""

    agents: tuple[str, ...]
    types: tuple[str, ...]
    agent: bytes
    type: bytes
    sums: bytes
    windows: bytes
    plain: Plain


def add_rows(*, business_id: UUID, rows: Sequence[Row], today: date) -> None:
    """These were added to the tallies, rows as of Kept.of. Call with the tallies' lock."""
    kept = _of_today(business_id, today)
    if kept is None:
        forget(business_id=business_id)
    else:
        _keep(business_id, today, kept.plus(Kept.of(rows, today)))


def forget(*, business_id: UUID) -> None:
    """The tallies are others than they were."""
    KeptEvidence.objects.filter(pk=business_id).exclude(cells=b"").update(cells=b"", day=None)


def kept_of(*, business_id: UUID, today: date) -> Kept:
    """The sums as of today: what is kept, or made from the tallies and kept. Call with the tallies' lock."""
    kept = _of_today(business_id, today)
    if kept is None:
        kept = keep_anew(business_id=business_id, today=today)[1]
    return kept


def keep_anew(*, business_id: UUID, today: date) -> tuple[Tallies, Kept]:
    """All daily tallies, and the sums they make, which are kept. Call with the tallies' lock."""
    tallies, plain = _all_of(business_id, today)
    kept = Kept(gather(tallies), plain)
    _keep(business_id, today, kept)
    return tallies, kept


def learned_of(business_id: UUID) -> Learned:
    """The fitted constants of the rule, or those it begins with."""
    kept = KeptEvidence.objects.filter(pk=business_id).values_list("learned", flat=True).first()
    try:
        return msgspec.convert(kept or {}, Learned)
    except msgspec.ValidationError:
        # Of an older make: the next night learns them anew.
        return Learned()


def keep_learned(*, business_id: UUID, learned: Learned) -> None:
    found = {"learned": msgspec.to_builtins(learned), "learned_at": timezone.now()}
    KeptEvidence.objects.update_or_create(pk=business_id, defaults=found)


def _all_of(business_id: UUID, today: date) -> tuple[Tallies, Plain]:
    """Every tally: a cell's days come as bytes in one value each, for rows by the ten thousand are slow to read."""
    import numpy as np

    with connection.cursor() as cursor:
        cursor.execute(_CELLS, [today, business_id])
        rows = cursor.fetchall()
    names, kinds = dict.fromkeys(row[0] for row in rows), dict.fromkeys(row[1] for row in rows)
    at, of = {name: n for n, name in enumerate(names)}, {kind: n for n, kind in enumerate(kinds)}
    days = [np.frombuffer(row[2], ">i4") for row in rows]
    sums = [np.frombuffer(row[3], ">f8").reshape(-1, len(SUMS)) for row in rows]
    many = [len(one) for one in days]
    tallies = Tallies(
        tuple(names),
        tuple(kinds),
        np.repeat(np.array([at[row[0]] for row in rows], dtype=np.intp), many),
        np.repeat(np.array([of[row[1]] for row in rows], dtype=np.intp), many),
        np.concatenate([*days, np.zeros(0)]).astype(float).clip(0),
        np.nan_to_num(np.concatenate([*sums, np.zeros((0, len(SUMS)))]).astype(float), nan=0.0, posinf=0.0, neginf=0.0),
    )
    return tallies, {cell_key(row[0], row[1]): list(row[4:]) for row in rows}


def _of_today(business_id: UUID, today: date) -> Kept | None:
    cells = KeptEvidence.objects.filter(pk=business_id, day=today).values_list("cells", flat=True).first()
    return _read(bytes(cells)) if cells else None


def _keep(business_id: UUID, today: date, kept: Kept) -> None:
    found = {"day": today, "cells": _written(kept)}
    if not KeptEvidence.objects.filter(pk=business_id).update(**found):
        KeptEvidence.objects.update_or_create(pk=business_id, defaults=found)


def _written(kept: Kept) -> bytes:
    evidence = kept.evidence
    cells = _Cells(
        evidence.agents,
        evidence.types,
        evidence.agent.astype("<i4").tobytes(),
        evidence.type.astype("<i4").tobytes(),
        evidence.sums.astype("<f8").tobytes(),
        evidence.windows.astype("<f8").tobytes(),
        kept.plain,
    )
    return msgspec.msgpack.encode(cells)


def _read(kept: bytes) -> Kept | None:
    import numpy as np

    try:
        cells = msgspec.msgpack.decode(kept, type=_Cells)
        agent = np.frombuffer(cells.agent, "<i4").astype(np.intp)
        kind = np.frombuffer(cells.type, "<i4").astype(np.intp)
        sums = np.frombuffer(cells.sums, "<f8").reshape(len(agent), len(HALF_LIVES), len(SUMS))
        windows = np.frombuffer(cells.windows, "<f8").reshape(len(agent), 2, len(SUMS))
    except (msgspec.DecodeError, ValueError):
        # Of an older make, with other half-lives or sums.
        return None
    return Kept(Evidence(cells.agents, cells.types, agent, kind, sums, windows), cells.plain)
