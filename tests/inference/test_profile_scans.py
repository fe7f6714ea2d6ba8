from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2
from tests.inference.test_maximisation import Quadratic, correlated

from assay.errors import InferenceError
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.nuisance import Profiled
from assay.inference.profile_scans import profile_limits

pytestmark = pytest.mark.fast
NAMES = tuple("abcde")
DATA = DataSet(1.0, 10.0)


class TwoPeaks:
    """Peaks of different heights at +-centre; the profile in the first parameter has to change between them."""

    def __init__(self) -> None:
        self.one = Quadratic(np.diag([4.0, 9.0, 9.0, 9.0]), np.array([0.6, 0.5, 0.0, 0.0]))
        self.other = Quadratic(np.diag([4.0, 9.0, 9.0, 9.0]), np.array([-0.6, -0.5, 0.2, 0.0]))

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return np.logaddexp(self.one.log_likelihood(theta), self.other.log_likelihood(theta) - 0.5)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        points = np.atleast_2d(theta)
        share = np.exp(self.one.log_likelihood(points) - self.log_likelihood(points))[:, None]
        gradient = share * self.one.gradient(points) + (1 - share) * self.other.gradient(points)
        return gradient.reshape(np.shape(theta))


def test_five_parameters_of_a_gaussian_are_exact() -> None:
    likelihood = correlated(5, 11)
    grid = Grid.regular(NAMES, [(-40.0, 40.0)] * 5, 9)
    level = float(chi2.cdf(1.0, 1))
    result = profile_limits("m", False, likelihood, grid, DATA, (level, 0.95))
    covariance = np.linalg.inv(likelihood.information)
    assert np.allclose(result.best_fit.theta, likelihood.centre, atol=1e-5)
    assert result.covariance is not None
    assert np.allclose(result.covariance, covariance, rtol=1e-6, atol=1e-9)
    assert np.allclose(np.diag(result.correlation), 1.0)
    assert result.log_likelihood is None
    assert result.q is None
    for p, name in enumerate(NAMES):
        deviation = np.sqrt(covariance[p, p])
        assert len(result.profiles[p].axes[0]) == 25
        q = ((result.profiles[p].axes[0] - likelihood.centre[p]) / deviation) ** 2
        near = q < 300  # farther away, other parameters reach the ends of their ranges
        assert near.sum() >= 5
        assert np.allclose(result.profiles[p].q[near], q[near])
        for confidence, reach in ((level, 1.0), (0.95, np.sqrt(chi2.ppf(0.95, 1)))):
            segments = result.interval(name, confidence).segments
            low, high = likelihood.centre[p] - reach * deviation, likelihood.centre[p] + reach * deviation
            inside = segments[0]
            assert np.isclose(inside.lower, low, atol=1e-6)
            assert np.isclose(inside.upper, high, atol=1e-6)
    pair = result.pair("d", "b")
    block = np.linalg.inv(covariance[np.ix_([3, 1], [3, 1])])
    d = np.stack(np.meshgrid(*pair.axes, indexing="ij"), axis=-1) - likelihood.centre[[3, 1]]
    q = np.einsum("xyi,ij,xyj->xy", d, block, d)
    assert (q < 300).sum() >= 3
    assert np.allclose(pair.q[q < 300], q[q < 300], atol=1e-6)


def test_it_agrees_with_a_full_grid_in_two_parameters_and_profiles_nuisance() -> None:
    likelihood = Profiled(correlated(4, 5), 2)
    grid = Grid.regular(("a", "b"), [(-4.0, 4.0), (-4.0, 4.0)], 41)
    full, scans = limits("m", False, likelihood, grid, DATA), profile_limits("m", False, likelihood, grid, DATA)
    assert np.allclose(full.best_fit.theta, scans.best_fit.theta, atol=1e-5)
    for one, other in zip(full.intervals, scans.intervals, strict=True):
        assert np.allclose(
            [(s.lower, s.upper) for s in one.segments], [(s.lower, s.upper) for s in other.segments], atol=1e-4
        )
    assert full.pair_profiles[0].q.shape == scans.pair_profiles[0].q.shape == (41, 41)
    assert np.allclose(full.pair_profiles[0].q, scans.pair_profiles[0].q, atol=1e-6)


def test_profiles_follow_the_higher_of_two_maxima() -> None:
    likelihood = TwoPeaks()
    grid = Grid.regular(NAMES[:4], [(-2.0, 2.0)] * 4, 7)
    result = profile_limits("m", False, likelihood, grid, DATA)
    assert np.allclose(result.best_fit.theta[:2], [0.6, 0.5], atol=0.02)
    first = result.profiles[0]
    exact = np.logaddexp(-2.0 * (first.axes[0] - 0.6) ** 2, -2.0 * (first.axes[0] + 0.6) ** 2 - 0.5)
    # where one peak dominates, the other parameters are at it, and the other peak is far away
    assert np.allclose(first.log_likelihood[[3, -4]], exact[[3, -4]], atol=0.2)
    assert first.theta[3, 1] < -0.3 < 0.3 < first.theta[-4, 1]


def test_nothing_physical_is_said() -> None:
    class Nowhere(Quadratic):
        def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
            return np.full(len(theta), -np.inf)

    with pytest.raises(InferenceError, match="no starting point"):
        profile_limits("m", False, Nowhere(np.eye(4), np.zeros(4)), Grid.regular(NAMES[:4], [(-1, 1)] * 4, 5), DATA)
