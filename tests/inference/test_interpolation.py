from __future__ import annotations

import numpy as np
import pytest

from assay.inference.grid import Grid
from assay.inference.interpolation import TOLERANCE, interpolated
from assay.inference.limits import DataSet, limits
from assay.inference.shapes import InterpolatedShape, RatioShape

pytestmark = pytest.mark.fast
BOUNDS = {1: [(-0.5, 1.5)], 2: [(-1.0, 1.0), (-0.5, 2.0)], 3: [(-1.0, 1.0), (-0.5, 2.0), (0.0, 1.0)]}
POINTS = {1: 101, 2: 25, 3: 15}


class Smooth:
    """-3 log cosh of a sum, plus a tilt: analytic, and no polynomial."""

    def __init__(self, sharpness: float = 0.6) -> None:
        self.sharpness, self.asked = sharpness, 0

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        self.asked += len(theta)
        return -8 * np.log(np.cosh(self.sharpness * theta)).sum(axis=1) + 0.3 * theta.sum(axis=1)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -8 * self.sharpness * np.tanh(self.sharpness * theta) + 0.3


@pytest.mark.parametrize("n", [1, 2, 3])
def test_values_and_gradients_of_a_smooth_likelihood(n: int) -> None:
    likelihood = Smooth()
    grid = Grid.regular([f"p{i}" for i in range(n)], BOUNDS[n], POINTS[n])
    found = interpolated(likelihood, grid)
    assert found is not None
    assert likelihood.asked < 0.6 * len(grid.points)
    low, high = grid.bounds.T
    theta = low + (high - low) * np.random.default_rng(1).uniform(size=(200, n))
    assert np.allclose(found.log_likelihood(theta), likelihood.log_likelihood(theta), atol=2 * TOLERANCE)
    assert np.allclose(found.gradient(theta), likelihood.gradient(theta), atol=0.01)
    assert np.allclose(found.gradient(theta[0]), found.gradient(theta)[0])
    assert found.error <= 1.0
    assert found.log_likelihood(high[None] + 0.1)[0] == -np.inf


def test_a_polynomial_is_exact() -> None:
    class Quartic:
        def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
            x, y = theta.T
            return -(x**2) - 3 * y**4 + x * y**3 - 0.5 * x

        def gradient(self, theta: np.ndarray) -> np.ndarray:
            x, y = theta[..., 0], theta[..., 1]
            return np.stack([-2 * x + y**3 - 0.5, -12 * y**3 + 3 * x * y**2], axis=-1)

    found = interpolated(Quartic(), Grid.regular(("a", "b"), BOUNDS[2], 25))
    assert found is not None
    theta = np.random.default_rng(0).uniform(-0.5, 1.0, size=(50, 2))
    assert np.allclose(found.log_likelihood(theta), Quartic().log_likelihood(theta), atol=1e-10)
    assert np.allclose(found.gradient(theta), Quartic().gradient(theta), atol=1e-9)


@pytest.mark.parametrize("sharpness", [6.0, 60.0])
def test_what_is_no_polynomial_is_not_interpolated(sharpness: float) -> None:
    likelihood = Smooth(sharpness)
    assert interpolated(likelihood, Grid.regular(("a", "b"), BOUNDS[2], 25)) is None
    assert likelihood.asked <= 17**2 + 12


def test_nodes_that_are_known_are_not_asked_again() -> None:
    likelihood = Smooth(1.5)
    found = interpolated(likelihood, Grid.regular(("a", "b"), BOUNDS[2], 35))
    assert found is not None
    assert likelihood.asked == 17**2 + 6 + 9
    low, high = np.array(BOUNDS[2]).T
    theta = low + (high - low) * np.random.default_rng(1).uniform(size=(200, 2))
    assert np.allclose(found.log_likelihood(theta), likelihood.log_likelihood(theta), atol=2 * TOLERANCE)


class Amplitudes:
    """Asimov data of squared amplitudes in bins: the more events, the narrower is the maximum."""

    def __init__(self, n_events: float, rng: np.random.Generator) -> None:
        self.linear, self.squared = rng.uniform(0.2, 0.6) * rng.normal(size=(2, 12, 2))
        self.shares = rng.dirichlet(np.full(12, 3.0))
        expected = self.shares * self._densities(np.zeros((1, 2)))[0]
        self.counts = n_events * expected / expected.sum()

    def _densities(self, theta: np.ndarray) -> np.ndarray:
        return (1 + theta @ self.linear.T) ** 2 + (theta @ self.squared.T) ** 2 + 0.02

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        densities = self._densities(theta)
        return np.log(densities) @ self.counts - self.counts.sum() * np.log(densities @ self.shares)

    def covariance(self) -> np.ndarray:
        scores = 2 * self.linear / 1.02  # at theta = 0
        mean = self.counts @ scores / self.counts.sum()
        return np.linalg.inv(np.einsum("e,ep,eq->pq", self.counts, scores - mean, scores - mean))


@pytest.mark.parametrize(("n_events", "least"), [(1e3, 10), (3e4, 10), (2e6, 3)])
def test_what_is_accepted_is_right_around_a_narrow_maximum(n_events: float, least: int) -> None:
    # points of the grid alone would be far from it: errors there are shares of a large difference
    rng, accepted = np.random.default_rng(5), 0
    for _ in range(60):
        likelihood = Amplitudes(n_events, rng)
        theta = rng.multivariate_normal(np.zeros(2), likelihood.covariance(), size=200)
        found = interpolated(likelihood, Grid.regular(("a", "b"), [(-1, 1)] * 2, 25))  # type: ignore[arg-type]
        if found is not None:
            accepted += 1
            inside = theta[np.abs(theta).max(axis=1) < 1.0]
            points = np.concatenate([np.zeros((1, 2)), inside])
            q, expected = (-2 * (v - v[0]) for v in (found.log_likelihood(points), likelihood.log_likelihood(points)))
            np.testing.assert_allclose(q, expected, atol=0.02)
    assert accepted >= least


def test_unphysical_points_and_small_grids_are_left_alone() -> None:
    class Wall(Smooth):
        def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
            return np.where(theta[:, 0] > 0.8, -np.inf, super().log_likelihood(theta))

    assert interpolated(Wall(), Grid.regular(("a", "b"), BOUNDS[2], 25)) is None
    assert interpolated(Smooth(), Grid.regular(("a", "b"), BOUNDS[2], 11)) is None
    assert interpolated(Smooth(), Grid.regular(tuple("abcd"), [(-1, 1)] * 4, 7)) is None


def test_limits_are_those_of_the_likelihood() -> None:
    grid = Grid.regular(("a", "b"), BOUNDS[2], 25)
    found = interpolated(Smooth(), grid)
    assert found is not None
    one, other = (limits("m", True, each, grid, DataSet(1.0, 10.0)) for each in (found, Smooth()))
    assert np.allclose(one.best_fit.theta, other.best_fit.theta, atol=1e-3)
    for a, b in zip(one.intervals, other.intervals, strict=True):
        assert np.allclose(
            [(s.lower, s.upper) for s in a.segments], [(s.lower, s.upper) for s in b.segments], atol=1e-3
        )


def test_a_shape_is_interpolated_once_for_its_data_and_the_rate_is_exact() -> None:
    class Ratio:
        observables, parameters, nuisance, reference = ("x",), ("a", "b"), (), np.zeros(2)
        asked = 0

        def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
            Ratio.asked += len(theta)
            return np.log(np.cosh(0.3 * theta[:, :1] - 0.2 * x[:, 0])) - 0.1 * theta[:, 1:] * x[:, 0]

    grid = Grid.regular(("a", "b"), BOUNDS[2], 25)
    x = np.random.default_rng(0).normal(size=(40, 1))
    exact = RatioShape(Ratio(), None)  # type: ignore[arg-type]  # no simulated events are needed
    shape = InterpolatedShape(exact, grid)
    counts = np.ones(len(x))
    values = shape.observed(x, counts).log_likelihood(grid.points)
    assert Ratio.asked <= 17**2 + 12
    asked = Ratio.asked
    assert shape.observed(x.copy(), counts).log_likelihood(grid.points) is not None
    assert Ratio.asked == asked
    assert np.allclose(values, exact.observed(x, counts).log_likelihood(grid.points), atol=2 * TOLERANCE)
    other = shape.observed(x + 1.0, counts).log_likelihood(grid.points)
    assert np.allclose(other, exact.observed(x + 1.0, counts).log_likelihood(grid.points), atol=2 * TOLERANCE)
    assert np.abs(other - values).max() > 0.1
