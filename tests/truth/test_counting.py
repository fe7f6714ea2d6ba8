"""Counting experiment, sigma(theta) = s_0 + s_1 theta, alone and with one nuisance parameter: closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from assay.inference.fisher import rate_information
from assay.inference.grid import Grid
from assay.inference.information import FisherResult
from assay.inference.likelihoods import Product, RateLikelihood
from assay.inference.limits import DataSet, limits
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.fast
N_0, SLOPE, DELTA = 400.0, 120.0, 0.07
LUMINOSITY = 10.0


def counting(slopes: tuple[float, ...]) -> Templates:
    """N_0 + sum_p slopes_p theta_p events, from benchmarks at 0 and at 1 on each axis, without statistical error."""
    n_parameters = len(slopes)
    basis = np.vstack([np.zeros(n_parameters), np.eye(n_parameters)])
    morphing = Morphing.from_basis(components([1] * n_parameters, 1), basis)
    sums = (N_0 + basis @ np.array(slopes))[None] / (1000 * LUMINOSITY)
    return Templates(morphing, sums, np.zeros((1, n_parameters + 1, n_parameters + 1)))


def test_information_of_a_counting_experiment() -> None:
    result = rate_information(counting((SLOPE,)), [0.0], LUMINOSITY, ("theta",))
    assert np.isclose(result.information[0, 0], SLOPE**2 / N_0, rtol=1e-10)


def test_a_nuisance_parameter_on_the_normalisation_adds_in_quadrature() -> None:
    """sigma^2 = (1/n + delta^2) / (d log n / d theta)^2, from the Schur complement with the constraint term."""
    nuisance = counting((SLOPE, N_0 * DELTA))  # one standard deviation of the nuisance scales the rate by 1 + delta
    joint = rate_information(nuisance, [0.0, 0.0], LUMINOSITY, ("theta", "nu")).constrain({"nu": 1.0})
    variance = 1 / joint.profile(["theta"]).information[0, 0]
    assert np.isclose(variance, (1 / N_0 + DELTA**2) / (SLOPE / N_0) ** 2, rtol=1e-9)
    assert np.isclose(1 / joint.project(["theta"]).information[0, 0], (1 / N_0) / (SLOPE / N_0) ** 2, rtol=1e-9)


def test_intervals_of_a_counting_experiment_are_exact() -> None:
    """q = 2 [nu - n + n log(n / nu)]."""
    likelihood = RateLikelihood.asimov(counting((SLOPE,)), LUMINOSITY, [0.3])
    n = N_0 + 0.3 * SLOPE
    assert np.isclose(likelihood.n, n, rtol=1e-10)
    grid = Grid.regular(("theta",), [(-2, 2)], 41)
    result = limits("rate", True, likelihood, grid, DataSet(LUMINOSITY, n, (0.3,)), (0.6827, 0.95))

    def q(theta: float) -> float:
        nu = N_0 + SLOPE * theta
        return 2 * (nu - n + n * np.log(n / nu))

    assert np.isclose(result.best_fit.theta[0], 0.3, atol=1e-6)
    assert np.allclose(result.q, [q(theta) for theta in grid.axes[0]], atol=1e-8)
    for level in (0.6827, 0.95):
        (segment,) = result.interval("theta", level).segments
        critical = chi2.ppf(level, 1)
        assert np.isclose(segment.lower, brentq(lambda t: q(t) - critical, -2, 0.3), atol=1e-7)  # noqa: B023
        assert np.isclose(segment.upper, brentq(lambda t: q(t) - critical, 0.3, 2), atol=1e-7)  # noqa: B023


class Constraint:
    """A standard normal measurement of the second parameter."""

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return -0.5 * theta[:, 1] ** 2

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return np.array([0.0, -theta[1]])


def test_profile_with_a_nuisance_parameter_is_the_closed_form() -> None:
    """The maximum over nu of Poisson x normal solves a quadratic equation."""
    likelihood = Product((RateLikelihood.asimov(counting((SLOPE, N_0 * DELTA)), LUMINOSITY, [0.0, 0.0]), Constraint()))
    grid = Grid.regular(("theta", "nu"), [(-1.2, 1.2), (-4, 4)], {"theta": 31, "nu": 27})
    result = limits("rate", True, likelihood, grid, DataSet(LUMINOSITY, N_0, (0.0, 0.0)), (0.6827,))
    k, a = N_0 * DELTA, N_0 + SLOPE * grid.axes[0]
    # d/dnu [n log(a + k nu) - k nu - nu^2 / 2] = 0
    nu = (-(a + k**2) + np.sqrt((a + k**2) ** 2 - 4 * k * (k * a - k * N_0))) / (2 * k)
    rate = a + k * nu
    expected = 2 * (rate - N_0 + N_0 * np.log(N_0 / rate)) + nu**2
    inside = np.abs(nu) < 3.9
    assert inside.sum() > 20
    assert np.allclose(result.profiles[0].q[inside], expected[inside], atol=2e-5)
    (segment,) = result.interval("theta", 0.6827).segments
    width = np.sqrt((1 / N_0 + DELTA**2) / (SLOPE / N_0) ** 2)
    assert np.isclose((segment.upper - segment.lower) / 2, width, rtol=0.01)  # curvature beyond the Fisher information


def test_counting_events_cannot_tell_two_parameters_apart() -> None:
    result = rate_information(counting((SLOPE, -SLOPE)), [0.0, 0.0], LUMINOSITY, ("a", "b"))
    assert isinstance(result, FisherResult)
    assert np.isclose(np.linalg.det(result.information), 0.0, atol=1e-8)
