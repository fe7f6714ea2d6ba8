from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import GenerationError
from assay.generation import wbf_higgs
from assay.generation.lhe import read_lhe
from assay.generation.matrix_element import matrix_element_score, squared_matrix_element
from assay.generation.processes import operators

pytestmark = pytest.mark.fast

PROCESS = "wbf_higgs_w_fusion"
STANDALONE_WIDTH = 2.085
COLUMNS = [
    "sm",
    "CWL2=10",
    "CWL2=-10",
    "CPWL2=10",
    "CPWL2=-10",
    "CWL2=10,CPWL2=10",
    "CWL2=50,CPWL2=-30",
    "tut_w",
    "tut_neg_w",
    "tut_ww",
    "tut_neg_ww",
    "CWWWL2=10",
    "CBL2=10",
    "CPWWWL2=10",
    "CphidL2=1",
    "CphiWL2=1",
    "CphiBL2=1",
    "CWL2=10,CphiWL2=1",
]


def deviation(reference, column, momenta=None, width=STANDALONE_WIDTH):
    points, columns = reference
    couplings, expected = columns[column]
    found = squared_matrix_element(PROCESS, points if momenta is None else momenta, couplings, width)
    return np.max(np.abs(found / expected - 1.0))


def test_the_list_of_columns_is_that_of_the_table(reference_matrix_elements):
    assert list(reference_matrix_elements[1]) == COLUMNS


@pytest.mark.parametrize("column", COLUMNS)
def test_agrees_with_madgraph(reference_matrix_elements, column):
    assert deviation(reference_matrix_elements, column) < 1e-10


@pytest.mark.parametrize(
    ("vertex", "column"),
    [("sm", "sm"), ("cwl2", "CWL2=10"), ("cpwl2", "CPWL2=10"), ("cphiwl2", "CphiWL2=1")],
)
def test_a_vertex_wrong_by_a_thousandth_is_seen(reference_matrix_elements, monkeypatch, vertex, column):
    right = getattr(wbf_higgs, f"higgs_vertex_{vertex}")
    monkeypatch.setattr(wbf_higgs, f"higgs_vertex_{vertex}", lambda *legs: 1.001 * right(*legs))
    assert deviation(reference_matrix_elements, column) > 1e-5


def test_a_wrong_sign_of_the_cp_odd_vertex_is_seen(reference_matrix_elements, monkeypatch):
    right = wbf_higgs.higgs_vertex_cpwl2
    monkeypatch.setattr(wbf_higgs, "higgs_vertex_cpwl2", lambda *legs: -right(*legs))
    assert deviation(reference_matrix_elements, "CPWL2=10") > 0.1


@pytest.mark.parametrize("order", [[0, 1, 3, 2, 4], [1, 0, 2, 3, 4]])
def test_swapped_momenta_are_seen(reference_matrix_elements, order):
    momenta = reference_matrix_elements[0][:, order]
    assert deviation(reference_matrix_elements, "sm", momenta) > 0.1


def test_the_width_in_the_t_channel_matters_little_but_is_seen(reference_matrix_elements):
    assert 1e-4 < deviation(reference_matrix_elements, "sm", width=0.0) < 1.4e-3


def test_is_invariant_under_boosts_along_the_beam_and_rotations(reference_matrix_elements):
    momenta, columns = reference_matrix_elements
    boost = np.eye(4)
    boost[[0, 0, 3, 3], [0, 3, 0, 3]] = np.cosh(1.3), np.sinh(1.3), np.sinh(1.3), np.cosh(1.3)
    rotation = np.eye(4)
    rotation[1:, 1:] = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    rotation[1:, 1:] *= np.sign(np.linalg.det(rotation[1:, 1:]))
    for transformation in (boost, rotation, rotation @ boost):
        moved = momenta @ transformation.T
        assert deviation((moved, columns), "CWL2=50,CPWL2=-30") < 1e-8


def test_a_mirror_changes_the_sign_of_the_cp_odd_coefficient(reference_matrix_elements):
    momenta = reference_matrix_elements[0]
    mirrored = momenta * [1.0, 1.0, -1.0, 1.0]
    one = squared_matrix_element(PROCESS, mirrored, {"CWL2": 7.0, "CPWL2": 9.0})
    other = squared_matrix_element(PROCESS, momenta, {"CWL2": 7.0, "CPWL2": -9.0})
    np.testing.assert_allclose(one, other, rtol=1e-10)


coefficient = st.floats(-300.0, 300.0)


@settings(max_examples=25, deadline=None)
@given(st.tuples(coefficient, coefficient, coefficient, coefficient), st.tuples(coefficient, coefficient))
def test_is_exactly_quadratic_along_every_line(reference_matrix_elements, direction, steps):
    momenta = reference_matrix_elements[0]
    names = operators(PROCESS)

    def at(t):
        return squared_matrix_element(PROCESS, momenta, dict(zip(names, np.multiply(t, direction), strict=True)))

    t = steps[0] / 100.0
    parabola = at(0.0) + t * (at(1.0) - at(-1.0)) / 2.0 + t**2 * ((at(1.0) + at(-1.0)) / 2.0 - at(0.0))
    scale = at(0.0) + at(1.0) + at(-1.0)
    np.testing.assert_allclose(at(t) / scale, parabola / scale, atol=1e-10 * (1.0 + t**2))


def test_reweighting_is_that_of_madgraph():
    """The weights that MadGraph wrote into its events, to the digits that it printed."""
    sample = read_lhe(Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz")
    momenta = sample.four_momenta.reshape(len(sample), 7, 4)[:, [0, 1, 3, 4, 2]]
    sm = squared_matrix_element(PROCESS, momenta, {})
    points = {"cw_m10": (-10.0, 0.0), "cpw_p10": (0.0, 10.0), "p50_m30": (50.0, -30.0), "mix": (165.2, 165.2)}
    for name, (cwl2, cpwl2) in points.items():
        ratio = squared_matrix_element(PROCESS, momenta, {"CWL2": cwl2, "CPWL2": cpwl2}) / sm
        np.testing.assert_allclose(ratio * sample.nominal_weights, sample.weight(name), rtol=5e-7)


def test_score_is_the_gradient(reference_matrix_elements):
    momenta = reference_matrix_elements[0]
    point = {"CWL2": 12.0, "CPWL2": -20.0, "CphiWL2": 1.5, "CphidL2": 0.7}
    score = matrix_element_score(PROCESS, momenta, point)
    for k, name in enumerate(operators(PROCESS)):
        up, down = (
            np.log(squared_matrix_element(PROCESS, momenta, {**point, name: point[name] + step}))
            for step in (1e-4, -1e-4)
        )
        np.testing.assert_allclose(score[:, k], (up - down) / 2e-4, rtol=1e-5, atol=1e-7)


def test_unknown_names_are_refused_with_the_known_ones(reference_matrix_elements):
    momenta = reference_matrix_elements[0]
    with pytest.raises(GenerationError, match="CPWL2"):
        squared_matrix_element(PROCESS, momenta, {"cwl2": 1.0})
    with pytest.raises(GenerationError, match=PROCESS):
        squared_matrix_element("ggf", momenta, {})
    with pytest.raises(GenerationError, match="finite"):
        squared_matrix_element(PROCESS, momenta, {"CWL2": float("nan")})
    with pytest.raises(GenerationError, match="shape"):
        squared_matrix_element(PROCESS, momenta[:, :4], {})
