from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.maximisation import maximise_over

pytestmark = pytest.mark.fast


class Quadratic:
    """log L = -1/2 (theta - centre)^T I (theta - centre)."""

    def __init__(self, information: np.ndarray, centre: np.ndarray) -> None:
        self.information, self.centre = information, centre

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        d = theta - self.centre
        return -0.5 * np.einsum("ti,ij,tj->t", d, self.information, d)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -(theta - self.centre) @ self.information


class Rosenbrock:
    """A curved valley with its top at (1, 1); nothing physical beyond theta_0 > 1.5."""

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        x, y = theta.T
        return np.where(x > 1.5, -np.inf, -((1 - x) ** 2) - 20 * (y - x**2) ** 2)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        x, y = theta[..., 0], theta[..., 1]
        return np.stack([2 * (1 - x) + 80 * x * (y - x**2), -40 * (y - x**2)], axis=-1)


def correlated(n: int, seed: int) -> Quadratic:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    return Quadratic(root @ root.T + 0.1 * np.eye(n), rng.normal(size=n) * 0.3)


@pytest.mark.parametrize("free", [(0,), (2, 3), (3, 1, 0)])
def test_a_parabola_is_maximised_exactly_at_every_point(free: tuple[int, ...]) -> None:
    likelihood = correlated(4, 1)
    start = np.random.default_rng(2).normal(size=(30, 4))
    values, theta = maximise_over(likelihood, start, free, [(-50.0, 50.0)] * len(free))
    kept = [p for p in range(4) if p not in free]
    assert np.array_equal(theta[:, kept], start[:, kept])
    block = likelihood.information[np.ix_(free, free)]
    cross = likelihood.information[np.ix_(free, kept)]
    exact = likelihood.centre[list(free)] - np.linalg.solve(block, cross @ (start - likelihood.centre)[:, kept].T).T
    assert np.allclose(theta[:, list(free)], exact, atol=1e-5)
    schur = likelihood.information[np.ix_(kept, kept)] - cross.T @ np.linalg.solve(block, cross)
    d = (start - likelihood.centre)[:, kept]
    assert np.allclose(values, -0.5 * np.einsum("ti,ij,tj->t", d, schur, d), atol=1e-9)


def test_bounds_hold_and_the_rest_is_maximised_along_them() -> None:
    likelihood = Quadratic(np.array([[2.0, 1.5], [1.5, 2.0]]), np.array([3.0, 0.0]))
    values, theta = maximise_over(likelihood, [[0.0, 0.0], [0.9, -4.0]], (0, 1), [(-1.0, 1.0), (-5.0, 5.0)])
    assert np.allclose(theta, [[1.0, 1.5], [1.0, 1.5]], atol=1e-6)  # 1.5 (x - 3) + 2 y = 0 at x = 1
    assert np.allclose(values, likelihood.log_likelihood(theta))


def test_a_curved_valley_with_an_unphysical_region() -> None:
    starts = np.array([[-1.2, 1.0], [0.0, -2.0], [1.3, 1.2], [2.0, 0.0]])
    values, theta = maximise_over(Rosenbrock(), starts, (0, 1), [(-3.0, 3.0), (-5.0, 5.0)])
    assert np.allclose(theta[:3], 1.0, atol=1e-4)
    assert np.allclose(values[:3], 0.0, atol=1e-9)
    assert values[3] == -np.inf
    assert np.array_equal(theta[3], starts[3])


def test_a_value_is_never_lower_than_at_the_start() -> None:
    start = np.random.default_rng(0).uniform(-2, 1.4, size=(50, 2))
    before = Rosenbrock().log_likelihood(start)
    assert (maximise_over(Rosenbrock(), start, (1,), [(-5.0, 5.0)])[0] >= before).all()


def test_nothing_free_is_the_likelihood_itself() -> None:
    likelihood = correlated(2, 3)
    values, theta = maximise_over(likelihood, [[0.1, 0.2]], (), np.empty((0, 2)))
    assert values == likelihood.log_likelihood(theta)


def test_reversed_bounds_are_refused() -> None:
    with pytest.raises(InferenceError, match="bounds"):
        maximise_over(correlated(2, 3), [[0.1, 0.2]], (0,), [(1.0, -1.0)])
