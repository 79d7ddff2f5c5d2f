"""manage.py load_goals: a file of goals goes through the API and comes back as verdicts per label."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.fakes import Outsider

OFFICE = Path(__file__).parent / "evaluation" / "office.jsonl"


def test_every_goal_is_sent_and_verdicts_are_counted_by_label(outside: Outsider) -> None:
    outside.answer = (201, b'{"execution_path": "approved", "confidence": 0.7}', {})
    # A goal that is told to come back later does.
    outside.answers = [
        (429, b"{}", {"Retry-After": "0"}),
        (201, b'{"execution_path": "executed", "confidence": 1}', {}),
    ]
    out = io.StringIO()
    call_command(
        "load_goals", str(OFFICE), "--url", outside.url, "--key", "k", "--markdown", "--parallel=1", stdout=out
    )
    sent = [one.json() for one in outside.received]
    assert len(sent) == 16
    assert sent[0] == sent[1]
    assert set(sent[0]) == {"goal", "tools"}
    assert {"history", "context"} <= {name for body in sent for name in body}
    assert ["Which booking do I have?", "Booking B-311 of Birch."] in [body.get("history") for body in sent]
    assert "| missing_tool | 4 | 0.0 | 100.0 | 0.0 | 0.0 | 0.0 | 0.70 |" in out.getvalue()
    assert "| ok | 7 | 14.3 | 85.7 | 0.0 | 0.0 | 0.0 | 0.74 |" in out.getvalue()


def test_a_bad_line_is_named_before_anything_is_sent(tmp_path: Path, outside: Outsider) -> None:
    path = tmp_path / "goals.jsonl"
    path.write_text('{"goal": "Water the plants"}\n{"label": "ok"}\n')
    with pytest.raises(CommandError, match=r"goals.jsonl, line 2: no goal"):
        call_command("load_goals", str(path), "--url", outside.url, "--key", "k")
    assert outside.received == []
