from __future__ import annotations

import numpy as np
import pytest

from assay.inference.surrogate import fit_surrogate

pytestmark = pytest.mark.fast

BOUNDS = np.array([[-1.0, 2.0], [0.0, 5.0]])


def parabola(theta: np.ndarray) -> np.ndarray:
    a, b = (theta - [0.3, 2.0]).T
    return 4 * a**2 + 0.5 * b**2 + a * b


def valley(theta: np.ndarray) -> np.ndarray:
    return parabola(theta) + 1.5 * np.sin(2 * theta[:, 0]) * np.cos(theta[:, 1])


def points(n: int, seed: int = 0) -> np.ndarray:
    return BOUNDS[:, 0] + np.ptp(BOUNDS, axis=1) * np.random.default_rng(seed).uniform(size=(n, 2))


def test_parabola_needs_few_points() -> None:
    theta = points(9)
    found = fit_surrogate(theta, parabola(theta), BOUNDS, 6.0)
    new = points(100, 1)
    assert np.allclose(found.q(new), parabola(new), atol=0.05)


def test_process_learns_what_the_parabola_leaves_and_knows_its_error() -> None:
    theta, new = points(60), points(300, 1)
    found = fit_surrogate(theta, valley(theta), BOUNDS, 6.0)
    mean, spread = found.q_and_spread(new)
    error = np.abs(mean - valley(new))
    near = valley(new) < 9.0
    assert error[near].max() < 0.1
    assert (error[near] < 5 * np.hypot(spread[near], 1e-3)).mean() > 0.95
    joint_mean, covariance = found.q_and_covariance(new[:20])
    assert np.allclose(joint_mean, mean[:20])
    assert np.allclose(np.diag(covariance), spread[:20] ** 2, atol=1e-6)


def test_surrogate_is_a_likelihood_with_its_gradient() -> None:
    theta = points(40)
    found = fit_surrogate(theta, valley(theta), BOUNDS, 6.0)
    new = points(6, 2)
    step = 1e-4 * np.eye(2)
    difference = [(found.log_likelihood(new + s) - found.log_likelihood(new - s)) / 2e-4 for s in step]
    assert np.allclose(found.gradient(new), np.transpose(difference), rtol=1e-3, atol=1e-3)
    assert np.allclose(found.gradient(new[0]), found.gradient(new)[0])
    assert found.log_likelihood(np.array([[3.0, 1.0]]))[0] == -np.inf


def test_far_values_do_not_distort_the_valley() -> None:
    """Where a likelihood is steep, far above all contours, it may be of another shape."""
    theta, new = points(60), points(300, 1)

    def steep(one: np.ndarray) -> np.ndarray:
        excess = np.maximum(valley(one) - 15.0, 0.0)
        return valley(one) + 0.5 * excess**2

    found = fit_surrogate(theta, steep(theta), BOUNDS, 6.0)
    near = valley(new) < 6.0
    assert np.abs(found.q(new[near]) - valley(new[near])).max() < 0.2
