from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from assay.errors import InferenceError
from assay.inference.fisher import (
    calibrated_information,
    histogram_information,
    rate_information,
    score_information,
    with_rate,
)
from assay.inference.information import FisherResult
from assay.inference.templates import Templates

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.4)
NAMES = ("a", "b")
LUMINOSITY = 300.0
ORIGIN = np.zeros(2)


def binned(pool: Any, n_bins: int = 8, direction: tuple[float, float] = (1.0, 0.0)) -> Templates:
    """Bins in x0 alone, or along another direction; their edges do not depend on the events."""
    edges = norm.ppf(np.arange(1, n_bins) / n_bins)
    values = pool.x @ np.array(direction) / np.linalg.norm(direction)
    return Templates.fill(pool.morphing, pool.weights, np.digitize(values, edges), n_bins)


def scored(pool: Any, scores: np.ndarray, luminosity: float = LUMINOSITY) -> FisherResult:
    weights = pool.weights[:, 0]
    return score_information(scores, weights, ORIGIN, luminosity, weights.sum(), NAMES, "exact")


def test_exact_scores_give_the_exact_information(amplitude_pool: Callable[..., Any], sigma_0: float) -> None:
    pool = amplitude_pool(100_000, SLOPES)
    result = scored(pool, 2 * pool.x * SLOPES)
    exact = 1000 * LUMINOSITY * sigma_0 * 4 * np.diag(np.square(SLOPES))
    assert (np.abs(result.information - exact) < 4 * result.errors).all()
    assert (result.errors < 0.02 * exact.max()).all()


def test_rate_information_is_the_derivative_of_the_cross_section(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(50_000, SLOPES)
    theta = np.array([0.4, -0.3])
    result = rate_information(binned(pool), theta, LUMINOSITY, NAMES)
    a = np.square(SLOPES)
    sigma = 0.002 * (1 + (a * theta**2).sum())
    slope = 0.002 * 2 * a * theta
    exact = 1000 * LUMINOSITY * np.outer(slope, slope) / sigma
    assert (np.abs(result.information - exact) < 4 * result.errors).all()
    assert np.isclose(np.linalg.det(result.information), 0, atol=1e-8)


def test_a_histogram_is_blind_to_what_it_does_not_bin(amplitude_pool: Callable[..., Any]) -> None:
    """As pT alone is blind to the CP-odd parameter."""
    result = histogram_information(binned(amplitude_pool(100_000, SLOPES)), ORIGIN, LUMINOSITY, NAMES)
    assert result.information[0, 0] > 100 * result.errors[0, 0]
    assert np.abs(result.corrected[1, 1]) < 4 * max(result.errors[1, 1], result.bias[1, 1])


def test_shape_and_rate_add_up(amplitude_pool: Callable[..., Any]) -> None:
    templates, theta = binned(amplitude_pool(20_000, SLOPES)), np.array([0.4, -0.3])
    full = histogram_information(templates, theta, LUMINOSITY, NAMES)
    shape = histogram_information(templates, theta, LUMINOSITY, NAMES, include_rate=False)
    rate = rate_information(templates, theta, LUMINOSITY, NAMES)
    assert np.allclose(with_rate(shape, rate).information, full.information, rtol=1e-10)
    assert np.allclose(with_rate(shape, rate).bias, full.bias, rtol=1e-8)
    with pytest.raises(InferenceError, match="cannot be added"):
        with_rate(full, rate)
    with pytest.raises(InferenceError, match="cannot be added"):
        with_rate(shape, rate_information(templates, ORIGIN, LUMINOSITY, NAMES))


def test_histogram_approaches_the_exact_information_with_many_bins(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(200_000, SLOPES)
    fine = histogram_information(binned(pool, 200), ORIGIN, LUMINOSITY, NAMES).information[0, 0]
    coarse = histogram_information(binned(pool, 4), ORIGIN, LUMINOSITY, NAMES).information[0, 0]
    unbinned = scored(pool, 2 * pool.x * SLOPES).information[0, 0]
    assert coarse < 0.95 * unbinned
    assert 0.99 * unbinned < fine <= unbinned


@pytest.mark.parametrize("kind", ["score", "calibrated", "histogram", "shape", "rate"])
def test_errors_are_the_spread_of_repeated_simulations(kind: str, amplitude_pool: Callable[..., Any]) -> None:
    """The predecessor's are wrong by a factor of three for histograms (a sign)."""
    theta = np.array([0.3, 0.2])

    def estimate(seed: int) -> FisherResult:
        pool = amplitude_pool(number := np.random.default_rng(seed + 10_000).poisson(4000), SLOPES, seed)
        pool.weights[:] *= number / 4000  # events of a fixed luminosity, so that their number fluctuates, too
        weights = pool.weights @ pool.morphing.weights(theta)
        joint = pool.weights @ pool.morphing.weight_gradients(theta) / weights[:, None]
        joint -= np.average(joint, axis=0, weights=weights)
        if kind == "score":
            return score_information(joint, weights, theta, 1.0, 0.002, NAMES, kind)
        if kind == "calibrated":
            noisy = joint + np.random.default_rng(seed).normal(size=joint.shape)
            return calibrated_information(noisy, joint, weights, theta, 1.0, 0.002, NAMES, kind)
        if kind == "rate":
            return rate_information(binned(pool), theta, 1.0, NAMES)
        templates = binned(pool, direction=(1.0, 1.0))
        return histogram_information(templates, theta, 1.0, NAMES, include_rate=kind == "histogram")

    results = [estimate(seed) for seed in range(250)]
    spread = np.cov(np.stack([r.information.ravel() for r in results]).T)
    predicted = np.mean([r.covariance.reshape(4, 4) for r in results], axis=0)
    assert np.allclose(np.sqrt(np.diag(predicted)), np.sqrt(np.diag(spread)), rtol=0.15)
    correlation = spread / np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    expected = predicted / np.sqrt(np.outer(np.diag(predicted), np.diag(predicted)))
    assert np.allclose(correlation, expected, atol=0.15)


def test_covariance_scales_with_luminosity_and_sample_size(amplitude_pool: Callable[..., Any]) -> None:
    small, large = binned(amplitude_pool(4000, SLOPES)), binned(amplitude_pool(64_000, SLOPES))
    first = histogram_information(small, ORIGIN, 1.0, NAMES)
    assert np.allclose(histogram_information(small, ORIGIN, 7.0, NAMES).errors, 7 * first.errors)
    ratio = first.errors[0, 0] / histogram_information(large, ORIGIN, 1.0, NAMES).errors[0, 0]
    assert np.isclose(ratio, 4.0, rtol=0.15)


def test_the_bias_of_finite_simulation_is_what_repeated_simulations_show(amplitude_pool: Callable[..., Any]) -> None:
    """Forty bins, and a parameter that they are blind to: all the information there is bias."""
    results = []
    for seed in range(200):
        pool = amplitude_pool(2000, SLOPES, seed)
        results.append(histogram_information(binned(pool, 40), ORIGIN, 1.0, NAMES))
    mean = np.mean([r.information[1, 1] for r in results])
    bias = np.mean([r.bias[1, 1] for r in results])
    assert mean > 0.01
    assert np.isclose(bias, mean, rtol=0.1)
    assert abs(np.mean([r.corrected[1, 1] for r in results])) < 0.1 * mean


def test_an_over_confident_score_is_caught_by_calibration(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(50_000, SLOPES)
    exact = 2 * pool.x * SLOPES
    weights = pool.weights[:, 0]
    naive = scored(pool, 1.5 * exact).information
    calibrated = calibrated_information(1.5 * exact, exact, weights, ORIGIN, LUMINOSITY, weights.sum(), NAMES, "m")
    truth = scored(pool, exact).information
    assert np.allclose(naive, 2.25 * truth)
    assert np.allclose(calibrated.information, truth, rtol=0.01, atol=0.01 * truth.max())


def test_bad_scores_are_counted(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(100, SLOPES)
    scores = pool.x.copy()
    scores[:3] = np.nan
    with pytest.raises(InferenceError, match="3 of 100 events"):
        scored(pool, scores)
    flat = np.zeros((100, 2))
    with pytest.raises(InferenceError, match="does not vary"):
        calibrated_information(flat, pool.x, np.ones(100), ORIGIN, 1.0, 1.0, NAMES, "m")


def test_empty_bins_are_refused(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(100, SLOPES)
    templates = Templates.fill(pool.morphing, pool.weights, np.zeros(100, dtype=np.int64), 3)
    with pytest.raises(InferenceError, match="2 of 3 bins"):
        histogram_information(templates, ORIGIN, 1.0, NAMES)
