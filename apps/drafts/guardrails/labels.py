"""RULE: what the records of a list are called: the field by which a reply tells one from the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from apps.drafts.guardrails.values import id_key

_DIGIT = re.compile(r"\d")


def label_of(records: Sequence[Any]) -> str:
    """The field by which the records of a list are called: the first of different words in each; empty without one."""
    if not 2 <= len(records) <= 50 or not all(isinstance(record, dict) for record in records):
        return ""
    for key in filter(_is_naming, map(str, records[0])):
        texts = [record.get(key) for record in records]
        if all(isinstance(text, str) and 2 < len(text) <= 40 and not _DIGIT.search(text) for text in texts):
            return key if len({id_key(str(text)) for text in texts}) == len(texts) else ""
    return ""


@lru_cache(maxsize=2048)
def _is_naming(key: str) -> bool:
    return _CALLED.search(key.lower()) is not None


_CALLED = re.compile(
    r"(?:^|_)(?:name|title|product|item|model|event|type|what|kind|label|plant|article|artikel|course|curso"
    r"|service|room"
    r"|guest|passenger|participant|animal|category|line|plan|tier|nom|nome|nombre|naam|tipo|titel"
    r"|bezeichnung|variety|size)$"
)
