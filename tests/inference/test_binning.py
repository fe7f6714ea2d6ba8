from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InferenceError
from assay.inference.binning import equal_count_binning

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("bins", [(12,), (5, 4), (3, 4, 5)])
def test_all_bins_hold_the_same_weight_however_correlated(bins: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=(30_000, 1))
    values = common + 0.1 * rng.normal(size=(30_000, len(bins)))
    weights = rng.uniform(0.5, 1.5, size=30_000)
    binning = equal_count_binning([f"x{d}" for d in range(len(bins))], values, weights, bins)
    counts = np.bincount(binning.index(values), weights, binning.n_bins)
    assert binning.shape == bins
    assert np.allclose(counts, counts.mean(), rtol=0.02)


def test_under_and_overflow_are_in_the_outer_bins() -> None:
    values = np.linspace(0, 1, 1000)[:, None]
    binning = equal_count_binning(["x"], values, np.ones(1000), [4])
    assert binning.index(np.array([[-1e9], [1e9]])).tolist() == [0, 3]


def test_the_first_dimension_runs_slowest() -> None:
    values = np.random.default_rng(0).uniform(size=(10_000, 2))
    binning = equal_count_binning(["x", "y"], values, np.ones(10_000), [2, 5])
    corners = np.array([[0.1, 0.01], [0.1, 0.99], [0.9, 0.01], [0.9, 0.99]])
    assert binning.index(corners).tolist() == [0, 4, 5, 9]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 7))
def test_every_event_has_one_bin_even_with_ties(seed: int, first: int, second: int) -> None:
    values = np.random.default_rng(seed).integers(0, 4, size=(200, 2)).astype(float)
    binning = equal_count_binning(["x", "y"], values, np.ones(200), [first, second])
    index = binning.index(values)
    assert ((index >= 0) & (index < first * second)).all()


def test_non_finite_values_are_counted_and_named() -> None:
    values = np.ones((10, 2))
    values[[1, 2, 3], 1] = np.nan
    with pytest.raises(InferenceError, match="3 of 10 events are not finite in met"):
        equal_count_binning(["pt", "met"], values, np.ones(10), [2, 2])


def test_more_bins_than_events_are_refused() -> None:
    with pytest.raises(InferenceError, match="cannot fill 20 bins"):
        equal_count_binning(["x"], np.ones((10, 1)), np.ones(10), [20])
