"""Figures of a ranking, files of questions, and the command that prints a table."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Business
from apps.knowledge.evaluation import lines
from apps.knowledge.evaluation.measures import figure, ndcg, recall, reciprocal_rank
from apps.knowledge.evaluation.reading import Questions, Unreadable, known, read
from apps.knowledge.indexing import ensure_collection, index_document
from apps.knowledge.models import Chunk, Library

LINES = [
    {"id": "a", "title": "Refunds", "text": "You get your money back within 14 days."},
    {"id": "b", "text": "The printer HP-2041 needs cartridge 62XL."},
    {"id": "c", "text": "Parcels take two days."},
    {"query": "hp2041", "relevant": ["b"]},
    {"query": "money back", "relevant": {"a": 2, "c": 1}},
    {"query": "of nothing", "relevant": ["gone"]},
]


def understood(path: Any, **more: Any) -> Questions:
    given = read(path, **more)
    return known(given, {one.id for one in given.documents})


def jsonl(path: Any, lines: Any) -> Any:
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def test_figures_are_what_the_books_say() -> None:
    found, relevant = ["x", "a", "y", "b"], {"a": 1.0, "b": 2.0, "z": 0.0}
    assert recall(found, relevant, 2) == 0.5 and recall(found, relevant, 10) == 1
    assert reciprocal_rank(found, relevant) == 0.5 and reciprocal_rank(["x"], relevant) == 0
    # (1 / log2 3 + 3 / log2 5) / (3 / log2 2 + 1 / log2 3)
    assert ndcg(found, relevant) == pytest.approx(0.5296, abs=1e-4)
    assert ndcg(["b", "a"], relevant) == 1
    half = figure([0.0, 1.0] * 50)
    assert half.value == 0.5 and 0.35 < half.low < 0.5 < half.high < 0.65 and half.n == 100
    assert figure([]).n == 0


def test_one_file_holds_documents_and_questions(tmp_path: Any) -> None:
    given = understood(jsonl(tmp_path / "q.jsonl", LINES))
    assert [one.id for one in given.documents] == ["a", "b", "c"]
    assert [(one.text, one.relevant) for one in given.questions] == [
        ("hp2041", {"b": 1}),
        ("money back", {"a": 2, "c": 1}),
    ]
    assert given.skipped == 1


def test_a_csv_and_a_folder_say_the_same(tmp_path: Any) -> None:
    table = tmp_path / "q.csv"
    table.write_text(
        'id,title,text,query,relevant\na,Refunds,"Money, back",,\nb,,Printer,,\n,,,hp2041,b\n,,,money,a b\n'
    )
    assert [one.relevant for one in understood(table).questions] == [{"b": 1}, {"a": 1, "b": 1}]
    jsonl(tmp_path / "corpus.jsonl", [{"_id": "a", "title": "", "text": "Money"}, {"_id": "b", "text": "Printer"}])
    jsonl(tmp_path / "queries.jsonl", [{"_id": "1", "text": "hp2041"}, {"_id": "2", "text": "unjudged"}])
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\tb\t1\n1\ta\t0\n")
    given = understood(tmp_path)
    assert [one.relevant for one in given.questions] == [{"b": 1}] and given.skipped == 0


def test_fields_go_by_the_names_that_are_usual(tmp_path: Any) -> None:
    lines = [
        {"doc_id": 1, "contents": "Money"},
        {"_id": "b", "title": "Printer"},
        {"question": "hp2041", "relevant_docs": "b, 1"},
        {"query": "money", "qid": "q7", "positives": [{"docid": 1, "score": 3}, {"id": "c", "text": "Brought along"}]},
        {"query": "coins", "relevant": 1, "documents": [{"id": 1, "text": "Money"}, {"id": "d", "text": "Coins"}]},
    ]
    given = understood(jsonl(tmp_path / "q.jsonl", lines))
    assert [one.id for one in given.documents] == ["1", "b", "c", "d"]
    assert [(one.id, one.relevant) for one in given.questions] == [
        ("3", {"b": 1, "1": 1}),
        ("q7", {"1": 3, "c": 1}),
        ("5", {"1": 1}),
    ]


def test_a_json_file_is_a_list_or_an_object_of_lists(tmp_path: Any) -> None:
    path = tmp_path / "q.json"
    path.write_text(json.dumps(LINES))
    assert len(understood(path).questions) == 2
    path.write_text(
        json.dumps(
            {"corpus": {"a": "Money"}, "queries": {"1": "cash", "2": "coin"}, "qrels": {"1": {"a": 1}, "2": ["a"]}}
        )
    )
    assert [(one.id, one.text, one.relevant) for one in understood(path).questions] == [
        ("1", "cash", {"a": 1}),
        ("2", "coin", {"a": 1}),
    ]


@pytest.mark.parametrize(
    ("name", "judgements"),
    [
        ("qrels.tsv", "1\t0\tb\t2\n"),
        ("qrels.txt", "1 0 b 2\n1 0 a 0\n"),
        ("qrels.csv", "query-id,corpus-id,score\r\n1,b,2\r\n"),
        ("qrels.jsonl", '{"query-id": 1, "corpus-id": "b", "score": 2}'),
        ("qrels/dev.tsv", "query-id\tcorpus-id\tscore\n1\tb\t2\n"),
    ],
)
def test_judgements_in_a_file_of_their_own_have_several_shapes(tmp_path: Any, name: Any, judgements: Any) -> None:
    (tmp_path / "collection.tsv").write_text("a\tMoney back\nb\tPrinter\n")
    (tmp_path / "queries.tsv").write_text("1\thp 2041\n2\tnobody judged this\n")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(judgements)
    given = understood(tmp_path)
    assert [(one.text, one.relevant) for one in given.questions] == [("hp 2041", {"b": 2})]
    apart = understood(tmp_path / "queries.tsv", documents=tmp_path / "collection.tsv", judged=tmp_path / name)
    assert apart.questions == given.questions


def test_a_packed_file_is_read_as_it_is(tmp_path: Any) -> None:
    path = tmp_path / "q.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(line) for line in LINES).encode()))
    assert len(understood(path).questions) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no question"),
        ("{", "q.jsonl, line 1"),
        ("\n[1]", "q.jsonl, line 2: an object"),
        ('{"id": "a"}', "neither a document"),
        ('{"query": "q", "relevant": true}', "line 1, relevant"),
        ('{"query": "q", "relevant": [null]}', "line 1, relevant"),
        ('{"query": "q", "relevant": {"a": "much"}}', "line 1, relevant: a grade"),
        ('{"query": "q", "relevant": {"a": 1e9}}', "line 1, relevant: a grade"),
        ('{"query": "q"}', "no field relevant"),
        ('{"query": 5, "relevant": ["a"]}', "line 1, query"),
        ('{"id": "a", "text": 7}', "line 1, text"),
        ('{"id": true, "text": "t"}', "line 1, id"),
        ('{"id": "a", "text": "t"}', "no question"),
        ('{"query": "q", "relevant": ["a"]}', "no document"),
        ('{"id": "b", "text": "t"}\n{"query": "q", "relevant": ["a"]}', "are the ids the same"),
        ('{"id": "b", "text": "t"}\n{"id": "b", "text": "u"}', "Two documents have the id b"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(tmp_path: Any, text: Any, words: Any) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(Unreadable, match=words):
        understood(path)


def test_wrong_bytes_tables_and_folders_are_told_too(tmp_path: Any) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'{"id": "a"}\n\xff\xfe')
    with pytest.raises(Unreadable, match=r"q.jsonl, line 2: this is not UTF-8"):
        read(path)
    with pytest.raises(Unreadable, match="there is no qrels"):
        read(tmp_path)
    (tmp_path / "qrels.tsv").write_text("1\tb\tmuch\n")
    with pytest.raises(Unreadable, match=r"qrels.tsv, line 1, grade"):
        read(tmp_path)
    (tmp_path / "q.csv").write_text("id,text\na,b,c\n")
    with pytest.raises(Unreadable, match=r"q.csv, line 2: more fields"):
        read(tmp_path / "q.csv")


@pytest.mark.django_db
def test_the_command_prints_a_table_and_leaves_nothing(tmp_path: Any, capsys: Any, shop: Any) -> None:
    path = jsonl(tmp_path / "q.jsonl", LINES)
    call_command("evaluate_search", path, "--misses")
    out = capsys.readouterr().out
    assert "3 documents, 2 questions, 1 skipped" in out
    assert "| hybrid | 0.750" in out and "recall@10" in out
    assert list(Business.objects.all()) == [shop]
    assert Chunk.objects.count() == Library.objects.count() == 0
    call_command("evaluate_search", path, "--json")
    assert {one["way"] for one in json.loads(capsys.readouterr().out)} == {"vector", "text", "hybrid", "hybrid+"}


@pytest.mark.django_db
def test_a_business_is_asked_as_it_is(tmp_path: Any, capsys: Any, shop: Any) -> None:
    ensure_collection(business_id=shop.pk, key="faq")
    for line in LINES[:3]:
        index_document(business_id=shop.pk, collection="faq", key=line["id"], title="", text=line["text"])
    path = jsonl(tmp_path / "q.jsonl", LINES[3:])
    call_command("evaluate_search", path, "--business", shop.slug, "--collections", "faq", "--ways", "hybrid")
    out = capsys.readouterr().out
    assert "2 questions, 1 skipped" in out and "1 relevant ids are of no document" in out and "| hybrid | 0.750" in out
    assert Chunk.objects.count() == 3
    for wrong in (["--business", "nobody"], ["--business", shop.slug, "--collections", "none"]):
        with pytest.raises(CommandError):
            call_command("evaluate_search", path, *wrong)


@pytest.mark.django_db
def test_ids_may_be_of_any_length(tmp_path: Any, capsys: Any) -> None:
    lines = [{"id": "x" * 300 + end, "text": text} for end, text in (("a", "Money back"), ("b", "The printer"))]
    path = jsonl(tmp_path / "q.jsonl", [*lines, {"query": "printer", "relevant": ["x" * 300 + "b"]}])
    call_command("evaluate_search", path, "--ways", "text")
    assert "| text | 1.000" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_refuses_what_it_cannot_do(tmp_path: Any) -> None:
    with pytest.raises(CommandError):
        call_command("evaluate_search", tmp_path / "none.jsonl")
    with pytest.raises(CommandError, match="magic"):
        call_command("evaluate_search", jsonl(tmp_path / "q.jsonl", LINES), "--ways", "magic")


def test_reading_a_table_leaves_the_limit_of_fields_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    path = tmp_path / "qrels.csv"
    path.write_text("query,relevant\n" + "x" * 200_000 + ",a\n")
    assert len(list(lines.rows(path))) == 2
    assert csv.field_size_limit() == before
