"""Files of reviewed outcomes: CSV of question, worker, answer and, where known, truth and time; read as a stream."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from apps.trust.aggregation import Votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = {
    "question": ("question", "task", "item"),
    "worker": ("worker", "annotator", "reviewer"),
    "answer": ("answer", "label", "response"),
    "truth": ("truth", "gold", "gt"),
    "time": ("time", "timestamp", "date"),
}
REQUIRED = ("question", "worker", "answer")
UNKNOWN = frozenset({"", "na", "nan", "none", "null", "?"})
DELIMITERS = ",;\t"


class CrowdFileError(ValueError):
    """A file or a line of it that cannot be used. The message names both and is meant for a person."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """All votes in the order in which they were given. truth: place of each question's true answer, -1 where it is not
    known; some true answers nobody gave. times_known: votes with a time that could be read."""

    votes: Votes
    truth: NDArray[np.intp]
    times_known: int

    def __len__(self) -> int:
        return len(self.votes.question)


def read_crowd(path: Path) -> Crowd:
    """The votes of a file, by time where it is given; else, and at the same time, in the order of the file.

    A vote without a time that can be read (ISO 8601, or a number) stands where the one before it in the file does.
    Raises CrowdFileError: no such file, no header or no votes, or a line that is no vote.
    """
    gathered = _Gathered(path)
    try:
        # A mark at the beginning that some programs write is no part of the first name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=_delimiter(file.readline()))
            file.seek(0)
            _gather(gathered, reader)
    except OSError as error:
        raise CrowdFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CrowdFileError(f"{path}: is not UTF-8 text") from None
    return gathered.crowd()


class _Gathered:
    """What was read so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: tuple[dict[str, int], dict[str, int], dict[str, int]] = ({}, {}, {})
        self.places = (array("q"), array("q"), array("q"))
        self.times = array("d")
        self.truth: dict[int, tuple[int, int]] = {}
        self.known = 0

    def fail(self, line: int, why: str) -> CrowdFileError:
        return CrowdFileError(f"{self.path}, line {line}: {why}")

    def add(self, line: int, question: str, worker: str, answer: str) -> int:
        for text, column in ((question, "question"), (worker, "worker"), (answer, "answer")):
            if not text:
                raise self.fail(line, f"there is no {column}")
        for names, places, text in zip(self.names, self.places, (question, worker, answer), strict=True):
            places.append(names.setdefault(text, len(names)))
        return self.places[0][-1]

    def add_truth(self, line: int, question: int, truth: str) -> None:
        if truth.lower() in UNKNOWN and truth.lower() not in self.names[2]:
            return
        place = self.names[2].setdefault(truth, len(self.names[2]))
        known, said_on = self.truth.setdefault(question, (place, line))
        if known != place:
            raise self.fail(line, f"the truth of this question is another one than on line {said_on}")

    def add_time(self, text: str) -> None:
        time = _time(text)
        self.known += time is not None
        self.times.append(time if time is not None else self.times[-1] if self.times else -math.inf)

    def crowd(self) -> Crowd:
        if not self.times:
            raise CrowdFileError(f"{self.path}: there are no votes in it")
        order = np.argsort(np.array(self.times), kind="stable")
        columns = [np.array(places, dtype=np.intp)[order] for places in self.places]
        truth = np.full(len(self.names[0]), -1, dtype=np.intp)
        for question, (place, _) in self.truth.items():
            truth[question] = place
        questions, workers, answers = (tuple(names) for names in self.names)
        return Crowd(Votes(questions, workers, answers, *columns), truth, self.known)


def _gather(gathered: _Gathered, reader: Iterator[list[str]]) -> None:
    lines = _lines(gathered, reader)
    header_line, header = next(lines, (1, []))
    at = _columns(gathered, header_line, header)
    most = max(at.values())
    for line, row in lines:
        if len(row) <= max(at[name] for name in REQUIRED):
            raise gathered.fail(line, f"{len(row)} fields, but the header has {len(header)}")
        if len(row) <= most:
            row = row + [""] * (most + 1 - len(row))
        question = gathered.add(line, row[at["question"]].strip(), row[at["worker"]].strip(), _label(row[at["answer"]]))
        if "truth" in at:
            gathered.add_truth(line, question, _label(row[at["truth"]]))
        gathered.add_time(row[at["time"]] if "time" in at else "")


def _lines(gathered: _Gathered, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line it ends on."""
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise gathered.fail(getattr(reader, "line_num", 0), str(error)) from None
        if row is None:
            return
        if any(field.strip() for field in row):
            yield getattr(reader, "line_num", 0), row


def _columns(gathered: _Gathered, line: int, header: Sequence[str]) -> dict[str, int]:
    """Place of each column that is there, by our name for it."""
    given = [name.strip().strip('"').lower() for name in header]
    at = {}
    for name, others in NAMES.items():
        places = [place for place, said in enumerate(given) if said in others]
        exact = [place for place in places if given[place] == name]
        if len(exact or places) > 1:
            raise gathered.fail(line, f"the header names {name} twice")
        if places:
            at[name] = (exact or places)[0]
    missing = [name for name in REQUIRED if name not in at]
    if missing:
        raise gathered.fail(line, f"the header names no {' and no '.join(missing)}; it must name {', '.join(REQUIRED)}")
    return at


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=lambda one: (header.count(one), -DELIMITERS.index(one)))


def _label(text: str) -> str:
    """An answer as text; 1, 01 and 1.0 are one answer."""
    text = text.strip()
    if text[:1].isdigit() or text[:1] in "+-.":
        try:
            number = float(text)
        except ValueError:
            return text
        if math.isfinite(number) and abs(number) < 2**53:
            return str(int(number)) if number == int(number) else repr(number)
    return text


def _time(text: str) -> float | None:
    """Seconds, or whatever the number counts; None where it cannot be read."""
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return _instant(text)
    return number if math.isfinite(number) else None


def _instant(text: str) -> float | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
