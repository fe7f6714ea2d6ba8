from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.templates import Templates, merge_groups

pytestmark = pytest.mark.fast
THETA = np.array([0.3, -0.2])


@pytest.fixture
def filled(amplitude_pool: Callable[..., Any]) -> tuple[Any, np.ndarray, Templates]:
    pool = amplitude_pool(5000, (0.7, 0.4))
    bins = np.digitize(pool.x[:, 0], [-1.0, 0.0, 1.0])
    return pool, bins, Templates.fill(pool.morphing, pool.weights, bins, 4)


def test_cross_sections_are_sums_of_morphed_weights(filled: tuple[Any, np.ndarray, Templates]) -> None:
    pool, bins, templates = filled
    weights = pool.weights @ pool.morphing.weights(THETA)
    expected = np.bincount(bins, weights, 4)
    assert np.allclose(templates.cross_sections(THETA)[0], expected, rtol=1e-10, atol=0)
    assert np.allclose(templates.variances(THETA)[0], np.bincount(bins, weights**2, 4), rtol=1e-8, atol=0)
    effective = expected**2 / np.bincount(bins, weights**2, 4)
    assert np.allclose(templates.effective_events(THETA)[0], effective, rtol=1e-8)


def test_gradients_are_finite_differences(filled: tuple[Any, np.ndarray, Templates]) -> None:
    _, _, templates = filled
    step = 1e-5
    for p in range(2):
        shift = step * np.eye(2)[p]
        difference = (templates.cross_sections(THETA + shift) - templates.cross_sections(THETA - shift))[0] / (2 * step)
        assert np.allclose(templates.gradients(THETA)[:, p], difference, rtol=1e-7, atol=1e-12)


def test_covariance_of_rate_and_gradient_is_the_sum_over_events(filled: tuple[Any, np.ndarray, Templates]) -> None:
    pool, bins, templates = filled
    rows = np.column_stack([pool.morphing.weights(THETA), pool.morphing.weight_gradients(THETA)])
    events = (pool.weights @ rows)[bins == 2]
    assert np.allclose(templates.covariances(THETA)[2], events.T @ events, rtol=1e-8, atol=1e-20)


def test_variance_squares_morphed_weights_and_does_not_morph_squares(filled: tuple[Any, np.ndarray, Templates]) -> None:
    """The predecessor's error: wrong away from benchmarks."""
    pool, _, templates = filled
    wrong = (pool.weights**2).sum(axis=0) @ pool.morphing.weights(THETA)
    assert not np.isclose(templates.variances(THETA)[0].sum(), wrong, rtol=0.02, atol=0)


def test_merging_adds_bins_and_scaling_keeps_effective_events(filled: tuple[Any, np.ndarray, Templates]) -> None:
    _, _, templates = filled
    merged = templates.merged(np.array([0, 0, 1, 1]))
    assert np.allclose(
        merged.cross_sections(THETA)[0], templates.cross_sections(THETA)[0].reshape(2, 2).sum(axis=1), atol=0
    )
    scaled = templates.scaled(3.0)
    assert np.allclose(scaled.cross_sections(THETA), 3 * templates.cross_sections(THETA), atol=0)
    assert np.allclose(scaled.effective_events(THETA), templates.effective_events(THETA))


def test_weights_that_are_not_finite_are_counted(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(100, (0.7,))
    pool.weights[[3, 7], 0] = np.nan
    with pytest.raises(InferenceError, match="2 of 100 events"):
        Templates.total(pool.morphing, pool.weights)


def test_bins_are_merged_until_positive_and_populated(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(1000, (0.7,))
    pool.weights[pool.x[:, 0] > 1.5] *= -1.0  # a region of negative expectation
    bins = np.digitize(pool.x[:, 0], [-5.0, 0.0, 1.5])  # the first bin has no event
    templates = Templates.fill(pool.morphing, pool.weights, bins, 4)
    theta = np.linspace(-0.5, 0.5, 5)[:, None]
    groups = merge_groups(templates, np.zeros(1), theta, 5.0)
    assert groups.tolist() == [0, 0, 1, 1]
    assert (templates.merged(groups).cross_sections(theta) > 0).all()
