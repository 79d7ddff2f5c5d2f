"""The meaning of a goal and of each thing it asks for, as vectors of the words in their context."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.goals.asks import Ask
from apps.llm.embedding import ReadingEmbedder

MAX_READ = 400  # characters read in context, about 90 word pieces: what 20 ms allow on one slow core

_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")


def ask_vectors(text: str, asks: Sequence[Ask], embedder: ReadingEmbedder) -> NDArray[np.float32]:
    """One L2-normalised row for each ask and a last one for the whole: float32 of shape (len(asks) + 1, dim).

    A longer text is read where it asks, in order of place; an ask that was not read has a row of zeros.
    """
    places, pieces = _read(text, asks, embedder)
    if not len(places):
        return np.zeros((len(asks) + 1, embedder.embed([""]).shape[1]), dtype=np.float32)
    inside = [(places[:, 0] >= ask.start) & (places[:, 1] <= ask.end) for ask in asks]
    rows = np.stack([*(_mean(pieces[chosen]) for chosen in inside), _mean(pieces)])
    return np.asarray(rows, dtype=np.float32)


def _mean(pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(pieces):
        return np.zeros(pieces.shape[1], dtype=np.float32)
    mean = pieces.mean(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)


def _read(text: str, asks: Sequence[Ask], embedder: ReadingEmbedder) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    windows = [(0, len(text))] if len(text) <= MAX_READ else _windows(text, asks)
    read = [(start, *embedder.in_context(text[start:end])) for start, end in windows]
    return np.concatenate([places + start for start, places, _ in read]), np.concatenate([rows for *_, rows in read])


def _windows(text: str, asks: Sequence[Ask]) -> list[tuple[int, int]]:
    """The sentences with an ask in them, until MAX_READ characters are used up."""
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    windows: list[tuple[int, int]] = []
    left = MAX_READ
    for ask in asks:
        start = max(max(end for end in ends if end <= ask.start), windows[-1][1] if windows else 0)
        end = min(max(ask.end, min(one for one in ends if one >= ask.start + 1)), start + left)
        if end > start:
            windows.append((start, end))
            left -= end - start
    return windows or [(0, MAX_READ)]
