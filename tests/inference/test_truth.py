"""The joint ratio of the toy process is its exact ratio: dsigma = sigma_0 (1 + a theta x)^2 N(x)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.truth import TruthRatio, record

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.4)
THETA = np.array([[0.1, -0.2], [0.3, 0.4], [0.0, 0.0]])


def log_sums(pool: Any, theta: np.ndarray) -> np.ndarray:
    return np.log((pool.morphing.weights(theta) @ pool.weights.T).sum(axis=1))


def test_it_is_the_exact_ratio(amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]) -> None:
    """Up to the normalisation, which is that of the simulated events."""
    pool = amplitude_pool(4000, SLOPES)
    truth, exact = TruthRatio.of_pool(pool, ("a", "b"), (0.0, 0.0)), exact_ratio(SLOPES)
    found, expected = truth.log_ratio(record(pool), THETA), exact.log_ratio(pool.x, THETA)
    offset = found - expected
    assert np.allclose(offset, offset.mean(axis=1, keepdims=True), atol=1e-9)
    totals = log_sums(pool, THETA) - log_sums(pool, np.zeros((1, 2)))
    assert np.allclose(offset.mean(axis=1), np.log1p(((THETA * SLOPES) ** 2).sum(axis=1)) - totals, atol=1e-10)
    assert np.allclose(np.exp(found) @ pool.weights[:, 0] / pool.weights[:, 0].sum(), 1.0, atol=1e-12)


def test_scores_and_sums(amplitude_pool: Callable[..., Any]) -> None:
    plain = amplitude_pool(300, SLOPES)
    pool = plain.varying(scale=0.1 + 0.05 * plain.x[:, 0], tilt=0.1 * plain.x[:, 1])
    truth = TruthRatio.of_pool(pool, ("a", "b"), (0.1, 0.0))
    assert truth.parameters == ("a", "b", "scale", "tilt")
    assert truth.nuisance == ("scale", "tilt")
    x, point = record(pool), np.array([0.2, -0.3, 0.7, -1.1])
    score = truth.score(x, point)
    for p in range(4):
        step = 1e-6 * np.eye(4)[p]
        up, down = truth.log_ratio(x, np.stack([point + step, point - step]))
        assert np.allclose(score[:, p], (up - down) / 2e-6, rtol=1e-4, atol=1e-6)
    weights = np.random.default_rng(0).uniform(size=300)
    assert np.allclose(truth.summed_log_ratio(x, point[None], weights), truth.log_ratio(x, point[None]) @ weights)


def test_nuisance_parameters_multiply_weights_and_keep_the_ratio_normalised(amplitude_pool: Callable[..., Any]) -> None:
    plain = amplitude_pool(500, SLOPES)
    pool = plain.varying(tilt=0.2 * plain.x[:, 0])
    truth = TruthRatio.of_pool(pool, ("a", "b"), (0.0, 0.0))
    found = truth.log_ratio(record(pool), np.array([[0.0, 0.0, 1.5]]))[0]
    share = pool.weights[:, 0] / pool.weights[:, 0].sum()
    factor = np.exp(0.3 * pool.x[:, 0])
    assert np.allclose(found, np.log(factor / (share @ factor)), atol=1e-12)


def test_records_of_other_events_are_refused(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(10, SLOPES)
    truth = TruthRatio.of_pool(pool, ("a", "b"), (0.0, 0.0))
    with pytest.raises(InferenceError, match="event records"):
        truth.log_ratio(pool.x, THETA)
