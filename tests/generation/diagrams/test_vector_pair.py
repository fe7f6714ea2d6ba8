import numpy as np
import pytest

from assay.generation.amplitude import AmplitudeOptions, amplitude_of
from assay.generation.diagrams.vector_pair import WPair
from assay.generation.kinematics import boosted
from assay.generation.matrix_element import squared_matrix_element
from assay.generation.model import EWDIM6

pytestmark = pytest.mark.fast

STANDALONE = AmplitudeOptions(t_channel_width=True)
POINT = {"CWWWL2": 4.0, "CWL2": 12.0, "CBL2": -9.0, "CPWWWL2": -3.0, "CPWL2": 15.0}


def production(energy, cosine):
    """e+ e- > W+ W- at an energy in GeV and cosines (n,) of the W+ with the positron."""
    mass, beam = EWDIM6.w_mass, energy / 2.0
    size = np.sqrt(beam**2 - mass**2)
    sine, n = np.sqrt(1.0 - cosine**2), len(cosine)
    plus = np.stack([np.full(n, beam), size * sine, np.zeros(n), size * cosine], axis=1)
    beams = np.broadcast_to([[beam, 0.0, 0.0, beam], [beam, 0.0, 0.0, -beam]], (n, 2, 4))
    return np.concatenate([beams, plus[:, None], (plus * [1.0, -1.0, -1.0, -1.0])[:, None]], axis=1)


def test_cp_turns_the_signs_of_the_cp_odd_coefficients(reference_table):
    table = reference_table("uux_wwlvlv")
    antilegs = tuple(-leg for leg in table.legs)
    mirrored = table.momenta * np.array([1.0, 1.0, -1.0, 1.0])
    turned = {name: -value if name.startswith("CP") else value for name, value in POINT.items()}
    expected = squared_matrix_element("ww", table.momenta, POINT, table.legs)
    np.testing.assert_allclose(squared_matrix_element("ww", mirrored, turned, antilegs), expected, rtol=1e-8)
    wrong = squared_matrix_element("ww", mirrored, POINT, antilegs)
    assert np.max(np.abs(wrong / expected - 1.0)) > 0.1


def test_longitudinal_bosons_do_not_break_unitarity():
    """The three diagrams grow with energy, each; their sum tends to a constant. An anomalous coupling makes it grow."""
    cosine = np.array([-0.5, 0.3])
    low, high = (production(energy, cosine) for energy in (4000.0, 16000.0))
    ratio = squared_matrix_element("ee_ww", high, {}) / squared_matrix_element("ee_ww", low, {})
    np.testing.assert_allclose(ratio, 1.0, atol=0.02)
    point = {"CWL2": 1.0}
    assert np.all(squared_matrix_element("ee_ww", high, point) > 20.0 * squared_matrix_element("ee_ww", low, point))


def test_decays_integrate_to_stable_bosons_times_branching_ratios():
    """At W bosons on their shells: the average over decay angles is the product of widths over totals.

    The average of |M|^2 over both leptons' directions is |M_WW|^2 (16 pi MW Gamma_lnu)^2 / (M Gamma)^4 for massless
    leptons, two-body phase space being 1 / (8 pi).
    """
    stable = production(500.0, np.array([0.3]))
    rng = np.random.default_rng(11)
    n = 40_000
    legs = [np.repeat(stable[:, leg], n, axis=0) for leg in range(4)]
    products = [_isotropic(boson, rng) for boson in legs[2:]]
    momenta = np.stack([legs[0], legs[1], *products[0], *products[1]], axis=1)
    found = squared_matrix_element("ee_ww", momenta, POINT, (-11, 11, -13, 14, 11, -12))
    partial = EWDIM6.weak_coupling**2 * EWDIM6.w_mass / (48.0 * np.pi)
    scale = (16.0 * np.pi * EWDIM6.w_mass * partial / (EWDIM6.w_mass * EWDIM6.w_width) ** 2) ** 2
    expected = squared_matrix_element("ee_ww", stable, POINT)[0] * scale
    error = np.std(found) / np.sqrt(n)
    assert abs(np.mean(found) - expected) < 4.0 * error
    assert error < 0.01 * expected


def _isotropic(boson, rng):
    """Return charged lepton and neutrino, or the other way round, of W bosons (n, 4)."""
    cosine, phi = rng.uniform(-1.0, 1.0, len(boson)), rng.uniform(0.0, 2.0 * np.pi, len(boson))
    sine = np.sqrt(1.0 - cosine**2)
    direction = np.stack([np.ones(len(boson)), sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1)
    first = boosted(EWDIM6.w_mass / 2.0 * direction, boson)
    first[:, 0] = np.linalg.norm(first[:, 1:], axis=1)
    return first, boson - first


def test_generations_of_leptons_are_alike(reference_table):
    table = reference_table("uux_wwlvlv")
    expected = squared_matrix_element("ww", table.momenta, POINT, table.legs)
    for plus in ((-11, 12), (-13, 14)):
        for minus in ((11, -12), (13, -14)):
            found = squared_matrix_element("ww", table.momenta, POINT, (*table.legs[:2], *plus, *minus))
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    "legs", [(2, -2, 24, 24), (2, -4, 24, -24), (2, -2, -11, 11, 13, -13), (2, -2, -11, 12, 11), (22, 22, 24, -24)]
)
def test_other_legs_are_no_channels(legs):
    assert WPair().amplitude(legs, STANDALONE) is None


def test_helicities_of_stable_and_decayed_bosons():
    assert amplitude_of("ww_stable", (2, -2, 24, -24)).components(production(500.0, np.array([0.1]))).shape[1] == 18
    assert amplitude_of("ww", (2, -2, -11, 12, 11, -12)).flows == (((501, 0), (0, 501), *(((0, 0),) * 4)),)
