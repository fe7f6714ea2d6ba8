"""From weighted events to an estimator, against the density from which the events were drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit

from assay.estimators.calibration_checks import calibration_slope
from assay.estimators.checks import agreement
from assay.estimators.coefficient_ratio import CoefficientRatio
from assay.estimators.description import Family
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import draw_ratio_sample, draw_score_sample
from assay.sampling.priors import flat_prior

pytestmark = pytest.mark.slow

BOX = flat_prior(((-0.8, 0.8), (-0.9, 0.9)))
NETWORK = NetworkSettings((100, 100))


def log_density(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """log p(z | theta) of the process in conftest, row by row."""
    real = 1.0 + (0.3 + theta[:, 0]) * z[:, 0]
    imaginary = 0.4 * theta[:, 1] * (z[:, 1] + 0.5)
    sigma = 4.0 * (1.0 + (0.3 + theta[:, 0]) ** 2 / 3.0 + 0.16 * theta[:, 1] ** 2 * 7.0 / 12.0)
    return np.log((real**2 + imaginary**2) / sigma)


@pytest.fixture(scope="module")
def pool(make_pool: Callable[..., EventPool]) -> EventPool:
    """z is among the observables, so that the joint ratio and the ratio are the same."""
    return make_pool(10_000, seed=2)


@pytest.mark.parametrize("method", ["alice", "alices"])
def test_the_ratio_is_learned_from_weighted_events(pool: EventPool, method: str) -> None:
    rng = np.random.default_rng(3)
    train, validation, test = (
        draw_ratio_sample(pool.select(part), n, BOX, (0.0, 0.0), rng, normalisation=pool)
        for part, n in ((Partition.TRAIN, 60_000), (Partition.VALIDATION, 15_000), (Partition.TEST, 15_000))
    )
    settings = TrainingSettings(epochs=12, batch_size=500, device="cpu")
    estimator = train_estimator(method, train, validation, NETWORK, settings).estimator
    assert isinstance(estimator, ParameterisedRatio)
    z, theta = test.x[:, :2].astype(float), test.theta0.astype(float)
    exact = log_density(z, theta) - log_density(z, np.zeros_like(theta))
    estimate = estimator.paired_log_ratio(test.x, theta)
    # as probabilities: where interference is destructive log r falls without bound, and its mean error is that of a
    # few events
    result = agreement(expit(estimate), expit(exact))
    assert result.mean_squared_error < 0.01 * np.var(expit(exact))
    assert result.slope == pytest.approx(1.0, abs=0.02)
    assert calibration_slope(estimate, test.y).verdict == "passed"


@pytest.mark.parametrize(
    ("family", "bound", "slope"), [("quadratic_ratio", 0.01, 0.04), ("morphing_aware_ratio", 0.06, 0.1)]
)
def test_polynomial_families_divide_by_the_rate_of_the_events(
    pool: EventPool, family: Family, bound: float, slope: float
) -> None:
    """With the polynomial known, an eighth of the samples is enough, and hypotheses far outside the prior are right."""
    rng = np.random.default_rng(5)
    train, validation = (
        draw_ratio_sample(pool.select(part), n, BOX, (0.0, 0.0), rng, normalisation=pool)
        for part, n in ((Partition.TRAIN, 8_000), (Partition.VALIDATION, 2_000))
    )
    settings = TrainingSettings(epochs=20, batch_size=250, device="cpu")
    estimator = train_estimator("alices", train, validation, NETWORK, settings, family=family).estimator
    assert isinstance(estimator, CoefficientRatio)
    z = rng.uniform(-1.0, 1.0, (2000, 2))
    for theta in ([0.6, 0.5], [-0.5, 0.8], [1.6, -1.8]):
        at = np.tile(theta, (len(z), 1))
        exact = log_density(z, at) - log_density(z, np.zeros_like(at))
        found = estimator.log_ratio(np.column_stack([z, z]), [theta])[0]
        result = agreement(expit(found), expit(exact))
        assert result.mean_squared_error < bound * np.var(expit(exact)), theta
        assert result.slope == pytest.approx(1.0, abs=slope), theta


def test_the_score_is_learned_from_weighted_events(pool: EventPool) -> None:
    rng = np.random.default_rng(4)
    train, validation, test = (
        draw_score_sample(pool.select(part), n, (0.0, 0.0), rng, normalisation=pool)
        for part, n in ((Partition.TRAIN, 40_000), (Partition.VALIDATION, 10_000), (Partition.TEST, 10_000))
    )
    settings = TrainingSettings(epochs=10, batch_size=250, device="cpu")
    estimator = train_estimator("sally", train, validation, NETWORK, settings).estimator
    assert isinstance(estimator, LocalScore)
    z, step = test.x[:, :2].astype(float), 1e-5
    estimated = estimator.score(test.x)
    for column, shift in enumerate(step * np.eye(2)):
        at = np.tile(shift, (len(z), 1))
        exact = (log_density(z, at) - log_density(z, -at)) / (2.0 * step)
        # the Standard Model amplitude of conftest is real, so the second parameter enters squared: its score is zero
        assert np.mean((estimated[:, column] - exact) ** 2) < max(0.005 * np.var(exact), 1e-6)
