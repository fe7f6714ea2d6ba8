import numpy as np
import pytest

from assay.generation import kinematics as k

pytestmark = pytest.mark.fast


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_levi_civita_is_the_determinant(rng):
    a, b = rng.normal(size=(2, 50, 4)) + 1j * rng.normal(size=(2, 50, 4))
    c, d = rng.normal(size=(2, 50, 4))
    expected = np.linalg.det(np.stack([a, b, c, d], axis=-1))
    np.testing.assert_allclose(k.levi_civita(a, b, c, d), expected, rtol=1e-10)


def test_momenta_from_rapidity_have_it_and_the_mass(rng):
    pt, y, phi = rng.uniform(1, 500, 100), rng.uniform(-4, 4, 100), rng.uniform(-np.pi, np.pi, 100)
    p = k.from_rapidity(pt, y, phi, 125.0)
    np.testing.assert_allclose(k.transverse_momentum(p), pt)
    np.testing.assert_allclose(k.rapidity(p), y, atol=1e-9)
    np.testing.assert_allclose(k.minkowski_product(p, p), 125.0**2, rtol=1e-6)
    np.testing.assert_allclose(np.arctan2(p[:, 2], p[:, 1]), phi)


def test_a_boost_takes_the_rest_frame_to_the_frame(rng):
    frame = k.from_rapidity(rng.uniform(1, 500, 50), rng.uniform(-3, 3, 50), rng.uniform(-3, 3, 50), 125.0)
    rest = np.tile([125.0, 0.0, 0.0, 0.0], (50, 1))
    np.testing.assert_allclose(k.boosted(rest, frame), frame, rtol=1e-9, atol=1e-9)
    one, other = np.concatenate([rng.uniform(50, 60, (2, 50, 1)), rng.normal(size=(2, 50, 3))], axis=2)
    before = k.minkowski_product(one, other)
    np.testing.assert_allclose(k.minkowski_product(k.boosted(one, frame), k.boosted(other, frame)), before, rtol=1e-6)


def test_rotation_about_the_beam_keeps_relative_angles(rng):
    momenta = rng.normal(size=(20, 3, 4))
    turned = k.rotated_about_beam(momenta, np.full(20, np.pi / 2.0))
    np.testing.assert_allclose(turned[..., 1], -momenta[..., 2], atol=1e-12)
    np.testing.assert_allclose(turned[..., 2], momenta[..., 1], atol=1e-12)
    np.testing.assert_allclose(turned[..., [0, 3]], momenta[..., [0, 3]])


def test_azimuths_are_wrapped():
    np.testing.assert_allclose(
        k.wrapped_azimuth(np.array([0.0, 4.0, -4.0, np.pi])), [0, 4 - 2 * np.pi, 2 * np.pi - 4, -np.pi]
    )
