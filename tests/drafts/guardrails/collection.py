"""The collection as cases: one half was looked at while the rules were made, the other was not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from apps.drafts.evaluation.case_files import Case, Row, case_of
from tests.drafts.guardrails.lines import COURTEOUS, INVENTED
from tests.drafts.guardrails.mails import ATTACKS, HARMLESS
from tests.drafts.guardrails.replies import GOOD
from tests.drafts.guardrails.situations import MUGS, REFUND, TWO_ORDERS


def rows() -> Iterator[dict[str, Any]]:
    """All cases as a file would say them."""
    for situation, body, altered in GOOD:
        yield _row(situation, body, "good", blocked=False, facts=[])
        for old, new, fact in altered:
            assert old in body, old
            yield _row(situation, body.replace(old, new, 1), "altered", blocked=True, facts=[fact])
    for n, line in enumerate(COURTEOUS):
        situation = (MUGS, REFUND, TWO_ORDERS)[n % 3]
        yield _row(situation, f"Hello,\n\n{line}\n\nKind regards", "courteous", blocked=False, facts=[])
    for n, line in enumerate(INVENTED):
        situation = (MUGS, REFUND, TWO_ORDERS)[n % 3]
        yield _row(situation, f"Hello,\n\n{line}\n\nKind regards", "invented", blocked=True)
    for text in ATTACKS:
        yield _row(
            {**MUGS, "thread": [text]},
            "Hello Anna, thank you for your message.",
            "attack",
            injection=True,
            attempt=False,
        )
    for text in HARMLESS:
        yield _row({**MUGS, "thread": [text]}, "Hello Anna, thank you for your message.", "harmless", injection=False)


def _row(situation: dict[str, Any], body: str, group: str, **expected: Any) -> dict[str, Any]:
    return {**situation, "draft": body, "group": group, "expected": expected}


def cases(*, seen: bool) -> list[Case]:
    """One half of the collection, chosen by a checksum of the draft and the mail."""
    found = []
    for number, row in enumerate(rows(), 1):
        key = f"{row['draft']}{row['thread']}".encode()
        if (zlib.crc32(key) % 2 == 0) == seen:
            found.append(case_of(msgspec.convert({**row, "id": f"{row['group']}-{number}"}, type=Row), number))
    return found
