from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.errors import InferenceError
from assay.inference.posterior import ChainSettings, sample_posterior, shortest_interval
from assay.inference.priors import Marginal, Prior

pytestmark = pytest.mark.fast


class Gaussian:
    """Measurements of the parameters, with a covariance."""

    def __init__(self, mean: list[float], covariance: list[list[float]]) -> None:
        self.mean, self.inverse = np.array(mean), np.linalg.inv(covariance)

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        away = theta - self.mean
        return -0.5 * np.einsum("ti,ij,tj->t", away, self.inverse, away)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -(theta - self.mean) @ self.inverse


COVARIANCE = [[0.04, 0.03], [0.03, 0.09]]


def test_gaussian_prior_and_likelihood_multiply() -> None:
    marginals = (Marginal("gaussian", -5, 5, 0.0, 0.3), Marginal("flat", -5, 5))
    likelihood = Gaussian([0.5, -0.2], COVARIANCE)
    found = sample_posterior(
        likelihood, Prior(marginals), ("a", "b"), ChainSettings(32, 1300, 100), np.random.default_rng(1)
    )
    information = np.linalg.inv(COVARIANCE) + np.diag([1 / 0.09, 0.0])
    covariance = np.linalg.inv(information)
    mean = covariance @ np.linalg.inv(COVARIANCE) @ likelihood.mean
    error = np.sqrt(np.diag(covariance) / found.effective_samples)
    assert (np.abs(found.mean - mean) < 4 * error).all()
    assert np.allclose(found.covariance, covariance, rtol=0.15, atol=0.003)
    assert found.reliable
    assert found.effective_samples > 500


def test_interval_beside_a_boundary_has_its_end_there() -> None:
    prior = Prior((Marginal("flat", 0.0, 5.0),))
    found = sample_posterior(
        Gaussian([-0.5], [[0.25]]), prior, ("a",), ChainSettings(16, 1000, 100), np.random.default_rng(2)
    )
    (interval,) = found.intervals([0.95])
    upper = norm.isf(0.05 * norm.sf(0.0, -0.5, 0.5), -0.5, 0.5)
    assert interval.lower == pytest.approx(0.0, abs=0.005)
    assert interval.upper == pytest.approx(upper, abs=0.05)


def test_short_chains_are_not_reliable() -> None:
    found = sample_posterior(
        Gaussian([0.0], [[1.0]]), Prior.flat([(-5, 5)]), ("a",), ChainSettings(8, 30, 10), np.random.default_rng(3)
    )
    assert not found.reliable


def test_same_seed_same_chain() -> None:
    arguments = (Gaussian([0.0], [[1.0]]), Prior.flat([(-5, 5)]), ("a",), ChainSettings(8, 50, 10))
    first, again = (sample_posterior(*arguments, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first.samples, again.samples)


def test_shortest_interval_follows_the_density() -> None:
    samples = np.random.default_rng(0).exponential(size=100_000)
    lower, upper = shortest_interval(samples, 0.9)
    assert lower == pytest.approx(0.0, abs=0.01)
    assert upper == pytest.approx(-np.log(0.1), abs=0.05)


def test_wrong_arguments_are_refused() -> None:
    likelihood, rng = Gaussian([0.0, 0.0], COVARIANCE), np.random.default_rng(0)
    with pytest.raises(InferenceError, match="walkers"):
        sample_posterior(likelihood, Prior.flat([(-1, 1)] * 2), ("a", "b"), ChainSettings(3), rng)
    with pytest.raises(InferenceError, match="priors"):
        sample_posterior(likelihood, Prior.flat([(-1, 1)]), ("a", "b"), ChainSettings(), rng)
    with pytest.raises(InferenceError):
        shortest_interval(np.empty(0), 0.5)


class Impossible(Gaussian):
    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return np.full(len(theta), -np.inf)


def test_a_prior_where_nothing_is_possible_is_refused() -> None:
    with pytest.raises(InferenceError, match="possible"):
        sample_posterior(
            Impossible([0.0], [[1.0]]), Prior.flat([(-1, 1)]), ("a",), ChainSettings(), np.random.default_rng(0)
        )
