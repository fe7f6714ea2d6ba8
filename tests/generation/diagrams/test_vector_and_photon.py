import numpy as np
import pytest

from assay.generation.amplitude import AmplitudeOptions, amplitude_of
from assay.generation.diagrams import vector_and_photon
from assay.generation.diagrams.vector_and_photon import WPhoton
from assay.generation.matrix_element import squared_matrix_element

pytestmark = pytest.mark.fast

STANDALONE = AmplitudeOptions(t_channel_width=True)
POINT = {"CWWWL2": 4.0, "CWL2": 12.0, "CBL2": -9.0, "CPWWWL2": -3.0, "CPWL2": 15.0}


@pytest.mark.parametrize(
    "legs", [(2, -1, -11, 12, 22), (-2, 1, 13, -14, 22), (2, 11, 1, 12, 22), (-2, -11, -1, -12, 22)]
)
@pytest.mark.parametrize("t_channel_width", [True, False])
def test_is_gauge_invariant(reference_table, monkeypatch, legs, t_channel_width):
    """A photon polarised along its momentum is not emitted: all diagrams together, operator by operator."""
    table = reference_table("udx_eva")
    amplitude = amplitude_of("wgamma", legs, AmplitudeOptions(t_channel_width=t_channel_width))
    size = np.max(np.abs(amplitude.components(table.momenta)), axis=(0, 1, 2))
    photon = table.momenta[:, 4]
    monkeypatch.setattr(
        vector_and_photon, "photon_polarisations", lambda p: np.stack([p, 0.0 * p], axis=1).astype(complex)
    )
    along = np.max(np.abs(amplitude.components(table.momenta)), axis=(0, 1, 2))
    assert np.all(along < 1e-9 * np.max(photon) * size)


def test_the_width_in_the_t_channel_is_an_option(reference_table):
    """u e- > d nu gamma: both W bosons are space-like."""
    momenta, legs = reference_table("udx_eva").momenta, (2, 11, 1, 12, 22)
    ratio = squared_matrix_element("wgamma", momenta, {}, legs)
    ratio /= squared_matrix_element("wgamma", momenta, {}, legs, STANDALONE)
    assert 1e-5 < np.max(np.abs(ratio - 1.0)) < 0.05


@pytest.mark.parametrize("fault", ["absorbed", "line_begun"])
def test_a_missing_diagram_breaks_gauge_invariance(reference_table, monkeypatch, fault):
    table = reference_table("udx_eva")
    amplitude = amplitude_of("wgamma", table.legs, STANDALONE)
    size = np.max(np.abs(amplitude.components(table.momenta)), axis=(0, 1, 2))
    monkeypatch.setattr(vector_and_photon, fault, lambda spinor, boson, momentum: 0.0 * boson[..., :2])
    monkeypatch.setattr(
        vector_and_photon, "photon_polarisations", lambda p: np.stack([p, 0.0 * p], axis=1).astype(complex)
    )
    along = np.max(np.abs(amplitude.components(table.momenta)), axis=(0, 1, 2))
    assert along[0] > 1e-3 * size[0]


def test_cp_turns_the_signs_of_the_cp_odd_coefficients(reference_table):
    table = reference_table("udx_eva")
    antilegs = tuple(leg if leg == 22 else -leg for leg in table.legs)
    mirrored = table.momenta * np.array([1.0, 1.0, -1.0, 1.0])
    turned = {name: -value if name.startswith("CP") else value for name, value in POINT.items()}
    expected = squared_matrix_element("wgamma", table.momenta, POINT, table.legs)
    np.testing.assert_allclose(squared_matrix_element("wgamma", mirrored, turned, antilegs), expected, rtol=1e-9)
    wrong = squared_matrix_element("wgamma", mirrored, POINT, antilegs)
    assert np.max(np.abs(wrong / expected - 1.0)) > 0.1


def test_the_radiation_zero():
    """No amplitude where Q / (p.k) is equal for all particles (Brown, Kowalski, Brodsky, Phys. Rev. D 28 (1983) 624).

    For u d~ > e+ nu gamma: cos(theta) = -1/3, and the neutrino beside the photon. Anomalous couplings fill the zero.
    """
    energy = 200.0
    direction = np.array([np.sqrt(8.0) / 3.0, 0.0, -1.0 / 3.0])
    light_like = np.array([1.0, *direction]) * energy
    beams = np.array([[energy, 0.0, 0.0, energy], [energy, 0.0, 0.0, -energy]])
    momenta = np.array([[*beams, light_like * [1.0, -1.0, -1.0, -1.0], 0.6 * light_like, 0.4 * light_like]])
    elsewhere = momenta @ np.diag([1.0, 1.0, 1.0, -1.0])
    elsewhere[:, :2] = momenta[:, :2]
    typical = squared_matrix_element("wgamma", elsewhere, {})
    assert squared_matrix_element("wgamma", momenta, {}) < 1e-20 * typical
    for name in POINT:
        assert squared_matrix_element("wgamma", momenta, {name: 1.0}) > 1e-8 * typical


@pytest.mark.parametrize(
    "legs", [(2, -1, -11, 12), (2, -1, -11, 14, 22), (2, -2, -11, 11, 22), (2, -1, -11, 12, 25), (2, -1, 11, -12, 22)]
)
def test_other_legs_are_no_channels(legs):
    assert WPhoton().amplitude(legs, STANDALONE) is None
    assert WPhoton().amplitude((2, -1, -11, 12, 22), AmplitudeOptions(exclude=("w",))) is None
