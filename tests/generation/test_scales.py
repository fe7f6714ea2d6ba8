from pathlib import Path

import numpy as np
import pytest

from assay.generation import scales
from assay.generation.lhe import read_lhe

pytestmark = pytest.mark.fast

SAMPLE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


@pytest.fixture(scope="module")
def sample():
    return read_lhe(SAMPLE)


@pytest.fixture(scope="module")
def found(sample):
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)
    # in the file: u, d, h, u, d, a, a; the u of beam 1 becomes the outgoing d
    return scales.clustering_scales(momenta[:, :2], momenta[:, [4, 3]])


def test_scalup_is_that_of_madgraph(sample, found):
    np.testing.assert_allclose(found.shower_start, sample.scales, rtol=1e-6)


def test_strong_coupling_is_that_of_madgraph(sample, found):
    np.testing.assert_allclose(scales.strong_coupling(found.renormalisation), sample.alpha_qcd, rtol=1e-6)


def test_jets_of_the_wrong_beam_are_seen(sample):
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)
    swapped = scales.clustering_scales(momenta[:, :2], momenta[:, [3, 4]])
    assert np.median(np.abs(swapped.shower_start / sample.scales - 1.0)) > 0.01


def test_the_softer_jet_keeps_its_pt(sample, found):
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)
    pt = np.hypot(momenta[:, [4, 3], 1], momenta[:, [4, 3], 2])
    softer = np.argmin(pt, axis=1)
    rows = np.arange(len(pt))
    np.testing.assert_allclose(found.factorisation[rows, softer], pt[rows, softer], rtol=1e-12)


def test_sum_of_transverse_masses():
    outgoing = np.array([[[50.0, 30.0, 0.0, 40.0], [np.hypot(125.0, 30.0), -30.0, 0.0, 0.0]]])
    expected = 30.0 + np.hypot(125.0, 30.0)
    assert scales.transverse_mass_scales(outgoing, 1.0).renormalisation == pytest.approx(expected)
    assert scales.transverse_mass_scales(outgoing, 0.5).factorisation[0, 1] == pytest.approx(expected / 2.0)


def test_factor_and_floor():
    fixed = scales.floored(scales.fixed_scales(2, 91.188), 2.0)
    np.testing.assert_allclose(fixed.factorisation, 182.376)
    assert np.all(scales.floored(scales.fixed_scales(2, 0.1), 1.0).factorisation == scales.LOWEST_FACTORISATION_SCALE)


def two_flows(momenta):
    """Both ways for identical quarks: leg 2 goes on from leg 0 or from leg 1."""
    straight = ((501, 0), (502, 0), (501, 0), (502, 0), (0, 0))
    crossed = ((501, 0), (502, 0), (502, 0), (501, 0), (0, 0))
    return scales.quark_lines((straight, crossed), momenta), momenta[:, 2:4], momenta[:, [3, 2]]


def test_each_jet_belongs_to_the_beam_it_follows(sample):
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)[:, [0, 1, 3, 4, 2]]
    found, straight, crossed = two_flows(momenta)
    follows = momenta[:, 2, 3] > momenta[:, 3, 3]  # leg 2 goes more along beam 1
    assert np.mean(np.all(found == np.where(follows[:, None, None], straight, crossed), axis=(1, 2))) > 0.95
    assert 0 < follows.sum() < len(follows)
    alone = scales.quark_lines((((501, 0), (502, 0), (502, 0), (501, 0), (0, 0)),), momenta)
    np.testing.assert_array_equal(alone, crossed)


def test_antiquarks_have_lines_and_annihilating_quarks_have_none(sample):
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)[:, [0, 1, 3, 4, 2]]
    mixed = ((501, 0), (0, 502), (501, 0), (0, 502), (0, 0))
    np.testing.assert_array_equal(scales.quark_lines((mixed,), momenta), momenta[:, 2:4])
    annihilating = ((501, 0), (0, 501), (502, 0), (0, 502), (0, 0))
    assert scales.quark_lines((annihilating,), momenta) is None
    no_colour = ((0, 0),) * 5
    assert scales.quark_lines((no_colour,), momenta) is None
    expected = scales.mass_scales(momenta[:, :2]).factorisation
    found = scales.scales_of("dynamical", 91.188, 1.0, (annihilating,), momenta)
    np.testing.assert_array_equal(found.factorisation, expected)


def test_mass_of_the_system_as_madgraph_takes_it_for_w_and_higgs():
    """As SCALUP of MadGraph 3.5.7 is, in its events u d~ > e+ ve h at `dynamical_scale_choice = -1`."""
    incoming = np.array([[[300.0, 0, 0, 300.0], [75.0, 0, 0, -75.0]], [[100.0, 0, 0, 100.0], [100.0, 0, 0, -100.0]]])
    np.testing.assert_allclose(scales.mass_scales(incoming).shower_start, [300.0, 200.0])


def test_choices():
    momenta = np.array([[[100.0, 0, 0, 100.0], [100.0, 0, 0, -100.0], [100.0, 60, 0, 80], [100.0, -60, 0, -80]]])
    flow = (((0, 0),) * 4,)
    found = {choice: scales.scales_of(choice, 91.188, 2.0, flow, momenta) for choice in scales.SCALE_CHOICES}
    expected = {"fixed": 182.376, "dynamical": 400.0, "transverse_mass_sum": 240.0, "half_transverse_mass_sum": 120.0}
    for choice, value in {**expected, "mass": 400.0}.items():
        np.testing.assert_allclose(found[choice].factorisation, value)
        np.testing.assert_allclose(found[choice].renormalisation, value)
