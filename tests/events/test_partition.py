import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.errors import EventFileError
from assay.events.partition import Partition, event_content, event_hash, partition_of

pytestmark = pytest.mark.fast

FRACTIONS = (0.6, 0.2, 0.2)
TABLES = arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 4)), elements=st.floats(allow_nan=False))


@given(TABLES, st.integers(0, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_event_lost_at_partition_boundary(rows, seed, order):
    parts = partition_of(rows, FRACTIONS, seed)
    assert parts.shape == (len(rows),)
    assert set(parts.tolist()) <= set(Partition)
    # every event in exactly one partition, whatever its neighbours and its place
    assert sum(int(np.sum(parts == p)) for p in Partition) == len(rows)
    shuffled = np.random.default_rng(order).permutation(len(rows))
    np.testing.assert_array_equal(partition_of(rows[shuffled], FRACTIONS, seed), parts[shuffled])
    np.testing.assert_array_equal(partition_of(rows[:1], FRACTIONS, seed), parts[:1])


def test_identical_events_share_a_partition():
    rows = np.random.default_rng(0).normal(size=(200, 3))
    parts = partition_of(np.concatenate([rows, rows]), FRACTIONS)
    np.testing.assert_array_equal(parts[:200], parts[200:])
    np.testing.assert_array_equal(partition_of([[0.0, 1.0]], FRACTIONS), partition_of([[-0.0, 1.0]], FRACTIONS))


def test_normalisation_of_a_run_does_not_move_an_event():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2000, 2)), rng.exponential(size=(2000, 6))
    first, scaled = (event_hash(event_content(x, factor * weights)) for factor in (1.0, 1.0 / 3.0))
    np.testing.assert_array_equal(first, scaled)
    other = event_hash(event_content(x, weights[:, ::-1]))
    assert not np.any(first == other)


def test_fractions_are_kept_within_their_statistics():
    n = 100_000
    parts = partition_of(np.random.default_rng(1).normal(size=(n, 2)), FRACTIONS)
    for partition, fraction in zip(Partition, FRACTIONS, strict=True):
        sigma = np.sqrt(n * fraction * (1 - fraction))
        assert abs(np.sum(parts == partition) - n * fraction) < 4 * sigma


@pytest.mark.parametrize("columns", [np.arange(1.0, 20_001.0)[:, None], np.arange(20_000.0).reshape(-1, 1) * 2.0**-40])
def test_neighbouring_values_fall_apart(columns):
    parts = partition_of(columns, (0.5, 0.25, 0.25))
    pairs = np.histogram2d(parts[:-1], parts[1:], bins=3)[0] / (len(parts) - 1)
    expected = np.outer([0.5, 0.25, 0.25], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(pairs, expected, atol=0.02)


def test_another_seed_gives_independent_partitions():
    rows = np.random.default_rng(1).normal(size=(20_000, 2))
    first, other = partition_of(rows, FRACTIONS), partition_of(rows, FRACTIONS, seed=1)
    assert np.mean(first == other) == pytest.approx(0.44, abs=0.02)


def test_columns_do_not_commute():
    assert event_hash([[1.0, 2.0]]) != event_hash([[2.0, 1.0]])
    assert event_hash([[1.0]]) != event_hash([[1.0, 0.0]])


def test_empty_partitions_are_possible():
    rows = np.random.default_rng(1).normal(size=(1000, 1))
    assert set(partition_of(rows, (1.0, 0.0, 0.0))) == {0}
    assert set(partition_of(rows, (0.0, 0.0, 1.0))) == {2}
    assert set(partition_of(rows, (0.5, 0.0, 0.5))) == {0, 2}


@pytest.mark.parametrize("fractions", [(0.6, 0.2), (0.6, 0.2, 0.1), (1.2, -0.1, -0.1), (np.nan, 0.5, 0.5)])
def test_wrong_fractions_are_refused(fractions):
    with pytest.raises(EventFileError, match="fractions"):
        partition_of([[1.0]], fractions)


def test_nan_is_refused():
    with pytest.raises(EventFileError, match="event 1"):
        partition_of([[1.0], [np.nan]], FRACTIONS)
