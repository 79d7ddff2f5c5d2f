"""Lists of words written as running text."""

from __future__ import annotations

from apps.goals.reading import stem


def listed(text: str) -> frozenset[str]:
    """The words of `text`, as they stand."""
    return frozenset(text.split())


def stems_listed(text: str) -> frozenset[str]:
    """The stems of the words of `text`."""
    return frozenset(map(stem, text.split()))
