import numpy as np
import pytest

from assay.generation.amplitudes.couplings import couplings_of
from assay.generation.amplitudes.higgs_decays import higgs_decay
from assay.generation.model import EWDIM6

pytestmark = pytest.mark.fast

COUPLINGS = couplings_of("ewdim6")


def at_rest(mass):
    """Two back-to-back products of a Higgs boson at rest on its mass shell."""
    energy = EWDIM6.higgs_mass / 2.0
    momentum = np.sqrt(energy**2 - mass**2)
    return np.array([[[energy, 0.0, 0.0, momentum], [energy, 0.0, 0.0, -momentum]]])


def width(products, mass, identical):
    """Return the width in GeV that belongs to the factor: strip the propagator on the shell, integrate."""
    decay = higgs_decay(products, COUPLINGS)
    factor = decay.factor(at_rest(mass), EWDIM6)[0]
    squared = decay.colours * abs(factor * EWDIM6.higgs_mass * EWDIM6.higgs_width) ** 2 / identical
    momentum = np.sqrt(EWDIM6.higgs_mass**2 / 4.0 - mass**2)
    return squared * momentum / (8.0 * np.pi * EWDIM6.higgs_mass**2)


def test_width_to_bottom_quarks():
    """3 G_F MH m_b^2 beta^3 / (4 sqrt2 pi), e.g. hep-ph/0503172, eq. 2.11."""
    mass = 4.7
    beta = np.sqrt(1.0 - 4.0 * mass**2 / 125.0**2)
    expected = 3.0 * 1.16637e-5 * 125.0 * mass**2 * beta**3 / (4.0 * np.sqrt(2.0) * np.pi)
    assert width((5, -5), mass, 1.0) == pytest.approx(expected, rel=1e-9)
    assert width((-5, 5), mass, 1.0) == pytest.approx(expected, rel=1e-9)


def test_width_to_photons_is_that_of_the_model():
    assert width((22, 22), 0.0, 2.0) / EWDIM6.higgs_width == pytest.approx(2.5826e-3, rel=1e-4)


def test_a_stable_higgs_boson_has_no_factor():
    decay = higgs_decay((25,), COUPLINGS)
    np.testing.assert_array_equal(decay.factor(np.ones((3, 1, 4)), EWDIM6), np.ones(3))


def test_colours_of_bottom_quarks_are_joined():
    assert higgs_decay((-5, 5), COUPLINGS).flow == ((0, 511), (511, 0))


@pytest.mark.parametrize("products", [(5, 5), (22,), (24, -24), (-4, 4)])
def test_other_products_are_not_known(products):
    assert higgs_decay(products, COUPLINGS) is None
