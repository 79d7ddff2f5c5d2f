"""What several reviewers together say, and how reliable each is."""

import numpy as np
import pytest

from apps.trust import aggregation
from apps.trust.aggregation import TooManyAnswers, Votes, dawid_skene, majority, reviewers_of, shares_of, weighted
from apps.trust.evaluation.crowds import KINDS, Kind, generate

NAMES = {kind.name: kind for kind in KINDS}


def small_crowd() -> list[tuple[str, str, str, str]]:
    """735 votes of nine workers on 120 questions, one of whom mixes the answers up; by a generator of its own, so that
    they are the same for ever."""
    state = 12345

    def chance() -> float:
        nonlocal state
        state = (1103515245 * state + 12345) % 2**31
        return (state >> 8) / 2**23

    rows = []
    for question in range(120):
        truth = int(chance() * 3)
        for worker, right in enumerate((0.9, 0.85, 0.8, 0.7, 0.7, 0.6, 0.55, 0.4, 0.33)):
            if chance() < 0.35:
                continue
            if worker == 7:
                answer = (truth + 1) % 3 if chance() < 0.7 else truth
            else:
                answer = truth if chance() < right else (truth + 1 + int(chance() * 2)) % 3
            rows.append((f"q{question}", f"w{worker}", "abc"[answer], "abc"[truth]))
    return rows


ROWS = small_crowd()
VOTES = Votes.of(row[:3] for row in ROWS)
TRUTH = {row[0]: row[3] for row in ROWS}


def accuracy(label: np.ndarray) -> float:
    said = [VOTES.answers[place] == TRUTH[name] for place, name in zip(label, VOTES.questions, strict=True)]
    return sum(said) / len(said)


@pytest.mark.parametrize(
    ("rounds", "sums"),
    [
        (5, {"a": 38.4518190738, "b": 38.9468698385, "c": 42.6013111086}),
        (10, {"a": 37.8048069678, "b": 38.3791269997, "c": 43.8160660349}),
    ],
)
def test_dawid_skene_without_smoothing_is_that_of_crowd_kit(rounds: int, sums: dict[str, float]) -> None:
    """crowd-kit 1.4.2, DawidSkene(n_iter=rounds, tol=-1e9): the chances of each answer, summed over questions."""
    found = dawid_skene(VOTES, smoothing=0, rounds=rounds)[0].chances.sum(axis=0)
    assert dict(zip(VOTES.answers, found.tolist(), strict=True)) == pytest.approx(sums, abs=1e-7)


def test_single_chances_are_those_of_crowd_kit_too() -> None:
    chances = dawid_skene(VOTES, smoothing=0, rounds=5)[0].chances
    for question, a, b in (("q7", 0.0034982835, 0.9964036581), ("q42", 0.0019198216, 0.0000000163)):
        row = chances[VOTES.questions.index(question)]
        assert row[VOTES.answers.index("a")] == pytest.approx(a, abs=1e-8)
        assert row[VOTES.answers.index("b")] == pytest.approx(b, abs=1e-8)


def test_labels_get_better_when_voters_are_weighed() -> None:
    assert accuracy(majority(VOTES).label) < 0.88
    assert accuracy(weighted(VOTES).label) > 0.9
    assert accuracy(dawid_skene(VOTES)[0].label) > 0.92


def test_dawid_skene_uses_one_who_mixes_the_answers_up() -> None:
    _, tables = dawid_skene(VOTES)
    mixed_up = tables[VOTES.workers.index("w7")]
    a, b = VOTES.answers.index("a"), VOTES.answers.index("b")
    assert mixed_up[a, b] > 0.5
    assert tables.sum(axis=2) == pytest.approx(np.ones(tables.shape[:2]))


@pytest.mark.parametrize("name", [kind.name for kind in KINDS if kind.known == 1])
def test_weighing_is_hardly_ever_worse_than_counting(name: str) -> None:
    crowd = generate(NAMES[name], 1)
    counted = (majority(crowd.votes).label == crowd.truth).mean()
    assert (weighted(crowd.votes).label == crowd.truth).mean() > counted - 0.005
    assert (dawid_skene(crowd.votes)[0].label == crowd.truth).mean() > counted - 0.015


def test_smoothing_helps_where_most_workers_answered_little() -> None:
    sparse = Kind("many answers", NAMES["differing"].paths, differ=True, workers=600, questions=400, answers=8)
    crowd = generate(sparse, 1)
    plain, smoothed = (dawid_skene(crowd.votes, smoothing)[0].label for smoothing in (0.0, None))
    assert (smoothed == crowd.truth).mean() > (plain == crowd.truth).mean() + 0.02


def test_reviewers_have_a_reliability_with_an_interval() -> None:
    consensus, tables = dawid_skene(VOTES)
    found = {one.name: one for one in reviewers_of(VOTES, consensus, tables)}
    assert found["w0"].low < found["w0"].reliability < found["w0"].high
    assert found["w0"].low > found["w8"].high
    assert found["w0"].answers == sum(row[1] == "w0" for row in ROWS)
    assert np.sum(found["w0"].confusion, axis=1) == pytest.approx([1, 1, 1])


def test_most_intervals_of_reliability_hold_the_truth() -> None:
    held = []
    for seed in range(8):
        crowd = generate(NAMES["good and bad"], seed)
        consensus, tables = dawid_skene(crowd.votes)
        for one in reviewers_of(crowd.votes, consensus, tables):
            held.append(one.low <= (0.95, 0.8, 0.55)[int(one.name[1:]) % 3] <= one.high)
    assert np.mean(held) >= 0.8


def test_one_vote_is_a_weak_word_on_its_reviewer() -> None:
    votes = Votes.of([("q", "only", "yes")])
    consensus, tables = dawid_skene(votes)
    (one,) = reviewers_of(votes, consensus, tables)
    assert one.high - one.low > 0.5
    assert np.isfinite(tables).all()


def test_no_votes_have_no_consensus() -> None:
    votes = Votes.of([])
    assert majority(votes).label.tolist() == []
    assert weighted(votes).label.tolist() == []
    consensus, tables = dawid_skene(votes)
    assert consensus.label.tolist() == []
    assert reviewers_of(votes, consensus, tables) == []


def test_a_tie_goes_to_the_commoner_answer() -> None:
    votes = Votes.of([("q1", "u", "no"), ("q1", "v", "yes"), ("q2", "u", "yes")])
    assert [votes.answers[place] for place in majority(votes).label] == ["yes", "yes"]


def test_too_many_different_answers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Votes.of([("q", f"w{n}", "abc"[n % 3]) for n in range(9)])
    monkeypatch.setattr(aggregation, "MOST_CELLS", 50)
    with pytest.raises(TooManyAnswers, match="9 reviewers with 3 different answers"):
        dawid_skene(few)
    with pytest.raises(TooManyAnswers, match="120 questions with 3 different answers"):
        majority(VOTES)


def test_shares_are_drawn_together_where_all_are_alike() -> None:
    generator = np.random.default_rng(1)
    n = np.full(200, 20.0)
    alike, _ = shares_of(n, generator.binomial(20, 0.7, 200).astype(float))
    unlike, _ = shares_of(n, generator.binomial(20, generator.beta(2, 2, 200)).astype(float))
    assert alike.std() < 0.03
    assert unlike.std() > 0.15
