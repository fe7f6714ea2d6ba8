from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.binning import equal_count_binning
from assay.inference.histograms import (
    BinningSample,
    affordable_bins,
    columns,
    event_weights,
    histogram_model,
    information_weights,
    principal_axes,
)

pytestmark = pytest.mark.fast
ORIGIN = np.zeros(2)


def test_counts_go_to_the_merged_bins(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(20_000, (0.7, 0.4))
    sparse = pool.part(slice(0, 100))  # 2.5 events per bin: has to be merged
    sample = BinningSample(pool.observables, pool.x, pool.weights[:, 0])
    model = histogram_model(sample, sparse, sparse.x, 6, ORIGIN, np.zeros((1, 2)))
    assert model.templates.n_bins < 36
    assert "merged" in model.notes[0]
    assert (model.templates.effective_events(ORIGIN) >= 5).all()
    expected = model.templates.cross_sections(ORIGIN)[0]
    assert np.allclose(model.counts(sparse.x) / 100, expected / expected.sum())


def test_bins_are_reduced_with_a_note(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(1000, (0.7, 0.4))
    sample = BinningSample(pool.observables, pool.x, pool.weights[:, 0])
    model = histogram_model(sample, pool, pool.x, 12, ORIGIN, np.zeros((1, 2)))
    assert model.binning.shape == (7, 7)
    assert "7 x 7 in place of 12 x 12" in model.notes[0]


def test_affordable_bins_bound_the_total() -> None:
    assert affordable_bins([12] * 3, 10**6) == [12] * 3
    assert affordable_bins([100], 10**6) == [100]
    assert affordable_bins([12] * 6, 10**6) == [3] * 6
    assert affordable_bins([12] * 10, 10**6) == [2] * 10
    assert affordable_bins([12], 10) == [2]
    assert affordable_bins([40, 4, 4], 20 * 400) == [25, 4, 4]


def test_columns_are_found_by_name(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(10, (0.7, 0.4))
    assert np.array_equal(columns(pool, ["x1", "x0"]), pool.x[:, ::-1])
    with pytest.raises(InferenceError, match="no observable met"):
        columns(pool, ["met"])


def test_event_weights_add_up_to_the_cross_section(amplitude_pool: Callable[..., Any]) -> None:
    pool = amplitude_pool(200_000, (0.7, 0.4))
    exact = 0.002 * (1 + 0.49 * 0.25 + 0.16 * 0.09)
    assert np.isclose(event_weights(pool, (0.5, -0.3)).sum(), exact, rtol=0.01)


def test_principal_axes_are_ordered_by_information() -> None:
    scores = np.random.default_rng(0).normal(size=(10_000, 4)) * [1.0, 4.0, 2.0, 3.0]
    axes = principal_axes(scores, np.ones(10_000), 2)
    assert axes.shape == (4, 2)
    assert np.abs(axes).argmax(axis=0).tolist() == [1, 3]


def kept(scores: np.ndarray, weights: np.ndarray, by: np.ndarray, bins: int) -> np.ndarray:
    """The share of the information sum w t^2 that is left in bins of equal shares of `by`, per component."""
    names = [f"t{p}" for p in range(scores.shape[1])]
    index = equal_count_binning(names, scores, by, [bins] * scores.shape[1]).index(scores)
    rate = np.bincount(index, weights)
    slopes = np.stack([np.bincount(index, weights * t) for t in scores.T])
    return np.asarray((slopes**2 / rate).sum(axis=1) / (weights @ scores**2))


def test_the_tails_of_scores_keep_their_information() -> None:
    rng = np.random.default_rng(3)
    scores = rng.standard_t(4, size=(40_000, 2)) * [1.0, 30.0]
    weights = rng.uniform(0.5, 1.5, size=40_000)
    lost = 1.0 - kept(scores, weights, weights, 12)
    assert (lost > 0.1).all()
    assert (1.0 - kept(scores, weights, information_weights(scores, weights), 12) < 0.5 * lost).all()


def test_a_score_that_does_not_vary_leaves_the_weights() -> None:
    weights = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(information_weights(np.zeros((3, 2)), weights), weights)
