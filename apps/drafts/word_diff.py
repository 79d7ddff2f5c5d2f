"""RULE: what changed from one wording to another, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# Line breaks are words of their own, so that a moved paragraph does not drag its neighbours along.
_WORDS = re.compile(r"\n|[^\S\n]+|[^\s]+")
# Beyond so many words on one side they are compared line by line: the matcher takes quadratic time.
MOST_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is in both ("same"), only in the newer ("new") or only in the older ("gone")."""

    kind: str
    text: str


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces in reading order; what is gone stands before what came in its place. () when nothing changed."""
    if before == after:
        return ()
    old, new = _words(before), _words(after)
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    pieces: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(new[k:m])))
            continue
        if i < j:
            pieces.append(Piece("gone", "".join(old[i:j])))
        if k < m:
            pieces.append(Piece("new", "".join(new[k:m])))
    return tuple(_joined(pieces))


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """A single space between two changed words belongs to the change: "one two" reads better than "one" "two"."""
    found: list[Piece] = []
    for index, piece in enumerate(pieces):
        inside = 0 < index < len(pieces) - 1
        if inside and piece.kind == "same" and piece.text == " ":
            found += [Piece("gone", " "), Piece("new", " ")]
        else:
            found.append(piece)
    gone, new, whole = "", "", []
    for piece in [*found, Piece("same", "")]:
        if piece.kind == "gone":
            gone += piece.text
        elif piece.kind == "new":
            new += piece.text
        else:
            whole += [one for one in (Piece("gone", gone), Piece("new", new), piece) if one.text]
            gone = new = ""
    return whole
