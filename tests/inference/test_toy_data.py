from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.toy_data import Toys, draw_toys, joined

pytestmark = pytest.mark.fast


def test_events_are_drawn_by_their_weights(amplitude_pool) -> None:
    pool = amplitude_pool(400, (0.5,))
    theta = np.array([0.6])
    toys = draw_toys(pool, theta, 50.0, 2000, 0, np.random.default_rng(0))
    weights = pool.weights @ pool.morphing.weights(theta[None])[0]
    expected = len(toys.rows) * weights / weights.sum()
    found = np.bincount(toys.rows, minlength=400)
    assert ((found - expected) ** 2 / expected).sum() < 400 + 5 * np.sqrt(800)


def test_numbers_of_events_are_poisson(amplitude_pool) -> None:
    toys = draw_toys(amplitude_pool(50, (0.5,)), [0.0], 20.0, 4000, 2, np.random.default_rng(1))
    assert len(toys) == 4000
    assert toys.sizes.sum() == len(toys.rows)
    assert toys.sizes.mean() == pytest.approx(20.0, abs=0.3)
    assert toys.sizes.var() == pytest.approx(20.0, rel=0.1)
    assert toys.centres.shape == (4000, 2)
    assert toys.centres.std() == pytest.approx(1.0, abs=0.05)


def test_multiplicities_are_those_of_single_toys() -> None:
    toys = Toys(np.array([3, 3, 5, 7, 3]), np.array([3, 3, 5]), np.zeros((3, 0)))
    rows, matrix = toys.multiplicities()
    assert rows.tolist() == [3, 5, 7]
    assert matrix.toarray().tolist() == [[2, 1, 0], [0, 0, 0], [1, 0, 1]]
    assert [part.tolist() for part in toys.events(0)] == [[3, 5], [2, 1]]
    assert [part.tolist() for part in toys.events(1)] == [[], []]
    assert [part.tolist() for part in toys.events(2)] == [[3, 7], [1, 1]]


def test_joined_toys_are_the_toys_of_all_parts() -> None:
    first, second = (
        Toys(np.array([1, 2, 2]), np.array([2, 3]), np.ones((2, 1))),
        Toys(np.array([5]), np.array([0, 1]), np.zeros((2, 1))),
    )
    both = joined([first, second])
    assert both.sizes.tolist() == [2, 1, 0, 1]
    assert [both.events(n)[0].tolist() for n in range(4)] == [[1, 2], [2], [], [5]]
    assert both.centres[:, 0].tolist() == [1, 1, 0, 0]


def test_events_of_negative_weight_are_refused_unless_few(amplitude_pool) -> None:
    pool = amplitude_pool(1000, (0.5,))
    few = pool.part(np.arange(1000))
    few.weights[0] *= -1e-3
    assert 0 not in draw_toys(few, [0.0], 100.0, 50, 0, np.random.default_rng(0)).rows
    few.weights[:100] *= -1.0
    with pytest.raises(InferenceError, match="negative weight"):
        draw_toys(few, [0.0], 100.0, 5, 0, np.random.default_rng(0))
