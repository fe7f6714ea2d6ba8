"""Higgs production by two fermion lines: symmetries, and faults that the comparison with MadGraph sees."""

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions, amplitude_of, flavour_channels
from assay.generation.matrix_element import squared_matrix_element

pytestmark = pytest.mark.fast

STANDALONE = AmplitudeOptions(t_channel_width=True)
POINT = {"CWL2": 12.0, "CBL2": -9.0, "CPWL2": 15.0, "CphidL2": 0.8, "CphiWL2": -1.1, "CphiBL2": 2.3}
MIRROR = np.array([1.0, 1.0, -1.0, 1.0])
TABLES = ["ud_udh", "uu_uuh", "udx_udxh", "udx_evh", "uux_eeh", "udx_wh_evbb"]


def process_of(name):
    return {"udx_evh": "wh", "udx_wh_evbb": "wh", "uux_eeh": "zh"}.get(name, "wbf_higgs")


def values(name, momenta, legs, couplings=POINT):
    return squared_matrix_element(process_of(name), momenta, couplings, legs, STANDALONE)


def antiparticles(legs):
    return tuple(leg if leg in (22, 25) else -leg for leg in legs)


@pytest.mark.parametrize("name", TABLES)
def test_is_invariant_under_boosts_and_rotations(reference_table, name):
    table = reference_table(name)
    boost = np.eye(4)
    boost[[0, 0, 3, 3], [0, 3, 0, 3]] = np.cosh(1.3), np.sinh(1.3), np.sinh(1.3), np.cosh(1.3)
    rotation = np.eye(4)
    rotation[1:, 1:] = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    rotation[1:, 1:] *= np.sign(np.linalg.det(rotation[1:, 1:]))
    expected = values(name, table.momenta, table.legs)
    for transformation in (boost, rotation, rotation @ boost):
        moved = table.momenta @ transformation.T
        np.testing.assert_allclose(values(name, moved, table.legs), expected, rtol=1e-7)


@pytest.mark.parametrize("name", TABLES)
def test_cp_turns_the_sign_of_the_cp_odd_coefficient(reference_table, name):
    """Antiparticles at mirrored momenta: what is left of P is a reflection, rotations being symmetries."""
    table = reference_table(name)
    mirrored = values(name, table.momenta * MIRROR, antiparticles(table.legs), {**POINT, "CPWL2": -POINT["CPWL2"]})
    np.testing.assert_allclose(mirrored, values(name, table.momenta, table.legs), rtol=1e-9)
    wrong = values(name, table.momenta * MIRROR, antiparticles(table.legs))
    assert np.max(np.abs(wrong / mirrored - 1.0)) > 0.1


@pytest.mark.parametrize("name", TABLES[:3])
@pytest.mark.parametrize("order", [[1, 0, 2, 3, 4], [0, 1, 3, 2, 4]])
def test_the_order_of_the_legs_does_not_matter(reference_table, name, order):
    table = reference_table(name)
    legs = tuple(table.legs[leg] for leg in order)
    found = values(name, table.momenta[:, order], legs)
    np.testing.assert_allclose(found, values(name, table.momenta, table.legs), rtol=1e-9)


def test_swapped_momenta_are_seen(reference_table):
    table = reference_table("ud_udh")
    for order in ([0, 1, 3, 2, 4], [1, 0, 2, 3, 4]):
        ratio = values("ud_udh", table.momenta[:, order], table.legs) / values("ud_udh", table.momenta, table.legs)
        assert np.max(np.abs(ratio - 1.0)) > 0.1


def test_generations_are_alike(reference_table):
    table = reference_table("ud_udh")
    found = values("ud_udh", table.momenta, (4, 3, 4, 3, 25))
    np.testing.assert_allclose(found, values("ud_udh", table.momenta, table.legs), rtol=1e-12)


def test_interference_of_colour_flows_is_seen(reference_table):
    """Without it identical quarks would have another cross section."""
    table = reference_table("uu_uuh")
    amplitude = amplitude_of("wbf_higgs", table.legs, STANDALONE)
    components = amplitude.components(table.momenta)
    flows = np.einsum("nhf,f->n", np.abs(components[..., 0]) ** 2, np.diag(amplitude.colour))
    ratio = flows / table.columns["sm"][1]
    assert np.max(np.abs(ratio - 1.0)) > 1e-3


def test_fusion_alone_has_no_annihilating_quarks():
    alone = AmplitudeOptions(s_channel=False)
    assert amplitude_of("wbf_higgs", (2, -1, 2, -1, 25)).colour.shape == (2, 2)
    fusion = amplitude_of("wbf_higgs", (2, -1, 2, -1, 25), alone)
    assert fusion.flows == (((502, 0), (0, 501), (502, 0), (0, 501), (0, 0)),)
    assert (2, -2, 4, -4, 25) in flavour_channels("wbf_higgs")
    assert (2, -2, 4, -4, 25) not in flavour_channels("wbf_higgs", alone)


@pytest.mark.parametrize(
    ("process", "legs"),
    [
        ("zh", (2, -2, 24, -24, 25)),
        ("zh", (5, -5, -11, 11, 25)),
        ("zh", (2, -2, 17, -17, 25)),
        ("zh", (2, -2, -11, 13, 25)),
        ("zh", (2, -1, -11, 12, 25)),
        ("wh", (6, -5, -11, 12, 25)),
        ("wh", (2, -1, 11, -12, 25)),
        ("wh", (2, -1, -11, 12)),
        ("wbf_higgs", (5, 2, 5, 2, 25)),
        ("wbf_higgs", (2, -2, 11, -11, 25)),
        ("wbf_higgs", ()),
    ],
)
def test_other_legs_are_no_channels(process, legs):
    """Among them bosons and heavy quarks in the places of massless fermions."""
    with pytest.raises(GenerationError, match=f"no channel of {process}"):
        amplitude_of(process, legs)


def test_colour_flows_are_those_of_their_components(reference_table):
    """u d~ > u d~ h: fusion alone is the flow in which colour runs from incoming to outgoing quarks."""
    table = reference_table("udx_udxh")
    both, fusion = (amplitude_of("wbf_higgs", table.legs, AmplitudeOptions(s_channel=s)) for s in (True, False))
    number = both.flows.index(fusion.flows[0])
    found, expected = (np.sum(np.abs(each.components(table.momenta)[..., 0]) ** 2, axis=1) for each in (both, fusion))
    np.testing.assert_allclose(found[:, number], expected[:, 0], rtol=1e-12)
    assert np.max(np.abs(found[:, 1 - number] / expected[:, 0] - 1.0)) > 0.1


def test_decay_products_stand_in_place_of_the_higgs_boson():
    amplitude = amplitude_of("wh", (2, -1, -11, 12, 5, -5))
    assert amplitude.colour == pytest.approx(np.array([[3.0 * 3.0 / 36.0]]))
    assert amplitude.flows == (((501, 0), (0, 501), (0, 0), (0, 0), (511, 0), (0, 511)),)
    photons = amplitude_of("wh", (2, -1, -11, 12, 22, 22))
    assert photons.colour == pytest.approx(np.array([[3.0 / 36.0 / 2.0]]))
