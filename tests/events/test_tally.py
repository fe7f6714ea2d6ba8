import itertools

import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.header import header_of
from assay.events.tally import Tally

pytestmark = pytest.mark.fast


@pytest.fixture
def table(toy, rng):
    return toy.table([("sm", 40), ("a", 60)], rng)


def blocks(table, keys, n_blocks, tally):
    order = np.lexsort((table.sample_index, keys))
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    # equal keys stay in one block, as buckets keep them
    edges = [0, *cuts[:: max(1, len(cuts) // n_blocks)], len(order)]
    for start, stop in itertools.pairwise(edges):
        part = order[start:stop]
        tally.add(keys[part], table.sample_index[part], table.weights[part])


def tallied(table, keys, n_blocks=3):
    tally = Tally(header_of(table), np.array([True, True]))
    blocks(table, keys, n_blocks, tally)
    return tally


def test_blocks_add_up(table):
    keys = np.random.default_rng(0).integers(0, 2**64, 100, dtype=np.uint64)
    one, many = tallied(table, keys, 1).result(), tallied(table, keys, 20).result()
    np.testing.assert_allclose(one.cross_sections, many.cross_sections)
    np.testing.assert_allclose(one.effective_sample_sizes, many.effective_sample_sizes)
    assert one.events_per_sample == many.events_per_sample == (40, 60)
    assert one.negative_weights == 0
    counts, background = tallied(table, keys).events_per_benchmark()
    assert (counts.tolist(), background) == ([40, 60, 0, 0, 0, 0], 0)


def test_a_run_within_another_is_a_repetition(table):
    keys = np.arange(100, dtype=np.uint64)
    keys[:30] = keys[40:70]
    with pytest.raises(EventFileError, match=r"sample sm_0: 30 of its 40 events"):
        tallied(table, keys).check_repeats()


def test_a_few_common_events_are_none(table):
    keys = np.arange(100, dtype=np.uint64)
    keys[:5] = keys[40:45]
    tallied(table, keys).check_repeats()


def test_events_that_repeat_within_their_run_are_none(table):
    keys = (np.arange(100) % 7).astype(np.uint64)
    tallied(table, keys).check_repeats()
