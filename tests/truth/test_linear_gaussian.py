"""Estimators against the linear Gaussian model, z ~ N(theta, 2) and x ~ N(z, 1), of which everything is known.

log r(x | theta, 0) = theta x / 5 - theta^2 / 10, score (x - theta) / 5, information 0.2 per event, joint score (z -
theta) / 4 and joint log ratio (2 theta z - theta^2) / 8. Accuracy is that over events drawn from theta and from 0
alike, averaged over the trained range: |theta| < 4, and |theta| < 2 for ROLR and RASCAL. Their targets are ratios, with
a relative variance of exp(theta^2 / 20) - 1 around the true one and a weight in the loss of its square, so that at 4
events beyond the reach of the sample decide (docs/truth-problems.md has their figures there, too).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from assay.estimators.calibration_checks import calibration_slope, joint_ratio_consistency
from assay.estimators.checks import agreement, mean_ratio, mean_score
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator

from .linear_gaussian import (
    RANGE,
    Array,
    draw,
    joint_log_ratio,
    joint_score,
    log_ratio,
    ratio_sample,
    score_sample,
    wrong_joint_score,
)

ALPHA = 1.0 / RANGE**2  # of one in the units of theta
NETWORK = NetworkSettings((100, 100, 100), "silu")
TRAINING = TrainingSettings(epochs=20, batch_size=1024, learning_rate=1e-2, patience=None, alpha=ALPHA, device="cpu")
OF_RATIOS = replace(TRAINING, epochs=10, batch_size=512, alpha=10.0)
LIMITS = {"rolr": 2.0, "rascal": 2.0}


@dataclass(frozen=True)
class Accuracy:
    mean_squared_error: float
    slope: float

    @property
    def accepted(self) -> bool:
        return self.mean_squared_error < 5e-4 and abs(self.slope - 1.0) < 0.01


def accuracy(estimator: ParameterisedRatio, limit: float = RANGE, n: int = 4000) -> Accuracy:
    rng = np.random.default_rng(99)
    theta = np.repeat(np.linspace(-limit, limit, 41), n)
    x, _ = draw(theta * (np.arange(len(theta)) % 2), rng)
    result = agreement(estimator.paired_log_ratio(x[:, None], theta[:, None]), log_ratio(x, theta))
    return Accuracy(result.mean_squared_error, result.slope)


@cache
def trained(method: str, fault: str = "") -> ParameterisedRatio:
    """An estimator of 100 000 samples; faulty ones, which need no accuracy, of fewer epochs."""
    score, limit = wrong_joint_score if fault == "score" else joint_score, LIMITS.get(method, RANGE)
    samples = [ratio_sample(n, seed, score, limit) for n, seed in ((100_000, 1), (25_000, 2))]
    if fault == "labels":
        samples = [replace(sample, y=1.0 - sample.y) for sample in samples]
    settings = OF_RATIOS if method in LIMITS else replace(TRAINING, epochs=8) if fault else TRAINING
    network = NetworkSettings((64, 64), "silu") if method in LIMITS else NETWORK
    estimator = train_estimator(method, samples[0], samples[1], network, settings).estimator
    assert isinstance(estimator, ParameterisedRatio)
    return estimator


@pytest.mark.fast
def test_the_samples_obey_their_own_formulae() -> None:
    """Means of the joint quantities given x, by regression: score (x - theta)/5, and E[r | theta1] = 1."""
    sample = ratio_sample(400_000, 5)
    numerator = sample.y == 0
    u = (sample.x - sample.theta0)[numerator, 0].astype(float)
    t = sample.t_xz[numerator, 0].astype(float)
    assert (u @ t) / (u @ u) == pytest.approx(1.0 / 5.0, abs=0.001)
    near = (sample.y == 1) & (np.abs(sample.theta0[:, 0]) < 1.0)
    assert mean_ratio(np.log(sample.r_xz[near]), np.ones(int(near.sum()))).verdict == "passed"
    step = 1e-4
    z, theta = np.array([1.3, -2.0]), np.array([0.4, 3.0])
    difference = (joint_log_ratio(z, theta + step) - joint_log_ratio(z, theta - step)) / (2.0 * step)
    np.testing.assert_allclose(joint_score(z, z, theta), difference, rtol=1e-8)
    assert np.all(np.abs(wrong_joint_score(z + 1.0, z, theta) - difference) > 0.1)


@pytest.mark.fast
@pytest.mark.parametrize(("factor", "noise", "accepted"), [(1.0, 0.0, True), (1.02, 0.0, False), (1.0, 0.05, False)])
def test_the_criterion_is_sharp(factor: float, noise: float, accepted: bool) -> None:
    class Formula:
        def paired_log_ratio(self, x: Array, theta: Array) -> Array:
            exact = log_ratio(x[:, 0], theta[:, 0])
            return factor * exact + noise * np.random.default_rng(1).normal(size=len(x))

    assert accuracy(Formula()).accepted == accepted  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["alice", "alices", "rascal"])
def test_ratio_methods_find_the_ratio(method: str) -> None:
    estimator, limit = trained(method), LIMITS.get(method, RANGE)
    result = accuracy(estimator, limit)
    assert result.mean_squared_error <= 5e-4
    assert result.slope == pytest.approx(1.0, abs=0.01)
    test = ratio_sample(50_000, 3, limit=limit)
    log_r = estimator.paired_log_ratio(test.x, test.theta0)
    for target in (1.0 / (1.0 + test.r_xz), test.y):
        assert calibration_slope(log_r, target).verdict == "passed"


@pytest.mark.slow
def test_rolr_and_carl_find_it_less_well() -> None:
    assert accuracy(trained("rolr"), LIMITS["rolr"]).mean_squared_error <= 1e-3
    # the predecessor's tutorial prints 0.09 for ALICES and 0.34 for CARL
    assert accuracy(trained("carl")).mean_squared_error < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("method", ["alice", "alices"])
def test_the_derivative_of_the_ratio_is_the_score(method: str) -> None:
    rng = np.random.default_rng(6)
    for theta in (-2.0, 0.0, 1.5):
        x, _ = draw(np.full(5000, theta), rng)
        exact = (x - theta) / 5.0
        result = agreement(trained(method).score(x[:, None], np.array([theta]))[:, 0], exact)
        assert result.mean_squared_error < 0.02 * np.mean(exact**2)


@pytest.mark.slow
def test_sally_finds_the_score_and_the_information() -> None:
    network, settings = NetworkSettings((50, 50)), replace(TRAINING, epochs=10)
    estimator = train_estimator("sally", score_sample(100_000, 1), score_sample(25_000, 2), network, settings).estimator
    assert isinstance(estimator, LocalScore)
    x, _ = draw(np.zeros(200_000), np.random.default_rng(7))
    t = estimator.score(x[:, None])
    assert np.mean(t**2) == pytest.approx(0.2, rel=0.02)
    assert np.mean((t[:, 0] - x / 5.0) ** 2) < 2e-3 * 0.2
    (mean,) = mean_score(t, np.ones(len(t)), ("theta",))
    assert mean.verdict == "passed"


@pytest.mark.slow
def test_a_wrong_joint_score_gives_wrong_information() -> None:
    """(x - theta)/4 in place of (z - theta)/4: information of 5/16 in place of 1/5."""
    network, settings = NetworkSettings((20,)), replace(TRAINING, epochs=8, batch_size=200)
    samples = [score_sample(n, seed, wrong_joint_score) for n, seed in ((30_000, 1), (5000, 2))]
    estimator = train_estimator("sally", samples[0], samples[1], network, settings).estimator
    assert isinstance(estimator, LocalScore)
    x, _ = draw(np.zeros(50_000), np.random.default_rng(8))
    assert np.mean(estimator.score(x[:, None]) ** 2) == pytest.approx(5.0 / 16.0, rel=0.05)


@pytest.mark.slow
def test_a_wrong_joint_score_is_rejected() -> None:
    """The predecessor's mistake: ALICES then has a slope of 1.155, which criterion and calibration both refuse."""
    estimator = trained("alices", fault="score")
    assert not accuracy(estimator).accepted
    # 1.155 is the best slope among straight lines; the network is close to it on events of theta = 0
    theta = np.repeat(np.linspace(-RANGE, RANGE, 41), 2000)
    x, _ = draw(0.0 * theta, np.random.default_rng(9))
    at_zero = agreement(estimator.paired_log_ratio(x[:, None], theta[:, None]), log_ratio(x, theta))
    assert at_zero.slope == pytest.approx(1.155, abs=0.03)
    test = ratio_sample(50_000, 3)
    log_r = estimator.paired_log_ratio(test.x, test.theta0)
    assert calibration_slope(log_r, test.y).verdict == "failed"
    assert calibration_slope(log_r, 1.0 / (1.0 + test.r_xz)).verdict == "failed"


@pytest.mark.slow
def test_swapped_labels_are_rejected() -> None:
    """CARL, which believes the labels, learns the inverse ratio; the joint ratios betray them before any training."""
    estimator = trained("carl", fault="labels")
    result = accuracy(estimator)
    assert not result.accepted
    assert result.slope == pytest.approx(-1.0, abs=0.1)
    test = ratio_sample(50_000, 3)
    log_r = estimator.paired_log_ratio(test.x, test.theta0)
    assert calibration_slope(log_r, 1.0 / (1.0 + test.r_xz)).verdict == "failed"
    assert joint_ratio_consistency(test.r_xz, test.y).verdict == "passed"
    assert joint_ratio_consistency(test.r_xz, 1.0 - test.y).verdict == "failed"
