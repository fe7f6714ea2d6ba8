"""A polynomial mixture: sigma(theta) p(x|theta) = sum_c w~_c(theta) s_c p_c(x), with Beta densities p_c.

The events are the nodes of Gauss-Legendre integration with its weights, so that sums over events are exact
integrals: cross sections, ratios and scores have to come out to rounding from benchmark weights alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta

from assay.events.pool import EventPool
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.theory.morphing import Morphing, components, optimise_basis
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

CASES = [(1, 4), (2, 2), (2, 4), (3, 2)]
EXACT = {"rtol": 1e-10, "atol": 1e-10}


@dataclass(frozen=True)
class Mixture:
    powers: NDArray[np.int64]
    scales: NDArray[np.float64]

    def terms(self, x):
        """s_c p_c(x), shape (E, C): the p_c are normalised, and polynomials of low degree."""
        shapes = [(1 + c % 4, 1 + c // 4 % 4) for c in range(len(self.scales))]
        return np.stack([s * beta(*shape).pdf(x) for s, shape in zip(self.scales, shapes, strict=True)], axis=1)

    def density(self, x, theta):
        return self.terms(x) @ np.prod(theta**self.powers, axis=-1)

    def cross_section(self, theta):
        return self.scales @ np.prod(theta**self.powers, axis=-1)

    def log_probability(self, x, theta):
        return np.log(self.density(x, theta) / self.cross_section(theta))

    def score(self, x, theta):
        """By the complex step, which has no rounding."""
        steps = theta + 1e-30j * np.eye(len(theta))
        return np.stack([self.log_probability(x, step).imag / 1e-30 for step in steps], axis=1)


@dataclass(frozen=True)
class Case:
    truth: Mixture
    pool: EventPool
    theta: NDArray[np.float64]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]} parameters, power {case[1]}")
def case(request):
    """Three samples at two benchmarks, each an exact integration of its own."""
    n_parameters, power = request.param
    rng = np.random.default_rng(6)
    powers = components((power,) * n_parameters, power)
    truth = Mixture(
        powers, np.concatenate([[4.0], rng.uniform(0.2, 0.5, len(powers) - 1) * rng.choice([-1, 1], len(powers) - 1)])
    )
    basis = optimise_basis(powers, [(-1.0, 1.0)] * n_parameters, np.zeros((1, n_parameters)))
    space = ParameterSpace(
        tuple(Parameter(f"theta_{p}", "block", p, (-1.0, 1.0), power) for p in range(n_parameters)),
        tuple(Benchmark(f"b{b}", tuple(map(float, point))) for b, point in enumerate(basis)),
    )
    x, weights, index, samples = [], [], [], []
    nodes, measure = np.polynomial.legendre.leggauss(12)
    # the two runs at benchmark 1 share its cross section
    for number, (benchmark, n_generated, share) in enumerate([(0, 12, 1.0), (1, 15, 0.625), (1, 9, 0.375)]):
        x.append(0.5 + 0.5 * nodes)
        benchmark_densities = np.stack([truth.density(x[-1], point) for point in basis], axis=1)
        weights.append(share * 0.5 * measure[:, None] * benchmark_densities)
        index.append(np.full(len(nodes), number, dtype=np.int32))
        samples.append(Sample(f"s{number}", f"b{benchmark}", n_generated, float(truth.cross_section(basis[benchmark]))))
    morphing = Morphing.from_basis(powers, space.benchmark_values)
    columns = np.concatenate(x)[:, None], np.concatenate(weights), np.concatenate(index)
    table = EventTable(space, morphing, (ObservableInfo("x", "x"),), tuple(samples), *columns)
    theta = rng.uniform(-0.8, 0.8, (5, n_parameters))
    assert min(truth.density(table.x[:, 0], point).min() for point in [*basis, *theta]) > 0.0
    return Case(truth, EventPool.from_table(table), theta)


def test_cross_section(case):
    expected = [case.truth.cross_section(theta) for theta in case.theta]
    np.testing.assert_allclose(case.pool.cross_section(case.theta)[0], expected, **EXACT)


def test_cross_section_gradient(case):
    for theta in case.theta:
        steps = theta + 1e-30j * np.eye(len(theta))
        expected = [case.truth.cross_section(step).imag / 1e-30 for step in steps]
        np.testing.assert_allclose(case.pool.cross_section_gradient(theta), expected, **EXACT)


def test_ratio(case):
    x = case.pool.x[:, 0]
    for theta0, theta1 in zip(case.theta[1:], case.theta[:-1], strict=True):
        weights = case.pool.event_weights([theta0, theta1])
        totals = case.pool.cross_section([theta0, theta1])[0]
        expected = case.truth.log_probability(x, theta0) - case.truth.log_probability(x, theta1)
        found = np.log(weights[:, 0] / weights[:, 1]) - np.log(totals[0] / totals[1])
        np.testing.assert_allclose(found, expected, **EXACT)
        # the ratio of weights alone is that of cross sections, not of probabilities
        assert np.abs(np.log(weights[:, 0] / weights[:, 1]) - expected).max() > 1e-3


def test_score(case):
    x = case.pool.x[:, 0]
    for theta in case.theta:
        expected = case.truth.score(x, theta)
        np.testing.assert_allclose(case.pool.scores(theta), expected, **EXACT)
        # leaving out the gradient of the cross section is a mistake that shows
        weights = case.pool.event_weights(theta)
        assert np.abs(case.pool.event_weight_gradients(theta) / weights - expected).max() > 1e-3


def test_morphing(case):
    densities = case.truth.density(case.pool.x[:, 0], case.theta[0])
    at_benchmarks = np.stack([case.truth.density(case.pool.x[:, 0], b) for b in case.pool.morphing.basis], axis=1)
    np.testing.assert_allclose(at_benchmarks @ case.pool.morphing.weights(case.theta[0]), densities, **EXACT)


def test_samples_share_the_cross_section_in_the_mixture(case):
    samples = [case.pool.weights[case.pool.sample_index == s].sum(axis=0) for s in range(3)]
    together = np.sum(samples, axis=0)
    expected = [case.truth.cross_section(b) for b in case.pool.morphing.basis]
    np.testing.assert_allclose(together, expected, **EXACT)
    # none of the samples stands for the whole alone
    for part in samples:
        assert np.abs(part / expected - 1).max() > 0.1
