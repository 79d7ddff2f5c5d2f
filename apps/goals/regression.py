"""Logistic regression with an L2 penalty in which each weight is bound to a sign.

scikit-learn's has no bounds, so the same convex loss is minimised by SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.goals.heads import Head

Floats = NDArray[np.float64]
Bound = tuple[float | None, float | None]

AT_LEAST_ZERO: Bound = (0.0, None)
AT_MOST_ZERO: Bound = (None, 0.0)
FREE: Bound = (None, None)


def fit_bounded(
    x: Floats, good: NDArray[np.bool_], weights: Floats, names: Sequence[str], bounds: Sequence[Bound]
) -> Head:
    """The head for `x` of shape (rows, features) and labels `good`, figures rounded to four places.

    `weights` say how much each row counts against the penalty, half the sum of the squared weights of the standardised
    features; `names` and `bounds` have one entry a feature. Raises ValueError when a label is missing.
    """
    from scipy.optimize import minimize

    if good.all() or not good.any():
        raise ValueError("Both labels are needed to fit a head")
    means, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread < 1e-6] = 1.0
    standard, sign = (x - means) / spread, np.where(good, 1.0, -1.0)

    def loss(point: Floats) -> tuple[float, Floats]:
        margins = sign * (standard @ point[1:] + point[0])
        pull = -sign * weights / (1.0 + np.exp(np.clip(margins, -500, 500)))
        value = float((weights * np.logaddexp(0.0, -margins)).sum() + 0.5 * (point[1:] ** 2).sum())
        return value, np.concatenate(([pull.sum()], standard.T @ pull + point[1:]))

    found = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=[FREE, *bounds]).x
    plain = found[1:] / spread
    return Head(
        round(float(found[0] - plain @ means), 4),
        {name: round(float(weight), 4) for name, weight in zip(names, plain, strict=True)},
        {name: round(float(mean), 4) for name, mean in zip(names, means, strict=True)},
    )
