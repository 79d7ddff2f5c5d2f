"""Text as the rules see it: words with their places, sentences, and which words carry meaning.

Nothing here knows a subject. The function words are the closed classes of English (articles, pronouns, prepositions,
auxiliaries and the like) and the courtesies people wrap a request in.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec
import snowballstemmer

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W\d_]+)*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

FUNCTION_WORDS_TEXT = """
a an the this that these those some any each every either neither no all both such same own other another i me my
mine myself we us our ours you your yours he him his she her hers it its they them their theirs one ones who whom
whose which what when where why how whether and or but nor so yet if then else than because since while although
though unless until as of in on at by for from to into onto with without within about over under between among
through during before after above below up down off out per via against toward towards upon across along around near
behind beyond is am are was were be been being do does did done doing have has had having will would shall should
can could may might must ought need let lets get gets got make makes made not n't don't doesn't didn't isn't aren't
wasn't won't can't cannot couldn't shouldn't wouldn't haven't hasn't i'm i'd i've i'll you're you'd it's that's
there's here's let's what's where's how's who's we're we'd we'll there here now just also too very really quite much
many more most less least few little only even still again ever never always often already soon maybe perhaps likely
please kindly thanks thank hello hi hey dear sorry ok okay yes well want wants wanted like likes know wish help
helping s t d m re ve ll
"""
FUNCTION_WORDS = frozenset(FUNCTION_WORDS_TEXT.split())


class Word(msgspec.Struct, frozen=True, gc=False):
    """A word of a text: lower-case form, stem, and its place."""

    text: str
    stem: str
    start: int
    end: int
    content: bool


_stemmer = snowballstemmer.stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a lower-case word; words with digits are left alone."""
    return str(_stemmer.stemWord(word)) if word.isalpha() else word


def words_of(text: str) -> tuple[Word, ...]:
    """The words of `text` in order."""
    return tuple(
        _word(match.group().lower().replace("\u2019", "'"), match.start(), match.end())
        for match in _WORD.finditer(text)
    )


def _word(lower: str, start: int, end: int) -> Word:
    bare = lower[:-2] if lower.endswith("'s") else lower
    content = lower not in FUNCTION_WORDS and bare not in FUNCTION_WORDS
    return Word(bare if content else lower, stem(bare), start, end, content)


def name_words(name: str) -> list[str]:
    """The words inside an identifier: `Buses_3_FindBus` -> buses, find, bus."""
    parts = _CAMEL.sub(" ", re.sub(r"[\W_]+", " ", name)).lower().split()
    return [part for part in parts if not part.isdigit()]
