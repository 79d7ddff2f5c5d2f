"""Files of documents and questions: one JSONL or CSV, or a folder with corpus, queries and qrels (as BEIR has them).

One file: each line is a document, {"id", "text", "title"?, "meta"?}, or a question, {"query", "relevant"}, in any
order. `relevant` is a list of ids, or {id: grade}. A CSV has columns type (document or query), id, title, text, query,
relevant (ids with spaces between them). A folder: corpus.jsonl {"_id", "title", "text"}, queries.jsonl {"_id",
"text"}, and qrels.tsv or qrels/test.tsv (query-id, corpus-id, score; a first line of names is skipped).
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Unreadable(Exception):
    """What is wrong, with the line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A document to be searched."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """relevant: {id of a document: grade above 0}."""

    id: str
    text: str
    relevant: Mapping[str, float]


@dataclass(slots=True)
class Questions:
    """skipped: questions without a relevant document that is there."""

    documents: list[Text] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    skipped: int = 0


def read(path: Path) -> Questions:
    """Raises Unreadable, OSError."""
    if path.is_dir():
        found = _folder(path)
    else:
        lines = _csv(path) if path.suffix.lower() in (".csv", ".tsv") else _jsonl(path)
        found = _one_file(lines)
    ids = {document.id for document in found.documents}
    if len(ids) < len(found.documents):
        raise Unreadable("Two documents have the same id.")
    kept = [_known(question, ids) for question in found.questions]
    found.questions = [question for question in kept if question.relevant]
    found.skipped = len(kept) - len(found.questions)
    if not found.documents or not found.questions:
        raise Unreadable("There are no documents, or no questions with a relevant one among them.")
    return found


def _known(question: Question, ids: set[str]) -> Question:
    relevant = {one: grade for one, grade in question.relevant.items() if one in ids and grade > 0}
    return Question(question.id, question.text, relevant)


def _one_file(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> Questions:
    found = Questions()
    for number, line in lines:
        if line.get("query"):
            relevant = _relevant(line.get("relevant", line.get("relevant_ids")), number)
            found.questions.append(Question(str(line.get("id") or number), str(line["query"]), relevant))
        elif line.get("text") is not None and _id(line) is not None:
            found.documents.append(Text(str(_id(line)), str(line.get("title") or ""), str(line["text"])))
        else:
            raise Unreadable(f"Line {number} is neither a document (id, text) nor a question (query, relevant).")
    return found


def _id(line: Mapping[str, Any]) -> Any:
    return line.get("id", line.get("_id"))


def _relevant(given: Any, number: int) -> dict[str, float]:
    if isinstance(given, str):
        given = given.split()
    if isinstance(given, Mapping):
        return {str(one): float(grade) for one, grade in given.items()}
    if isinstance(given, list):
        return {str(one): 1.0 for one in given}
    raise Unreadable(f"Line {number}: relevant is a list of ids, or an object of ids and grades.")


def _jsonl(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise Unreadable(f"{path.name}, line {number}: {error}") from None
            if not isinstance(value, dict):
                raise Unreadable(f"{path.name}, line {number}: an object is expected.")
            yield number, value


def _csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        mark = "\t" if path.suffix.lower() == ".tsv" else ","
        for number, row in enumerate(csv.DictReader(file, delimiter=mark), 2):
            yield number, {name: value for name, value in row.items() if name and value}


def _folder(path: Path) -> Questions:
    documents = [
        Text(str(_id(line)), str(line.get("title") or ""), str(line.get("text") or ""))
        for _, line in _jsonl(path / "corpus.jsonl")
    ]
    judged: dict[str, dict[str, float]] = {}
    name = next((one for one in ("qrels.tsv", "qrels/test.tsv", "test.tsv") if (path / one).exists()), None)
    if name is None:
        raise Unreadable(f"There is no qrels.tsv or qrels/test.tsv in {path}.")
    for number, line in enumerate((path / name).read_text(encoding="utf-8-sig").splitlines(), 1):
        parts = line.split()
        if len(parts) == 4:  # TREC: a column between the two, which says nothing
            parts = [parts[0], *parts[2:]]
        try:
            judged.setdefault(parts[0], {})[parts[1]] = float(parts[2])
        except (IndexError, ValueError):
            if number > 1 and line.strip():
                raise Unreadable(f"{name}, line {number}: query, document and grade are expected.") from None
    questions = [
        Question(str(_id(line)), str(line.get("text") or line.get("query") or ""), judged.get(str(_id(line)), {}))
        for _, line in _jsonl(path / "queries.jsonl")
    ]
    return Questions(documents, questions)
