"""RULE: what is measured with: documents, and questions of which the right documents are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class Unreadable(Exception):
    """What is wrong, with file, line and field."""


@dataclass(frozen=True, slots=True)
class Text:
    """A document to be searched."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """relevant: {id of a document: grade}; only grades above 0 count."""

    id: str
    text: str
    relevant: Mapping[str, float]


@dataclass(slots=True)
class Questions:
    """skipped: questions without a relevant document that is there. unknown: relevant ids of which there is none."""

    documents: list[Text] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    skipped: int = 0
    unknown: int = 0
