import numpy as np
import pytest

from assay.events.pool import EventPool
from assay.events.strata import Stratum
from assay.events.sums import StratumSums

pytestmark = pytest.mark.fast

STRATA = (Stratum("sm", 0, 100.0, 5.0, 0.1), Stratum("tt", -1, 50.0, 2.0, 0.0))


def test_blocks_add_up(rng):
    weights, stratum = rng.normal(size=(80, 3)), rng.integers(0, 2, 80)
    whole = StratumSums.none(2, 3).updated(weights, stratum)
    parts = StratumSums.none(2, 3)
    for rows in np.array_split(np.arange(80), 7):
        parts = parts.updated(weights[rows], stratum[rows])
    np.testing.assert_allclose(parts.totals, whole.totals, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parts.squares, whole.squares, rtol=1e-12)
    np.testing.assert_allclose(whole.cross_sections, weights.sum(axis=0))
    np.testing.assert_allclose(
        whole.effective_sample_sizes, weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0), rtol=1e-12
    )


def test_errors_are_of_both_kinds():
    # 20 of 100 events of weight 0.05 at one stratum, 50 of 50 of weight 0.04 at the other
    weights = np.concatenate([np.full(20, 0.05), np.full(50, 0.04)])[:, None]
    sums = StratumSums.none(2, 1).updated(weights, np.repeat([0, 1], [20, 50]))
    binomial = 20 * 0.05**2 * (1 - 20 / 100)
    generator = (0.1 / 5.0 * 20 * 0.05) ** 2
    # nothing was cut from the second stratum, whose cross section is known exactly
    np.testing.assert_allclose(sums.errors(STRATA), np.sqrt(binomial + generator), rtol=1e-12)


def test_zero_weights_are_worth_nothing():
    sums = StratumSums.none(2, 1).updated(np.zeros((3, 1)), np.zeros(3, dtype=np.int64))
    assert sums.effective_sample_sizes.tolist() == [0.0]
    assert StratumSums.none(0, 2).effective_sample_sizes.tolist() == [0.0, 0.0]


def test_the_pool_has_the_same_errors(toy, rng):
    pool = EventPool.from_table(toy.table([("sm", 300), ("a", 200)], rng, cut=0.3))
    sums = StratumSums.none(len(pool.strata), 6).updated(pool.weights, pool.stratum)
    values, errors = pool.cross_section(toy.space.benchmark_values)
    np.testing.assert_allclose(sums.cross_sections, values, rtol=1e-10)
    np.testing.assert_allclose(sums.errors(pool.strata), errors, rtol=1e-10)
