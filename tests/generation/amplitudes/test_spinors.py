import numpy as np
import pytest

from assay.generation.amplitudes.spinors import absorbed, left_handed_current, left_handed_spinor, line_begun
from assay.generation.kinematics import minkowski_product

pytestmark = pytest.mark.fast

SIGMA = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
METRIC = np.array([1.0, -1.0, -1.0, -1.0])


@pytest.fixture
def massless():
    """Four sets of massless momenta, some nearly and some exactly along -z."""
    momenta = np.random.default_rng(1).normal(size=(4, 200, 3)) * 300.0
    momenta[:, :20, :2] *= 1e-7
    momenta[1, :5] = [0.0, 0.0, -400.0]
    momenta[2, :5] = [0.0, 0.0, 400.0]
    return [np.concatenate([np.linalg.norm(p, axis=1)[:, None], p], axis=1) for p in momenta]


def test_spinors_are_normalised_and_of_negative_helicity(massless):
    for p in massless:
        spinor = left_handed_spinor(p)
        np.testing.assert_allclose(np.sum(np.abs(spinor) ** 2, axis=1), 2.0 * p[:, 0], rtol=1e-12)
        helicity = np.einsum("nk,kab,nb->na", p[:, 1:], SIGMA[1:], spinor)
        np.testing.assert_allclose(helicity, -p[:, :1] * spinor, atol=1e-9 * np.max(p[:, 0]) ** 1.5)


def test_currents_are_conserved(massless):
    a, b = massless[:2]
    current = left_handed_current(left_handed_spinor(a), left_handed_spinor(b))
    size = np.max(np.abs(current), axis=1) * (a[:, 0] + b[:, 0])
    assert np.max(np.abs(minkowski_product(a - b, current)) / size) < 1e-13


def test_currents_obey_the_fierz_identity(massless):
    """|J(a, b).J(c, d)|^2 = 16 (b.d)(a.c) for four left-handed spinors."""
    spinors = [left_handed_spinor(p) for p in massless]
    first, second = left_handed_current(spinors[0], spinors[1]), left_handed_current(spinors[2], spinors[3])
    product = np.abs(minkowski_product(first, second)) ** 2
    expected = 16.0 * minkowski_product(massless[1], massless[3]) * minkowski_product(massless[0], massless[2])
    np.testing.assert_allclose(product[20:], expected[20:], rtol=1e-9)


def test_lines_with_two_bosons_are_products_of_sigma_matrices(massless):
    """end^dagger sigmabar.W sigma.k sigmabar.V begin / k^2, multiplied out."""
    end, begin = left_handed_spinor(massless[0]), left_handed_spinor(massless[1])
    rng = np.random.default_rng(3)
    first, last = (rng.normal(size=(200, 4)) + 1j * rng.normal(size=(200, 4)) for _ in range(2))
    between = massless[1] + rng.normal(size=(200, 4)) * 50.0
    bar = SIGMA * np.array([1.0, -1.0, -1.0, -1.0])[:, None, None]

    def slashed(vector, matrices):
        return np.einsum("nm,mab->nab", vector * METRIC, matrices)

    chain = slashed(last, bar) @ slashed(between, SIGMA) @ slashed(first, bar)
    expected = np.einsum("na,nab,nb->n", end.conj(), chain, begin) / minkowski_product(between, between)
    forward = minkowski_product(left_handed_current(end, absorbed(begin, first, between)), last)
    backward = minkowski_product(left_handed_current(line_begun(end, last, between), begin), first)
    np.testing.assert_allclose(forward, expected, rtol=1e-9)
    np.testing.assert_allclose(backward, expected, rtol=1e-9)
