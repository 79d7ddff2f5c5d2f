"""Three collections that were written without knowledge of the rules, as floors: a fall of a figure is noticed.

seen.jsonl: trades, tricks and languages which the rules were improved on first. unseen.jsonl: others, measured before
anybody who made the rules looked at them (0.544 found, 0.327 false alarms), and then improved on as well.
whole_mails.jsonl: replies of real length, measured blind; nothing was improved on it yet. Files as in
docs/developer/guardrails.md.
"""

from functools import cache
from pathlib import Path

import pytest

from apps.drafts.evaluation.case_files import read_cases
from apps.drafts.evaluation.judging import Tally, judge

DATA = Path(__file__).with_name("data")
# (file, stage, least share found, largest share of false alarms among what is clean)
FLOORS = [
    ("seen", "blocked", 0.88, 0.05),
    ("seen", "privacy", 0.95, 0.02),
    ("seen", "injection", 0.95, 0.05),
    ("seen", "recipients", 1.0, 0.0),
    ("seen", "attempts", 1.0, 0.0),
    ("unseen", "blocked", 0.72, 0.05),
    ("unseen", "privacy", 0.98, 0.03),
    ("unseen", "injection", 0.95, 0.08),
    ("unseen", "recipients", 1.0, 0.0),
    ("unseen", "attempts", 1.0, 0.5),
    ("whole_mails", "blocked", 0.81, 0.64),
    ("whole_mails", "facts", 0.62, 1.0),
    ("whole_mails", "privacy", 0.76, 0.01),
    ("whole_mails", "injection", 0.76, 0.14),
    ("whole_mails", "attempts", 1.0, 0.0),
]


@cache
def tallies(name: str) -> dict[str, Tally]:
    return judge(read_cases((DATA / f"{name}.jsonl").read_text(encoding="utf-8")))


@pytest.mark.parametrize(("name", "stage", "found", "false_alarms"), FLOORS)
def test_a_figure_of_a_collection_does_not_fall(name: str, stage: str, found: float, false_alarms: float) -> None:
    tally = tallies(name)[stage]
    assert tally.hits >= found * tally.wanted, tally.misses
    assert tally.false_alarms <= false_alarms * tally.clean, tally.misses


@pytest.mark.parametrize(("name", "size"), [("seen", 350), ("unseen", 350), ("whole_mails", 285)])
def test_a_collection_is_as_large_as_it_was(name: str, size: int) -> None:
    cases = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    assert len([line for line in cases if line]) > size
