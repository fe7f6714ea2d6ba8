from math import sqrt

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions, amplitude_of
from assay.generation.amplitudes.couplings import PHOTON, W, Z, couplings_of
from assay.generation.matrix_element import squared_matrix_element

pytestmark = pytest.mark.fast

WARSAW = AmplitudeOptions("warsaw", t_channel_width=True)
TABLES = {
    "smeft_ud_udh_Wonly": ("wbf_higgs_w_fusion", WARSAW),
    "smeft_ud_udh": ("wbf_higgs", WARSAW),
    "smeft_uu_uuh": ("wbf_higgs", WARSAW),
    "smeft_dd_ddh": ("wbf_higgs", WARSAW),
    "smeft_us_ush": ("wbf_higgs", WARSAW),
    "smeft_us_dch": ("wbf_higgs", WARSAW),
    "smeft_udx_udxh": ("wbf_higgs", WARSAW),
    "smeft_uux_ddxh": ("wbf_higgs", WARSAW),
    "smeft_uux_ddxh_fusion": ("wbf_higgs", AmplitudeOptions("warsaw", s_channel=False, t_channel_width=True)),
    "smeft_udx_evh": ("wh", WARSAW),
    "smeft_udx_evh2": ("wh", WARSAW),
    "smeft_dux_evh": ("wh", WARSAW),
    "smeft_uux_eeh": ("zh", WARSAW),
    "smeft_ddx_eeh": ("zh", WARSAW),
}


@pytest.mark.parametrize("name", TABLES)
def test_agrees_with_madgraph(reference_table, name):
    process, options = TABLES[name]
    table = reference_table(name)
    assert len(table.columns) >= 15
    for column, (couplings, expected) in table.columns.items():
        found = squared_matrix_element(process, table.momenta, couplings, table.legs, options)
        np.testing.assert_allclose(found, expected, rtol=5e-9, err_msg=column)


@pytest.mark.parametrize("operator", couplings_of("warsaw").operators)
def test_every_operator_is_seen_by_some_table(reference_table, operator):
    """A vertex that is missing or wrong cannot hide: the coefficient changes |M|^2 of a table by more than 1e-3."""
    largest = 0.0
    for name in ("smeft_uux_eeh", "smeft_udx_evh2", "smeft_ddx_eeh"):
        columns = reference_table(name).columns
        largest = max(largest, np.max(np.abs(columns[f"{operator}=1"][1] / columns["sm"][1] - 1.0)))
    assert largest > 1e-3


def test_contact_term_of_the_quark_triplet_grows_with_energy(reference_table):
    """C_Hq3 multiplies the amplitude of W h by 1 + C v^2 s / MW^2 (stable W: the width is the propagator's alone)."""
    table = reference_table("smeft_udx_evh2")
    amplitude = amplitude_of("wh", table.legs, WARSAW)
    components = amplitude.components(table.momenta)[:, 0, 0]
    ratio = components[:, 1 + amplitude.operators.index("cHq3")] / components[:, 0]
    inputs = WARSAW.physics.inputs
    s = (2.0 * table.momenta[:, 0, 0]) ** 2
    pole = inputs.w_mass**2 - 1j * inputs.w_mass * inputs.w_width
    v2 = 1e-6 * inputs.vacuum_expectation_value**2
    # the vertex v^2, and the contact term 2 / v over (2 MW^2 / v) and the propagator
    np.testing.assert_allclose(ratio, v2 * (1.0 + (s - pole) / inputs.w_mass**2), rtol=1e-10)


def test_higgs_kinetic_operators_enter_charged_processes_in_one_combination(reference_table):
    table = reference_table("smeft_udx_evh2")
    amplitude = amplitude_of("wh", table.legs, WARSAW)
    components = amplitude.components(table.momenta)
    box, derivative = (components[..., 1 + amplitude.operators.index(name)] for name in ("cHbox", "cHDD"))
    np.testing.assert_allclose(derivative, -box / 4.0, rtol=1e-12)


def test_photon_couples_to_charge_alone():
    """The shift of e is universal: ratios of the fermions' couplings are those of their charges, for every operator."""
    couplings = couplings_of("warsaw")
    up, down = (couplings.fermion(PHOTON, flavour, True) for flavour in (2, 1))
    np.testing.assert_allclose(up, -2.0 * down, rtol=1e-14)
    np.testing.assert_array_equal(couplings.fermion(PHOTON, 2, False), up)
    assert couplings.contact(PHOTON, 2, True) is None


def test_masses_are_inputs_whatever_the_coefficients():
    """g^2 v^2 / 4 = MW^2: the shift of g cancels against that of the Higgs field's value in h W W over its square."""
    couplings = couplings_of("warsaw")
    inputs = couplings.inputs
    higgs, fermion = couplings.higgs(W, W)[0], couplings.fermion(W, 13, True)
    position = 1 + couplings.operators.index("cll1")
    assert higgs[0] == pytest.approx(2.0 * inputs.w_mass**2 / inputs.vacuum_expectation_value)
    # g ~ 1 / value, h W W = 2 MW^2 / value
    assert fermion[position] / fermion[0] == pytest.approx(higgs[position] / higgs[0], rel=1e-14)


def test_right_handed_fermions_have_no_w():
    couplings = couplings_of("warsaw")
    assert not np.any(couplings.fermion(W, 2, False))
    assert couplings.contact(W, 2, False) is None


def test_invisible_decay_of_the_z_has_no_singlet():
    couplings = couplings_of("warsaw")
    assert not np.any(couplings.fermion(Z, 12, False))
    neutrino = couplings.fermion(Z, 12, True)
    minus = neutrino[[1 + couplings.operators.index(name) for name in ("cHl1", "cHl3")]]
    strength = couplings.inputs.weak_coupling / sqrt(1.0 - couplings.inputs.sin2_theta_w)
    v2 = 1e-6 * couplings.inputs.vacuum_expectation_value**2
    # the muon's decay takes the triplet's part with T3 of the SM: (+1 - 1) v^2 / 2
    np.testing.assert_allclose(minus, [-strength * v2 / 2.0, 0.0], atol=1e-18)


def test_gauge_boson_vertices_are_refused():
    with pytest.raises(GenerationError, match="three gauge bosons"):
        couplings_of("warsaw").triple(Z)
    with pytest.raises(GenerationError, match="three gauge bosons"):
        amplitude_of("wgamma", (2, -1, -11, 12, 22), WARSAW)
