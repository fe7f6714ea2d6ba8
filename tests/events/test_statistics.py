import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.events.statistics import ColumnStatistics

pytestmark = pytest.mark.fast

VALUES = st.floats(-1e6, 1e6, allow_subnormal=False) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0])


@given(arrays(np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=VALUES), st.integers(1, 31))
def test_blocks_add_up(values, size):
    found = ColumnStatistics.none(3)
    for start in range(0, len(values), size):
        found = found.updated(values[start : start + size])
    for k, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        assert found.n_bad[k] == len(column) - len(finite)
        assert found.n_finite[k] == len(finite)
        assert found.n_negative[k] == np.sum(finite < 0)
        if len(finite):
            assert found.lowest[k] == finite.min()
            assert found.highest[k] == finite.max()
            assert found.mean[k] == pytest.approx(finite.mean(), abs=1e-6)
            assert found.standard_deviation[k] == pytest.approx(finite.std(), rel=1e-6, abs=1.0)


def test_orders_of_magnitude():
    found = ColumnStatistics.none(3).updated(np.array([[1e-3, 0.0, 5.0], [-1e4, 0.0, 5.0], [0.0, np.nan, 5.0]]))
    np.testing.assert_allclose(found.orders_of_magnitude, [7.0, 0.0, 0.0], atol=1e-12)
    assert found.smallest[0] == 1e-3
    assert found.largest[0] == 1e4


def test_no_values():
    found = ColumnStatistics.none(2)
    np.testing.assert_array_equal(found.mean, 0.0)
    np.testing.assert_array_equal(found.orders_of_magnitude, 0.0)
