import numpy as np
import pytest
from scipy.optimize import approx_fprime

from assay.theory.design import Design
from assay.theory.monomials import components, gram_matrix, monomials

pytestmark = pytest.mark.fast

UNIT = np.array([[-1.0, 1.0]])


@pytest.mark.parametrize("shape", [((2, 2), 2), ((3,), 3), ((1, 2, 4), 4), ([(2, 0), (2, 2)], (2, 2))])
@pytest.mark.parametrize("extra", [0, 3])
def test_value_is_the_mean_sum_of_squared_weights(shape, extra):
    powers = components(*shape)
    n_parameters = powers.shape[1]
    rng = np.random.default_rng(7)
    fixed = rng.uniform(-1.5, 1.5, (2, n_parameters))
    free = rng.uniform(-1, 1, (len(powers) - 2 + extra, n_parameters))
    # by monomials and their exact moments, which the design does not use
    inverse = np.linalg.pinv(monomials(np.concatenate([fixed, free]), powers))
    expected = np.sum(inverse * (gram_matrix(powers, np.repeat(UNIT, n_parameters, axis=0)) @ inverse))
    assert Design(powers, fixed).value(free) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("n_free", [9, 12])
def test_gradient(n_free):
    powers = components((2, 2, 2), 2)
    design = Design(powers, np.array([[0.0, 0.5, -1.0]]))
    start = np.random.default_rng(2).uniform(-1, 1, 3 * n_free)
    value, gradient = design.logarithm(start)
    assert value == pytest.approx(np.log(design.value(start.reshape(-1, 3))))
    numeric = approx_fprime(start, lambda flat: design.logarithm(flat)[0], 1e-7)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-3)


def test_degenerate_sets_are_infinitely_bad():
    design = Design(components((2, 2), 2), np.zeros((2, 2)))
    assert design.value(np.random.default_rng(0).uniform(-1, 1, (4, 2))) == np.inf
    assert np.isfinite(design.logarithm(np.zeros(8))[0])
    assert np.isfinite(design.value(np.random.default_rng(0).uniform(-1, 1, (5, 2))))


def test_descending_stays_inside_and_goes_down():
    design = Design(components((2, 2), 2), np.zeros((1, 2)))
    start = np.random.default_rng(1).uniform(-1, 1, (5, 2))
    values = [design.value(design.descend(start, steps)) for steps in (0, 3, 100)]
    assert values[0] > values[1] > values[2]
    assert values[2] == pytest.approx(0.7815, abs=1e-3)
    assert np.all(np.abs(design.descend(start, 100)) <= 1.0)
