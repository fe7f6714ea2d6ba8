import numpy as np
import pytest

from assay.generation import decay
from assay.generation.kinematics import boosted, from_rapidity, minkowski_product

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def decayed():
    rng = np.random.default_rng(1)
    n = 40_000
    higgs = from_rapidity(rng.exponential(100.0, n), rng.normal(0.0, 2.0, n), rng.uniform(-3, 3, n), 125.0)
    return higgs, decay.decay_to_photons(higgs, rng)


def test_photons_are_massless_and_add_up(decayed):
    higgs, photons = decayed
    np.testing.assert_allclose(photons.sum(axis=1), higgs, rtol=1e-9, atol=1e-9)
    assert np.max(np.abs(minkowski_product(photons, photons)) / higgs[:, :1] ** 2) < 1e-9


def test_decay_is_isotropic_in_the_rest_frame(decayed):
    higgs, photons = decayed
    back = boosted(photons[:, 0], higgs * [1.0, -1.0, -1.0, -1.0])
    np.testing.assert_allclose(back[:, 0], 62.5, rtol=1e-6)
    direction = back[:, 1:] / back[:, :1]
    error = 1.0 / np.sqrt(3.0 * len(back))
    assert np.all(np.abs(np.mean(direction, axis=0)) < 4.0 * error)
    second = direction.T @ direction / len(back)
    np.testing.assert_allclose(second, np.eye(3) / 3.0, atol=4.0 * error)


def test_branching_ratio_is_that_of_the_model():
    """The SM loop functions at MH = 125 GeV, for alpha = 1/127.9, give the expansion's width within its truncation."""
    assert decay.photon_branching_ratio() == pytest.approx(exact_width() / 0.00407, rel=0.02)
    assert decay.photon_branching_ratio() == pytest.approx(2.5826e-3, rel=1e-4)


def exact_width():
    """G_F-free form of the one-loop width (Djouadi, hep-ph/0503172, eq. 2.60), top and W loops."""
    inputs = decay.EWDIM6

    def loop(tau):
        return np.arcsin(np.sqrt(tau)) ** 2

    def top(tau):
        return 2.0 * (tau + (tau - 1.0) * loop(tau)) / tau**2

    def boson(tau):
        return -(2.0 * tau**2 + 3.0 * tau + 3.0 * (2.0 * tau - 1.0) * loop(tau)) / tau**2

    tau_w, tau_t = ((inputs.higgs_mass / (2.0 * mass)) ** 2 for mass in (inputs.w_mass, inputs.top_mass))
    amplitude = boson(tau_w) + 3.0 * (2.0 / 3.0) ** 2 * top(tau_t)
    v = inputs.vacuum_expectation_value
    return inputs.alpha**2 * inputs.higgs_mass**3 / (256.0 * np.pi**3 * v**2) * amplitude**2


def test_share_near_the_resonance():
    assert decay.share_near_resonance(15.0) == pytest.approx(0.97879, abs=1e-5)
    assert decay.share_near_resonance(0.5) == pytest.approx(0.5)
