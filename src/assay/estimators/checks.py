"""Checks that come with every model: numbers known exactly for the true ratio or score, with errors and verdicts.

All are computed on test events. What to use when:

- `mean_ratio`: E[r | theta1] = 1 and E[1/r | theta] = 1; finds a wrong normalisation.
- `mean_score`: E[t | theta] = 0 at the reference point.
- `calibration_slope`: finds a ratio that is too steep or too flat, whatever its origin; with labels as targets it does
  so even where the joint ratios are wrong.
- `joint_ratio_consistency`: needs no model; finds labels that were swapped and joint ratios of other events.
- `agreement`: squared error and correlation against joint or exact quantities.

Where an event was drawn several times, `events` says which rows are of the same one: their residuals are added before
they are squared, since a repeated event is no further evidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from assay.errors import TrainingError

Array = NDArray[np.float64]
Events = NDArray[np.integer]
Verdict = Literal["passed", "doubtful", "failed"]

_ITERATIONS = 100
_SMALLEST_STEP = 1e-9


@dataclass(frozen=True)
class CheckResult:
    """A number that would be `expected` for the truth.

    Parameters
    ----------
    name
        What was checked.
    value, error
        The estimate and its statistical standard deviation.
    expected
        The exact value.
    tolerance
        Deviations up to it are good enough whatever the error: no finite training is exact.
    verdict
        `passed` up to the tolerance or two standard deviations, whichever is larger; `doubtful` up to twice as much;
        `failed` beyond, and if the number or its error is not finite.
    """

    name: str
    value: float
    error: float
    expected: float
    tolerance: float
    verdict: Verdict

    @property
    def pull(self) -> float:
        """The deviation in standard deviations."""
        return (self.value - self.expected) / self.error if self.error > 0 else math.copysign(math.inf, self.value)


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
    value, error = _weighted_mean(ratios, np.asarray(weights, dtype=np.float64), events)
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
        mean, error = _weighted_mean(component, w, events)
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


def agreement(estimates: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> Agreement:
    """Compare estimates with targets of the same shape, with weights of that shape if given."""
    a, b = np.asarray(estimates, dtype=np.float64).ravel(), np.asarray(targets, dtype=np.float64).ravel()
    w = np.ones_like(a) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    error, error_of_error = _weighted_mean((a - b) ** 2, w)
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
    residuals = _by_event(design * (p - (1.0 - s))[:, None], events)
    inverse = np.linalg.pinv((design * (p * (1.0 - p))[:, None]).T @ design)
    covariance = inverse @ (residuals.T @ residuals) @ inverse
    return float(coefficients[1]), math.sqrt(float(covariance[1, 1]))


def _cross_entropy(log_r: Array, s: Array) -> float:
    return float(np.sum(np.logaddexp(0.0, log_r) - (1.0 - s) * log_r))


def _weighted_mean(values: Array, weights: Array, events: Events | None = None) -> tuple[float, float]:
    """Return the mean and its error for weighted events."""
    total = float(weights.sum())
    mean = float(weights @ values) / total
    if not math.isfinite(mean):
        return math.nan, math.nan
    residuals = _by_event((weights * (values - mean))[:, None], events)
    return mean, math.sqrt(float((residuals**2).sum())) / abs(total)


def _by_event(residuals: Array, events: Events | None) -> Array:
    """Add the rows (N, K) of each event."""
    if events is None:
        return residuals
    return np.stack([np.bincount(events, weights=column) for column in residuals.T], axis=1)


def judge(name: str, value: float, error: float, expected: float, tolerance: float) -> CheckResult:
    """Return the result of a check with its verdict."""
    verdict: Verdict = "failed"
    if math.isfinite(value) and math.isfinite(error):
        allowed = max(tolerance, 2.0 * error)
        deviation = abs(value - expected)
        verdict = "passed" if deviation <= allowed else "doubtful" if deviation <= 2.0 * allowed else "failed"
    return CheckResult(name, value, error, expected, tolerance, verdict)
