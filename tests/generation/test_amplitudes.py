import numpy as np
import pytest

from assay.generation.amplitudes.currents import left_handed_current, left_handed_spinor
from assay.generation.amplitudes.propagators import vector_propagator
from assay.generation.amplitudes.vertices import VectorLeg, higgs_vertex_cphiwl2, higgs_vertex_cpwl2
from assay.generation.kinematics import minkowski_product

pytestmark = pytest.mark.fast


@pytest.fixture
def massless():
    """Four sets of massless momenta, some nearly and some exactly along -z."""
    momenta = np.random.default_rng(1).normal(size=(4, 200, 3)) * 300.0
    momenta[:, :20, :2] *= 1e-7
    momenta[1, :5] = [0.0, 0.0, -400.0]
    momenta[2, :5] = [0.0, 0.0, 400.0]
    return [np.concatenate([np.linalg.norm(p, axis=1)[:, None], p], axis=1) for p in momenta]


def test_spinors_are_normalised_and_of_negative_helicity(massless):
    sigma = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    for p in massless:
        spinor = left_handed_spinor(p)
        np.testing.assert_allclose(np.sum(np.abs(spinor) ** 2, axis=1), 2.0 * p[:, 0], rtol=1e-12)
        helicity = np.einsum("nk,kab,nb->na", p[:, 1:], sigma, spinor)
        np.testing.assert_allclose(helicity, -p[:, :1] * spinor, atol=1e-9 * np.max(p[:, 0]) ** 1.5)


def test_currents_are_conserved(massless):
    a, b = massless[:2]
    current = left_handed_current(a, b)
    size = np.max(np.abs(current), axis=1) * (a[:, 0] + b[:, 0])
    assert np.max(np.abs(minkowski_product(a - b, current)) / size) < 1e-13


def test_currents_obey_the_fierz_identity(massless):
    """|J(a, b).J(c, d)|^2 = 16 (b.d)(a.c) for four left-handed spinors."""
    a, b, c, d = massless
    product = np.abs(minkowski_product(left_handed_current(a, b), left_handed_current(c, d))) ** 2
    expected = 16.0 * minkowski_product(b, d) * minkowski_product(a, c)
    np.testing.assert_allclose(product[20:], expected[20:], rtol=1e-9)


@pytest.mark.parametrize("vertex", [higgs_vertex_cphiwl2, higgs_vertex_cpwl2])
def test_field_strength_vertices_are_transverse(massless, vertex):
    """Operators built of field strengths give nothing for a boson polarised along its momentum."""
    a, b, c, d = massless
    momenta = a - b, c - d
    current = left_handed_current(c, d)
    along = vertex(VectorLeg(momenta[0], momenta[0].astype(complex)), VectorLeg(momenta[1], current))
    across = vertex(VectorLeg(momenta[0], left_handed_current(a, b)), VectorLeg(momenta[1], current))
    assert np.max(np.abs(along[20:])) < 1e-9 * np.max(np.abs(across[20:]))


def test_propagator():
    q2 = np.array([-100.0, 0.0, 50.0])
    np.testing.assert_allclose(vector_propagator(q2, 10.0, 0.0), [-1 / 200, -1 / 100, -1 / 50])
    np.testing.assert_allclose(vector_propagator(q2, 10.0, 2.0), 1.0 / (q2 - 100.0 + 20.0j))
