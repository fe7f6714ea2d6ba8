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
