"""What was looked up is remembered for a second and no longer."""

import pytest

from apps.core import recall
from apps.core.recall import Recall


class Source:
    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.known = {"a": 1, "b": 2}

    def look_up(self, keys: list[str]) -> dict[str, int]:
        self.asked.append(keys)
        return {key: self.known[key] for key in keys if key in self.known}


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def kept() -> Recall[str, int]:
    return Recall()


def test_it_asks_only_for_what_it_does_not_remember(source: Source, kept: Recall[str, int]) -> None:
    assert kept.get(["a"], source.look_up) == {"a": 1}
    assert kept.get(["a", "b"], source.look_up) == {"a": 1, "b": 2}
    assert source.asked == [["a"], ["b"]]


def test_it_does_not_remember_that_there_was_nothing(source: Source, kept: Recall[str, int]) -> None:
    assert kept.get(["c"], source.look_up) == {}
    source.known["c"] = 3
    assert kept.get(["c"], source.look_up) == {"c": 3}


def test_a_change_is_seen_after_its_time(
    source: Source, kept: Recall[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.get(["a"], source.look_up)
    source.known["a"] = 10
    assert kept.get(["a"], source.look_up) == {"a": 1}
    monkeypatch.setattr(recall, "SECONDS", 0.0)
    assert kept.get(["a"], source.look_up) == {"a": 10}


def test_it_stays_within_its_bound(source: Source, kept: Recall[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "MOST", 1)
    kept.get(["a"], source.look_up)
    kept.get(["b"], source.look_up)
    assert len(kept._kept) == 1


def test_everything_can_be_forgotten(source: Source, kept: Recall[str, int]) -> None:
    kept.get(["a"], source.look_up)
    recall.forget_all()
    kept.get(["a"], source.look_up)
    assert len(source.asked) == 2
