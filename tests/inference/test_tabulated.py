from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from assay.inference.grid import Grid
from assay.inference.likelihoods import RatioLikelihood
from assay.inference.tabulated import spline_likelihoods, summed_log_ratios, tabulated

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("n_parameters", [1, 2, 3])
def test_splines_are_exact_for_cubic_functions(n_parameters: int) -> None:
    names = tuple("abc"[:n_parameters])
    grid = Grid.regular(names, [(-1.0, 2.0)] * n_parameters, 7)
    rng = np.random.default_rng(0)
    slopes, bends = rng.normal(size=(2, 4, n_parameters))

    def function(theta: np.ndarray) -> np.ndarray:
        return (theta @ slopes.T + theta**3 @ bends.T).T

    theta = rng.uniform(-1.0, 2.0, (50, n_parameters))
    for number, likelihood in enumerate(spline_likelihoods(grid, function(grid.points))):
        assert np.allclose(likelihood.log_likelihood(theta), function(theta)[number], atol=1e-10)
        exact = slopes[number] + 3 * theta**2 * bends[number]
        assert np.allclose(likelihood.gradient(theta), exact, atol=1e-9)
        assert likelihood.gradient(theta[0]).shape == (n_parameters,)
        assert likelihood.log_likelihood(np.full((1, n_parameters), 2.1))[0] == -np.inf


def test_sums_are_those_of_single_data_sets(exact_ratio) -> None:
    ratio = exact_ratio((0.5, 0.3))
    rng = np.random.default_rng(1)
    x, counts = rng.normal(size=(40, 2)), rng.poisson(0.5, (6, 40))
    theta = rng.uniform(-1, 1, (9, 2))
    found = summed_log_ratios(ratio, x, csr_matrix(counts), theta)
    for number in range(6):
        single = RatioLikelihood(ratio, x, counts[number].astype(float)).log_likelihood(theta)
        assert np.allclose(found[number], single, rtol=1e-12)


class Broken:
    observables = ("x",)

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.where(x[:, 0] > 1, np.inf, x[:, 0]) * np.ones((len(theta), 1))


def test_an_event_without_ratio_spoils_its_own_data_set_only() -> None:
    found = summed_log_ratios(Broken(), np.array([[0.5], [2.0]]), csr_matrix([[1, 0], [1, 1]]), np.zeros((3, 1)))
    assert np.isfinite(found[0]).all()
    assert not np.isfinite(found[1]).any()


def test_a_likelihood_that_is_not_finite_is_kept() -> None:
    grid = Grid.regular(("a",), [(-1.0, 1.0)], 5)
    finite, broken = Parabola(), Parabola(edge=0.5)
    assert tabulated(broken, grid) is broken
    theta = np.array([[0.13], [-0.77]])
    found = tabulated(finite, grid)
    assert found is not finite
    assert np.allclose(found.log_likelihood(theta), finite.log_likelihood(theta))


class Parabola:
    def __init__(self, edge: float = np.inf) -> None:
        self.edge = edge

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return np.where(theta[:, 0] < self.edge, -(theta[:, 0] ** 2), -np.inf)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -2 * theta
