"""The contracted structures against tensors that are written out index by index."""

from itertools import permutations

import numpy as np
import pytest

from assay.generation.amplitudes.vertices import (
    HIGGS_STRUCTURES,
    TRIPLE_STRUCTURES,
    VectorLeg,
    higgs_structures,
    triple_structures,
)
from assay.generation.kinematics import minkowski_product

pytestmark = pytest.mark.fast

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
EPSILON = np.zeros((4, 4, 4, 4))
for order in permutations(range(4)):
    EPSILON[order] = np.linalg.det(np.eye(4)[list(order)])


@pytest.fixture
def legs():
    """Three transverse bosons whose momenta add up to zero."""
    rng = np.random.default_rng(8)
    momenta = rng.normal(size=(3, 20, 4)) * 100.0
    momenta[2] = -momenta[0] - momenta[1]
    currents = rng.normal(size=(3, 20, 4)) + 1j * rng.normal(size=(3, 20, 4))
    along = minkowski_product(currents, momenta) / minkowski_product(momenta, momenta)
    return [VectorLeg(p, j) for p, j in zip(momenta, currents - along[..., None] * momenta, strict=True)]


def dot(a, b):
    return minkowski_product(a, b)


def determinant(*vectors):
    return np.einsum("abcd,na,nb,nc,nd->n", EPSILON, *vectors)


def field_strength(leg):
    """F^{mu nu} = p^mu J^nu - J^mu p^nu."""
    outer = leg.momentum[:, :, None] * leg.current[:, None, :]
    return outer - np.swapaxes(outer, 1, 2)


def trace(*tensors):
    first, second, third = (tensor @ METRIC for tensor in tensors)
    return np.trace(first @ second @ third, axis1=1, axis2=2)


def test_structures_of_higgs_vertices(legs):
    (p1, j1), (p2, j2) = ((leg.momentum, leg.current) for leg in legs[:2])
    found = dict(zip(HIGGS_STRUCTURES, higgs_structures(*legs[:2]).T, strict=True))
    metric = dot(j1, j2)
    np.testing.assert_allclose(found["metric"], metric)
    np.testing.assert_allclose(found["first_square"], dot(p1, p1) * metric)
    np.testing.assert_allclose(found["second_square"], dot(p2, p2) * metric)
    lowered = METRIC @ field_strength(legs[1]) @ METRIC
    half = 0.5 * np.einsum("nab,nab->n", field_strength(legs[0]), lowered)
    np.testing.assert_allclose(found["field_strength"], -half, rtol=1e-9)
    np.testing.assert_allclose(found["dual"], determinant(j1, j2, p1, p2), rtol=1e-9)


def test_structures_of_triple_vertices(legs):
    (p1, j1), (p2, j2), (p3, j3) = ((leg.momentum, leg.current) for leg in legs)
    found = dict(zip(TRIPLE_STRUCTURES, triple_structures(*legs).T, strict=True))
    cyclic = dot(p1 - p2, j3) * dot(j1, j2) + dot(p2 - p3, j1) * dot(j2, j3) + dot(p3 - p1, j2) * dot(j3, j1)
    np.testing.assert_allclose(found["yang_mills"], cyclic, rtol=1e-9)
    kappa = dot(p3, j2) * dot(j1, j3) - dot(p3, j1) * dot(j2, j3)
    np.testing.assert_allclose(found["kappa"], kappa, rtol=1e-9)
    strengths = [field_strength(leg) for leg in legs]
    np.testing.assert_allclose(found["www"], trace(*strengths), rtol=1e-8)
    np.testing.assert_allclose(found["dual_kappa"], determinant(j1, j2, j3, p3), rtol=1e-9)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_dual_trace_is_the_same_for_the_dual_of_any_boson(legs, position):
    lowered = [METRIC @ field_strength(leg) @ METRIC for leg in legs]
    strengths = [field_strength(leg) for leg in legs]
    # half eps^{abcd} F_cd with eps^{0123} = +1
    strengths[position] = 0.5 * np.einsum("abcd,ncd->nab", EPSILON, lowered[position])
    found = triple_structures(*legs)[:, TRIPLE_STRUCTURES.index("dual_www")]
    np.testing.assert_allclose(found, trace(*strengths), rtol=1e-8)


def test_higgs_vertices_of_field_strengths_see_no_boson_along_its_momentum(legs):
    along = VectorLeg(legs[0].momentum, legs[0].momentum.astype(complex))
    for name in ("field_strength", "dual"):
        value = higgs_structures(along, legs[1])[:, HIGGS_STRUCTURES.index(name)]
        across = higgs_structures(*legs[:2])[:, HIGGS_STRUCTURES.index(name)]
        assert np.max(np.abs(value)) < 1e-8 * np.max(np.abs(across)) * np.max(np.abs(legs[0].momentum))


def test_the_ward_identity_of_triple_vertices(legs):
    """A real photon along its momentum: the anomalous vertices vanish, the other is a difference of propagators."""
    photon = np.abs(legs[2].momentum)
    photon[:, 0] = np.linalg.norm(photon[:, 1:], axis=1)
    j1, p1 = legs[0].current, legs[0].momentum
    p2 = -p1 - photon
    j2 = legs[1].current - (dot(legs[1].current, p2) / dot(p2, p2))[:, None] * p2
    bosons = VectorLeg(p1, j1), VectorLeg(p2, j2), VectorLeg(photon, photon.astype(complex))
    found = dict(zip(TRIPLE_STRUCTURES, triple_structures(*bosons).T, strict=True))
    np.testing.assert_allclose(found.pop("yang_mills"), (dot(p2, p2) - dot(p1, p1)) * dot(j1, j2), rtol=1e-9)
    for value in found.values():
        assert np.max(np.abs(value)) < 1e-3  # of sizes of 1e4 GeV^2 and more
