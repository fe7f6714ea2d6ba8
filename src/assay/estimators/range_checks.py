"""Whether an estimator is asked about what it was trained on: beyond it, its answers are guesses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.estimators.verdicts import CheckResult, judge

Array = NDArray[np.float64]
Ranges = tuple[tuple[float, float], ...]

_MARGIN = 1e-6  # of a range: single precision


def outside(values: ArrayLike, ranges: ArrayLike) -> NDArray[np.bool_]:
    """Return which values (N, K) are beyond their ranges (K, 2), shape (N, K)."""
    columns, (low, high) = np.asarray(values, dtype=np.float64), np.asarray(ranges, dtype=np.float64).T
    margin = _MARGIN * (np.abs(low) + np.abs(high))
    return np.asarray(~((columns >= low - margin) & (columns <= high + margin)))


def inputs_in_range(
    x: ArrayLike,
    x_ranges: Ranges,
    observables: tuple[str, ...],
    n_training: int,
    weights: ArrayLike | None = None,
    tolerance: float = 0.01,
) -> CheckResult:
    """Check that events are within the smallest and largest values of the training sample.

    Parameters
    ----------
    x
        Observables of the events, shape (E, O).
    x_ranges
        (smallest, largest) of each in the training.
    observables
        Their names.
    n_training
        Size of the training sample: of further events of the same kind, a share of up to 2 O / (n + 1) is beyond.
    weights
        Shape (E,); by default all alike.
    tolerance
        Of the share of events beyond.
    """
    values = np.asarray(x, dtype=np.float64)
    w = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    beyond = outside(values, x_ranges)
    shares = w / w.sum() if w.sum() > 0 else w
    rows = beyond.any(axis=1)
    value = float(shares @ rows)
    error = math.sqrt(float((shares**2) @ (rows - value) ** 2))
    by_observable = shares @ beyond
    worst = int(np.argmax(by_observable))
    detail = f"{by_observable[worst]:.2%} in {observables[worst]}" if value > 0 else ""
    expected = min(1.0, 2.0 * len(observables) / (n_training + 1))
    name = "events beyond the training's range"
    return judge(name, value, error, expected, tolerance, rule="at most", detail=detail)


def hypotheses_in_range(theta: ArrayLike, ranges: Ranges, parameters: tuple[str, ...]) -> CheckResult:
    """Check that all hypotheses (T, P) are within the ranges of the training; any beyond fails."""
    points = np.asarray(theta, dtype=np.float64)
    beyond = outside(points, ranges)
    share = float(beyond.any(axis=1).mean()) if len(points) else 0.0
    detail = ""
    if share > 0:
        worst = int(np.argmax(beyond.mean(axis=0)))
        low, high = points[:, worst].min(), points[:, worst].max()
        detail = f"{parameters[worst]} from {low:.4g} to {high:.4g}, trained from {ranges[worst][0]:.4g} to "
        detail += f"{ranges[worst][1]:.4g}"
    return judge("hypotheses beyond the training's range", share, 0.0, 0.0, 0.0, rule="at most", detail=detail)
