"""Files of reviewed outcomes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.trust.evaluation.crowd_files import Crowd, CrowdFileError, read_crowd

Write = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "crowd.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def told(crowd: Crowd) -> list[tuple[str, str, str]]:
    votes = crowd.votes
    places = zip(votes.question, votes.worker, votes.answer, strict=True)
    return [(votes.questions[q], votes.workers[w], votes.answers[a]) for q, w, a in places]


def truths(crowd: Crowd) -> list[str | None]:
    return [crowd.votes.answers[place] if place >= 0 else None for place in crowd.truth]


def test_a_plain_file_is_read(written: Write) -> None:
    crowd = read_crowd(written("question,worker,answer\nq1,u,yes\nq1,v,no\n"))
    assert told(crowd) == [("q1", "u", "yes"), ("q1", "v", "no")]
    assert truths(crowd) == [None]
    assert crowd.times_known == 0


def test_case_order_marks_and_quotes_of_the_header_do_not_matter(written: Write) -> None:
    text = '\ufeff"Answer" ; WORKER;Truth;Question;note\r\nyes;u;no;"a ""b""; c";x\r\n\r\n'
    crowd = read_crowd(written(text))
    assert told(crowd) == [('a "b"; c', "u", "yes")]
    assert truths(crowd) == ["no"]


def test_common_other_names_and_tabs_are_understood(written: Write) -> None:
    assert told(read_crowd(written("task\tannotator\tlabel\tgold\n1\t2\t3\t\n"))) == [("1", "2", "3")]


def test_a_line_break_within_quotes_is_part_of_a_field(written: Write) -> None:
    assert told(read_crowd(written('question,worker,answer\n"two\nlines",u,1\n'))) == [("two\nlines", "u", "1")]


def test_truth_may_stand_on_one_line_of_a_question_or_on_none(written: Write) -> None:
    text = "question,worker,answer,truth\nq1,u,1,\nq1,v,2,2.0\nq2,u,1,NA\n"
    crowd = read_crowd(written(text))
    assert truths(crowd) == ["2", None]


def test_numbers_written_otherwise_are_one_answer(written: Write) -> None:
    crowd = read_crowd(written("question,worker,answer\nq,a,1\nq,b,1.0\nq,c, 01\nq,d,1.5\nq,e,-x\n"))
    assert crowd.votes.answers == ("1", "1.5", "-x")


def test_votes_are_put_in_order_of_time(written: Write) -> None:
    text = "question,worker,answer,time\nq1,u,1,2026-03-01T10:00:00Z\nq2,u,1,2026-02-01 10:00\nq3,u,1,2026-02-15\n"
    assert [vote[0] for vote in told(read_crowd(written(text)))] == ["q2", "q3", "q1"]


def test_numbers_are_times_and_equal_times_keep_the_order_of_the_file(written: Write) -> None:
    text = "question,worker,answer,time\nq1,u,1,9\nq2,u,1,1e1\nq3,u,1,9\n"
    assert [vote[0] for vote in told(read_crowd(written(text)))] == ["q1", "q3", "q2"]


def test_a_vote_of_unknown_time_stands_after_the_one_before_it(written: Write) -> None:
    text = "question,worker,answer,time\nq0,u,1,\nq1,u,1,20\nq2,u,1,soon\nq3,u,1,10\n"
    crowd = read_crowd(written(text))
    assert [vote[0] for vote in told(crowd)] == ["q0", "q3", "q1", "q2"]
    assert crowd.times_known == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the header names no question and no worker and no answer"),
        ("question,worker\nq,u\n", "line 1: the header names no answer"),
        ("question,question,worker,answer\n", "line 1: the header names question twice"),
        ("question,worker,answer\n", "there are no votes in it"),
        ("question,worker,answer\nq,u,1\nq,u\n", "line 3: 2 fields, but the header has 3"),
        ("question,worker,answer\nq,u,1\n\nq,,1\n", "line 4: there is no worker"),
        ("question,worker,answer\n,u,1\n", "line 2: there is no question"),
        ("question,worker,answer\nq,u, \n", "line 2: there is no answer"),
        ("question,worker,answer,truth\nq,u,1,1\nq,v,1,2\n", "line 3: .* another one than on line 2"),
        (b"question,worker,answer\nq,\xff\xfe,1\n", "is not UTF-8"),
        ("question,worker,answer\nq,u," + "x" * 200_000 + "\n", "line 2: field larger"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(written: Write, text: str | bytes, why: str) -> None:
    with pytest.raises(CrowdFileError, match=why):
        read_crowd(written(text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrowdFileError, match=r"none\.csv: No such file"):
        read_crowd(tmp_path / "none.csv")
    with pytest.raises(CrowdFileError, match="Is a directory"):
        read_crowd(tmp_path)
