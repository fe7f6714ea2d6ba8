from dataclasses import replace

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


def test_generator_errors_of_benchmarks_add_up_linearly():
    strata = (
        Stratum("sm", 0, 100.0, 5.0, 0.1),
        Stratum("a", 1, 100.0, 3.0, 0.2),
        Stratum("tt", -1, 100.0, 2.0, 0.3),
        Stratum("few", 2, 100.0, 4.0, 0.0, 0.4),
    )
    # no statistical error: all N events are there, with equal weights
    weights = np.repeat([5.0, -3.0, 2.0, 4.0], 100)[:, None] / 100
    sums = StratumSums.none(4, 1).updated(weights, np.repeat(np.arange(4), 100))
    np.testing.assert_allclose(sums.errors(strata), np.sqrt((0.1 + 0.2) ** 2 + 0.3**2 + 0.4**2), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("common", "narrowest"), [(True, 0.9), (False, 0.55)])
def test_pulls_with_errors_of_the_generator(toy, common, narrowest):
    """Cross sections off by 5 %: all by one measurement, or those of each benchmark by its own; two jobs of each."""
    rng, pulls, names = np.random.default_rng(3), [], ("sm", "a", "d")
    theta = np.array([[0.0, 0.0], [0.4, -0.3]])
    truth = [toy.cross_section(point, 0.3) for point in theta]
    for _ in range(150):
        deviations = 0.05 * (np.repeat(rng.normal(), 3) if common else rng.normal(size=3))
        off = dict(zip(names, 1.0 + deviations, strict=True))
        table = toy.table([(name, 1500) for name in names for _ in range(2)], rng, cut=0.3)
        samples = tuple(
            replace(
                sample,
                cross_section=off[sample.benchmark] * sample.cross_section,
                cross_section_error=0.05 * sample.cross_section,
            )
            for sample in table.samples
        )
        factors = np.array([off[sample.benchmark] for sample in samples])[table.sample_index]
        table = replace(table, samples=samples, weights=factors[:, None] * table.weights)
        values, errors = EventPool.from_table(table).cross_section(theta)
        pulls.append((values - truth) / errors)
    widths = np.std(pulls, axis=0)
    assert np.all(widths > narrowest - 4 * narrowest / np.sqrt(2 * len(pulls)))
    assert np.all(widths < 1.0 + 4 / np.sqrt(2 * len(pulls)))


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
