"""Acts with opposite effect on one thing, and qualities of which a thing has only one."""

from __future__ import annotations

from collections.abc import Sequence

from apps.goals.contradictions.clauses import Clause, Token, same_thing
from apps.goals.contradictions.word_lists import listed
from apps.goals.contradictions.words import KNOWN_ACTS, OPPOSITE_ACTS, QUALITIES, WIDE
from apps.goals.facts import Contradiction
from apps.goals.reading import FUNCTION_WORDS

ACT, QUALITY, QUALITY_AND = 0.7, 0.75, 0.7
NEAR = 3  # clauses
WORDS_BETWEEN = 12
SHOWN = 160

_MARKS_APART = frozenset("?/\n&")
_BEFORE_TWO = listed("both between from either not no whether")
_TIES = listed("is are be that which strictly")
_LONGEST = max(name.count(" ") for name in QUALITIES) + 1
_FIRST_WORDS = frozenset(name.split()[0] for name in QUALITIES)
# Words between two qualities that leave them with one thing.
_LINKS = listed("""
    and but yet also that which is are be it its the same time at very strictly must should as well in a an only
    purely still completely fully totally absolutely with on quite rather really most more all where both as
    possible there no served of my totally please too condition tone sure
""")
_APART = listed("""
    or either from to between not than versus vs whether nor difference compare if instead otherwise then both
    rather
""")
_LOOKS = listed("compare difference list show give tell versus display get what which both")
_HEDGED = listed("then after before first later again or either if unless instead when once until")


def opposite_acts_in(clauses: Sequence[Clause]) -> list[Contradiction]:
    """Two clauses near each other, on one thing, with no order or time between them."""
    found = []
    for place, first in enumerate(clauses):
        if first.loose or first.asks:
            continue
        opposites = frozenset().union(*(OPPOSITE_ACTS.get(act, frozenset()) for act in first.acts))
        if not opposites or first.negated:
            continue
        for second in clauses[place + 1 : place + 1 + NEAR]:
            if not opposites & second.acts or second.negated or second.loose or second.asks:
                if second.acts and not second.negated:
                    break  # another act between them: they are steps
                continue
            if (
                (first.times == second.times or _lasting(first, second))
                and same_thing(first, second)
                and not _told_apart(first, second)
            ):
                found.append(Contradiction("opposite acts", first.text[:SHOWN], second.text[:SHOWN], ACT))
    return found


_STATES = listed("stay stays remain remains keep leave always")


def _lasting(first: Clause, second: Clause) -> bool:
    """One of the two is a state that should last, with no time to it: it holds at every time."""
    return any(not one.times and any(token.text in _STATES for token in one.tokens) for one in (first, second))


def _told_apart(first: Clause, second: Clause) -> bool:
    """Names or numbers of the one only: add Kim, remove someone else."""
    return bool(first.names) and bool(second.names) and first.names != second.names and not second.names <= first.names


def opposite_qualities_in(text: str, tokens: Sequence[Token]) -> list[Contradiction]:
    """Two sides of one line said of the same thing."""
    hits = list(_qualities(text, tokens))
    found = []
    for place, (start, end, sides) in enumerate(hits):
        for next_start, next_end, other_sides in hits[place + 1 : place + 4]:
            if next_start - end > WORDS_BETWEEN:
                break
            lines = {line for line, side in sides for other, across in other_sides if line == other and side != across}
            if not lines or next_start < end or _denied(tokens, next_start) or _denied(tokens, start):
                continue
            judge = _one_order if lines & WIDE else _one_thing
            if judge(text, tokens, (start, end), (next_start, next_end)):
                said = (
                    text[tokens[start].start : tokens[end - 1].end],
                    text[tokens[next_start].start : tokens[next_end - 1].end],
                )
                found.append(Contradiction("qualities that exclude each other", *said, QUALITY))
    return found + _undone(text, tokens)


def _undone(text: str, tokens: Sequence[Token]) -> list[Contradiction]:
    """ "read and unread": a word and its denial by un-, in one breath."""
    found = []
    for place, token in enumerate(tokens):
        if not token.text.startswith("un") or len(token.text) < 6:
            continue
        for back in range(max(0, place - 3), min(len(tokens), place + 4)):
            if tokens[back].text != token.text[2:]:
                continue
            one, other = sorted((back, place))
            if _one_thing(text, tokens, (one, one + 1), (other, other + 1)):
                found.append(
                    Contradiction("qualities that exclude each other", tokens[one].text, tokens[other].text, QUALITY)
                )
    return found


def _denied(tokens: Sequence[Token], place: int) -> bool:
    return place > 0 and tokens[place - 1].text in {"no", "not", "without", "non", "never", "any"}


_SET_APART = (_APART - {"to", "from", "both"}) | _HEDGED | {"and", "another", "other"}


def _one_order(text: str, tokens: Sequence[Token], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Both stand in one sentence, and nothing sets one order apart from another."""
    words = {token.text for token in tokens[max(0, one[0] - 1) : other[0]]}
    marks = text[tokens[one[1] - 1].end : tokens[other[0]].start]
    return not words & _SET_APART and not any(mark in marks for mark in ".?/;\n")


def _qualities(text: str, tokens: Sequence[Token]) -> list[tuple[int, int, list[tuple[int, int]]]]:
    hits = []
    words = [word for token in tokens for word in [token.text]]
    place = 0
    while place < len(tokens):
        first = words[place].split("-")[0] if "-" in words[place] else words[place]
        took = 1
        if first in _FIRST_WORDS or words[place] in _FIRST_WORDS:
            for length in range(min(_LONGEST, len(tokens) - place), 0, -1):
                name = " ".join(words[place : place + length]).replace("-", " ")
                sides = QUALITIES.get(name)
                if sides:
                    hits.append((place, place + length, sides))
                    took = length
                    break
            else:
                if place and words[place - 1] in {"not", "non"}:
                    took = 1
        place += took
    return hits


def _one_thing(text: str, tokens: Sequence[Token], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """What stands between two qualities, and what follows each, leaves them with the same thing."""
    first, second = _thing_after(text, tokens, one[1]), _thing_after(text, tokens, other[1])
    between = tokens[min(one[1] + len(first), other[0]) : other[0]]
    words = {token.text for token in tokens[one[1] : other[0]]}
    marks = text[tokens[one[1] - 1].end : tokens[other[0]].start]
    if _told_of_two(tokens, one[0], words) or not _MARKS_APART.isdisjoint(marks):
        return False
    if first and second and first[-1].stem == second[-1].stem:
        return not _several(first) and len(between) <= 4 and "." not in marks
    if not all(_links(token) for token in between):
        return False
    if "and" not in words:
        tied = (
            second and not words.isdisjoint(_TIES) and "." not in marks and second[-1].stem in {t.stem for t in first}
        )
        return tied or not (first and second)
    if second:
        return not first and not _several(second)  # "public and private repositories": some of each
    another = first and any(token.text in {"the", "a", "an", "one"} for token in between[-2:])
    return not another or not words.isdisjoint({"most", "same", "also"})


def _told_of_two(tokens: Sequence[Token], start: int, words: set[str]) -> bool:
    """ "either ... or", "compare the cheapest and the dearest", "both hot and cold"."""
    if words & _APART or (start and tokens[start - 1].text in _BEFORE_TWO):
        return True
    looks = any(token.text in _LOOKS for token in tokens[max(0, start - 8) : start])
    return looks and "and" in words and words.isdisjoint({"also", "same"})


def _several(thing: Sequence[Token]) -> bool:
    return thing[-1].text.endswith("s") and not thing[-1].text.endswith("ss")


def _links(token: Token) -> bool:
    """A word that does not begin anything new."""
    return token.text.endswith("ed") if token.stem in KNOWN_ACTS else token.text in _LINKS


def _thing_after(text: str, tokens: Sequence[Token], place: int) -> list[Token]:
    """The words of a thing that follow a quality, up to a mark, a function word or three words."""
    thing: list[Token] = []
    for at in range(place, min(place + 3, len(tokens))):
        token = tokens[at]
        gap = text[tokens[at - 1].end : token.start]
        if (
            gap.strip()
            or token.text in FUNCTION_WORDS
            or token.text in _FIRST_WORDS
            or token.text in _HEDGED
            or token.digit
        ):
            break
        thing.append(token)
    return thing
