from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.diagnostics import closure

pytestmark = pytest.mark.fast
THETA = np.array([[0.0, 0.0], [0.3, -0.2], [-0.2, 0.3]])
ORIGIN = np.zeros(2)


def test_an_exact_ratio_closes(amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]) -> None:
    pool = amplitude_pool(50_000, (0.7, 0.4))
    result = closure(exact_ratio((0.7, 0.4)), pool, THETA, ORIGIN)
    # the joint ratio is normalised by the sample's own cross sections, hence not exactly the exact one
    assert (result.mean_squared_error < 1e-4).all()
    assert np.isnan(result.correlation[0])
    assert np.allclose(result.correlation[1:], 1.0, atol=1e-6)
    assert (np.abs(result.mean_ratio - 1) <= 4 * result.mean_ratio_error + 1e-12).all()
    assert (np.abs(result.pulls) < 4).all()


def test_a_ratio_for_the_wrong_slopes_does_not(
    amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    pool = amplitude_pool(50_000, (0.7, 0.4))
    result = closure(exact_ratio((0.4, 0.7)), pool, THETA, ORIGIN)
    assert (result.mean_squared_error[1:] > 0.01).all()
    assert (np.abs(result.pulls[1:]).max(axis=1) > 10).all()


def test_a_ratio_that_is_not_normalised_is_seen(
    amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    class Shifted:
        observables = ("x0", "x1")

        def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
            return exact_ratio((0.7, 0.4)).log_ratio(x, theta) + 0.1

        def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
            return x

    pool = amplitude_pool(50_000, (0.7, 0.4))
    result = closure(Shifted(), pool, THETA[1:], ORIGIN)
    assert ((result.mean_ratio - 1) / result.mean_ratio_error > 10).all()


def test_events_without_weight_take_no_part_and_bad_values_are_counted(
    amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    pool = amplitude_pool(1000, (0.7, 0.4))
    pool.weights[:5] = 0.0
    assert np.isfinite(closure(exact_ratio((0.7, 0.4)), pool, THETA, ORIGIN).mean_squared_error).all()
    pool.x[7] = np.nan
    with pytest.raises(InferenceError, match="1 of 1000"):
        closure(exact_ratio((0.7, 0.4)), pool, THETA, ORIGIN)
