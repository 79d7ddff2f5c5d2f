"""A folder with a corpus, queries and judgements in files of their own, as BEIR, TREC and MS MARCO have them.

corpus, documents, docs or collection: JSONL, JSON, CSV or TSV (a TSV may have no names: id, text). queries, questions
or topics: the same. qrels, judgements or test, also in a folder `qrels`: query, document, grade; with TREC's second
column, which says nothing; or without a grade. A first line of names is known by its grade, which is no number.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from apps.knowledge.evaluation.fields import QUERIES, QUERY_IDS, TEXTS, Line, a_document, an_id, first, grade_of
from apps.knowledge.evaluation.lines import kind_of, lines, rows
from apps.knowledge.evaluation.shapes import Question, Text, Unreadable

CORPUS = ("corpus", "documents", "docs", "collection", "passages")
ASKED = ("queries", "questions", "topics")
JUDGED = ("qrels", "judgements", "judgments", "relevance", "test", "dev")
ENDINGS = (".jsonl", ".json", ".csv", ".tsv", ".txt")
_NAMES = {"query-id", "query_id", "qid", "query", "question_id", "topic"}


def documents_of(path: Path) -> list[Text]:
    """Of a file, or of the corpus in a folder. Raises Unreadable, OSError."""
    return [a_document(line) for line in _named(file_in(path, CORPUS) if path.is_dir() else path)]


def queries_of(path: Path) -> dict[str, str]:
    """{id: text} of a file of queries. Raises Unreadable, OSError."""
    found: dict[str, str] = {}
    for line in _named(path):
        key = an_id(line, QUERY_IDS)
        name, text = first(line.fields, (*QUERIES, *TEXTS, "title"))
        if not isinstance(text, str) or not text.strip():
            raise Unreadable(f"{line.place}, {name or 'text'}: the question's text is expected.")
        if key in found:
            raise Unreadable(f"{line.place}, id: there is a question {key} before it.")
        found[key] = text
    return found


def judged_in(path: Path) -> dict[str, dict[str, float]]:
    """{query: {document: grade}} of a file of judgements. Raises Unreadable, OSError."""
    found: dict[str, dict[str, float]] = {}
    for query, document, grade in _judgements(path):
        found.setdefault(query, {})[document] = grade
    return found


def read_folder(path: Path) -> tuple[list[Text], list[Question]]:
    """Raises Unreadable, OSError."""
    judged = judged_in(file_in(path, JUDGED))
    asked = queries_of(file_in(path, ASKED))
    strangers = [key for key in judged if key not in asked]
    if strangers and len(strangers) == len(judged):
        raise Unreadable(f"{path.name}: no judgement is of a known question; the first is of {strangers[0]}.")
    return documents_of(path), joined(asked, judged)


def joined(asked: Mapping[str, str], judged: Mapping[str, Mapping[str, float]]) -> list[Question]:
    """The questions somebody judged; the others say nothing about a search."""
    return [Question(key, text, judged[key]) for key, text in asked.items() if key in judged]


def file_in(folder: Path, names: tuple[str, ...]) -> Path:
    """The file of one of these names, there or in a folder of that name. Raises Unreadable."""
    for name in names:
        for ending in (*ENDINGS, *(f"{one}.gz" for one in ENDINGS)):
            if (folder / f"{name}{ending}").is_file():
                return folder / f"{name}{ending}"
        if (folder / name).is_dir():
            inside = sorted(one for one in (folder / name).iterdir() if kind_of(one) in ENDINGS)
            # Of several parts, the one that is meant for judging.
            best = [one for one in inside if one.name.startswith("test")] or inside
            if best:
                return best[0]
    raise Unreadable(f"In {folder} there is no {names[0]}: {', '.join(names)} with {', '.join(ENDINGS)}.")


def _named(path: Path) -> Iterator[Line]:
    """Lines with names; a TSV may have none and then holds ids and texts."""
    if kind_of(path) in (".tsv", ".txt"):
        table = list(rows(path))
        if table and not {one.lower() for one in table[0][1]} & {"id", "_id", "text", "query", "title", "pid", "qid"}:
            for number, row in table:
                if len(row) < 2:
                    raise Unreadable(f"{path.name}, line {number}: an id, a tab and a text are expected.")
                yield Line(f"{path.name}, line {number}", {"id": row[0], "text": " ".join(row[1:])})
            return
    yield from lines(path)


def _judgements(path: Path) -> Iterator[tuple[str, str, float]]:
    if kind_of(path) in (".jsonl", ".json"):
        for line in lines(path):
            _, query = first(line.fields, ("query-id", "query_id", "qid", "query"))
            document = an_id(line, ("corpus-id", "corpus_id", "doc_id", "docid", "document_id", "document", "pid"))
            name, grade = first(line.fields, ("score", "grade", "relevance", "label", "rel"))
            if query is None:
                raise Unreadable(f"{line.place}, query-id: the id of a question is expected.")
            yield str(query), document, 1.0 if grade is None else grade_of(line.place, name, grade)
        return
    for order, (number, row) in enumerate(rows(path)):
        place = f"{path.name}, line {number}"
        if order == 0 and row[0].lower() in _NAMES:
            continue
        if len(row) not in (2, 3, 4):
            raise Unreadable(f"{place}: query, document and grade are expected, not {len(row)} fields.")
        document = row[2] if len(row) == 4 else row[1]
        yield row[0].strip(), document.strip(), 1.0 if len(row) == 2 else grade_of(place, "grade", row[-1])
