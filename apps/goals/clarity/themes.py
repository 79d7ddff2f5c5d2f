"""How near a goal is to general themes: cosines of word vectors out of context, so words on no list count as well.

A theme is a handful of common words; its direction is their mean vector. What is near "geography" or "number" tends to
have one answer, what is near "travel" or "home" tends to depend on the asker.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from apps.goals.clarity import words as cw
from apps.goals.reading import Word
from apps.llm.embedding import WordEmbedder

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_WORDS = 200  # of a goal, for its direction

THEMES: dict[str, str] = {
    "science": "photosynthesis gravity planet atom cell energy evolution chemistry physics biology mathematics",
    "geography": "country continent city capital river mountain ocean europe asia france germany canada island",
    "people": "king president scientist artist author actor singer inventor philosopher einstein shakespeare",
    "era": "century ancient war empire revolution dynasty medieval year decade",
    "sport": "championship league cup team football basketball olympics winner",
    "finance": "stock price bitcoin dollar euro exchange market gdp rate",
    "home": "home kitchen garden room furniture cleaning family house",
    "health": "health diet fitness workout weight exercise sleep stress",
    "selfdev": "career skill productivity learning goal habit motivation confidence",
    "computing": "python linux code script server database software file",
    "business": "customer order invoice refund ticket account payment supplier",
    "feeling": "like enjoy love prefer favourite taste want wish",
    "exactly": "exact exactly precise particular named only both",
    "number": "one two three five ten twenty hundred",
    "creative": "design style theme decoration creative art music",
    "travel": "trip hotel flight restaurant holiday tourist",
    "internet": "online website internet digital app social media",
    "seeking_words": cw.SEEKING_TEXT,
    "studying_words": cw.STUDYING_TEXT,
    "advising_words": cw.ADVISING_TEXT,
    "buying_words": cw.BUYING_TEXT,
    "timed_words": cw.TIMED_TEXT,
    "local_words": cw.LOCAL_TEXT,
    "goods_words": cw.GOODS_TEXT,
    "taste_words": cw.TASTE_TEXT,
    "source_words": cw.SOURCE_TEXT,
    "plan_words": cw.PLAN_TEXT,
    "advice_words": cw.ADVICE_TEXT,
    "handed_words": cw.HANDED_TEXT,
    "knowledge_words": cw.KNOWLEDGE_TEXT,
    "property_words": cw.PROPERTY_TEXT,
    "quality_words": cw.QUALITY_TEXT,
    "degree_words": cw.DEGREE_TEXT,
    "some_words": cw.SOME_TEXT,
    "measured_words": cw.MEASURED_TEXT,
    "listing_words": cw.LISTING_TEXT,
    "telling_words": cw.TELLING_TEXT,
    "making_words": cw.MAKING_TEXT,
    "placeholders_words": cw.PLACEHOLDERS_TEXT,
    "working_words": cw.WORKING_TEXT,
    "timing_words": cw.TIMING_TEXT,
    "measured_participles_words": cw.MEASURED_PARTICIPLES_TEXT,
    "writing_words": cw.WRITING_TEXT,
}
NAMES = tuple(f"near_{name}" for name in THEMES)


def themes_of(words: Sequence[Word], embedder: WordEmbedder) -> dict[str, float]:
    """For each theme the mean cosine of the goal's words with content, in [-1, 1]; zeros when it has none."""
    said = [word.text for word in words if word.content][:MAX_WORDS]
    if not said:
        return dict.fromkeys(NAMES, 0.0)
    nearness = _directions(embedder) @ embedder.vectors(said).mean(axis=0)
    return dict(zip(NAMES, nearness.tolist(), strict=True))


@lru_cache(maxsize=4)
def _directions(embedder: WordEmbedder) -> NDArray[np.float32]:
    """One L2-normalised row a theme."""
    rows = np.stack([embedder.vectors(text.split()).mean(axis=0) for text in THEMES.values()])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
