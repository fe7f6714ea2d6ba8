import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import MorphingError
from assay.theory.monomials import components, gram_matrix, monomial_gradients, monomials

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("powers", "overall", "expected"),
    [
        ((2, 2), 2, 6),
        ((4, 4), 4, 15),
        ((2,) * 3, 2, 10),
        ((4,) * 4, 4, 70),
        ((4,) * 5, 4, 126),
        ((1, 2), 3, 6),
        ((0,), 3, 1),
        # operators in production and in decay
        (((2, 2), (2, 2)), (2, 2), 15),
        (((2, 2),) * 5, (2, 2), 126),
        ((2,) * 5, (2, 2), 126),
        (((2, 0), (2, 0), (0, 2)), (2, 2), 18),
    ],
)
def test_number_of_components(powers, overall, expected):
    found = components(powers, overall)
    assert len(found) == expected
    assert len(np.unique(found, axis=0)) == expected
    assert np.all(found[0] == 0)
    assert np.all(found <= [np.sum(power) * (np.size(overall) if np.size(power) == 1 else 1) for power in powers])
    assert np.all(found.sum(axis=1) <= np.sum(overall))


@pytest.mark.parametrize(
    ("powers", "overall"),
    [((), 2), ((2, -1), 2), ((2,), -1), (((2, 2), (2, 2, 2)), 2), (((2, 2),), (2, 2, 2)), ([()], ())],
)
def test_components_refuse_what_makes_no_sense(powers, overall):
    with pytest.raises(MorphingError, match="maximal powers"):
        components(powers, overall)


def test_monomials_are_products_of_powers():
    powers = np.array([[0, 0], [1, 0], [2, 3]])
    np.testing.assert_allclose(monomials([[2.0, 3.0], [0.0, 5.0]], powers), [[1, 2, 4 * 27], [1, 0, 0]])


def test_gradients_at_zero():
    powers = components((2, 2), 2)
    gradients = monomial_gradients([0.0, 0.0], powers)
    linear = {tuple(k): g for k, g in zip(powers.tolist(), gradients.tolist(), strict=True)}
    assert linear[(1, 0)] == [1.0, 0.0]
    assert linear[(0, 1)] == [0.0, 1.0]
    assert linear[(0, 0)] == linear[(2, 0)] == linear[(1, 1)] == [0.0, 0.0]


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_gradients_agree_with_the_complex_step(n_parameters, power, seed):
    powers = components((power,) * n_parameters, power)
    theta = np.random.default_rng(seed).uniform(-2, 2, (3, n_parameters))
    gradients = monomial_gradients(theta, powers)
    for p in range(n_parameters):
        shifted = theta.astype(complex)
        shifted[:, p] += 1e-30j
        values = np.prod(shifted[:, None, :] ** powers, axis=-1)
        np.testing.assert_allclose(gradients[..., p], values.imag / 1e-30, rtol=1e-12, atol=1e-12)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_product_of_parts_has_the_terms_of_the_product(n_parameters, parts, seed):
    """Multiply random polynomials of the parts: no power beyond the components appears, and all of them do."""
    rng = np.random.default_rng(seed)
    max_powers, overall = rng.integers(0, 3, (n_parameters, parts)), rng.integers(1, 4, parts)
    product = {(0,) * n_parameters: 1.0}
    for part in range(parts):
        of_part = components([int(power) for power in max_powers[:, part]], int(overall[part]))
        factor = {tuple(k): rng.uniform(0.5, 1.0) for k in of_part.tolist()}
        found = {}
        for (one, a), (two, b) in itertools.product(product.items(), factor.items()):
            key = tuple(x + y for x, y in zip(one, two, strict=True))
            found[key] = found.get(key, 0.0) + a * b
        product = found
    listed = components([tuple(map(int, row)) for row in max_powers], tuple(map(int, overall)))
    assert {tuple(k) for k in listed.tolist()} == set(product)


@pytest.mark.parametrize("box", [[(-1, 1), (0, 3)], [(2, 2.5), (-1e-3, 1e-3)], [(-10, 10), (-4, -3)]])
def test_gram_matrix_agrees_with_gauss_legendre_integration(box):
    powers = components((3, 2), 4)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    points = [0.5 * (low + high) + 0.5 * (high - low) * nodes for low, high in box]
    grid = np.array(list(itertools.product(*points)))
    measure = np.array([a * b / 4 for a, b in itertools.product(weights, weights)])
    values = monomials(grid, powers)
    expected = np.einsum("n,nc,nd->cd", measure, values, values)
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(gram_matrix(powers, box) / size, expected / size, atol=1e-12)
