"""Normalisation on the linear Gaussian: a ratio that is wrong by a function of theta becomes the exact one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.errors import ModelError
from assay.estimators.normalised import NormalisedRatio

pytestmark = pytest.mark.fast

N = 400_000


class Ratio:
    """log r = theta x / 5 - theta^2 / 10 + excess theta^2, and its gradient; x ~ N(theta, sqrt 5), theta1 = 0."""

    observables, parameters, reference = ("x",), ("theta",), np.zeros(1)

    def __init__(self, excess: float) -> None:
        self.excess = excess
        self.evaluated = 0

    def log_ratio(self, x: Any, theta: Any) -> np.ndarray:
        t = np.asarray(theta)[:, :1]
        self.evaluated += len(t)
        return t * np.asarray(x)[:, 0] / 5.0 + (self.excess - 0.1) * t**2

    def score(self, x: Any, theta: Any) -> np.ndarray:
        return np.asarray(x) / 5.0 + 2.0 * (self.excess - 0.1) * theta[0]


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(0.0, np.sqrt(5.0), (N, 1))


def test_a_wrong_function_of_theta_is_taken_out(x: np.ndarray) -> None:
    theta, events = np.array([[-1.0], [0.0], [0.5], [1.0]]), np.array([[-3.0], [0.0], [4.0]])
    exact = Ratio(0.0).log_ratio(events, theta)
    wrong = Ratio(0.2)
    assert np.abs(wrong.log_ratio(events, theta) - exact).max() == pytest.approx(0.2)
    normalised = NormalisedRatio(wrong, x, np.ones(N))  # type: ignore[arg-type]
    # the error of the mean of exp(theta x / 5) is at most 0.48 / sqrt(N)
    np.testing.assert_allclose(normalised.log_ratio(events, theta), exact, atol=4.0 * 0.5 / np.sqrt(N))
    np.testing.assert_allclose(normalised.log_normalisation(theta), 0.2 * theta[:, 0] ** 2, atol=2.0 / np.sqrt(N))


def test_the_curvature_becomes_the_information(x: np.ndarray) -> None:
    """Without normalisation the likelihood of `excess` -0.05 is twice as curved: intervals too narrow by sqrt 2."""
    theta = np.array([[0.3], [0.0], [-0.3]])
    for ratio, curvature in (
        (Ratio(-0.1), 0.4),
        (NormalisedRatio(Ratio(-0.1), x[::2], np.ones(N // 2)), 0.2),  # type: ignore[arg-type]
    ):
        up, here, down = ratio.log_ratio(x[1::2], theta).mean(axis=1)
        assert (2.0 * here - up - down) / 0.09 == pytest.approx(curvature, rel=0.03)


def test_the_score_is_the_gradient(x: np.ndarray) -> None:
    normalised = NormalisedRatio(Ratio(0.2), x[:2000], np.linspace(0.5, 1.5, 2000))  # type: ignore[arg-type]
    events, h = np.array([[-3.0], [4.0]]), 1e-5
    up, down = normalised.log_ratio(events, [[0.4 + h], [0.4 - h]])
    np.testing.assert_allclose(normalised.score(events, [0.4])[:, 0], (up - down) / (2.0 * h), rtol=1e-7)


def test_each_theta_is_computed_once(x: np.ndarray) -> None:
    ratio = Ratio(0.0)
    normalised = NormalisedRatio(ratio, x[:100], np.ones(100))  # type: ignore[arg-type]
    first = normalised.log_normalisation([[0.1], [0.2]])
    np.testing.assert_array_equal(normalised.log_normalisation([[0.2], [0.1]]), first[::-1])
    assert ratio.evaluated == 2


@pytest.mark.parametrize("weights", [np.zeros(10), -np.ones(10), np.ones(9), np.full(10, np.nan)])
def test_weights_that_normalise_nothing_are_refused(x: np.ndarray, weights: np.ndarray) -> None:
    with pytest.raises(ModelError, match="weights of shape"):
        NormalisedRatio(Ratio(0.0), x[:10], weights)  # type: ignore[arg-type]
