"""RULE: what a line says, whatever its fields are called.

Collections of documents and questions are handed on under many names. Each kind of field is looked for by its names in
turn; what cannot be read is told with the place of the line and the name of the field.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from apps.knowledge.evaluation.shapes import Question, Text, Unreadable

IDS = ("id", "_id", "doc_id", "docid", "document_id", "corpus-id", "corpus_id", "pid", "key")
TEXTS = ("text", "contents", "content", "body", "passage", "document", "answer")
TITLES = ("title", "name", "subject", "heading")
QUERIES = ("query", "question")
QUERY_IDS = ("query_id", "query-id", "qid", "id", "_id")
RELEVANT = (
    "relevant", "relevant_ids", "relevant_docs", "relevant_documents", "relevant_doc_ids", "positives", "positive",
    "positive_passages", "expected", "expected_ids", "gold", "qrels",
)  # fmt: skip
GRADES = ("grade", "score", "relevance", "label", "rel")
MOST_GRADE = 30


class Line(NamedTuple):
    """place: "name, line 5", as errors say it."""

    place: str
    fields: Mapping[str, Any]


def first(fields: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """(name, value) of the first of these fields that is there and says something; ("", None) where none is."""
    for name in names:
        value = fields.get(name)
        if value is not None and value != "":
            return name, value
    return "", None


def an_id(line: Line, names: tuple[str, ...] = IDS) -> str:
    """Raises Unreadable where there is none."""
    name, value = first(line.fields, names)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise Unreadable(f"{line.place}, {name or names[0]}: an id is expected, a text or a whole number.")
    return str(value).strip()


def a_document(line: Line) -> Text:
    """Raises Unreadable."""
    title_name, title = first(line.fields, TITLES)
    name, text = first(line.fields, TEXTS)
    text = "" if text is None and title else text
    if not isinstance(text, str) or not isinstance(title or "", str):
        raise Unreadable(f"{line.place}, {(name if not isinstance(text, str) else title_name) or TEXTS[0]}: a text.")
    return Text(an_id(line), title or "", text)


def a_question(line: Line, number: int) -> tuple[Question, list[Text]]:
    """With the documents it brings along. Raises Unreadable."""
    name, query = first(line.fields, QUERIES)
    if not isinstance(query, str) or not query.strip():
        raise Unreadable(f"{line.place}, {name or QUERIES[0]}: a text is expected.")
    found, given = first(line.fields, RELEVANT)
    if not found:
        raise Unreadable(f"{line.place}: the question has no field {RELEVANT[0]}, which lists ids of documents.")
    relevant, brought = relevant_of(line, found, given)
    more = line.fields.get("documents")
    if isinstance(more, list):
        brought += [a_document(_inner(line, "documents", one)) for one in more]
    _, own = first(line.fields, QUERY_IDS)
    return Question(str(own if own is not None else number), query, relevant), brought


def relevant_of(line: Line, name: str, given: Any) -> tuple[dict[str, float], list[Text]]:
    """{id: grade}, and the documents that stand there with their texts. Raises Unreadable."""
    if isinstance(given, str):
        given = given.replace(",", " ").replace(";", " ").split()
    if isinstance(given, int) and not isinstance(given, bool):
        given = [given]
    if isinstance(given, Mapping):
        return {str(one).strip(): grade_of(line.place, name, value) for one, value in given.items()}, []
    if not isinstance(given, list):
        raise Unreadable(f"{line.place}, {name}: a list of ids is expected, or an object of ids and grades.")
    relevant: dict[str, float] = {}
    brought: list[Text] = []
    for one in given:
        if isinstance(one, Mapping):
            inner = _inner(line, name, one)
            _, grade = first(one, GRADES)
            relevant[an_id(inner)] = 1.0 if grade is None else grade_of(line.place, name, grade)
            brought += [a_document(inner)] if first(one, TEXTS)[0] else []
        elif isinstance(one, (str, int)) and not isinstance(one, bool):
            relevant[str(one).strip()] = 1.0
        else:
            raise Unreadable(f"{line.place}, {name}: {one!r:.40} is no id.")
    return relevant, brought


def grade_of(place: str, name: str, given: Any) -> float:
    """How relevant: a number, at most MOST_GRADE. Raises Unreadable."""
    try:
        grade = float(given)
    except (TypeError, ValueError):
        grade = math.nan
    if not math.isfinite(grade) or grade > MOST_GRADE:
        raise Unreadable(f"{place}, {name}: a grade is a number up to {MOST_GRADE}, not {given!r:.40}.")
    return grade


def is_question(fields: Mapping[str, Any]) -> bool:
    return bool(first(fields, QUERIES)[0]) and fields.get("type") != "document"


def is_document(fields: Mapping[str, Any]) -> bool:
    return bool(first(fields, IDS)[0]) and bool(first(fields, (*TEXTS, *TITLES))[0])


def _inner(line: Line, name: str, one: Any) -> Line:
    if not isinstance(one, Mapping):
        raise Unreadable(f"{line.place}, {name}: an object is expected, not {one!r:.40}.")
    return Line(f"{line.place}, {name}", one)


def lines_of(place: str, given: Any) -> Iterator[Line]:
    """Of a list of objects, or of an object {id: text} or {id: {...}}. Raises Unreadable."""
    if isinstance(given, Mapping):
        given = [
            {"id": key, **value} if isinstance(value, Mapping) else {"id": key, "text": value}
            for key, value in given.items()
        ]
    if not isinstance(given, list):
        raise Unreadable(f"{place}: a list of objects is expected.")
    for number, one in enumerate(given, 1):
        if not isinstance(one, Mapping):
            raise Unreadable(f"{place}, entry {number}: an object is expected, not {one!r:.40}.")
        yield Line(f"{place}, entry {number}", one)
