"""Linear Gaussian, x ~ N(theta, sqrt 5), with its exact ratio as the estimator: q(theta) = n theta^2 / 5.

The Asimov sample is a Gauss-Hermite quadrature, exact for polynomials, so that there is no statistical error at all.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from scipy.stats import chi2

from assay.inference.fisher import score_information
from assay.inference.grid import Grid
from assay.inference.likelihoods import RatioLikelihood
from assay.inference.limits import DataSet, limits

pytestmark = pytest.mark.fast
N = 80.0
GRID = Grid.regular(("theta",), [(-1.5, 1.5)], 31)


class ExactGaussianRatio:
    observables = ("x",)

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return self.scale * (theta @ x.T / 5 - theta**2 / 10)

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return self.scale * (x - theta) / 5


def sample(theta: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = hermegauss(20)
    return theta + np.sqrt(5) * nodes[:, None], weights / weights.sum()


@pytest.mark.parametrize("theta_true", [0.0, 0.37])
def test_limits_are_exact(theta_true: float) -> None:
    likelihood = RatioLikelihood.asimov(ExactGaussianRatio(), *sample(theta_true), N)
    data = DataSet(1.0, N, (theta_true,))
    level = float(chi2.cdf(1.0, 1))  # 68.27 %
    result = limits("exact", False, likelihood, GRID, data, (level, 0.95))
    assert np.isclose(result.best_fit.theta[0], theta_true, atol=1e-7)
    assert np.allclose(result.q, N * (GRID.axes[0] - theta_true) ** 2 / 5, atol=1e-9)
    assert np.allclose(result.p_values, chi2.sf(N * (GRID.axes[0] - theta_true) ** 2 / 5, 1), rtol=1e-6, atol=1e-12)
    (segment,) = result.interval("theta", level).segments
    assert np.allclose([segment.lower, segment.upper], theta_true + np.sqrt(5 / N) * np.array([-1, 1]), atol=1e-6)


def test_a_slope_of_1_155_gives_intervals_that_are_too_narrow() -> None:
    """What the tutorial's wrong joint score converges to must not pass for the truth."""
    result = limits(
        "wrong",
        False,
        RatioLikelihood.asimov(ExactGaussianRatio(1.155), *sample(), N),
        GRID,
        DataSet(1.0, N),
        (0.6827,),
    )
    (segment,) = result.interval("theta", 0.6827).segments
    assert segment.upper < 0.95 * np.sqrt(5 / N)


def test_information_per_event_is_one_fifth() -> None:
    x, weights = sample(0.4)
    result = score_information((x - 0.4) / 5, weights, (0.4,), 0.001, N, ("theta",), "exact")
    assert np.isclose(result.information[0, 0], 0.2 * N, rtol=1e-10)
    wrong = score_information((x - 0.4) / 4, weights, (0.4,), 0.001, N, ("theta",), "wrong")
    assert not np.isclose(wrong.information[0, 0], 0.2 * N, rtol=0.1)


def test_interval_and_information_agree() -> None:
    result = limits(
        "exact", False, RatioLikelihood.asimov(ExactGaussianRatio(), *sample(), N), GRID, DataSet(1.0, N), (0.9,)
    )
    (segment,) = result.interval("theta", 0.9).segments
    assert np.isclose(segment.upper, np.sqrt(chi2.ppf(0.9, 1) / (0.2 * N)), atol=1e-7)
