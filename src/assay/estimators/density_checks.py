"""The checks of a density estimator on a test sample: of what it says of events, and of events that it draws."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.estimators.checks import excess_information, mean_ratio, overtraining
from assay.estimators.closure import WeightedRows, closure
from assay.estimators.critic import critic
from assay.estimators.description import ModelDescription
from assay.estimators.ratio import RatioEstimator
from assay.estimators.ratio_checks import paired_score
from assay.estimators.score_identity import score_identity
from assay.estimators.tested import first_rows, numbers_of
from assay.estimators.verdicts import CheckResult, judge, weighted_mean
from assay.sampling.samples import DensitySample

Array = NDArray[np.float64]

_DRAWN = 20_000
_NATS = 0.05  # of log p, that a training sample may be better described


class DensityEstimator(RatioEstimator, Protocol):
    """What checks need of an estimator of p(x | theta)."""

    @property
    def description(self) -> ModelDescription:
        """Its columns and its origin."""

    def log_likelihood(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log p(x | theta), shape (T, E)."""

    def paired_sample(self, theta: ArrayLike, seed: int) -> Array:
        """Return one x (N, O) for each theta (N, P)."""


def density_checks(
    estimator: DensityEstimator, sample: DensitySample, training: DensitySample | None, seed: int
) -> tuple[tuple[CheckResult, ...], Array]:
    """Return all checks of a density on its test sample, and the estimated scores (N, P)."""
    events, names = numbers_of(sample.x), estimator.parameters
    t = paired_score(estimator, sample.x, sample.theta, sample.info.ranges)
    log_r = estimator.paired_log_ratio(sample.x, sample.theta)
    checks = [
        mean_ratio(-log_r, np.ones(len(log_r)), name="mean inverse ratio over the hypotheses", events=events),
        *score_identity(sample.x, sample.theta, sample.t_xz, names, events),
        *excess_information(t, sample.t_xz, names, events=events),
        _knowledge(estimator, sample, log_r, seed),
        *_drawn(estimator, sample, seed),
    ]
    if training is not None:
        part = first_rows(training)
        pairs = [(sample, log_r), (part, estimator.paired_log_ratio(part.x, part.theta))]
        test, known = (_mean_log_density(estimator, of, ratio) for of, ratio in pairs)
        checks.append(overtraining(known, test, unit=1.0, tolerance=_NATS))
    return tuple(checks), t


def _knowledge(estimator: DensityEstimator, sample: DensitySample, log_r: Array, seed: int) -> CheckResult:
    """Check that events are more probable at their own hypotheses than at those of other events."""
    order = np.random.default_rng(seed).permutation(len(sample))
    other = estimator.paired_log_ratio(sample.x, np.asarray(sample.theta)[order])
    value, error = weighted_mean(log_r - other, np.ones(len(log_r)), numbers_of(sample.x))
    detail = "nats; none would mean observables that do not depend on the parameters, or those of other events"
    return judge("knowledge in the observables", value, error, 0.0, 0.0, rule="above", detail=detail)


def _drawn(estimator: DensityEstimator, sample: DensitySample, seed: int) -> tuple[CheckResult, ...]:
    """Compare events that the density draws, one at each hypothesis, with those of the sample."""
    n = min(len(sample), _DRAWN)
    theta = np.asarray(sample.theta[:n], dtype=np.float64)
    events = numbers_of(sample.x[:n])
    direct = WeightedRows(np.asarray(sample.x[:n], dtype=np.float64), theta, np.ones(n), events)
    # with the numbers of the events of the same hypotheses, so that none of these is in one half with one of them alone
    drawn = WeightedRows(estimator.paired_sample(theta, seed), theta, np.ones(n), events)
    name = "closure of drawn events"
    return closure(direct, drawn, estimator.observables, estimator.parameters, name=name), critic(direct, drawn, seed)


def _mean_log_density(estimator: DensityEstimator, sample: DensitySample, log_r: Array) -> tuple[float, float]:
    at_reference = estimator.log_likelihood(sample.x, estimator.reference[None])[0]
    return weighted_mean(at_reference + log_r, np.ones(len(log_r)), numbers_of(sample.x))
