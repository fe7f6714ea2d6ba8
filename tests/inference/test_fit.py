from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.fit import local_maxima, maximise

pytestmark = pytest.mark.fast


class Bumps:
    """Gaussian bumps of different heights; not physical where the first parameter is below `wall`."""

    def __init__(self, centres: np.ndarray, heights: np.ndarray, wall: float = -np.inf) -> None:
        self.centres, self.heights, self.wall = centres, heights, wall

    def _terms(self, theta: np.ndarray) -> np.ndarray:
        return self.heights * np.exp(-0.5 * ((theta[:, None] - self.centres) ** 2).sum(axis=2))

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return np.where(theta[:, 0] < self.wall, -np.inf, self._terms(theta).sum(axis=1))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return (self._terms(theta[None])[0][:, None] * (self.centres - theta)).sum(axis=0)


BOUNDS = np.array([[-10.0, 10.0], [-10.0, 10.0]])
TWO = Bumps(np.array([[-5.0, 0.0], [5.0, 3.0]]), np.array([1.0, 2.0]))


def test_the_highest_of_several_maxima_is_found_between_grid_points() -> None:
    best = maximise(TWO, np.array([[-4.0, 0.5], [4.0, 2.0]]), BOUNDS, np.ones((2, 2)))
    assert np.allclose(best.theta, [5.0, 3.0], atol=1e-6)
    assert np.isclose(best.log_likelihood, 2.0, atol=1e-12)
    assert best.at_edge == (False, False)


def test_the_edge_is_flagged() -> None:
    best = maximise(TWO, np.array([[4.0, 2.0]]), np.array([[-10.0, 4.5], [-10.0, 10.0]]), np.ones((1, 2)))
    assert best.at_edge == (True, False)
    assert best.theta[0] == 4.5


def test_points_that_are_not_physical_never_win() -> None:
    walled = Bumps(TWO.centres, TWO.heights, wall=4.9)
    best = maximise(walled, np.array([[-5.0, 0.0], [6.0, 2.0]]), BOUNDS, np.ones((2, 2)))
    assert np.allclose(best.theta, [5.0, 3.0], atol=1e-6)
    with pytest.raises(InferenceError, match="no starting point"):
        maximise(walled, np.array([[-5.0, 0.0]]), BOUNDS, np.ones((1, 2)))


def test_local_maxima_come_highest_first_and_ignore_minus_infinity() -> None:
    values = np.array([[0.0, 1.0, 0.0], [-np.inf, 0.0, 3.0], [2.0, 0.0, -np.inf]])
    assert local_maxima(values, 5) == [5, 6, 1]
    assert local_maxima(values, 1) == [5]
