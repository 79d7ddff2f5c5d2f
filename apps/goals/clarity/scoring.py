"""How plainly a goal says what is wanted: the probability that it can be begun without asking back, and what is open.

A logistic head with named weights (head.json) over signals of general English (signals.py) and the
goal's nearness to general themes (themes.py). A signal's contribution is its weight times its distance from
the mean of the goals the head was fitted on; what the goal leaves open is named after the contributions that lowered
the score most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from apps.goals.clarity.head import SHIPPED
from apps.goals.clarity.signals import Signals, Slot, signals_of, telling_stems
from apps.goals.clarity.themes import themes_of
from apps.goals.clarity.words import POINTING
from apps.goals.heads import Head
from apps.goals.reading import Word
from apps.goals.values import Value
from apps.llm.embedding import WordEmbedder

MAX_OPEN = 3  # slots named and asked for
FIRST_WORDS = 3.0  # about so many words with content say a plain request
POINTER_COST = 0.25
CLEAR_FROM = 0.25  # from this probability on a goal is taken to be clear and nothing is said to be open

# Which slot a signal that lowers the score speaks of; every other one speaks of what is wanted as such.
_SLOTS: dict[str, Slot] = {
    "here": Slot.WHERE,
    "place_open": Slot.WHERE,
    "later": Slot.WHEN,
    "time_open": Slot.WHEN,
    "timing_open": Slot.WHEN,
    "quality": Slot.MEASURE,
    "degree": Slot.MEASURE,
    "some": Slot.AMOUNT,
    "amount_open": Slot.AMOUNT,
    "task_advising": Slot.WHO,
    "for_self": Slot.WHO,
    "own": Slot.WHO,
    "self": Slot.WHO,
    "someone": Slot.WHO,
    "person_open": Slot.WHO,
    "handed": Slot.REFERENCE,
    "pointing": Slot.REFERENCE,
    "fact_unnamed": Slot.REFERENCE,
    "task_writing": Slot.FORM,
    "made": Slot.FORM,
}

# (what is said to be open, what is asked for it); the word of the goal that shows it is put in.
_SAID: dict[Slot, tuple[str, str]] = {
    Slot.WHAT: ("it leaves open which kind of {} is wanted", "Which kind of {} exactly?"),
    Slot.REFERENCE: ("it does not say which one {} is", "Which one is meant by {}?"),
    Slot.WHO: ("it does not say who is meant by {}", "Who is meant by {}?"),
    Slot.WHERE: ("it does not say where: {}", "Where ({})?"),
    Slot.WHEN: ("it does not say for when: {}", "For when ({})?"),
    Slot.MEASURE: ("it does not say by what measure to judge {}", "By what measure should {} be judged?"),
    Slot.AMOUNT: ("it does not say how many or how much: {}", "How many, or how much ({})?"),
    Slot.FORM: ("it does not say in what form: {}", "In what form should the {} be?"),
}
_SAID_OF_TASK: dict[Slot, tuple[str, str]] = {
    Slot.WHO: ("it does not say what those it is for need or like", "For whom is it, and what do they need or like?"),
    Slot.FORM: ("it does not say in what form and length", "In what form, and how long?"),
}


class Clarity(msgspec.Struct, frozen=True):
    """`score` is the probability that the goal is clear, `substance` in [0, 1] whether it says anything to act on at
    all. `gaps` are phrases for a person and `questions` ask for the same, the worst gap first; no questions where the
    goal is clear. `open` are the slots found open, however much they count."""

    score: float
    substance: float
    gaps: tuple[str, ...]
    questions: tuple[str, ...] = ()
    open: tuple[Slot, ...] = ()


def clarity_of(
    text: str,
    words: Sequence[Word],
    values: Sequence[Value],
    *,
    embedder: WordEmbedder,
    background: bool,
    head: Head = SHIPPED,
) -> Clarity:
    """`words` and `values` are of `text`. `background` is True when context or earlier messages were given: then "it"
    can have something to point to."""
    given, signals = given_by(text, words, values, embedder=embedder, background=background)
    substance, thin = _substance(words, values, background=background)
    score = head.probability(given)
    slots = tuple(_ranked(signals, head.losses(given)))
    if substance <= 0.0 or score >= CLEAR_FROM:
        return Clarity(score if substance else 0.0, substance, thin, (), slots)
    said = [_said(slot, signals.open[slot]) for slot in slots]
    return Clarity(score, substance, (*thin, *(gap for gap, _ in said)), tuple(asked for _, asked in said), slots)


def _said(slot: Slot, word: str) -> tuple[str, str]:
    gap, question = _SAID[slot] if word else _SAID_OF_TASK[slot]
    quoted = f"\u201c{word}\u201d"
    return gap.format(quoted), question.format(quoted)


def given_by(
    text: str, words: Sequence[Word], values: Sequence[Value], *, embedder: WordEmbedder, background: bool = False
) -> tuple[dict[str, float], Signals]:
    """All features by name, as the head takes them, and the signals among them."""
    signals = signals_of(text, words, values)
    given = {**signals.values, **themes_of(words, embedder)}
    if background:
        given["pointing"] = 0.0
    return given, signals


def _ranked(signals: Signals, losses: Mapping[str, float]) -> list[Slot]:
    """The open slots, those first whose signals lowered the score most."""
    cost = dict.fromkeys(signals.open, 0.0)
    for name, loss in losses.items():
        slot = _SLOTS.get(name, Slot.WHAT)
        if slot in cost and loss > 0.0 and signals.values.get(name):
            cost[slot] += loss
    return sorted(cost, key=lambda slot: -cost[slot])[:MAX_OPEN]


def _substance(words: Sequence[Word], values: Sequence[Value], *, background: bool) -> tuple[float, tuple[str, ...]]:
    """Whether there is something to act on, and the phrases that say what is not there."""
    telling = telling_stems(words)
    said = min(1.0, len(telling) / FIRST_WORDS)
    particular = 1.0 if values else 0.6 if len(telling) >= 2 else 0.3
    score, gaps = 0.65 * said + 0.35 * particular, []
    if not background and _points_nowhere(words):
        score -= POINTER_COST
        gaps.append("it points to something that is not given")
    if not telling:
        gaps.append("it names nothing to act on")
    elif said < 1.0:
        gaps.append("it says very little")
    return max(0.0, score), tuple(gaps)


def _points_nowhere(words: Sequence[Word]) -> bool:
    """A pointing word comes before anything it could stand for has been named."""
    named = 0
    for place, word in enumerate(words):
        if word.content:
            named += 1
        elif word.text in POINTING and named < 2:
            follows = words[place + 1] if place + 1 < len(words) else None
            if follows is None or not follows.content or word.text in ("it", "them"):
                return True
    return False


def wordlike_share(text: str, words: Sequence[Word]) -> float:
    """Share of the text's characters, spaces aside, in plausible words: with vowels when alphabetic, not one letter
    over and over, not endless."""
    dense = sum(1 for char in text if not char.isspace())
    if not dense:
        return 0.0
    good = sum(word.end - word.start for word in words if _plausible(word.text))
    return min(1.0, good / (0.85 * dense))


def _plausible(word: str) -> bool:
    if not word.isascii() or not word.isalpha():
        return len(word) <= 40
    if len(word) > 3 and (len(set(word)) < 3 or len(word) > 30):
        return False
    return len(word) <= 4 or _longest_run_without_vowel(word) <= 4


def _longest_run_without_vowel(word: str) -> int:
    longest = run = 0
    for char in word:
        run = 0 if char in "aeiouy" else run + 1
        longest = max(longest, run)
    return longest
