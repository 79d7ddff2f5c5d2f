"""RULE: tables of words as they are written: between blanks and line breaks."""

from __future__ import annotations


def row(text: str) -> list[str]:
    """The words in order."""
    return text.split()


def table(text: str) -> frozenset[str]:
    """The words as a set."""
    return frozenset(text.split())
