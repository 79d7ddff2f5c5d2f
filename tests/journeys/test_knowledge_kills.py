"""kill -9 of the worker, PostgreSQL and Redis in the midst of a batch and an import: each text once, nothing lost."""

from typing import Any

import pytest

from tests.journeys.knowledge_kills import PARTS, ROWS, TEXTS
from tests.journeys.parts import played


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What had become of both when all was over."""
    return played("tests.journeys.knowledge_kills", tmp_path_factory.mktemp("knowledge-kills"))


def test_every_text_of_the_batch_has_its_vector_once(found: Any) -> None:
    print(found)
    assert found["batch"] == ["done", TEXTS, TEXTS, 0]
    assert (found["texts"], found["positions"], found["wrong_vectors"]) == (TEXTS, True, 0)


def test_every_row_of_the_file_is_one_passage(found: Any) -> None:
    assert found["import"] == ["done", ROWS, ROWS, 0, ROWS, True]
    assert (found["documents"], found["titles"], found["chunks"], found["vectors"]) == (ROWS,) * 4


def test_the_kills_came_in_the_middle_and_how_far_it_is_never_went_back(found: Any) -> None:
    assert set(found["at_kill"]) == set(PARTS)
    for texts, rows in found["at_kill"].values():
        assert 0 < texts < TEXTS and 0 < rows < ROWS
    assert found["went_back"] == 0


def test_what_was_cancelled_stood_still_until_it_was_resumed(found: Any) -> None:
    assert found["states"] == ["cancelled", "cancelled"]
    assert found["after_cancel"] == found["at_cancel"]


def test_no_more_than_unanswered_calls_were_made_again(found: Any) -> None:
    # A call at each of two kills of the worker, at the cancelling, and where the database was away behind an answer.
    assert found["asked_again_texts"] <= 5 * 32
    assert found["asked_again_rows"] <= 5 * 16
    assert found["told_done"] == {"embedding_batch.done": 1, "file_import.done": 1}
