from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from assay.inference.grid import Grid
from assay.inference.profiles import critical_q, crossings, profile

pytestmark = pytest.mark.fast


class Quadratic:
    """log L = -(theta - centre)^T I (theta - centre) / 2."""

    def __init__(self, information: np.ndarray, centre: np.ndarray) -> None:
        self.information, self.centre = information, centre

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        d = theta - self.centre
        return -0.5 * np.einsum("ti,ij,tj->t", d, self.information, d)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -self.information @ (theta - self.centre)


INFORMATION = np.array([[4.0, 1.5, -0.5], [1.5, 3.0, 0.7], [-0.5, 0.7, 2.0]])
CENTRE = np.array([0.13, -0.21, 0.05])
GRID = Grid.regular(("a", "b", "c"), [(-3, 3), (-3.5, 3.5), (-4, 4)], {"a": 11, "b": 9, "c": 7})


@pytest.mark.parametrize("keep", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (2, 0)])
def test_profiles_of_a_quadratic_are_schur_complements(keep: tuple[int, ...]) -> None:
    """Three axes of different lengths: a transposition cannot pass."""
    likelihood = Quadratic(INFORMATION, CENTRE)
    values = likelihood.log_likelihood(GRID.points).reshape(GRID.shape)
    found = profile(likelihood, GRID, values, keep, 0.0)
    reduced = np.linalg.inv(np.linalg.inv(INFORMATION)[np.ix_(keep, keep)])
    mesh = np.stack(np.meshgrid(*(GRID.axes[k] for k in keep), indexing="ij"), axis=-1) - CENTRE[list(keep)]
    expected = np.einsum("...i,ij,...j->...", mesh, reduced, mesh)
    near = expected < 9.0  # farther out the maximum over the others leaves the grid
    assert found.parameters == tuple(GRID.parameters[k] for k in keep)
    assert found.q.shape == tuple(GRID.shape[k] for k in keep)
    assert np.allclose(found.q[near], expected[near], atol=1e-9)
    assert (found.q >= expected - 1e-9).all()


def test_levels_belong_to_the_number_of_parameters() -> None:
    """68 % in two parameters is q = 2.28, p = 0.32; the contour at p = 0.61 that the predecessor drew is 39 %."""
    assert np.isclose(critical_q(0.68, 2), -2 * np.log(0.32))
    assert np.isclose(critical_q(0.6827, 1), 1.0, atol=1e-3)
    assert np.isclose(chi2.cdf(critical_q(0.68, 2), 2), 0.68)
    assert not np.isclose(chi2.sf(critical_q(0.68, 2), 2), 0.61, atol=0.2)


def test_crossings_of_a_parabola_are_exact() -> None:
    axis = np.linspace(-2, 2, 9)
    interval = crossings(axis, ((axis - 0.3) / 0.4) ** 2, 0.3, 0.95, "a")
    half = 0.4 * np.sqrt(chi2.ppf(0.95, 1))
    (segment,) = interval.segments
    assert np.allclose([segment.lower, segment.upper], [0.3 - half, 0.3 + half], atol=1e-10)
    assert interval.closed


def test_an_interval_between_two_grid_points_is_found() -> None:
    axis = np.linspace(-2, 2, 5)
    interval = crossings(axis, ((axis - 0.5) / 0.1) ** 2, 0.5, 0.68, "a")
    (segment,) = interval.segments
    assert np.allclose([segment.lower, segment.upper], 0.5 + 0.1 * np.sqrt(chi2.ppf(0.68, 1)) * np.array([-1, 1]))


def test_two_minima_give_two_segments() -> None:
    axis = np.linspace(-2, 2, 41)
    interval = crossings(axis, 20 * (axis**2 - 1) ** 2, 1.0, 0.68, "a")
    assert len(interval.segments) == 2
    assert interval.segments[0].upper < -0.8
    assert interval.segments[1].lower > 0.8


def test_the_edge_of_the_grid_is_flagged() -> None:
    axis = np.linspace(0, 2, 9)
    interval = crossings(axis, axis**2, 0.0, 0.68, "a")
    assert interval.segments[0].lower_at_edge
    assert not interval.segments[0].upper_at_edge
    assert not interval.closed


def test_infinite_q_is_outside_of_every_interval() -> None:
    axis = np.linspace(-1, 1, 21)
    q = np.where(axis < -0.45, np.inf, 4 * axis**2)
    (segment,) = crossings(axis, q, 0.0, 0.95, "a").segments
    assert np.isclose(segment.lower, -0.4)
    assert not segment.lower_at_edge


class Banana:
    """Far from quadratic; the maximum over b at fixed a is at b = sin(2 a), of height -a^2 / 2 - a^4 / 8."""

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        a, b = theta.T
        ridge = b - np.sin(2 * a)
        return -(a**2) / 2 - a**4 / 8 - 8 * (np.cosh(ridge) - 1) - ridge**3

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        a, b = theta
        ridge = b - np.sin(2 * a)
        slope = 8 * np.sinh(ridge) + 3 * ridge**2
        return np.array([-a - a**3 / 2 + 2 * np.cos(2 * a) * slope, -slope])


def test_refinement_between_grid_points_is_of_high_order() -> None:
    errors, raw = [], []
    for points in (11, 21, 41):
        grid = Grid.regular(("a", "b"), [(-1.0, 1.0), (-1.5, 1.5)], {"a": 9, "b": points})
        values = Banana().log_likelihood(grid.points).reshape(grid.shape)
        a = grid.axes[0]
        exact = a**2 + a**4 / 4
        errors.append(np.abs(profile(Banana(), grid, values, (0,), 0.0).q - exact).max())
        raw.append(np.abs(-2 * values.max(axis=1) - exact).max())
    assert errors[-1] < 1e-5
    assert errors[1] < raw[1] / 50
    assert errors[2] < errors[0] / 50
