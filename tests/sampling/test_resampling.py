"""Draws from weighted events: the right probabilities, and none that cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.sampling import hypotheses
from assay.sampling.hypotheses import Hypotheses
from assay.sampling.resampling import resample

pytestmark = pytest.mark.fast

THETA = np.array([[0.0, 0.0], [0.5, -0.4], [-0.3, 0.8]])


def test_events_are_drawn_in_proportion_to_their_weights(pool: EventPool) -> None:
    n = 40_000
    drawn = resample(pool, Hypotheses.of_pool(pool, THETA), np.full(3, n), np.random.default_rng(3))
    weights = pool.event_weights(THETA)
    for index in range(3):
        expected = n * weights[:, index] / weights[:, index].sum()
        copies = np.bincount(drawn.events[drawn.hypotheses == index], minlength=pool.n_events)
        assert copies.sum() == n
        # a stratum of equal cumulated weight has one draw, so that copies differ from what is expected by less than two
        assert np.abs(copies - expected).max() < 2.0


def test_probabilities_of_few_draws_are_right_on_average(pool: EventPool) -> None:
    n = 30
    theta = np.repeat(THETA[1:2], 4000, axis=0)
    drawn = resample(pool, Hypotheses.of_pool(pool, theta), np.full(len(theta), n), np.random.default_rng(4))
    weights = pool.event_weights(THETA[1:2])[:, 0]
    mean = np.average(pool.x[:, 0], weights=weights)
    spread = np.sqrt(np.average((pool.x[:, 0] - mean) ** 2, weights=weights))
    assert abs(pool.x[drawn.events, 0].mean() - mean) < 4.0 * spread / np.sqrt(len(drawn.events))


def test_effective_sample_sizes_are_those_of_the_pool(pool: EventPool) -> None:
    drawn = resample(pool, Hypotheses.of_pool(pool, THETA), np.full(3, 5), np.random.default_rng(5))
    np.testing.assert_allclose(drawn.effective_sample_sizes, pool.effective_sample_size(THETA), rtol=1e-12)


def test_numbers_of_draws_may_differ_and_be_zero(pool: EventPool) -> None:
    drawn = resample(pool, Hypotheses.of_pool(pool, THETA), np.array([3, 0, 2]), np.random.default_rng(6))
    assert drawn.hypotheses.tolist() == [0, 0, 0, 2, 2]
    assert len(drawn.events) == 5


@pytest.mark.parametrize("n", [1, 7, 16, 17, 33])
def test_few_events_fill_their_last_block_with_none(pool: EventPool, n: int) -> None:
    """Events are searched in blocks: the last one may not be full."""
    few = replace(pool, x=pool.x[-n:], weights=pool.weights[-n:])
    drawn = resample(few, Hypotheses.of_pool(few, THETA), np.full(3, 6000), np.random.default_rng(14))
    weights = few.event_weights(THETA)
    for index in range(3):
        copies = np.bincount(drawn.events[drawn.hypotheses == index], minlength=n)
        assert len(copies) == n
        assert np.abs(copies - 6000 * weights[:, index] / weights[:, index].sum()).max() < 2.0


def test_draws_at_the_edges_of_events_stay_possible(pool: EventPool) -> None:
    """Equal weights and as many draws as events: with offsets of zero every target is the edge of an event."""

    class Edges:
        def random(self, n: int) -> np.ndarray:
            return np.zeros(n)

    weights = np.zeros_like(pool.weights)
    weights[5:11993:3] = pool.weights[0]
    even = replace(pool, weights=weights)
    possible = np.flatnonzero(weights[:, 0])
    at = Hypotheses.of_pool(even, THETA)
    drawn = resample(even, at, np.full(3, len(possible)), Edges())  # type: ignore[arg-type]
    assert np.isin(drawn.events, possible).all()


def test_chunks_do_not_matter(pool: EventPool, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = resample(pool, Hypotheses.of_pool(pool, THETA), np.full(3, 50), np.random.default_rng(7))
    monkeypatch.setattr(hypotheses, "_WEIGHTS_AT_A_TIME", 1)
    np.testing.assert_array_equal(
        resample(pool, Hypotheses.of_pool(pool, THETA), np.full(3, 50), np.random.default_rng(7)).events, whole.events
    )


def test_events_of_weight_zero_are_never_drawn(pool: EventPool) -> None:
    weights = pool.weights.copy()
    impossible = np.zeros(pool.n_events, dtype=bool)
    impossible[:100] = impossible[-100:] = impossible[500:3000] = True
    weights[impossible] = 0.0
    drawn = resample(
        replace(pool, weights=weights), Hypotheses.of_pool(pool, THETA), np.full(3, 20_000), np.random.default_rng(8)
    )
    assert not impossible[drawn.events].any()


def test_all_weights_zero_is_refused(pool: EventPool) -> None:
    with pytest.raises(SamplingError, match="all events have weight zero"):
        resample(
            replace(pool, weights=0.0 * pool.weights),
            Hypotheses.of_pool(pool, THETA),
            np.full(3, 5),
            np.random.default_rng(9),
        )


def test_negative_weights_are_refused_with_their_number(pool: EventPool) -> None:
    weights = pool.weights.copy()
    weights[:7] *= -1.0
    with pytest.raises(SamplingError, match=r"7 of 12000 events have negative weights"):
        resample(
            replace(pool, weights=weights), Hypotheses.of_pool(pool, THETA), np.full(3, 5), np.random.default_rng(10)
        )


def test_a_single_hypothesis_with_negative_weights_is_found(pool: EventPool) -> None:
    weights = pool.weights.copy()
    weights[17, 1] = -10.0 * weights[17, 1]  # negative near the second benchmark alone
    broken = replace(pool, weights=weights)
    resample(broken, Hypotheses.of_pool(broken, THETA[:1]), np.array([5]), np.random.default_rng(11))
    with pytest.raises(SamplingError, match=r"1 of 12000 events.*1 of which") as error:
        resample(
            broken,
            Hypotheses.of_pool(broken, np.array([[0.0, 0.0], [0.8, 0.0]])),
            np.full(2, 5),
            np.random.default_rng(11),
        )
    assert "[0.8, 0.0]" in str(error.value)


def test_rounding_below_zero_is_counted_and_not_refused(pool: EventPool) -> None:
    """Events that interference forbids at p = -0.3: their morphed weights there are what seven digits leave of zero."""
    weights = pool.weights.copy()
    p = pool.space.benchmark_values[:, 0]
    forbidden = np.random.default_rng(12).uniform(1e-3, 2e-3, (50, 1)) * (p + 0.3) ** 2
    weights[:50] = forbidden.astype(np.float32)
    theta = np.array([[-0.3, 0.1]])
    drawn = resample(
        replace(pool, weights=weights), Hypotheses.of_pool(pool, theta), np.array([50_000]), np.random.default_rng(13)
    )
    assert 10 < drawn.n_rounded_to_zero < 40
    assert np.count_nonzero(drawn.events < 50) == 0
    weights[:50] -= 1e-3 * weights[:50].max()
    with pytest.raises(SamplingError, match="50 of 12000 events have negative weights"):
        resample(
            replace(pool, weights=weights), Hypotheses.of_pool(pool, theta), np.array([10]), np.random.default_rng(13)
        )
