"""Fitting the heads, on goals written for this project."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command

from apps.goals import calibration, heads
from apps.goals.calibration import Curve
from apps.goals.evaluation.evaluating import LABELS
from apps.goals.evaluation.fitting import (
    Sample,
    calibrated,
    fit_curve,
    fit_heads,
    judge_sample,
    judged_by_others,
    read_samples,
)
from apps.goals.evaluation.goal_files import read_goals
from apps.goals.heads import SHIPPED, Head, Heads
from apps.llm.embedding import get_embedder

OFFICE = Path(__file__).with_name("evaluation") / "office.jsonl"


@cache
def samples() -> list[Sample]:
    return list(read_samples({"office": read_goals(OFFICE, labels=LABELS)}, get_embedder()))


@cache
def fitted() -> Heads:
    return fit_heads(samples())


def every_head(of: Heads) -> list[Head]:
    return [of.match, of.tools, of.context]


@pytest.mark.parametrize("of", [SHIPPED, None])
def test_no_weight_is_below_zero_so_that_what_lowers_a_feature_lowers_the_score(of):
    assert all(weight >= 0.0 for head in every_head(of or fitted()) for weight in head.weights.values())


def test_a_head_is_plain_coefficients_that_survive_json():
    assert msgspec.json.decode(msgspec.json.encode(fitted()), type=Heads) == fitted()


def test_the_loss_of_a_feature_is_its_weight_times_its_distance_from_typical():
    head = Head(0.5, {"a": 2.0, "b": 1.0}, {"a": 1.0, "b": 0.0})
    assert head.logit({"a": 0.25, "b": 3.0}) == 4.0
    assert head.losses({"a": 0.25, "b": 3.0}) == {"a": 1.5, "b": -3.0}


def test_a_feature_left_out_has_no_weight():
    less = fit_heads(samples(), without="match: meaning")
    assert "meaning" not in less.match.weights
    assert less.tools.weights.keys() == fitted().tools.weights.keys()
    assert judge_sample(samples()[0], less)


def test_one_label_alone_is_refused():
    with pytest.raises(ValueError, match="Both labels"):
        fit_heads([one for one in samples() if one.row.label != "ok"])


def test_each_goal_is_judged_by_what_was_fitted_to_other_groups():
    """With as many folds as groups, the labels of a goal's own group do not reach its judgement."""
    every = len({one.group for one in samples()})
    judged = judged_by_others(samples(), folds=every)
    assert [one.id for one in judged] == [one.row.id for one in samples()]
    group = samples()[0].group
    flipped = [turned(one) if one.group == group else one for one in samples()]
    again = judged_by_others(flipped, folds=every)
    mine = [place for place, one in enumerate(samples()) if one.group == group]
    assert [judged[place].confidence for place in mine] == [again[place].confidence for place in mine]
    assert [one.confidence for one in judged] != [one.confidence for one in again]


def turned(sample: Sample) -> Sample:
    label = "missing_tool" if sample.row.label == "ok" else "ok"
    return msgspec.structs.replace(sample, row=msgspec.structs.replace(sample.row, label=label))


def test_the_curve_rises_and_keeps_the_order():
    judged = judged_by_others(samples(), folds=3)
    points = fit_curve(samples(), judged)
    assert all(one[0] < other[0] and one[1] <= other[1] for one, other in pairwise(points))
    curve = Curve.through(points)
    order = sorted(judged, key=lambda one: one.confidence)
    assert [curve.apply(one.confidence) for one in order] == sorted(curve.apply(one.confidence) for one in judged)
    assert all(0.0 <= one.confidence <= 1.0 for one in calibrated(samples(), judged, folds=3))


def test_the_shipped_curve_reaches_both_thresholds():
    assert calibration.SHIPPED.apply(0.0) < 0.1
    assert 0.5 < calibration.SHIPPED.first_reaching(0.85) < 1.0


def test_the_command_shows_the_figures_and_writes_nothing_unasked(capsys):
    before = heads.FILE.read_bytes(), calibration.FILE.read_bytes()
    call_command("fit_gate", str(OFFICE), resamples=0)
    assert "All goals of each file" in capsys.readouterr().out
    assert (heads.FILE.read_bytes(), calibration.FILE.read_bytes()) == before


def test_the_command_writes_what_is_shipped(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(heads, "FILE", tmp_path / "heads.json")
    monkeypatch.setattr(calibration, "FILE", tmp_path / "curve.json")
    call_command("fit_gate", str(OFFICE), resamples=0, write=True)
    assert msgspec.json.decode((tmp_path / "heads.json").read_bytes(), type=Heads)
    assert Curve.through(msgspec.json.decode((tmp_path / "curve.json").read_bytes()))


def test_a_file_without_tools_is_refused(tmp_path):
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"goal": "Find a hotel", "label": "vague"}\n')
    with pytest.raises(CommandError, match="offers tools"):
        call_command("fit_gate", str(plain))
