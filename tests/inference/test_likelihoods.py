from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import multinomial, norm, poisson

from assay.errors import InferenceError
from assay.inference import likelihoods
from assay.inference.likelihoods import BinnedLikelihood, Product, RateLikelihood, RatioLikelihood, expected_events
from assay.inference.templates import Templates

pytestmark = pytest.mark.fast
POINTS = np.array([[0.0, 0.0], [0.3, -0.2], [-0.5, 0.4]])
LUMINOSITY = 300.0


@pytest.fixture
def histogram(amplitude_pool: Callable[..., Any]) -> Templates:
    pool = amplitude_pool(20_000, (0.7, 0.4))
    return Templates.fill(pool.morphing, pool.weights, np.digitize(pool.x[:, 0], [-1.0, 0.0, 1.0]), 4)


def total(templates: Templates) -> Templates:
    return templates.merged(np.zeros(templates.n_bins, dtype=np.int64))


def test_rate_is_scipys_poisson(histogram: Templates) -> None:
    rate = RateLikelihood(total(histogram), LUMINOSITY, 613.0)
    expected = 1000 * LUMINOSITY * histogram.cross_sections(POINTS).sum(axis=1)
    assert np.allclose(rate.log_likelihood(POINTS), poisson.logpmf(613, expected), rtol=1e-10)


def test_shape_is_scipys_multinomial_and_with_the_rate_a_product_of_poissons(histogram: Templates) -> None:
    counts = np.array([101.0, 0.0, 250.0, 120.0])
    shape = BinnedLikelihood(histogram, counts)
    expected = 1000 * LUMINOSITY * histogram.cross_sections(POINTS)
    fractions = expected / expected.sum(axis=1, keepdims=True)
    assert np.allclose(
        shape.log_likelihood(POINTS), [multinomial.logpmf(counts, 471, f) for f in fractions], rtol=1e-10
    )
    full = Product((shape, RateLikelihood(total(histogram), LUMINOSITY, counts.sum())))
    assert np.allclose(full.log_likelihood(POINTS), poisson.logpmf(counts, expected).sum(axis=1), rtol=1e-10)


@pytest.mark.parametrize("kind", ["rate", "shape", "ratio", "product"])
def test_gradients_are_finite_differences(
    kind: str, histogram: Templates, amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    pool = amplitude_pool(500, (0.7, 0.4), seed=3)
    rate = RateLikelihood.asimov(total(histogram), LUMINOSITY, np.zeros(2))
    shape = BinnedLikelihood.asimov(histogram, rate.n, np.zeros(2))
    ratio = RatioLikelihood.asimov(exact_ratio((0.2, 0.1)), pool.x, np.ones(500), rate.n)
    likelihood = {"rate": rate, "shape": shape, "ratio": ratio, "product": Product((ratio, rate))}[kind]
    theta, step = np.array([0.11, -0.07]), 1e-5
    for p, slope in enumerate(likelihood.gradient(theta)):
        high, low = likelihood.log_likelihood(theta + step * np.array([np.eye(2)[p], -np.eye(2)[p]]))
        assert np.isclose(slope, (high - low) / (2 * step), rtol=1e-5, atol=1e-5)


def test_negative_expectations_are_minus_infinity_never_nan(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(1000, (0.7, 0.4))
    pool.weights[:, 1:3] *= -1.0  # sigma < 0 at the benchmarks on the axes
    templates = Templates.fill(pool.morphing, pool.weights, np.digitize(pool.x[:, 0], [0.0]), 2)
    points = np.array([[0.0, 0.0], [1.0, 0.0]])
    for likelihood in (RateLikelihood(total(templates), 1.0, 5.0), BinnedLikelihood(templates, np.array([3.0, 2.0]))):
        values = likelihood.log_likelihood(points)
        assert np.isfinite(values[0])
        assert values[1] == -np.inf


def test_asimov_uses_all_events_with_their_weights(exact_ratio: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(1000, 1)), rng.uniform(size=1000)
    weights[:100] = 0.0
    likelihood = RatioLikelihood.asimov(exact_ratio((0.3,)), x, weights, 42.0)
    assert len(likelihood.x) == 900
    theta = np.array([[0.2]])
    mean = np.average(exact_ratio((0.3,)).log_ratio(x, theta)[0], weights=weights)
    assert np.isclose(likelihood.log_likelihood(theta)[0], 42.0 * mean, rtol=1e-10)


def test_chunks_do_not_change_the_result(exact_ratio: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(103, 2))
    likelihood = RatioLikelihood(exact_ratio((0.3, 0.1)), x, np.ones(103))
    whole = likelihood.log_likelihood(POINTS)
    gradient = likelihood.gradient(POINTS[1])
    monkeypatch.setattr(likelihoods, "_EVALUATIONS_PER_CHUNK", 20)
    assert np.allclose(likelihood.log_likelihood(POINTS), whole, rtol=1e-12)
    assert np.allclose(likelihood.gradient(POINTS[1]), gradient, rtol=1e-12)


def test_non_finite_log_ratios_are_an_error_that_counts_them() -> None:
    class Broken:
        observables = ("x",)

        def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
            values = theta @ x.T
            values[1:, [4, 9]] = np.nan
            return values

        def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
            return x

    likelihood = RatioLikelihood(Broken(), norm.rvs(size=(50, 1), random_state=1), np.ones(50))
    with pytest.raises(InferenceError, match=r"2 of 50 events \(at 2 of 3 parameter points\)"):
        likelihood.log_likelihood(np.array([[0.0], [1.0], [2.0]]))


def test_impossible_data_are_refused(histogram: Templates, exact_ratio: Callable[..., Any]) -> None:
    with pytest.raises(InferenceError, match="positive cross section"):
        expected_events(total(histogram).scaled(-1.0), 1.0, np.zeros(2))
    with pytest.raises(InferenceError, match="4 of 4 bins"):
        BinnedLikelihood.asimov(histogram.scaled(-1.0), 10.0, np.zeros(2))
    with pytest.raises(InferenceError, match="add up to"):
        RatioLikelihood.asimov(exact_ratio((0.3,)), np.ones((3, 1)), np.array([1.0, np.nan, 1.0]), 5.0)
