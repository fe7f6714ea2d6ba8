"""The checks of a ratio estimator on a test sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from assay.estimators.calibration_checks import (
    calibration_level,
    calibration_slope,
    joint_ratio_consistency,
    joint_ratio_level,
)
from assay.estimators.calibration_curve import CalibrationCurve, calibration_curve
from assay.estimators.checks import (
    cross_entropy_gain,
    excess_information,
    joint_log_ratio,
    knowledge,
    mean_ratio,
    overtraining,
)
from assay.estimators.closure import WeightedRows, closure
from assay.estimators.critic import critic
from assay.estimators.ratio import RatioEstimator
from assay.estimators.score_identity import score_identity
from assay.estimators.tested import first_rows, numbers_of
from assay.estimators.verdicts import CheckResult, Events, weighted_mean, worst_of
from assay.sampling.samples import RatioSample

Array = NDArray[np.float64]

_STEP = 0.005  # of the range of a parameter, for derivatives by differences


@dataclass(frozen=True, eq=False)
class Estimates:
    """What an estimator says of a ratio sample.

    Parameters
    ----------
    log_r
        log r(x | theta0, theta1), shape (N,).
    events
        Which event each sample is, numbers from 0, shape (N,).
    """

    log_r: Array
    events: Events


def estimates_of(estimator: RatioEstimator, sample: RatioSample) -> Estimates:
    """Evaluate an estimator on a sample; if its theta1 vary, as the difference of two ratios to the reference."""
    log_r = estimator.paired_log_ratio(sample.x, sample.theta0)
    if sample.info.doubly:
        log_r = log_r - estimator.paired_log_ratio(sample.x, sample.theta1)
    return Estimates(log_r, numbers_of(sample.x))


def ratio_checks(
    estimator: RatioEstimator, sample: RatioSample, estimates: Estimates, training: RatioSample | None, seed: int
) -> tuple[tuple[CheckResult, ...], CalibrationCurve]:
    """Return all checks of a ratio on its test sample, and its calibration curve against joint ratios."""
    y, r_xz = np.asarray(sample.y, dtype=np.float64), np.asarray(sample.r_xz, dtype=np.float64)
    s_xz, theta0 = 1.0 / (1.0 + r_xz), np.asarray(sample.theta0, dtype=np.float64)
    log_r, events = estimates.log_r, estimates.events
    if not np.isfinite(log_r).all():
        bad = float(np.mean(~np.isfinite(log_r)))
        share = worst_of("finite estimates", np.array([bad]), np.zeros(1), ("share that is not",), 0.0, 0.0)
        return (share,), CalibrationCurve(np.empty(0), np.empty(0), np.empty(0))
    curve = calibration_curve(log_r, s_xz, events)
    checks = [
        joint_ratio_consistency(r_xz, y, events=events),
        joint_ratio_level(r_xz, y, theta0, events=events),
        *_mean_ratios(log_r, y, events),
        *_slopes(log_r, s_xz, y, events),
        curve_check(curve),
        calibration_level(log_r, s_xz, theta0, events=events),
        knowledge(log_r, r_xz, events),
        *_two_samples(estimator, sample, estimates, seed),
        *_scores(estimator, sample, estimates),
    ]
    if training is not None:
        checks.append(_overtraining(estimator, sample, estimates, first_rows(training)))
    return tuple(checks), curve


def paired_score(estimator: RatioEstimator, x: ArrayLike, theta: ArrayLike, ranges: ArrayLike) -> Array:
    """Return the gradient of log r(x_i | theta_i) (N, P) of events at hypotheses of their own, by central differences.

    `ranges`, (P, 2), give the unit of the steps.
    """
    points = np.asarray(theta, dtype=np.float64)
    columns = []
    for p, (low, high) in enumerate(np.asarray(ranges, dtype=np.float64)):
        step = _STEP * (high - low) * np.eye(points.shape[1])[p]
        up, down = (estimator.paired_log_ratio(x, points + sign * step) for sign in (1.0, -1.0))
        columns.append((up - down) / (2.0 * step[p]))
    return np.stack(columns, axis=1)


def curve_check(curve: CalibrationCurve, tolerance: float = 0.02) -> CheckResult:
    """Check that found and estimated shares agree in every bin; the worst is told."""
    labels = tuple(f"s near {s:.3f}" for s in curve.estimated)
    return worst_of("calibration curve", curve.found - curve.estimated, curve.errors, labels, 0.0, tolerance)


def _slopes(log_r: Array, s_xz: Array, y: Array, events: Events) -> list[CheckResult]:
    if not np.ptp(log_r) > 0:  # nothing learned: `knowledge` fails
        return []
    return [
        calibration_slope(log_r, s_xz, name="calibration slope against joint ratios", events=events),
        calibration_slope(log_r, y, name="calibration slope against labels", events=events),
    ]


def _two_samples(
    estimator: RatioEstimator, sample: RatioSample, estimates: Estimates, seed: int
) -> tuple[CheckResult, ...]:
    """Compare events of both hypotheses, weighted by the estimate (see `closure`)."""
    x, theta = np.asarray(sample.x, dtype=np.float64), np.asarray(sample.theta0, dtype=np.float64)
    if sample.info.doubly:
        theta = np.concatenate([theta, np.asarray(sample.theta1, dtype=np.float64)], axis=1)
    numerator = np.asarray(sample.y) < 0.5
    weights = expit(np.where(numerator, -1.0, 1.0) * estimates.log_r)
    direct, reweighted = (
        WeightedRows(x[rows], theta[rows], weights[rows], estimates.events[rows]) for rows in (numerator, ~numerator)
    )
    names = estimator.parameters
    if sample.info.doubly:
        names = (*names, *(f"{name} (denominator)" for name in names))
    return closure(direct, reweighted, estimator.observables, names), critic(direct, reweighted, seed)


def _scores(estimator: RatioEstimator, sample: RatioSample, estimates: Estimates) -> tuple[CheckResult, ...]:
    """Check joint scores and the estimate's derivative, on events of the numerator."""
    rows = np.asarray(sample.y) < 0.5
    x, theta, t_xz = sample.x[rows], sample.theta0[rows], np.asarray(sample.t_xz, dtype=np.float64)[rows]
    events, names = estimates.events[rows], estimator.parameters
    t = paired_score(estimator, x, theta, sample.info.ranges)
    return (
        *score_identity(x, theta, t_xz, names, events),
        *excess_information(t, t_xz, names, events=events),
    )


def _overtraining(
    estimator: RatioEstimator, sample: RatioSample, estimates: Estimates, training: RatioSample
) -> CheckResult:
    """Compare the gains in cross-entropy, with joint ratios and with labels, whichever the training fitted too well.

    They are relative to the gain of the joint ratios on the same events, which takes most of the fluctuation of these
    away, and in units of it.
    """
    pairs = [(training, estimates_of(estimator, training)), (sample, estimates)]
    joints = [joint_log_ratio(part.r_xz) for part, _ in pairs]
    unit = float(np.mean(cross_entropy_gain(joints[1], expit(-joints[1]))))
    results = []
    for labels in (False, True):
        gains = []
        for (part, of), joint in zip(pairs, joints, strict=True):
            s = np.asarray(part.y, dtype=np.float64) if labels else expit(-joint)
            gained = cross_entropy_gain(of.log_r, s) - cross_entropy_gain(joint, s)
            gains.append(weighted_mean(gained, np.ones(len(s)), of.events))
        results.append(overtraining(gains[0], gains[1], unit, n_looks=2))
    return max(results, key=lambda result: result.pull)


def _mean_ratios(log_r: Array, y: Array, events: Events) -> tuple[CheckResult, ...]:
    """Check E[r | theta1] = 1 and E[1/r | theta0] = 1, with the errors that the other sample tells.

    A mean of r over events of theta1 is decided by rare ones, which a sample that lacks them does not miss; but
    E[r^2 | theta1] = E[r | theta0], where they are common.
    """
    names = ("mean ratio at the reference", "mean inverse ratio over the hypotheses")
    results = []
    for name, label, sign in zip(names, (1.0, 0.0), (1.0, -1.0), strict=True):
        with np.errstate(over="ignore"):
            square = float(np.mean(np.exp(sign * log_r[y != label])))
        chosen = y == label
        ones = np.ones(int(chosen.sum()))
        results.append(mean_ratio(sign * log_r[chosen], ones, name=name, events=events[chosen], mean_square=square))
    return tuple(results)
