import numpy as np
import pytest

from assay.generation.amplitudes.polarisations import massive_polarisations, photon_polarisations
from assay.generation.kinematics import minkowski_product

pytestmark = pytest.mark.fast

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])


def momenta(mass):
    p = np.random.default_rng(4).normal(size=(50, 3)) * 80.0
    p[0], p[1] = [0.0, 0.0, 70.0], [0.0, 0.0, -70.0]
    return np.concatenate([np.sqrt(np.sum(p**2, axis=1, keepdims=True) + mass**2), p], axis=1)


def test_photons_have_two_transverse_polarisations():
    p = momenta(0.0)
    vectors = photon_polarisations(p)
    overlaps = minkowski_product(vectors[:, :, None].conj(), vectors[:, None, :])
    np.testing.assert_allclose(overlaps, np.broadcast_to(-np.eye(2), overlaps.shape), atol=1e-12)
    np.testing.assert_allclose(minkowski_product(p[:, None], vectors), 0.0, atol=1e-11)
    assert np.all(vectors[..., 0] == 0.0)


def test_helicities_are_eigenstates_of_rotations_about_the_direction():
    """i p x epsilon = +-|p| epsilon for epsilon of helicity +-1; the vectors here are conjugates."""
    p = momenta(0.0)
    for helicity, vector in zip((-1.0, 1.0), np.moveaxis(photon_polarisations(p).conj(), 1, 0), strict=True):
        turned = 1j * np.cross(p[:, 1:], vector[:, 1:])
        np.testing.assert_allclose(turned, helicity * p[:, :1] * vector[:, 1:], atol=1e-11)


def test_massive_bosons_have_the_complete_sum():
    mass = 80.4
    p = momenta(mass)
    vectors = massive_polarisations(p)
    total = np.einsum("nha,nhb->nab", vectors, vectors.conj())
    expected = -METRIC + p[:, :, None] * p[:, None, :] / mass**2
    np.testing.assert_allclose(total, expected, atol=1e-11 * np.max(p) ** 2 / mass**2)
