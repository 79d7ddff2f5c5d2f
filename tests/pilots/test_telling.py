"""The timeline of a feature says everything in words, whatever a trail holds."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from apps.pilots import telling
from apps.pilots.ladder import AdvanceState


def kinds_told() -> set[str]:
    """Every kind of event that the acts of pilots write about a feature."""
    source = "".join(path.read_text() for path in Path(settings.BASE_DIR, "apps/pilots").rglob("*.py"))
    told = set(re.findall(r'\b_?tell(?:_step)?\(\s*(?:[\w.]+, )"(\w+)"', source))
    ended = {AdvanceState.REFUSED, AdvanceState.BLOCKED, AdvanceState.CANCELLED}
    return told | {f"advance_{state}" for state in ended}


def test_everything_that_is_told_has_words() -> None:
    assert len(kinds_told()) > 20
    assert kinds_told() - telling._WORDS.keys() == set()


@pytest.mark.parametrize("kind", [*sorted(telling._WORDS), "something_new"])
def test_an_event_without_its_facts_is_told_all_the_same(kind: str) -> None:
    said = telling.told(f"feature.{kind}", {}, "")
    assert said and said[0].isupper()


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("enabled", {}, "Turned on for Corner Shop"),
        ("disabled", {"held": True}, "Turned off for Corner Shop, and held back"),
        ("default_set", {"variant": ""}, "Default set to what the environment says"),
        ("advanced", {"stages": [3, 4], "shares": [0, 10]}, "Went to stage 4 (10 %)"),
        ("rolled_back", {"level": "business", "affected": 1}, "Rolled back from Corner Shop: 1 business"),
        ("rolled_back", {"level": "everything", "affected": 1200}, "Rolled back from everybody: 1,200 businesses"),
        ("edited", {"changed": ["owner_id", "exposed"]}, "Edited: owner, exposed"),
        (
            "businesses_added",
            {"count": 1200, "names": ["A", "B"]},
            "Turned on for 1,200 businesses at once: A, B and 1,198 more",
        ),
        (
            "guard_added",
            {"metric": "error_rate", "comparison": "at_most", "limit": 1.5, "relative": True},
            "Guard added: error rate at most 1.5 times the baseline",
        ),
    ],
)
def test_words(kind: str, data: dict[str, object], words: str) -> None:
    assert telling.told(f"feature.{kind}", data, "Corner Shop") == words
