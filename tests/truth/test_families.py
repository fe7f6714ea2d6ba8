"""Densities, doubly parameterised ratios and SALLINO against the linear Gaussian model: see `linear_gaussian`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.estimators.density import Density
from assay.estimators.description import Family
from assay.estimators.doubly_ratio import DoublyParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample

from .linear_gaussian import (
    INFO,
    RANGE,
    Array,
    density_sample,
    draw,
    joint_log_ratio,
    joint_score,
    log_ratio,
    score_sample,
    wrong_joint_score,
)

pytestmark = pytest.mark.slow

TRAINING = TrainingSettings(
    epochs=8, batch_size=512, learning_rate=5e-3, weight_decay=0.0, patience=None, alpha=1.0, device="cpu"
)
NETWORK = NetworkSettings((32, 32), "tanh")
AFFINE = FlowSettings("maf", 1)


def density(method: str, flow: FlowSettings, score=joint_score) -> Density:  # type: ignore[no-untyped-def]
    samples = density_sample(20_000, 1, score), density_sample(5_000, 2, score)
    estimator = train_estimator(method, *samples, NETWORK, TRAINING, flow=flow).estimator
    assert isinstance(estimator, Density)
    return estimator


def ratio_error(estimator: Density | DoublyParameterisedRatio) -> float:
    """Mean squared error of log r(x | theta, 0) over |theta| < 4; answering 0 has an error of about 1."""
    rng = np.random.default_rng(9)
    theta = rng.uniform(-RANGE, RANGE, 20_000)
    x, _ = draw(theta * (np.arange(len(theta)) % 2), rng)
    found = estimator.paired_log_ratio(x[:, None], theta[:, None])
    return float(np.mean((found - log_ratio(x, theta)) ** 2))


@pytest.mark.parametrize(
    ("method", "flow", "bound"),
    [("nde", AFFINE, 0.04), ("scandal", AFFINE, 0.001), ("scandal", FlowSettings("nsf", 1), 0.02)],
)
def test_densities_are_those_of_the_model(method: str, flow: FlowSettings, bound: float) -> None:
    estimator = density(method, flow)
    assert ratio_error(estimator) < bound
    x = np.linspace(-2.0, 6.0, 50)
    exact = -((x - 2.0) ** 2) / 10.0 - np.log(10.0 * np.pi) / 2.0
    np.testing.assert_allclose(estimator.log_likelihood(x[:, None], [[2.0]])[0], exact, atol=0.15)
    drawn = estimator.sample([2.0], 20_000, seed=1)
    assert drawn.mean() == pytest.approx(2.0, abs=0.15)
    assert drawn.var() == pytest.approx(5.0, rel=0.1)


def test_a_wrong_joint_score_spoils_scandal() -> None:
    """The score of the observable in place of that of the latent variable is 5/4 of the true one."""
    wrong = density("scandal", AFFINE, wrong_joint_score)
    assert ratio_error(wrong) > 0.01
    assert wrong.score(np.array([[2.0]]), [0.0])[0, 0] == pytest.approx(0.5, abs=0.06)  # 0.4 is right


def doubly_sample(n: int, seed: int) -> RatioSample:
    rng = np.random.default_rng(seed)
    theta0, theta1 = rng.uniform(-RANGE, RANGE, (2, n))
    y = (np.arange(n) % 2).astype(float)
    x, z = draw(np.where(y == 0, theta0, theta1), rng)
    columns: dict[str, Array] = {
        "x": x[:, None],
        "theta0": theta0[:, None],
        "theta1": theta1[:, None],
        "y": y,
        "r_xz": np.exp(joint_log_ratio(z, theta0) - joint_log_ratio(z, theta1)),
        "t_xz": (z - theta0)[:, None] / 4.0,
        "t_xz1": (z - theta1)[:, None] / 4.0,
    }
    info = replace(INFO, doubly=True)
    return RatioSample(info=info, **{name: column.astype(np.float32) for name, column in columns.items()})


@pytest.mark.parametrize(("method", "bound"), [("carl", 0.1), ("alice", 0.02), ("alices", 0.006)])
def test_ratios_of_any_two_hypotheses(method: str, bound: float) -> None:
    settings = replace(TRAINING, epochs=10, alpha=1.0 / RANGE**2)
    samples = doubly_sample(20_000, 1), doubly_sample(5_000, 2)
    family: Family = "doubly_parameterised_ratio"
    estimator = train_estimator(method, *samples, NetworkSettings((48, 48)), settings, family=family).estimator
    assert isinstance(estimator, DoublyParameterisedRatio)
    assert ratio_error(estimator) < bound
    x = np.random.default_rng(3).normal(0.0, 2.2, 2000)
    exact = log_ratio(x, np.full(2000, 2.0)) - log_ratio(x, np.full(2000, -1.5))
    found = estimator.log_ratio_between(x[:, None], [[2.0]], [-1.5])[0]
    assert np.mean((found - exact) ** 2) < bound < 0.05 * np.mean(exact**2)


def test_sallino_learns_the_score() -> None:
    samples = score_sample(20_000, 1), score_sample(5_000, 2)
    estimator = train_estimator("sallino", *samples, NetworkSettings((32,)), TRAINING).estimator
    assert isinstance(estimator, LocalScore)
    x, _ = draw(np.zeros(5000), np.random.default_rng(1))
    found = estimator.score(x[:, None])[:, 0]
    assert np.mean((found - x / 5.0) ** 2) < 0.002 * 0.2
    assert np.mean(found**2) == pytest.approx(0.2, rel=0.04)  # the Fisher information of an event
