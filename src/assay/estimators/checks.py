"""Checks that come with every model: numbers known exactly for the true ratio or score, with errors and verdicts.

All are computed on test events. What to use when:

- `mean_ratio`: E[r | theta1] = 1 and E[1/r | theta] = 1; finds a wrong normalisation.
- `mean_score`: E[t | theta] = 0 at the reference point.
- `calibration_slope`: finds a ratio that is too steep or too flat, whatever its origin; with labels as targets it does
  so even where the joint ratios are wrong.
- `calibration_level`: the same for a constant factor, hypothesis by hypothesis.
- `joint_ratio_consistency`, `joint_ratio_level`: need no model; find labels that were swapped, joint ratios of other
  events, and weights of a hypothesis that are too large by a factor.
- `knowledge`: that the estimate says anything at all; finds observables of other events, which all else passes.
- `excess_information`: E[t_hat (t_hat - t_xz)] = 0, as E[t_xz | x] = t; finds scores that are too large, or noise.
- `overtraining`: that the training sample is not described better than the test sample.
- `agreement`: squared error and correlation against joint or exact quantities.

Where an event was drawn several times, `events` says which rows are of the same one: their residuals are added before
they are squared, since a repeated event is no further evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from assay.errors import TrainingError
from assay.estimators.verdicts import CheckResult, Events, by_event, judge, weighted_mean, worst_of

Array = NDArray[np.float64]

_ITERATIONS = 100
_SMALLEST_STEP = 1e-9
_LARGEST = 50.0  # |log r|, beyond which s is 0 or 1
_NOTHING = "none would mean observables that do not depend on the parameters, or those of other events"
_FEW_HYPOTHESES = 20
_BINS = 5  # of every parameter, where there are more hypotheses
_LEAST_INFORMATION = 5.0  # sum of s (1 - s): below it a group of samples says nothing


@dataclass(frozen=True)
class Agreement:
    """How well estimates follow targets.

    Parameters
    ----------
    mean_squared_error, error
        Of the estimates, and its statistical standard deviation.
    correlation
        Pearson's.
    slope
        Of the straight line of least squares through estimates against targets.
    n
        Number of pairs.
    """

    mean_squared_error: float
    error: float
    correlation: float
    slope: float
    n: int


def mean_ratio(
    log_r: ArrayLike,
    weights: ArrayLike,
    tolerance: float = 0.02,
    name: str = "mean ratio",
    events: Events | None = None,
) -> CheckResult:
    """Check that E[r_hat] = 1 over events of the denominator, weights and estimates of shape (E,).

    With -log r_hat and events of the numerator it checks E[1/r_hat] = 1.
    """
    with np.errstate(over="ignore"):  # an infinite ratio is an infinite mean, which fails
        ratios = np.exp(np.asarray(log_r, dtype=np.float64))
    value, error = weighted_mean(ratios, np.asarray(weights, dtype=np.float64), events)
    return judge(name, value, error, 1.0, tolerance)


def mean_score(
    t: ArrayLike,
    weights: ArrayLike,
    parameters: tuple[str, ...],
    tolerance: float = 0.02,
    events: Events | None = None,
) -> tuple[CheckResult, ...]:
    """Check that E[t_hat] = 0 over events of the reference point, in units of each component's spread.

    Parameters
    ----------
    t
        Estimated scores, shape (E, P).
    weights
        At the point at which the score is estimated, shape (E,).
    parameters
        Names of the components.
    tolerance
        In units of the spread.
    events
        The event of each row, numbers from 0, shape (E,); by default each row is one of its own.
    """
    scores, w = np.asarray(t, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    results = []
    for name, component in zip(parameters, scores.T, strict=True):
        mean, error = weighted_mean(component, w, events)
        spread = math.sqrt(float(np.average((component - mean) ** 2, weights=w)))
        unit = spread if spread > 0 else math.nan
        results.append(judge(f"mean score of {name}", mean / unit, error / unit, 0.0, tolerance))
    return tuple(results)


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
    ratios = np.asarray(r_xz, dtype=np.float64)
    with np.errstate(divide="ignore"):
        log_r = np.maximum(np.log(ratios), -_LARGEST)
    return calibration_level(log_r, y, theta0, tolerance, "level of joint ratios against labels", events)


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


def knowledge(log_r: ArrayLike, r_xz: ArrayLike, events: Events | None = None) -> CheckResult:
    """Check that the estimate of the ratio, shape (N,), is better than none.

    The number is how much of the cross-entropy that the joint ratios gain over r = 1 the estimate gains: zero if the
    observables have nothing to do with the hypotheses, or are those of other events.
    """
    estimates, joint = np.asarray(log_r, dtype=np.float64), np.asarray(r_xz, dtype=np.float64)
    s = 1.0 / (1.0 + joint)
    gained, error = weighted_mean(cross_entropy_gain(estimates, s), np.ones(len(s)), events)
    with np.errstate(divide="ignore"):
        possible = float(np.mean(cross_entropy_gain(np.clip(np.log(joint), -_LARGEST, _LARGEST), s)))
    unit = possible if possible > 0 else math.nan
    return judge("knowledge in the observables", gained / unit, error / unit, 0.0, 0.0, rule="above", detail=_NOTHING)


def score_knowledge(t: ArrayLike, t_xz: ArrayLike, events: Events | None = None) -> CheckResult:
    """Check that estimates of the score, shape (N, P), are better than none, by the share of the joint score's spread.

    Zero if the observables have nothing to do with any parameter, or are those of other events.
    """
    estimates, joint = np.asarray(t, dtype=np.float64), np.asarray(t_xz, dtype=np.float64)
    unit = np.maximum(joint.var(axis=0), np.finfo(np.float64).tiny)
    gains = np.mean((joint**2 - (joint - estimates) ** 2) / unit, axis=1)
    value, error = weighted_mean(gains, np.ones(len(gains)), events)
    return judge("knowledge in the observables", value, error, 0.0, 0.0, rule="above", detail=_NOTHING)


def excess_information(
    t: ArrayLike,
    t_xz: ArrayLike,
    parameters: tuple[str, ...],
    tolerance: float = 0.05,
    events: Events | None = None,
) -> tuple[CheckResult, ...]:
    """Check that E[t_hat (t_hat - t_xz)] = 0, in units of E[t_xz^2], for each parameter.

    As E[t_xz | x] = t, the information that the estimated score seems to have, E[t_hat^2], is that which it has,
    E[t_hat t_xz]. Positive if the score is too large or noisy, negative if it is too small.

    Parameters
    ----------
    t, t_xz
        Estimated and joint scores, shape (N, P), of events of the hypothesis at which they are.
    """
    estimates, joint = np.asarray(t, dtype=np.float64), np.asarray(t_xz, dtype=np.float64)
    results = []
    for name, ours, theirs in zip(parameters, estimates.T, joint.T, strict=True):
        unit = float(np.mean(theirs**2))
        if not unit > 0:
            continue
        value, error = weighted_mean(ours * (ours - theirs) / unit, np.ones(len(ours)), events)
        results.append(judge(f"excess information of {name}", value, error, 0.0, tolerance))
    return tuple(results)


def overtraining(
    training: tuple[float, float], test: tuple[float, float], unit: float | None = None, tolerance: float = 0.1
) -> CheckResult:
    """Check that an estimator is not much better on the events that it was trained on.

    Parameters
    ----------
    training, test
        What it gains over no knowledge on either sample (`weighted_mean` of a gain), each with its error.
    unit
        Of the difference; by default the gain on the training sample.
    tolerance
        Of the difference in this unit.
    """
    scale = training[0] if unit is None else unit
    scale = scale if scale > 0 else math.nan
    error = math.hypot(training[1], test[1]) / scale
    detail = "the part of the gain on the training sample that is not there on the test sample"
    return judge("overtraining", (training[0] - test[0]) / scale, error, 0.0, tolerance, rule="at most", detail=detail)


def cross_entropy_gain(log_r: Array, s: Array) -> Array:
    """Return by how much less the cross-entropy with s (N,) is for log r (N,) than for r = 1, for each sample."""
    gain: Array = math.log(2.0) - np.logaddexp(0.0, log_r) + (1.0 - s) * log_r
    return gain


def agreement(estimates: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> Agreement:
    """Compare estimates with targets of the same shape, with weights of that shape if given."""
    a, b = np.asarray(estimates, dtype=np.float64).ravel(), np.asarray(targets, dtype=np.float64).ravel()
    w = np.ones_like(a) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    error, error_of_error = weighted_mean((a - b) ** 2, w)
    da, db = a - np.average(a, weights=w), b - np.average(b, weights=w)
    covariance, variance = float(np.average(da * db, weights=w)), float(np.average(db**2, weights=w))
    spread = math.sqrt(float(np.average(da**2, weights=w)) * variance)
    return Agreement(
        mean_squared_error=error,
        error=error_of_error,
        correlation=covariance / spread if spread > 0 else math.nan,
        slope=covariance / variance if variance > 0 else math.nan,
        n=len(a),
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
