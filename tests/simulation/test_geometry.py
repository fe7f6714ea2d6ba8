from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.simulation.geometry import Directions, counts_of, pairs_within, sum_in_cone

pytestmark = pytest.mark.fast


def random_directions(seed: int, n_events: int) -> Directions:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 5, n_events)
    n = int(counts.sum())
    return Directions(counts, random.uniform(-2, 2, n), random.uniform(-np.pi, np.pi, n))


def plainly(first: Directions, second: Directions, cone: float) -> dict[tuple[int, int], float]:
    pairs = {}
    for i, event in enumerate(first.event):
        for j, other in enumerate(second.event):
            angle = (first.phi[i] - second.phi[j] + np.pi) % (2 * np.pi) - np.pi
            distance = float(np.hypot(first.eta[i] - second.eta[j], angle))
            if event == other and distance < cone:
                pairs[i, j] = distance
    return pairs


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 1000), st.integers(0, 6), st.floats(0.1, 5.0))
def test_pairs_agree_with_a_plain_search(seed: int, n_events: int, cone: float) -> None:
    first, second = random_directions(seed, n_events), random_directions(seed + 1, n_events)
    i, j, distance = pairs_within(first, second, cone)
    expected = plainly(first, second, cone)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == list(expected)
    np.testing.assert_allclose(distance, list(expected.values()), atol=1e-12)


def test_sums_in_cones() -> None:
    axes = Directions(np.array([1, 0, 1]), np.array([0.0, 1.0]), np.array([3.1, 0.0]))
    others = Directions(np.array([2, 1, 1]), np.array([0.1, 2.0, 1.0, 1.2]), np.array([-3.1, 3.1, 0.0, 0.1]))
    # the first lies across the edge of phi, the second is far, the third belongs to another event
    np.testing.assert_allclose(sum_in_cone(axes, others, np.array([5.0, 7.0, 11.0, 13.0]), 0.4), [5.0, 13.0])


def test_counts() -> None:
    np.testing.assert_array_equal(counts_of(np.array([0, 0, 3]), 5), [2, 0, 0, 1, 0])
    np.testing.assert_array_equal(counts_of(np.zeros(0, dtype=np.int64), 2), [0, 0])
