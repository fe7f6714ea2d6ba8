from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import chi2, qmc

from assay.errors import InferenceError
from assay.inference.adaptive_contours import (
    ContourResult,
    ContourSettings,
    adaptive_contours,
    entropy,
    most_informative,
)

pytestmark = pytest.mark.fast

LEVELS = (0.68, 0.95)


def banana(theta: np.ndarray) -> np.ndarray:
    """Log likelihood with its highest value, 0, at (0.2, 0.04)."""
    a, b = theta.T
    return -0.5 * (((a - 0.2) / 0.3) ** 2 + ((b - a**2) / 0.15) ** 2)


def two_islands(theta: np.ndarray) -> np.ndarray:
    a, b = theta.T
    return -0.5 * (((a**2 - 0.36) / 0.12) ** 2 + (b / 0.3) ** 2 + 0.3 * a)


def error_of(found: ContourResult, function, confidence: float, highest: float) -> float:  # type: ignore[no-untyped-def]
    """The share of the region's volume that is on the wrong side."""
    low, high = found.bounds.T
    theta = low + (high - low) * qmc.Sobol(len(low), seed=9).random_base2(14)
    true = 2 * (highest - function(theta)) <= chi2.ppf(confidence, len(low))
    return float((found.inside(theta, confidence) != true).sum() / true.sum())


def grid_error(function, bounds, confidence: float, highest: float, n: int = 25) -> float:  # type: ignore[no-untyped-def]
    low, high = np.array(bounds).T
    axes = [np.linspace(a, b, n) for a, b in bounds]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(low))
    values = function(points).reshape((n,) * len(low))
    theta = low + (high - low) * qmc.Sobol(len(low), seed=9).random_base2(14)
    level = chi2.ppf(confidence, len(low))
    true = 2 * (highest - function(theta)) <= level
    found = 2 * (highest - RegularGridInterpolator(axes, values)(theta)) <= level
    return float((found != true).sum() / true.sum())


@pytest.mark.parametrize("seed", [0, 1])
def test_a_tenth_of_a_grid_is_enough_in_two_parameters(seed: int) -> None:
    bounds = [(-1.0, 1.0)] * 2
    found = adaptive_contours(banana, ("a", "b"), bounds, LEVELS, ContourSettings(62, seed=seed))
    assert found.n_evaluations <= 62
    for level in LEVELS:
        assert error_of(found, banana, level, 0.0) < grid_error(banana, bounds, level, 0.0)
    assert found.best_fit == pytest.approx((0.2, 0.04), abs=0.01)


def test_both_of_two_islands_are_found() -> None:
    bounds = [(-1.0, 1.0)] * 2
    found = adaptive_contours(two_islands, ("a", "b"), bounds, LEVELS, ContourSettings(62))
    fine = np.stack(np.meshgrid(np.linspace(-1, 1, 400), [0.0], indexing="ij"), axis=-1).reshape(-1, 2)
    highest = float(two_islands(fine).max())
    for level in LEVELS:
        assert error_of(found, two_islands, level, highest) < grid_error(two_islands, bounds, level, highest)
    assert found.inside([[-0.6, 0.0], [0.58, 0.0], [0.0, 0.0]], 0.95).tolist() == [True, True, False]


def test_unphysical_points_are_outside() -> None:
    def half(theta: np.ndarray) -> np.ndarray:
        return np.where(theta[:, 0] + theta[:, 1] < -0.8, -np.inf, banana(theta))

    found = adaptive_contours(half, ("a", "b"), [(-1.0, 1.0)] * 2, LEVELS, ContourSettings(62))
    assert error_of(found, half, 0.95, 0.0) < 0.05
    assert not found.inside([[-0.9, -0.9]], 0.95)[0]


def test_expectation_shrinks_and_ends_the_search() -> None:
    found = adaptive_contours(
        lambda theta: -0.5 * (theta**2).sum(axis=1), ("a", "b"), [(-4.0, 4.0)] * 2, LEVELS, ContourSettings(200)
    )
    bent = adaptive_contours(banana, ("a", "b"), [(-1.0, 1.0)] * 2, LEVELS, ContourSettings(200))
    assert max(bent.rounds[-1].expected_error) < 1e-3 < max(bent.rounds[0].expected_error)
    assert found.converged
    assert found.n_evaluations < 60
    assert max(found.rounds[-1].expected_error) < 1e-3
    assert [one.n_evaluations for one in found.rounds] == sorted(one.n_evaluations for one in found.rounds)
    assert found.levels == pytest.approx(chi2.ppf(LEVELS, 2))


def test_batches_are_evaluated_together() -> None:
    sizes = []

    def counted(theta: np.ndarray) -> np.ndarray:
        sizes.append(len(theta))
        return banana(theta)

    adaptive_contours(counted, ("a", "b"), [(-1.0, 1.0)] * 2, LEVELS, ContourSettings(30, batch=6, initial=10))
    assert sizes == [10, 6, 6, 6, 2]


def test_entropy_of_regions() -> None:
    levels = np.array([1.0])
    far, on, unsure = entropy(np.array([9.0, 1.0, 1.5]), np.array([0.1, 0.1, 2.0]), levels)
    assert far == pytest.approx(0.0, abs=1e-6)
    assert on == pytest.approx(np.log(2))
    assert 0 < unsure < on


def test_most_informative_tells_about_its_neighbours() -> None:
    """Of three points as uncertain as each other, the middle one is correlated with both others."""
    correlation = np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.8], [0.3, 0.8, 1.0]])
    assert most_informative(np.zeros(3), correlation, np.array([0.0])) == 1


@pytest.mark.parametrize("settings", [ContourSettings(4), ContourSettings(30, initial=3), ContourSettings(30, batch=0)])
def test_too_few_evaluations_are_refused(settings: ContourSettings) -> None:
    with pytest.raises(InferenceError, match="evaluations"):
        adaptive_contours(banana, ("a", "b"), [(-1.0, 1.0)] * 2, LEVELS, settings)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_cannot_be_used_are_refused(value: float) -> None:
    with pytest.raises(InferenceError):
        adaptive_contours(
            lambda theta: np.full(len(theta), value), ("a", "b"), [(-1.0, 1.0)] * 2, LEVELS, ContourSettings(30)
        )


@pytest.mark.slow
def test_a_thousandth_of_a_grid_is_enough_in_four_parameters() -> None:
    def bent(theta: np.ndarray) -> np.ndarray:
        u = theta @ np.array([[3.0, 0.5, 0.0, 0.3], [0.0, 4.0, 0.7, 0.0], [0.0, 0.0, 2.5, 0.4], [0.0, 0.0, 0.0, 5.0]]).T
        return -0.5 * ((u**2).sum(axis=1) + 0.3 * u[:, 0] ** 3 / np.sqrt(1 + u[:, 0] ** 2))

    bounds = [(-1.2, 1.2)] * 4
    found = adaptive_contours(bent, tuple("abcd"), bounds, LEVELS, ContourSettings(390))
    assert found.n_evaluations <= 390
    for level in LEVELS:
        assert error_of(found, bent, level, 0.0) < grid_error(bent, bounds, level, 0.0)
