"""How well trust foretells outcomes, on crowds of known truth, and the command that tells."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from apps.trust.evaluation.crowds import KINDS, Kind, generate
from apps.trust.evaluation.evaluating import evaluate
from apps.trust.evaluation.prediction import METHODS, foretell, losses
from apps.trust.evaluation.resampling import Figure, means, shares

AVERAGE, BASE = METHODS[1:]
SMALL = Kind("small", KINDS[3].paths, differ=True, workers=12, questions=60, known=0.5)
TINY_MARGIN = 0.001  # of log loss and of Brier; the base rate's, where all are alike, is about 0.56


def ends(figure: Figure) -> tuple[float, float]:
    assert figure.low is not None
    assert figure.high is not None
    return figure.low, figure.high


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_trust_foretells_better_where_workers_differ_and_no_worse_where_they_do_not(kind: Kind) -> None:
    told = evaluate(generate(kind, 1)).predictions["all"]
    for less in (told.log_loss_less, told.brier_less):
        than_average, than_base = (ends(less[rival])[1] for rival in (AVERAGE, BASE))
        if kind.differ:
            assert max(than_average, than_base) < 0
        else:
            assert than_average <= TINY_MARGIN
            assert than_base <= 1.5 * TINY_MARGIN


def test_an_outcome_is_foretold_from_earlier_ones_alone() -> None:
    generator = np.random.default_rng(1)
    worker, success = generator.integers(0, 5, 200), generator.random(200) < 0.7
    whole = foretell(worker, success, 5).chances
    changed = success.copy()
    changed[120:] = ~changed[120:]
    assert (foretell(worker, changed, 5).chances[:121] == whole[:121]).all()


def test_the_rivals_are_averages_after_laplace() -> None:
    worker, success = np.array([0, 1, 0, 0, 1]), np.array([True, False, True, False, True])
    chances = foretell(worker, success, 2).chances
    assert chances[:, 1] == pytest.approx([1 / 2, 1 / 2, 2 / 3, 3 / 4, 1 / 3])
    assert chances[:, 2] == pytest.approx([1 / 2, 2 / 3, 2 / 4, 3 / 5, 3 / 6])


def test_losses_are_those_of_the_textbook() -> None:
    brier, log_loss = losses(np.array([[0.8, 0.5, 0.2]]), np.array([True]))
    assert brier[0] == pytest.approx([0.04, 0.25, 0.64])
    assert log_loss[0] == pytest.approx(-np.log([0.8, 0.5, 0.2]))


def test_intervals_are_those_of_resampled_units() -> None:
    right = np.random.default_rng(1).random((400, 1)) < 0.8
    (share,) = shares(right)
    (mean,) = means(right.astype(float), np.ones(400))
    half = 1.96 * np.sqrt(0.16 / 400)
    for one in (share, mean):
        low, high = ends(one)
        assert high - low == pytest.approx(2 * half, rel=0.15)
        assert low < right.mean() < high


def test_one_unit_has_no_interval_and_none_has_no_figure() -> None:
    assert means(np.ones((1, 1)), np.ones(1)) == [Figure(1.0)]
    assert means(np.ones((0, 1)), np.ones(0)) == [Figure(None)]
    assert shares(np.ones((0, 1), dtype=bool)) == [Figure(None)]


def test_outcomes_go_by_the_truth_and_elsewhere_by_what_the_others_say() -> None:
    report = evaluate(generate(SMALL, 1), resamples=50)
    assert report.outcomes_by_truth + report.outcomes_by_consensus == report.votes == 300
    assert set(report.predictions) == {"all", "truth", "consensus"}
    assert report.predictions["truth"].outcomes == report.outcomes_by_truth


def _write(path: Path, kind: Kind = SMALL) -> Path:
    crowd = generate(kind, 1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "worker", "answer", "truth"])
        votes = crowd.votes
        for q, w, a in zip(votes.question, votes.worker, votes.answer, strict=True):
            writer.writerow([q, w, a, crowd.truth[q] if crowd.truth[q] >= 0 else ""])
    return path


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command("evaluate_trust", *arguments, "--resamples=50", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_prints_figures_with_intervals(tmp_path: Path) -> None:
    out = _run(str(_write(tmp_path / "crowd.csv")))
    for word in ("majority", "weighted", "Dawid-Skene", "Brier", "log loss", *METHODS, "95 %"):
        assert word in out
    assert "No times" in out


def test_its_json_holds_all_figures_and_nothing_else(tmp_path: Path) -> None:
    (found,) = json.loads(_run(str(_write(tmp_path / "crowd.csv")), "--json"))["files"]
    assert found["file"] == "crowd.csv"
    assert set(found["labels"]) == {"majority", "weighted", "dawid_skene"}
    assert set(found["predictions"]["all"]["brier"]) == set(METHODS)
    assert found["predictions"]["all"]["log_loss_less"][AVERAGE].keys() == {"value", "low", "high"}


def test_a_file_without_truth_has_predictions_alone(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("question,worker,answer\nq1,u,1\nq1,v,1\nq2,u,2\n")
    (found,) = json.loads(_run(str(path), "--json"))["files"]
    assert found["labels"] == {}
    assert found["outcomes_by_consensus"] == 2
    assert "1 answers have no outcome: no truth, and nobody else answered." in found["notes"]


def test_one_answer_alone_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("question,worker,answer\nq1,u,1\n")
    assert "one.csv" in _run(str(path))
    path.write_text("question,worker,answer,truth\nq1,u,1,1\n")
    assert "majority" in _run(str(path), "--markdown")


def test_a_bad_file_is_named_and_nothing_is_printed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("question,worker,answer\nq,u\n")
    with pytest.raises(CommandError, match=r"bad\.csv, line 2"):
        _run(str(_write(tmp_path / "good.csv")), str(bad))


def test_free_text_is_refused_with_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.trust.aggregation.MOST_CELLS", 50)
    with pytest.raises(CommandError, match="60 questions with 3 different answers are too many"):
        _run(str(_write(tmp_path / "crowd.csv")))


def test_a_file_or_made_up_crowds_must_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Give a file"):
        call_command("evaluate_trust")
