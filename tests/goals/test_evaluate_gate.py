"""manage.py evaluate_gate: from files to JSON, tables and misses, or a plain word about what is wrong with a file."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from jsonschema import validate

from apps.goals.evaluation.goal_files import MOST_LINE_BYTES, GoalFileError, read_goals

HERE = Path(__file__).parent / "evaluation"
ROOT = Path(__file__).parents[2]
OFFICE, WISHES = HERE / "office.jsonl", HERE / "wishes.jsonl"

COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
PART = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
SLICE = {
    "type": "object",
    "required": ["name", "by", "goals", "groups", "labels", "figures", "confusion", "paths"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": r"^(all|\d+( |-|\+).*)$"},
        "by": {"enum": ["all", "tools", "words"]},
        "goals": {"type": "integer", "minimum": 1},
        "groups": {"type": "integer", "minimum": 1},
        "labels": COUNTS,
        "figures": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["value", "low", "high"],
                "additionalProperties": False,
                "properties": {"value": PART, "low": PART, "high": PART},
            },
        },
        "confusion": {"type": "object", "additionalProperties": COUNTS},
        "paths": {"type": "object", "additionalProperties": COUNTS},
    },
}
FORM = {
    "type": "object",
    "required": ["form", "thresholds", "resamples", "seed", "read_on", "files"],
    "additionalProperties": False,
    "properties": {
        "form": {"const": 1},
        "thresholds": {"type": "object", "required": ["high", "medium"]},
        "resamples": {"type": "integer"},
        "seed": {"type": "integer"},
        "read_on": {"type": "string"},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["file", "slices"],
                "additionalProperties": False,
                "properties": {"file": {"type": "string"}, "slices": {"type": "array", "items": SLICE, "minItems": 1}},
            },
        },
    },
}


def run(*files: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("evaluate_gate", *map(str, files), stdout=out, resamples=options.pop("resamples", 30), **options)
    return out.getvalue()


def test_json_has_the_documented_form():
    answer = json.loads(run(OFFICE, WISHES, json="-"))
    validate(answer, FORM)
    assert [one["file"] for one in answer["files"]] == ["office", "wishes"]
    office, wishes = (one["slices"][0] for one in answer["files"])
    assert office["labels"] == {"ok": 7, "missing_tool": 4, "missing_info": 4}
    assert office["groups"] == 7
    assert office["figures"]["auroc.confidence"]["value"] > 0.8
    assert wishes["figures"]["auroc.well_formed.vague"]["value"] > 0.8
    assert sum(sum(counts.values()) for counts in office["confusion"].values()) == 15


def test_the_same_files_give_the_same_figures():
    assert run(OFFICE, json="-") == run(OFFICE, json="-")


def test_tables_are_printed_and_json_is_written_beside(tmp_path):
    printed = run(OFFICE, markdown=True, json=str(tmp_path / "figures.json"))
    assert "| office | 15 |" in printed
    assert "| figure | all | 1 tool | 2-4 tools | 5+ tools |" in printed
    validate(json.loads((tmp_path / "figures.json").read_text()), FORM)
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]
    assert "told missing_tool" in run(OFFICE)


def test_misses_are_written_where_told(tmp_path):
    path = tmp_path / "misses.md"
    run(OFFICE, misses=2, misses_file=path)
    assert path.read_text().startswith("# office\n\n## Bad goals let through")
    assert "## Good goals held back" in run(OFFICE, misses=2)


def test_thresholds_can_be_tried():
    lax = json.loads(run(OFFICE, json="-", thresholds=[0.02, 0.01]))
    assert lax["thresholds"] == {"high": 0.02, "medium": 0.01}
    paths = lax["files"][0]["slices"][0]["paths"]["ok"]
    assert paths["approved"] == 0
    with pytest.raises(CommandError, match="high"):
        run(OFFICE, thresholds=[0.5, 0.8])


def test_a_limit_takes_the_first_of_each_file():
    answer = json.loads(run(OFFICE, WISHES, json="-", limit=4))
    assert [one["slices"][0]["goals"] for one in answer["files"]] == [4, 4]


def test_one_label_is_shown_as_not_defined(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text('{"goal": "Water the plants", "label": "ok"}\n{"goal": "Feed the cat", "label": "ok"}\n')
    assert json.loads(run(path, json="-"))["files"][0]["slices"][0]["figures"]["auroc.confidence"]["value"] is None
    assert "| AUROC, confidence | n/a |" in run(path, markdown=True)


def test_it_needs_no_database_and_no_redis(tmp_path):
    """Both addresses lead nowhere; pytest-django refuses queries in the other tests of this file."""
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "evaluate_gate", str(WISHES), "--json", "-", "--resamples", "5"],
        cwd=ROOT,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    validate(json.loads(done.stdout), FORM)


GOOD_LINE = '{"goal": "Water the plants", "label": "ok"}\n'


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{goal", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ('{"goal": NaN, "label": "ok"}', "not JSON"),
        ('{"label": "ok"}', "no goal"),
        ('{"goal": "  ", "label": "ok"}', "no goal"),
        ('{"goal": 7, "label": "ok"}', "no goal"),
        (
            '{"goal": "x", "label": "fine"}',
            "unknown label “fine”; known are clear, missing_info, missing_tool, ok, vague",
        ),
        ('{"goal": "x"}', "no label"),
        ('{"goal": "x", "label": ["ok"]}', "“label” must be a text"),
        ('{"goal": "x", "label": "ok", "tools": {"name": "a"}}', "“tools” must be a list"),
        ('{"goal": "x", "label": "ok", "tools": ["a"]}', r"tools\[0\] must be an object"),
        ('{"goal": "x", "label": "ok", "tools": [{"function": 3}]}', r"tools\[0\] has no name"),
        ('{"goal": "x", "label": "ok", "tools": [{"description": "a"}]}', r"tools\[0\] has no name"),
        ('{"goal": "x", "label": "ok", "context": []}', "“context” must be an object"),
        ('{"goal": "x", "label": "ok", "history": "y"}', "“history” must be a list"),
        ('{"goal": "x", "label": "ok", "history": [3]}', r"history\[0\] must be a text"),
        ('{"goal": "x", "label": "ok", "history": [{"role": "user"}]}', r"history\[0\] must be a text"),
        ('{"goal": "' + "x" * MOST_LINE_BYTES + '", "label": "ok"}', "longer than 1,048,576 bytes"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_printed(tmp_path, capsys, line, message):
    path = tmp_path / "goals.jsonl"
    path.write_text(GOOD_LINE + "\n" + line + "\n")
    out = io.StringIO()
    with pytest.raises(CommandError, match=rf"goals.jsonl, line 3: .*({message})"):
        call_command("evaluate_gate", str(OFFICE), str(path), "--markdown", stdout=out)
    assert out.getvalue() == ""


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "goals.jsonl"
    path.write_bytes(GOOD_LINE.encode() + b'{"goal": "\xff\xfe", "label": "ok"}')
    with pytest.raises(CommandError, match=r"goals.jsonl, line 2: not JSON"):
        run(path)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_goals_is_named(tmp_path, content):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=r"empty.jsonl: there are no goals in it"):
        run(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere.jsonl: No such file"):
        run(tmp_path / "nowhere.jsonl")
    with pytest.raises(CommandError, match="Is a directory"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"json": "-", "markdown": True}, "--markdown"),
        ({"json": "-", "misses": 3}, "--misses-file"),
        ({"misses_file": Path("x.md")}, "--misses N"),
        ({"json": "/nowhere/at/all.json"}, "No such file"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(CommandError, match=message):
        run(WISHES, **options)


def test_two_files_of_one_name_are_refused():
    with pytest.raises(CommandError, match="same name"):
        run(WISHES, WISHES)


@pytest.mark.parametrize(("option", "value"), [("--misses", "0"), ("--limit", "-1"), ("--resamples", "many")])
def test_counts_are_whole_numbers(option, value):
    with pytest.raises(CommandError, match=r"at least|whole number"):
        call_command("evaluate_gate", str(WISHES), option, value)


def test_rows_are_read_as_they_are(tmp_path):
    path = tmp_path / "goals.jsonl"
    path.write_text(
        '{"goal": "Water the plants", "tools": ["registered"], "history": [{"role": "user", "content": "Hi"}, "there"],'
        ' "context": null, "id": 7, "label": "anything"}\n\n{"goal": "Feed the cat"}'
    )
    first, second = read_goals(path)
    assert (first.id, first.tools, first.history, first.context) == ("7", ("registered",), ("Hi", "there"), {})
    assert (first.label, second.label, second.id, second.group) == ("anything", "", "3", "")
    assert read_goals(path, limit=1) == [first]
    with pytest.raises(GoalFileError, match=r"line 1: tools\[0\] must be an object"):
        read_goals(path, labels={"anything"})
