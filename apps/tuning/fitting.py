"""RULE: from labelled goals to a curve that never falls, drawn towards the curve above it as far as evidence is thin.

Many labels: isotonic regression (Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass
probability estimates", KDD 2002). Fewer: Platt scaling, a logistic curve over the log-odds of the sum with Platt's
smoothed targets ("Probabilistic outputs for support vector machines", 1999), which holds the identity as one of its
curves. Isotonic regression overtakes Platt scaling at about a thousand labels (Niculescu-Mizil and Caruana,
"Predicting good probabilities with supervised learning", ICML 2005).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from apps.goals.calibration import Curve
from apps.tuning.labels import Labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ISOTONIC_FROM = 1000
# Own evidence worth n labels weighs n / (n + SHRINKAGE) against the curve above. The form is that of an empirical
# Bayes estimate (Efron and Morris 1977); 200 is our choice: half-way at 200 labels, nine tenths at 1800.
SHRINKAGE = 200.0
FOLDS = 5
SEED = 20260101
GRID = 20  # even steps of the raw sum; as many again where the labels lie
# A sum of exactly 0 or 1 has no log-odds.
EDGE = 0.005

ISOTONIC, PLATT = "isotonic", "platt"


class Fitted(msgspec.Struct, frozen=True):
    """A curve and how it came about. share: weight of its own evidence against the curve above it, 0 to 1."""

    curve: Curve
    method: str
    share: float


def fit(labels: Labels, above: Curve) -> Fitted:
    """The curve of these labels. `above`: the curve that held without them. Call where `too_little` says nothing."""
    import numpy as np

    raw, right, weight = arrays(labels)
    method = ISOTONIC if len(labels) >= ISOTONIC_FROM else PLATT
    predict = (_isotonic if method == ISOTONIC else _platt)(raw, right, weight)
    share = labels.effective / (labels.effective + SHRINKAGE)
    even, crowded = np.linspace(0, 1, GRID + 1), np.quantile(raw, np.linspace(0, 1, GRID))
    knots = np.unique(np.concatenate([even, crowded, above.raws]))
    own = predict(knots)
    inherited = np.array([above.apply(float(knot)) for knot in knots])
    drawn = np.maximum.accumulate(np.clip(share * own + (1 - share) * inherited, 0.0, 1.0))
    return Fitted(Curve.through(_points(knots, drawn)), method, share)


def predictions_unseen(labels: Labels, above: Curve) -> list[float]:
    """What each label's goal would be given by a curve fitted without it: stratified folds, always the same ones."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    raw, right, weight = arrays(labels)
    found = np.empty(len(raw))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(raw, right):
        part = Labels(tuple(raw[seen].tolist()), tuple(right[seen].tolist()), tuple(weight[seen].tolist()))
        curve = fit(part, above).curve
        found[unseen] = [curve.apply(one) for one in raw[unseen].tolist()]
    return found.tolist()


def arrays(labels: Labels) -> tuple[Floats, NDArray[np.bool_], Floats]:
    import numpy as np

    return np.array(labels.raw, dtype=float), np.array(labels.right, dtype=bool), np.array(labels.weight, dtype=float)


def _isotonic(raw: Floats, right: Any, weight: Floats) -> Callable[[Floats], Floats]:
    from sklearn.isotonic import IsotonicRegression

    # No share of a finite sample is proof of never or always: Laplace's rule of succession bounds both ends.
    least = 1 / (len(raw) + 2)
    model = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    return model.fit(raw, right.astype(float), sample_weight=weight).predict


def _platt(raw: Floats, right: Any, weight: Floats) -> Callable[[Floats], Floats]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    good, bad = int(right.sum()), int((~right).sum())
    target = np.where(right, (good + 1) / (good + 2), 1 / (bad + 2))
    # Each label stands twice, as right and as wrong, weighted by its smoothed target.
    rows = np.concatenate([_log_odds(raw), _log_odds(raw)])[:, None]
    sorts = np.concatenate([np.ones(len(raw)), np.zeros(len(raw))])
    weights = np.concatenate([weight * target, weight * (1 - target)]) / weight.mean()
    model = LogisticRegression(C=1e3).fit(rows, sorts, sample_weight=weights)
    if model.coef_[0, 0] <= 0:
        # The sum tells nothing here; a falling curve would turn the gate upside down, so it is level.
        level = float(np.average(right, weights=weight))
        return lambda knots: np.full(len(knots), level)
    return lambda knots: model.predict_proba(_log_odds(knots)[:, None])[:, 1]


def _log_odds(raw: Floats) -> Floats:
    import numpy as np

    inside = np.clip(raw, EDGE, 1 - EDGE)
    return np.log(inside / (1 - inside))


def _points(knots: Floats, values: Floats) -> Sequence[tuple[float, float]]:
    """Rounded to what a reader can use, and one of those that round to the same."""
    points: dict[float, float] = {}
    for knot, value in zip(knots.tolist(), values.tolist(), strict=True):
        points[round(knot, 4)] = round(value, 4)
    return sorted(points.items())
