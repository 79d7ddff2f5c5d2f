"""RULE: the words of a text as full-text search knows them, and what its other terms look like.

Words are folded (no case, no accents). A code such as HP-2041 is known whole (hp2041) and by its parts (hp, 2041), so
that it is found however it is spelled. Scripts without spaces are taken in pairs of characters.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

MOST_WORDS = 2000  # of one chunk, each counted once
LONGEST_WORD = 80  # characters; what is longer is no word
LONGEST_FACET = 80  # characters of a value
MOST_IN_LIST = 50  # values of one key that can each be asked for

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:[-_./:'\u2019][^\W_{_CJK}]+)*")
_PART = re.compile(r"[^\W_]+")
_RUN = re.compile(r"\d+|[^\W\d_]+")
_PAIRED = re.compile(rf"[{_CJK}]")


def fold(text: str) -> str:
    """Without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c))).casefold()


def words_of(text: str, most: int = MOST_WORDS) -> list[str]:
    """The different words, in order of their first place, at most so many."""
    found: dict[str, None] = {}
    for token in _TOKEN.finditer(text):
        for word in spellings(token[0]):
            found[word] = None
        if len(found) >= most:
            break
    return list(found)[:most]


def spellings(token: str) -> Iterator[str]:
    """What a token is known as: the whole of it without marks, and its parts."""
    token = fold(token)
    if _PAIRED.match(token):
        yield from (token[i : i + 2] for i in range(max(1, len(token) - 1)))
        return
    parts = _PART.findall(token)
    whole = "".join(parts)
    if len(whole) <= LONGEST_WORD:
        yield whole
    if len(parts) > 1:
        yield from (part for part in parts if 1 < len(part) <= LONGEST_WORD)
    for part in parts:
        runs = _RUN.findall(part)
        if 1 < len(runs) <= 4:
            yield from (run for run in runs if 1 < len(run) <= LONGEST_WORD)


def tag_of(business_id: UUID) -> str:
    """What stands before every term of a business: 24 bits, enough to keep an index over many of them selective."""
    return f"{business_id.int & 0xFFFFFF:06x}"


def facets_of(business_id: UUID, meta: Mapping[str, Any]) -> list[str]:
    """The terms by which values can be asked for: text of at most LONGEST_FACET characters, whole numbers, booleans,
    and each of the first MOST_IN_LIST of a list of such."""
    tag = tag_of(business_id)
    pairs = [
        (str(key), facet_value(one))
        for key, value in meta.items()
        for one in (value[:MOST_IN_LIST] if isinstance(value, (list, tuple)) else [value])
    ]
    facets = (f"{tag}={key}={value}" for key, value in pairs if value is not None and len(key) <= LONGEST_FACET)
    return list(dict.fromkeys(facets))


def facet_value(value: object) -> str | None:
    """As it stands in a term, or None where a value of this kind cannot be asked for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= LONGEST_FACET and "\x00" not in value:
        return value
    return None
