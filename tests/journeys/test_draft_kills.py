"""kill -9 of each part while 200 mails are drafted and 50 replies sent: one draft a mail, each reply arrives once."""

from typing import Any

import pytest

from tests.journeys.draft_kills import APPROVED, MAILS, PARTS
from tests.journeys.parts import played


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What had become of the mails when all was over."""
    return played("tests.journeys.draft_kills", tmp_path_factory.mktemp("kills") / "data")


def test_every_mail_is_one_message_with_one_draft(found: Any) -> None:
    print(found)
    assert found["not_posted"] == 0
    assert (found["messages"], found["threads"]) == (MAILS, MAILS)
    assert found["drafts"] == {"waiting": MAILS}
    assert (found["versions"], found["requests"]) == (MAILS, MAILS)


def test_every_approved_reply_arrived_once(found: Any) -> None:
    assert (found["approved"], found["arrived"]) == (APPROVED, APPROVED)
    assert (found["arrived_twice"], found["not_arrived"], found["to_others"]) == ([], [], [])


def test_what_arrived_is_known_here(found: Any) -> None:
    assert found["sendings"] == {"sent": APPROVED}
    assert (found["sent_drafts"], found["sent_messages"]) == (APPROVED, APPROVED)


def test_the_kills_came_in_the_middle(found: Any) -> None:
    assert set(found["drafted_at_kill"]) == set(PARTS)
    assert all(drafted < MAILS for drafted in found["drafted_at_kill"].values())
    assert found["attempts"] > APPROVED
