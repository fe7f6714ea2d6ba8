from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions, amplitude_of, flavour_channels
from assay.generation.lhe import read_lhe
from assay.generation.matrix_element import coupling_vector, matrix_element_score, squared, squared_matrix_element

pytestmark = pytest.mark.fast

DEFAULT = "wbf_higgs_w_fusion"
STANDALONE = AmplitudeOptions(t_channel_width=True)
FUSION_ALONE = AmplitudeOptions(t_channel_width=True, s_channel=False)
TABLES = {
    "ud_udh_Wonly": (DEFAULT, STANDALONE),
    "ud_udh": ("wbf_higgs", STANDALONE),
    "uu_uuh": ("wbf_higgs", STANDALONE),
    "dd_ddh": ("wbf_higgs", STANDALONE),
    "us_ush": ("wbf_higgs", STANDALONE),
    "us_dch": ("wbf_higgs", STANDALONE),
    "udx_udxh": ("wbf_higgs", STANDALONE),
    "uxd_uxdh": ("wbf_higgs", STANDALONE),
    "uxdx_uxdxh": ("wbf_higgs", STANDALONE),
    "csx_udxh": ("wbf_higgs", STANDALONE),
    "ucx_dsxh": ("wbf_higgs", STANDALONE),
    "uux_uuxh": ("wbf_higgs", STANDALONE),
    "uux_ddxh": ("wbf_higgs", STANDALONE),
    "uux_ccxh": ("wbf_higgs", STANDALONE),
    "udx_udxh_fusion": ("wbf_higgs", FUSION_ALONE),
    "uux_ddxh_fusion": ("wbf_higgs", FUSION_ALONE),
    "ud_udh_aa": (DEFAULT, STANDALONE),
    "udx_evh": ("wh", STANDALONE),
    "dux_evh": ("wh", STANDALONE),
    "udx_wh_evbb": ("wh", STANDALONE),
    "uux_eeh": ("zh", STANDALONE),
    "uux_eeaa": ("zh", STANDALONE),
    "ddx_eeh": ("zh", STANDALONE),
    "uxu_mmh": ("zh", STANDALONE),
    "udx_eva": ("wgamma", STANDALONE),
    "dux_eva": ("wgamma", STANDALONE),
    "dxu_eva": ("wgamma", STANDALONE),
    "uux_ww": ("ww_stable", STANDALONE),
    "ddx_ww": ("ww_stable", STANDALONE),
    "uux_wwlvlv": ("ww", STANDALONE),
    "dxd_wwlvlv": ("ww", STANDALONE),
    "ee_ww": ("ee_ww", STANDALONE),
    "eex_wwlvlv": ("ee_ww", STANDALONE),
}


@pytest.mark.parametrize("name", TABLES)
def test_agrees_with_madgraph(reference_table, name):
    process, options = TABLES[name]
    table = reference_table(name)
    assert len(table.columns) >= 10
    for column, (couplings, expected) in table.columns.items():
        found = squared_matrix_element(process, table.momenta, couplings, table.legs, options)
        np.testing.assert_allclose(found, expected, rtol=1e-9, err_msg=column)


def test_every_table_of_the_model_is_compared():
    folder = Path(__file__).parents[1] / "data" / "matrix-elements"
    there = {path.name.removesuffix("_me2.csv") for path in folder.glob("*_me2.csv")}
    assert {name for name in there if not (name.startswith(("smeft_", "h_")) or name.endswith("_eemm"))} == set(TABLES)


def test_the_width_in_the_t_channel_matters_little_but_is_seen(reference_matrix_elements):
    momenta, columns = reference_matrix_elements
    ratio = squared_matrix_element(DEFAULT, momenta, {}) / columns["sm"][1]
    assert 1e-4 < np.max(np.abs(ratio - 1.0)) < 1.4e-3


@pytest.mark.parametrize(("process", "name"), [("wh", "udx_evh"), ("zh", "uux_eeh"), ("wgamma", "udx_eva")])
def test_time_like_bosons_have_their_width_in_generated_events_too(reference_table, process, name):
    table = reference_table(name)
    found = squared_matrix_element(process, table.momenta, {}, table.legs)
    np.testing.assert_allclose(found, table.columns["sm"][1], rtol=1e-9)


def test_excluded_bosons_leave_the_others(reference_table):
    table = reference_table("ud_udh")
    alone = AmplitudeOptions(exclude=("a", "z"), t_channel_width=True)
    found = squared_matrix_element("wbf_higgs", table.momenta, {"CWL2": 10.0}, table.legs, alone)
    np.testing.assert_allclose(found, reference_table("ud_udh_Wonly").columns["CWL2=10"][1], rtol=1e-10)
    neutral = AmplitudeOptions(exclude=("w",), t_channel_width=True)
    assert amplitude_of("wbf_higgs", table.legs, neutral).colour.shape == (1, 1)


coefficient = st.floats(-300.0, 300.0)


@settings(max_examples=25, deadline=None)
@given(st.tuples(coefficient, coefficient, coefficient, coefficient), st.tuples(coefficient, coefficient))
def test_is_exactly_quadratic_along_every_line(reference_matrix_elements, direction, steps):
    momenta = reference_matrix_elements[0]
    names = ("CWL2", "CPWL2", "CphidL2", "CphiWL2")

    def at(t):
        return squared_matrix_element(DEFAULT, momenta, dict(zip(names, np.multiply(t, direction), strict=True)))

    t = steps[0] / 100.0
    parabola = at(0.0) + t * (at(1.0) - at(-1.0)) / 2.0 + t**2 * ((at(1.0) + at(-1.0)) / 2.0 - at(0.0))
    scale = at(0.0) + at(1.0) + at(-1.0)
    np.testing.assert_allclose(at(t) / scale, parabola / scale, atol=1e-10 * (1.0 + t**2))


def test_reweighting_is_that_of_madgraph():
    """The weights that MadGraph wrote into its events, to the digits that it printed."""
    sample = read_lhe(Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz")
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)[:, [0, 1, 3, 4, 2]]
    sm = squared_matrix_element(DEFAULT, momenta, {})
    points = {"cw_m10": (-10.0, 0.0), "cpw_p10": (0.0, 10.0), "p50_m30": (50.0, -30.0), "mix": (165.2, 165.2)}
    for name, (cwl2, cpwl2) in points.items():
        ratio = squared_matrix_element(DEFAULT, momenta, {"CWL2": cwl2, "CPWL2": cpwl2}) / sm
        np.testing.assert_allclose(ratio * sample.nominal_weights, sample.weight(name), rtol=5e-7)


@pytest.mark.parametrize(
    ("process", "name"), [(DEFAULT, "ud_udh_Wonly"), ("wbf_higgs", "uu_uuh"), ("wgamma", "udx_eva")]
)
def test_score_is_the_gradient(reference_table, process, name):
    table = reference_table(name)
    names = amplitude_of(process, table.legs).operators
    point = {operator: 0.7 + 0.3 * k for k, operator in enumerate(names)}
    score = matrix_element_score(process, table.momenta, point, table.legs)
    for k, operator in enumerate(names):
        up, down = (
            np.log(
                squared_matrix_element(process, table.momenta, {**point, operator: point[operator] + step}, table.legs)
            )
            for step in (1e-4, -1e-4)
        )
        np.testing.assert_allclose(score[:, k], (up - down) / 2e-4, rtol=1e-5, atol=2e-7)


def test_several_couplings_at_once_are_each_of_them(reference_table):
    table = reference_table("uu_uuh")
    amplitude = amplitude_of("wbf_higgs", table.legs, STANDALONE)
    chosen = ["sm", "CWL2=50,CPWL2=-30", "CphiBL2=1"]
    vectors = np.array([coupling_vector(amplitude.operators, table.columns[name][0]) for name in chosen])
    found = squared(amplitude, amplitude.components(table.momenta), vectors)
    np.testing.assert_allclose(found, np.stack([table.columns[name][1] for name in chosen], axis=1), rtol=1e-9)


def test_the_first_channel_is_the_default_one(reference_table):
    table = reference_table("ud_udh_Wonly")
    assert flavour_channels(DEFAULT) == (table.legs,)
    given = squared_matrix_element(DEFAULT, table.momenta, {}, table.legs)
    np.testing.assert_array_equal(squared_matrix_element(DEFAULT, table.momenta, {}), given)


def test_coupling_vectors_are_in_the_order_asked_for_and_ignore_what_has_no_effect():
    vector = coupling_vector(("CPWL2", "CWL2"), {"CWL2": 2.0, "CBL2": 5.0})
    np.testing.assert_array_equal(vector, [1.0, 0.0, 2.0])


def test_faults_are_refused_with_what_is_known(reference_matrix_elements):
    momenta = reference_matrix_elements[0]
    with pytest.raises(GenerationError, match="CPWL2"):
        squared_matrix_element(DEFAULT, momenta, {"cwl2": 1.0})
    with pytest.raises(GenerationError, match="cHW"):
        squared_matrix_element(DEFAULT, momenta, {"CWL2": 1.0}, options=AmplitudeOptions("warsaw"))
    with pytest.raises(GenerationError, match=DEFAULT):
        squared_matrix_element("ggf", momenta, {})
    with pytest.raises(GenerationError, match="finite"):
        squared_matrix_element(DEFAULT, momenta, {"CWL2": float("nan")})
    with pytest.raises(GenerationError, match="shape"):
        squared_matrix_element(DEFAULT, momenta[:, :4], {})
    with pytest.raises(GenerationError, match="left without w"):
        squared_matrix_element(DEFAULT, momenta, {}, options=AmplitudeOptions(exclude=("w",)))


def test_squares_that_are_not_finite_are_refused(reference_table):
    table = reference_table("udx_eva")
    with pytest.raises(GenerationError, match=r"point 0 .* is inf"):
        squared_matrix_element("wgamma", table.momenta, {"CWL2": 1e200}, table.legs)
    collinear = table.momenta.copy()
    # E (1, 0, 0, 1) for charged lepton and photon
    collinear[2, [2, 4]] = [[100.0, 0.0, 0.0, 100.0], [50.0, 0.0, 0.0, 50.0]]
    with pytest.raises(GenerationError, match="point 2"):
        squared_matrix_element("wgamma", collinear, {}, table.legs)
