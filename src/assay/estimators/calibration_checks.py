"""Whether an estimated ratio means what it says: how likely a sample is of the denominator where r_hat has some value.

All compare s_hat = 1 / (1 + r_hat) with a target of the same expectation, the label y or s_xz = 1 / (1 + r_xz), for as
many samples of the numerator as of the denominator. What to use when:

- `calibration_slope`: finds a ratio that is too steep or too flat, whatever its origin; with labels as targets it does
  so even where the joint ratios are wrong.
- `calibration_level`: the same for a constant factor, hypothesis by hypothesis.
- `joint_ratio_consistency`, `joint_ratio_level`: need no model; find labels that were swapped, joint ratios of other
  events, and weights of a hypothesis that are too large by a factor.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from assay.errors import TrainingError
from assay.estimators.checks import joint_log_ratio
from assay.estimators.verdicts import CheckResult, Events, by_event, judge, worst_of

Array = NDArray[np.float64]

_FEW_HYPOTHESES = 20
_BINS = 5  # of every parameter, where there are more hypotheses
_LEAST_INFORMATION = 5.0  # sum of s (1 - s): below it a group of samples says nothing
_ITERATIONS = 100
_SMALLEST_STEP = 1e-9


def calibration_slope(
    log_r: ArrayLike,
    target: ArrayLike,
    tolerance: float = 0.03,
    name: str = "calibration slope",
    events: Events | None = None,
) -> CheckResult:
    """Check that the best b in log r = a + b log r_hat is 1.

    a and b minimise the cross-entropy of 1 / (1 + exp(a + b log r_hat)) with `target`, for as many samples of the
    numerator as of the denominator. If r_hat is the ratio, a = 0 and b = 1; b below 1 says that log r_hat is too steep
    (overtraining, or a joint score that is too large), b above 1 that it is too flat.

    Parameters
    ----------
    log_r
        Estimates, shape (N,).
    target
        The label y, or s_xz = 1 / (1 + r_xz), which has less variance, shape (N,).
    tolerance
        Of the slope.
    name
        Of the check.
    events
        The event of each sample, numbers from 0, shape (N,); by default each sample is one of its own.

    Raises
    ------
    TrainingError
        If the estimates are all the same, so that there is no slope.
    """
    estimates, s = np.asarray(log_r, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if not np.ptp(estimates) > 0:
        raise TrainingError("all estimates are the same", where=name, expected="a network that has learned something")
    design = np.stack([np.ones_like(estimates), estimates], axis=1)
    slope, error = _logistic_slope(design, s, events)
    return judge(name, slope, error, 1.0, tolerance)


def calibration_level(
    log_r: ArrayLike,
    target: ArrayLike,
    theta0: ArrayLike,
    tolerance: float = 0.05,
    name: str = "calibration level by hypothesis",
    events: Events | None = None,
) -> CheckResult:
    """Check that a = 0 in log r = a + log r_hat for the samples of every hypothesis; the worst is told.

    a is found by one step of Newton's method from the cross-entropy with `target` (see `calibration_slope`): every
    sample counts with a bounded weight, so that heavy tails of the ratio, which spoil its mean, do no harm.

    Parameters
    ----------
    log_r, target
        As in `calibration_slope`, shape (N,).
    theta0
        The hypothesis of each sample, shape (N, P): each for itself if there are few, or else in ranges of every
        parameter.
    """
    estimates, s = np.asarray(log_r, dtype=np.float64), np.asarray(target, dtype=np.float64)
    s_hat = expit(-estimates)
    information = s_hat * (1.0 - s_hat)
    shifts, errors, labels = [], [], []
    for label, chosen in _by_hypothesis(np.asarray(theta0, dtype=np.float64)):
        total = float(information[chosen].sum())
        if total < _LEAST_INFORMATION:
            continue
        residuals = (s_hat - s)[chosen]
        shift = float(residuals.sum()) / total
        spread = by_event(
            (residuals - shift * information[chosen])[:, None], None if events is None else events[chosen]
        )
        shifts.append(shift)
        errors.append(math.sqrt(float((spread**2).sum())) / total)
        labels.append(label)
    if not shifts:
        return judge(name, 0.0, 0.0, 0.0, tolerance, detail="too few samples at any hypothesis")
    return worst_of(name, np.array(shifts), np.array(errors), tuple(labels), 0.0, tolerance)


def joint_ratio_consistency(
    r_xz: ArrayLike, y: ArrayLike, tolerance: float = 0.03, events: Events | None = None
) -> CheckResult:
    """Check that the labels follow the joint ratios: p(y = 1 | x, z) = 1 / (1 + r_xz), as a slope of 1.

    Parameters
    ----------
    r_xz, y
        Of a ratio sample, shape (N,), with as many of either label.
    tolerance
        Of the slope: -1 for swapped labels, near 0 for joint ratios that are of other events.
    events
        The event of each sample, numbers from 0, shape (N,).
    """
    ratios, labels = np.asarray(r_xz, dtype=np.float64), np.asarray(y, dtype=np.float64)
    possible = ratios > 0
    which = None if events is None else events[possible]
    return calibration_slope(np.log(ratios[possible]), labels[possible], tolerance, "joint ratio against labels", which)


def joint_ratio_level(
    r_xz: ArrayLike, y: ArrayLike, theta0: ArrayLike, tolerance: float = 0.05, events: Events | None = None
) -> CheckResult:
    """Check that no hypothesis has joint ratios that are all too large or too small, by its labels.

    Parameters
    ----------
    r_xz, y
        Of a ratio sample, shape (N,), with as many of either label.
    theta0
        The hypothesis of each sample, shape (N, P).
    tolerance
        Of the logarithm of the factor.
    events
        The event of each sample, numbers from 0, shape (N,).
    """
    return calibration_level(
        joint_log_ratio(r_xz), y, theta0, tolerance, "level of joint ratios against labels", events
    )


def _logistic_slope(design: Array, s: Array, events: Events | None) -> tuple[float, float]:
    """Return the slope of a logistic fit of 1 - s and its error, by the sandwich formula, as s need not be 0 or 1."""
    coefficients = np.array([0.0, 1.0])
    loss = _cross_entropy(design @ coefficients, s)
    for _ in range(_ITERATIONS):
        p = expit(design @ coefficients)
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design
        step = np.linalg.lstsq(hessian, design.T @ (p - (1.0 - s)), rcond=None)[0]
        # the objective is convex, but a whole step can overshoot where estimates are far off
        while (trial := _cross_entropy(design @ (coefficients - step), s)) > loss and np.abs(
            step
        ).max() > _SMALLEST_STEP:
            step = step / 2.0
        if np.abs(step).max() <= _SMALLEST_STEP:
            break
        coefficients, loss = coefficients - step, trial
    p = expit(design @ coefficients)
    residuals = by_event(design * (p - (1.0 - s))[:, None], events)
    inverse = np.linalg.pinv((design * (p * (1.0 - p))[:, None]).T @ design)
    covariance = inverse @ (residuals.T @ residuals) @ inverse
    return float(coefficients[1]), math.sqrt(float(covariance[1, 1]))


def _cross_entropy(log_r: Array, s: Array) -> float:
    return float(np.sum(np.logaddexp(0.0, log_r) - (1.0 - s) * log_r))


def _by_hypothesis(theta: Array) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return names and rows (N,) of the hypotheses (N, P): each if there are few, or else ranges of each parameter."""
    points, index = np.unique(theta, axis=0, return_inverse=True)
    if len(points) <= _FEW_HYPOTHESES:
        return [(f"theta = {np.round(p, 6).tolist()}", index.ravel() == k) for k, p in enumerate(points)]
    groups = []
    for p, column in enumerate(theta.T):
        edges = np.unique(np.quantile(column, np.linspace(0.0, 1.0, _BINS + 1)))
        where = np.clip(np.searchsorted(edges, column, side="right") - 1, 0, max(0, len(edges) - 2))
        for k in range(len(edges) - 1):
            groups.append((f"parameter {p + 1} from {edges[k]:.4g} to {edges[k + 1]:.4g}", where == k))
    return groups
