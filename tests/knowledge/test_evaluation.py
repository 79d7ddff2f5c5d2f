"""Figures of a ranking, files of questions, and the command that prints a table."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Business
from apps.knowledge.evaluation.measures import figure, ndcg, recall, reciprocal_rank
from apps.knowledge.evaluation.reading import Unreadable, read
from apps.knowledge.models import Chunk, Library

LINES = [
    {"id": "a", "title": "Refunds", "text": "You get your money back within 14 days."},
    {"id": "b", "text": "The printer HP-2041 needs cartridge 62XL."},
    {"id": "c", "text": "Parcels take two days."},
    {"query": "hp2041", "relevant": ["b"]},
    {"query": "money back", "relevant": {"a": 2, "c": 1}},
    {"query": "of nothing", "relevant": ["gone"]},
]


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
    given = read(jsonl(tmp_path / "q.jsonl", LINES))
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
    assert [one.relevant for one in read(table).questions] == [{"b": 1}, {"a": 1, "b": 1}]
    jsonl(tmp_path / "corpus.jsonl", [{"_id": "a", "title": "", "text": "Money"}, {"_id": "b", "text": "Printer"}])
    jsonl(tmp_path / "queries.jsonl", [{"_id": "1", "text": "hp2041"}, {"_id": "2", "text": "unjudged"}])
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\tb\t1\n1\ta\t0\n")
    given = read(tmp_path)
    assert [one.relevant for one in given.questions] == [{"b": 1}] and given.skipped == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"id": "a"}', '{"query": "q", "relevant": 5}', '{"id": "a", "text": "t"}']
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Any, text: Any) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(Unreadable):
        read(path)


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
def test_the_command_refuses_what_it_cannot_do(tmp_path: Any) -> None:
    with pytest.raises(CommandError):
        call_command("evaluate_search", tmp_path / "none.jsonl")
    with pytest.raises(CommandError, match="magic"):
        call_command("evaluate_search", jsonl(tmp_path / "q.jsonl", LINES), "--ways", "magic")
