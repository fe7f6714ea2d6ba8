"""Checks that come with every model: numbers known exactly for the true ratio or score, with errors and verdicts.

All are computed on test events. What to use when:

- `mean_ratio`: E[r | theta1] = 1 and E[1/r | theta] = 1; finds a wrong normalisation.
- `mean_score`: E[t | theta] = 0 at the reference point.
- `assay.estimators.calibration_checks`: that a ratio is neither too steep nor too flat, and the simulation consistent.
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

from assay.estimators.verdicts import CheckResult, Events, by_event, judge, weighted_mean

Array = NDArray[np.float64]

_LARGEST = 50.0  # |log r|, beyond which s is 0 or 1
_ROUNDING = 1e-9  # of the largest spread of a score: a smaller one is none
_NOTHING = "none would mean observables that do not depend on the parameters, or those of other events"


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
    mean_square: float = 0.0,
) -> CheckResult:
    """Check that E[r_hat] = 1 over events of the denominator, weights and estimates of shape (E,).

    With -log r_hat and events of the numerator it checks E[1/r_hat] = 1. `mean_square` is what is known of E[r_hat^2]
    from elsewhere: the error is at least that of so much.
    """
    with np.errstate(over="ignore"):  # an infinite ratio is an infinite mean, which fails
        ratios = np.exp(np.asarray(log_r, dtype=np.float64))
    w = np.asarray(weights, dtype=np.float64)
    value, error = weighted_mean(ratios, w, events)
    if math.isfinite(value):
        shares = by_event((w / w.sum())[:, None], events)[:, 0]
        error = max(error, math.sqrt(max(0.0, mean_square - value**2) * float(shares @ shares)))
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
    means = [weighted_mean(component, w, events) for component in scores.T]
    spreads = np.sqrt(np.average((scores - [mean for mean, _ in means]) ** 2, axis=0, weights=w))
    # densities do not depend on a luminosity: the spread of its score is that of rounding
    smallest = max(_ROUNDING * float(spreads.max()), np.finfo(np.float64).tiny)
    results = []
    for name, (mean, error), spread in zip(parameters, means, spreads, strict=True):
        unit = spread if spread > smallest else max(abs(mean), smallest)
        results.append(judge(f"mean score of {name}", mean / unit, error / unit, 0.0, tolerance))
    return tuple(results)


def knowledge(log_r: ArrayLike, r_xz: ArrayLike, events: Events | None = None) -> CheckResult:
    """Check that the estimate of the ratio, shape (N,), is better than none.

    The number is how much of the cross-entropy that the joint ratios gain over r = 1 the estimate gains: zero if the
    observables have nothing to do with the hypotheses, or are those of other events.
    """
    estimates, joint = np.asarray(log_r, dtype=np.float64), np.asarray(r_xz, dtype=np.float64)
    s = 1.0 / (1.0 + joint)
    gained, error = weighted_mean(cross_entropy_gain(estimates, s), np.ones(len(s)), events)
    possible = float(np.mean(cross_entropy_gain(joint_log_ratio(joint), s)))
    unit = possible if possible > 0 else 1.0
    return judge("knowledge in the observables", gained / unit, error / unit, 0.0, 0.0, rule="above", detail=_NOTHING)


def score_knowledge(t: ArrayLike, t_xz: ArrayLike, events: Events | None = None) -> CheckResult:
    """Check that estimates of the score, shape (N, P), are better than none, by the share of the joint score's spread.

    Zero if the observables have nothing to do with any parameter, or are those of other events.
    """
    estimates, joint = np.asarray(t, dtype=np.float64), np.asarray(t_xz, dtype=np.float64)
    unit = np.maximum(joint.var(axis=0), np.finfo(np.float64).tiny)
    known = unit >= _ROUNDING**2 * unit.max()  # others are constant but for rounding, such as that of a luminosity
    gains = np.mean(((joint**2 - (joint - estimates) ** 2) / unit)[:, known], axis=1)
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
    training: tuple[float, float],
    test: tuple[float, float],
    unit: float | None = None,
    tolerance: float = 0.1,
    n_looks: int = 1,
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
    n_looks
        Of how many such numbers this is the worst.
    """
    scale = unit if unit is not None and unit > 0 else max(*training, np.finfo(np.float64).tiny)
    error = math.hypot(training[1], test[1]) / scale
    detail = "the part of the gain on the training sample that is not there on the test sample"
    return judge(
        "overtraining",
        (training[0] - test[0]) / scale,
        error,
        0.0,
        tolerance,
        rule="at most",
        detail=detail,
        n_looks=n_looks,
    )


def joint_log_ratio(r_xz: ArrayLike) -> Array:
    """Return log r_xz, shape (N,), within bounds where an event is impossible at one of the hypotheses."""
    with np.errstate(divide="ignore"):
        log_r: Array = np.clip(np.log(np.asarray(r_xz, dtype=np.float64)), -_LARGEST, _LARGEST)
    return log_r


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
