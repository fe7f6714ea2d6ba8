"""Counting experiment, sigma(theta) = s_0 + s_1 theta, alone and with one nuisance parameter: closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from assay.inference.fisher import rate_information
from assay.inference.grid import Grid
from assay.inference.information import FisherResult
from assay.inference.likelihoods import RateLikelihood
from assay.inference.limits import DataSet, limits
from assay.inference.nuisance import Profiled
from assay.inference.nuisance_templates import VaryingTemplates
from assay.inference.summaries import covariance_at
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


def varying(delta: float) -> VaryingTemplates:
    """A nuisance parameter scales the rate by exp(delta nu)."""
    nominal = counting((SLOPE,))
    return VaryingTemplates(nominal, (nominal.scaled(np.exp(delta)),), (nominal.scaled(np.exp(-delta)),))


def profiled_q(theta: float) -> float:
    """q of n ~ Poisson((N_0 + SLOPE theta) exp(DELTA nu)), nu ~ N(0, 1), with N_0 events seen.

    The derivative by nu vanishes where DELTA (N_0 - a exp(DELTA nu)) = nu.
    """
    a = N_0 + SLOPE * theta
    nu = brentq(lambda nu: DELTA * (N_0 - a * np.exp(DELTA * nu)) - nu, -30, 30, xtol=1e-14)
    rate = a * np.exp(DELTA * nu)
    return float(2 * (rate - N_0 + N_0 * np.log(N_0 / rate)) + nu**2)


def test_profile_with_a_nuisance_parameter_is_the_closed_form() -> None:
    likelihood = Profiled(RateLikelihood.asimov(varying(DELTA), LUMINOSITY, [0.0, 0.0]), 1)
    grid = Grid.regular(("theta",), [(-1.2, 1.2)], 31)
    levels = (float(chi2.cdf(1.0, 1)), 0.95)
    result = limits("rate", True, likelihood, grid, DataSet(LUMINOSITY, N_0, (0.0,), nuisance=("norm",)), levels)
    assert np.allclose(result.q, [profiled_q(theta) for theta in grid.axes[0]], rtol=1e-6, atol=1e-8)
    assert np.isclose(result.best_fit.theta[0], 0.0, atol=1e-6)
    for level in levels:
        (segment,) = result.interval("theta", level).segments
        critical = chi2.ppf(level, 1)
        assert np.isclose(segment.lower, brentq(lambda t: profiled_q(t) - critical, -1.2, 0.0), atol=1e-6)  # noqa: B023
        assert np.isclose(segment.upper, brentq(lambda t: profiled_q(t) - critical, 0.0, 1.2), atol=1e-6)  # noqa: B023
    assert result.nuisance is not None
    assert result.nuisance.names == ("norm",)
    assert np.isclose(result.nuisance.values[0], 0.0, atol=1e-6)


def test_the_variance_of_the_fit_is_the_sum_in_quadrature() -> None:
    """sigma^2 = (1/n + delta^2) / (d log n / d theta)^2, from the curvature of the profiled likelihood."""
    likelihood = Profiled(RateLikelihood.asimov(varying(DELTA), LUMINOSITY, [0.0, 0.0]), 1)
    closed = (1 / N_0 + DELTA**2) / (SLOPE / N_0) ** 2
    step = 1e-3 * np.sqrt(closed)
    up, here, down = likelihood.log_likelihood(np.array([[step], [0.0], [-step]]))
    assert np.isclose(step**2 / (2 * here - up - down), closed, rtol=1e-5)
    (found,) = covariance_at(likelihood, [0.0], [0.1 * np.sqrt(closed)])
    assert np.isclose(found[0], closed, rtol=1e-5)


def test_a_constraint_that_is_no_constraint_leaves_nothing_to_measure() -> None:
    """delta to infinity: only the sum of both is known; without uncertainty it is Poisson's."""
    widths = []
    for delta in (1e-6, DELTA, 0.3):
        likelihood = Profiled(RateLikelihood.asimov(varying(delta), LUMINOSITY, [0.0, 0.0]), 1)
        grid = Grid.regular(("theta",), [(-2.5, 4.0)], 41)
        result = limits("rate", True, likelihood, grid, DataSet(LUMINOSITY, N_0), (0.6827,))
        widths.append(np.ptp([(s.lower, s.upper) for s in result.intervals[0].segments]))
    plain = limits(
        "rate",
        True,
        RateLikelihood.asimov(counting((SLOPE,)), LUMINOSITY, [0.0]),
        grid,
        DataSet(LUMINOSITY, N_0),
        (0.6827,),
    )
    assert np.isclose(widths[0], np.ptp([(s.lower, s.upper) for s in plain.intervals[0].segments]), rtol=1e-6)
    assert widths[0] < 0.7 * widths[1] < 0.3 * widths[2]


def test_counting_events_cannot_tell_two_parameters_apart() -> None:
    result = rate_information(counting((SLOPE, -SLOPE)), [0.0, 0.0], LUMINOSITY, ("a", "b"))
    assert isinstance(result, FisherResult)
    assert np.isclose(np.linalg.det(result.information), 0.0, atol=1e-8)
