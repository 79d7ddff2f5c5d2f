"""Fits the two heads of apps/goals/scope.py again and says how well they judge.

    python -m bench.fit_scope       needs ../shared/data; prints coefficients, then figures on data not fitted on

The heads are fitted on the build half of tests/goals/pairs/scope.jsonl and on public goals held against their own and
other goals' tools, both sources counting the same. Figures are by cross-validation over agents and toolsets, and on the
held half.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from tests.goals.pair_sets import auroc
from tests.goals.scope_sets import Example, crossed, features, written

GOALS = 250  # of the public ones; each is embedded once
HEADS = {"WORDS_ALONE": [0], "WITH_MEANING": [0, 1]}


class Data:
    """Features, labels and groups of one source."""

    def __init__(self, rows: Iterable[tuple[Example, bool, str]]) -> None:
        read = [(found, inside, group) for example, inside, group in rows if (found := features(example)) is not None]
        self.x = np.array([row[0] for row in read])
        self.y = np.array([row[1] for row in read])
        self.groups = np.unique([row[2] for row in read], return_inverse=True)[1]


def _fit(columns: list[int], parts: list[tuple[Data, Any]]) -> Any:
    x = np.concatenate([data.x[chosen][:, columns] for data, chosen in parts])
    y = np.concatenate([data.y[chosen] for data, chosen in parts])
    weights = np.concatenate([np.full(len(data.y[chosen]), 1e3 / len(data.y[chosen])) for data, chosen in parts])
    return LogisticRegression(C=10).fit(x, y, sample_weight=weights)


def _figures(name: str, logits: Any, y: Any) -> None:
    inside, outside = logits[y], logits[~y]
    balanced = ((inside >= 0).mean() + (outside < 0).mean()) / 2
    failed = (inside < np.log(0.2 / 0.8)).mean()
    line = f"  {name}: AUROC {auroc(list(inside), list(outside)):.3f}, balanced accuracy at 0.5 {balanced:.3f}"
    sys.stdout.write(f"{line}, in scope but below 0.2 {failed:.3f}\n")


def main() -> None:
    """Print coefficients and figures."""
    build, held = Data(written("build")), Data(written("held"))
    sources = {"random": Data(crossed(GOALS, near=False)), "near": Data(crossed(GOALS, near=True))}
    live = [(data, slice(None)) for data in sources.values()]
    for head, columns in HEADS.items():
        model = _fit(columns, [(build, slice(None)), *live])
        sys.stdout.write(f"{head} = {model.intercept_.round(2)}, {model.coef_.round(2)}\n")
        _figures("written, held half", model.decision_function(held.x[:, columns]), held.y)
        crossed_logits = np.zeros(len(build.y))
        for train, test in GroupKFold(5).split(build.x, build.y, build.groups):
            fitted = _fit(columns, [(build, train), *live])
            crossed_logits[test] = fitted.decision_function(build.x[test][:, columns])
        _figures("written, build half, cross-validated", crossed_logits, build.y)
        for name, data in sources.items():
            logits = np.zeros(len(data.y))
            for train, test in GroupKFold(5).split(data.x, data.y, data.groups):
                fitted = _fit(columns, [(build, slice(None)), (data, train)])
                logits[test] = fitted.decision_function(data.x[test][:, columns])
            _figures(f"public goals, {name} tools, cross-validated", logits, data.y)


if __name__ == "__main__":
    main()
