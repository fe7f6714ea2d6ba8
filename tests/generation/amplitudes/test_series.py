import numpy as np
import pytest

from assay.generation.amplitudes.series import kept, product, relevant, series

pytestmark = pytest.mark.fast

OPERATORS = ("one", "two", "three")


def test_coefficients_are_per_tev2():
    np.testing.assert_allclose(series(OPERATORS, 2.0, {"two": 5.0}), [2.0, 0.0, 5e-6, 0.0])
    with pytest.raises(KeyError, match="four"):
        series(OPERATORS, 2.0, {"four": 1.0})


def test_products_keep_the_first_order():
    first, second = np.array([2.0, 3.0, 0.0, 1.0]), np.array([[5.0, 1.0, 7.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    np.testing.assert_array_equal(product(first, second), [[10.0, 17.0, 14.0, 5.0], [0.0, 0.0, 2.0, 0.0]])


def test_only_operators_that_change_a_coupling_are_relevant():
    couplings = [np.array([1.0, 0.0, 0.0, 1e-9]), np.array([[0.0, -2.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])]
    assert relevant(OPERATORS, couplings) == (0, 2)
    np.testing.assert_array_equal(kept(couplings[1], (0, 2)), [[0.0, -2.0, 0.0], [1.0, 0.0, 0.0]])
