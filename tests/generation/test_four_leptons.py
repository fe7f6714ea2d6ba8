import csv
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import dblquad

from assay.generation.four_leptons import (
    IDENTICAL,
    MIN_PAIR_MASS,
    MIXED,
    four_leptons,
    unweighted_leptons,
    width_matrix,
)
from assay.generation.kinematics import minkowski_product
from assay.generation.model import EWDIM6

pytestmark = pytest.mark.fast

CROSS_SECTIONS = Path(__file__).parents[1] / "data" / "cross-sections"
N_EVENTS = 20_000


def vector(**couplings):
    names = four_leptons("ewdim6", MIXED).amplitude.operators
    return np.array([1.0, *(couplings.get(name, 0.0) for name in names)])


def pair_mass(leptons, first, second):
    total = leptons[:, first] + leptons[:, second]
    return np.sqrt(minkowski_product(total, total))


@pytest.fixture(scope="module")
def decays():
    return unweighted_leptons("ewdim6", MIXED, vector(), N_EVENTS, np.random.default_rng(2))


def test_sm_width_is_the_integral_over_both_masses():
    """h > Z* Z* > e+ e- mu+ mu- with the angles integrated: Djouadi, hep-ph/0503172, eqs. 2.20 and 2.21."""
    inputs = EWDIM6
    higgs, z, width = inputs.higgs_mass, inputs.z_mass, inputs.z_width
    sin2, v = inputs.sin2_theta_w, inputs.vacuum_expectation_value
    g_over_cos = inputs.weak_coupling / np.sqrt(1.0 - sin2)
    to_leptons = g_over_cos**2 * z / (24.0 * np.pi) * ((-0.5 + sin2) ** 2 + sin2**2)

    def distribution(second, first):
        a, b = first**2, second**2
        root = np.sqrt(max((1.0 - (a + b) / higgs**2) ** 2 - 4.0 * a * b / higgs**4, 0.0))
        pair = higgs**3 / (32.0 * np.pi * v**2) * root * (root**2 + 12.0 * a * b / higgs**4) * z**4 / (a * b)
        lines = [q2 * to_leptons / z / ((q2 - z**2) ** 2 + (z * width) ** 2) / np.pi for q2 in (a, b)]
        # either Z may go to electrons
        return 2.0 * pair * lines[0] * lines[1] * 4.0 * first * second

    expected, _ = dblquad(distribution, MIN_PAIR_MASS, higgs - MIN_PAIR_MASS, MIN_PAIR_MASS, lambda m: higgs - m)
    assert width_matrix("ewdim6", MIXED)[0, 0] == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize(("name", "leptons"), [("h_eemm_width", MIXED), ("h_eeee_width", IDENTICAL)])
def test_widths_agree_with_madgraph(name, leptons):
    matrix = width_matrix("ewdim6", leptons)
    rows = list(csv.reader((CROSS_SECTIONS / f"{name}.csv").read_text().splitlines()))[2:]
    assert len(rows) >= 2
    for _, coefficients, value, error in rows:
        couplings = vector(**{key: float(number) for key, number in re.findall(r"(\w+)=([\d.]+)", coefficients)})
        found = couplings @ matrix @ couplings
        assert found == pytest.approx(float(value), abs=3.0 * float(error) + 2e-3 * found), coefficients


def test_width_of_an_operator_that_scales_the_vertex():
    """CphidL2 multiplies every amplitude by 1 - C v^2."""
    matrix = width_matrix("ewdim6", MIXED)
    scaled = vector(CphidL2=2.0)
    factor = 1.0 - 2.0e-6 * EWDIM6.vacuum_expectation_value**2
    assert scaled @ matrix @ scaled == pytest.approx(factor**2 * matrix[0, 0], rel=1e-9)


def test_identical_leptons_interfere():
    """Half of the mixed width each, and an interference of about a tenth."""
    ratio = 2.0 * width_matrix("ewdim6", IDENTICAL)[0, 0] / width_matrix("ewdim6", MIXED)[0, 0]
    assert 1.05 < ratio < 1.15


def test_leptons_are_massless_and_at_rest_together(decays):
    np.testing.assert_allclose(decays.sum(axis=1), np.tile([125.0, 0, 0, 0], (N_EVENTS, 1)), atol=1e-9)
    assert np.max(np.abs(minkowski_product(decays, decays))) < 1e-6
    assert min(np.min(pair_mass(decays, *pair)) for pair in ((0, 1), (2, 3))) >= MIN_PAIR_MASS


def test_masses_follow_the_squared_amplitude(decays):
    """Histogram of the greater pair mass against a weighted sample of uniform masses."""
    found = four_leptons("ewdim6", MIXED)
    rng = np.random.default_rng(7)
    chosen = rng.integers(len(found.mappings), size=200_000)
    momenta, weights = found.points(chosen, rng.random((200_000, found.n_axes)))
    values = weights * np.sum(np.abs(found.components(momenta) @ vector()) ** 2, axis=1)
    edges = np.array([30.0, 60.0, 70.0, 80.0, 85.0, 88.0, 90.0, 91.0, 92.0, 94.0, 124.0])

    def masses(leptons):
        return np.maximum(pair_mass(leptons, 0, 1), pair_mass(leptons, 2, 3))

    expected = np.histogram(masses(momenta), edges, weights=values)[0] / values.sum()
    variance = np.histogram(masses(momenta), edges, weights=values**2)[0] / values.sum() ** 2
    counts = np.histogram(masses(decays), edges)[0] / N_EVENTS
    chi_square = np.sum((counts - expected) ** 2 / (expected / N_EVENTS + variance))
    assert chi_square < 30.0  # 10 bins: probability 1e-3


def test_reweighting_gives_the_width_at_other_couplings(decays):
    found, other = four_leptons("ewdim6", MIXED), vector(CWL2=-5.0, CphiWL2=0.5)
    amplitudes = found.components(decays) @ np.array([vector(), other]).T
    squares = np.sum(np.abs(amplitudes) ** 2, axis=1)
    ratios = squares[:, 1] / squares[:, 0]
    matrix = width_matrix("ewdim6", MIXED)
    expected = (other @ matrix @ other) / matrix[0, 0]
    assert np.mean(ratios) == pytest.approx(expected, abs=4.0 * np.std(ratios) / np.sqrt(N_EVENTS) + 2e-3)


def test_first_decays_do_not_depend_on_how_many_follow(decays):
    few = unweighted_leptons("ewdim6", MIXED, vector(), 100, np.random.default_rng(2))
    np.testing.assert_array_equal(few, decays[:100])


def test_no_decays():
    assert unweighted_leptons("ewdim6", IDENTICAL, vector(), 0, np.random.default_rng(2)).shape == (0, 4, 4)
