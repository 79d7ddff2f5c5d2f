"""Files of documents and questions, in the shapes in which such collections are usually handed on.

One file (JSONL, JSON, CSV, TSV): each line is a document, {"id", "text", "title"?}, or a question, {"query",
"relevant"}, in any order; a JSON file is a list of such, or {"documents": [...], "queries": [...], "qrels"?}.
`relevant` is a list of ids, ids with spaces or commas between them, {id: grade}, or [{"id", "grade"?, "text"?}]. A
question may bring its documents, in `documents` or in `relevant`. A folder has a corpus, queries and judgements
(folders.py). Fields go by several names (fields.py).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from apps.knowledge.evaluation.fields import (
    IDS,
    QUERIES,
    TEXTS,
    Line,
    a_document,
    a_question,
    is_document,
    is_question,
    lines_of,
)
from apps.knowledge.evaluation.folders import documents_of, joined, judged_in, queries_of, read_folder
from apps.knowledge.evaluation.lines import kind_of, lines, whole
from apps.knowledge.evaluation.shapes import Question, Questions, Text, Unreadable

__all__ = ["Question", "Questions", "Text", "Unreadable", "known", "read"]


def read(path: Path, documents: Path | None = None, judged: Path | None = None) -> Questions:
    """documents: a file of their own. judged: the right documents of each question, in a file of their own.

    Raises Unreadable, OSError. What is relevant is not compared with what is there: `known` does that.
    """
    if judged is not None:
        found = Questions([], joined(queries_of(path), judged_in(judged)))
    elif path.is_dir():
        found = Questions(*read_folder(path))
    elif kind_of(path) == ".json":
        found = _json(path)
    else:
        found = _lines(lines(path))
    if documents is not None:
        found.documents += documents_of(documents)
    found.documents = _once(found.documents)
    return found


def known(given: Questions, ids: set[str]) -> Questions:
    """Only what is relevant and there, and only questions that have such. Raises Unreadable where there are none."""
    kept = []
    for question in given.questions:
        relevant = {one: grade for one, grade in question.relevant.items() if grade > 0}
        given.unknown += sum(one not in ids for one in relevant)
        kept.append(Question(question.id, question.text, {one: g for one, g in relevant.items() if one in ids}))
    if not kept:
        raise Unreadable("There is no question: a line with the fields query and relevant.")
    given.questions = [question for question in kept if question.relevant]
    given.skipped = len(kept) - len(given.questions)
    if not ids:
        raise Unreadable("There is no document: a line with the fields id and text, --documents, or --business.")
    if not given.questions:
        raise Unreadable("No question has a relevant document among those that are there: are the ids the same?")
    return given


def _once(documents: Iterable[Text]) -> list[Text]:
    """The same document may be brought by several questions; two that differ may not have one id."""
    found: dict[str, Text] = {}
    for one in documents:
        if found.setdefault(one.id, one) != one:
            raise Unreadable(f"Two documents have the id {one.id}.")
    return list(found.values())


def _lines(given: Iterable[Line]) -> Questions:
    found = Questions()
    for number, line in enumerate(given, 1):
        if is_question(line.fields):
            question, brought = a_question(line, number)
            found.questions.append(question)
            found.documents += brought
        elif is_document(line.fields):
            found.documents.append(a_document(line))
        else:
            named = ", ".join(sorted(map(str, line.fields))[:8]) or "nothing"
            raise Unreadable(
                f"{line.place}: neither a document ({IDS[0]}, {TEXTS[0]}) nor a question ({QUERIES[0]}, relevant);"
                f" it has {named}."
            )
    return found


def _json(path: Path) -> Questions:
    """A list of lines, or an object of lists."""
    value = whole(path)
    if not isinstance(value, Mapping):
        return _lines(lines_of(path.name, value))
    texts: Any = next((value[name] for name in ("documents", "corpus", "docs") if name in value), [])
    asked: Any = next((value[name] for name in ("queries", "questions") if name in value), None)
    if asked is None:
        raise Unreadable(f"{path.name}: an object has the fields documents and queries, each a list.")
    found = Questions([a_document(line) for line in lines_of(f"{path.name}, documents", texts)])
    judged: Any = next((value[name] for name in ("qrels", "relevant_docs", "relevant") if name in value), {})
    for number, line in enumerate(lines_of(f"{path.name}, queries", asked), 1):
        fields = dict(line.fields)
        if not any(name in fields for name in QUERIES) and "text" in fields:
            fields["query"] = fields.pop("text")
        own = str(fields.get("id", fields.get("_id", number)))
        if isinstance(judged, Mapping) and own in judged:
            fields["relevant"] = judged[own]
        question, brought = a_question(Line(line.place, fields), number)
        found.questions.append(question)
        found.documents += brought
    return found
