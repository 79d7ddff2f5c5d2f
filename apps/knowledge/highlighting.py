"""RULE: where in a passage the words of a query stand, whatever their endings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from apps.knowledge.words import fold

MOST = 60  # places in one passage
_WORD = re.compile(r"[^\W_]+")
_LITTLE = frozenset(
    [
        *("a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for"),
        *("from", "had", "has", "have", "how", "i", "if", "in", "is", "it", "its", "me", "my", "no", "not", "of", "on"),
        *("or", "our", "please", "so", "that", "the", "their", "them", "then", "there", "they", "this", "to", "us"),
        *("was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your"),
    ]
)
# English endings after Porter (1980), coarser: enough to mark a word, not to find it.
_ENDINGS = (
    ("ations", "at"), ("ation", "at"), ("ingly", ""), ("ments", "ment"), ("ies", "i"), ("ied", "i"), ("ying", "i"),
    ("sses", "ss"), ("ings", ""), ("edly", ""), ("ated", "at"), ("ates", "at"), ("ate", "at"), ("ing", ""), ("ed", ""),
    ("ers", ""), ("er", ""), ("es", ""), ("ly", ""), ("en", ""), ("y", "i"), ("ss", "ss"), ("s", ""), ("e", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marker:
    """Finds words by their stems. words: folded."""

    words: tuple[str, ...] = ()

    def places(self, text: str) -> tuple[tuple[int, int], ...]:
        """(start, end) in characters, in order; what only a mark divides (HP-2041) is one place."""
        found: list[tuple[int, int]] = []
        for start, end in self._words(text):
            if found and start - found[-1][1] <= 1 and text[found[-1][1] : start] in ("", "-", "_", ".", "/"):
                found[-1] = found[-1][0], end
            elif len(found) == MOST:
                break
            else:
                found.append((start, end))
        return tuple(found)

    def _words(self, text: str) -> Iterator[tuple[int, int]]:
        stems, begins = _looked_for(self.words)
        if begins is None:
            return
        # Accents hide how a word begins, so then every word is looked at.
        for match in (begins if text.isascii() else _WORD).finditer(text):
            if _stem(match[0]) in stems:
                yield match.span()


NOTHING = Marker()


@lru_cache(maxsize=256)
def _looked_for(words: tuple[str, ...]) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """The stems, and what begins like one, for few words do."""
    stems = frozenset(_stem(word) for word in words if word not in _LITTLE)
    # The last letter of a stem may differ (policy, polici).
    starts = sorted({re.escape(stem[:-1] if len(stem) > 3 else stem) for stem in stems})
    begins = re.compile(rf"(?<![^\W_])(?:{'|'.join(starts)})[^\W_]*", re.IGNORECASE) if starts else None
    return stems, begins


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """A word, folded, without its usual English ending; numbers and short words as they are."""
    word = fold(word)
    if len(word) <= 3 or word[-1].isdigit():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word
