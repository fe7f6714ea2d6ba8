from dataclasses import replace

import numpy as np
import pytest

from assay.events.compare import differences, steps
from assay.events.header import header_of
from assay.events.table import CutFlowRow, NuisanceParameter
from assay.theory.morphing import Morphing

pytestmark = pytest.mark.fast


@pytest.fixture
def header(toy, rng):
    return header_of(toy.table([("sm", 5)], rng))


def test_equal_setups_do_not_differ(header):
    assert differences(header, header) == []


def test_rounding_is_no_difference(header):
    morphing = Morphing(header.morphing.components, header.morphing.basis, header.morphing.matrix * (1 + 1e-12))
    assert differences(header, replace(header, morphing=morphing)) == []


def test_identity_may_be_spelt_out(header):
    parameters = (header.space.parameters[0], replace(header.space.parameters[1], transform="theta"))
    assert differences(header, replace(header, space=replace(header.space, parameters=parameters))) == []


def test_another_morphing_of_the_same_benchmarks_differs(header):
    fewer = Morphing.from_basis(header.morphing.components[:5], header.morphing.basis)
    assert differences(header, replace(header, morphing=fewer)) == ["the morphing matrix or its components"]


def test_all_differences_are_said_at_once(header):
    parameters = (replace(header.space.parameters[0], lha_block="SMEFT", lha_id=3), header.space.parameters[1])
    other = replace(
        header,
        space=replace(header.space, parameters=parameters),
        cut_flow=(CutFlowRow("s", "m_jj > 500", 1, 1.0),),
        nuisance_parameters=(NuisanceParameter("mu", "scale", None, None),),
    )
    found = differences(header, other)
    assert [text.split(":")[0] for text in found] == [
        "lha_block of parameter t0",
        "lha_id of parameter t0",
        "nuisance parameters",
        "cuts",
    ]


def test_steps_keep_their_order():
    rows = tuple(CutFlowRow(s, step, 1, 1.0) for s in ("one", "two") for step in ("z", "a", "m"))
    assert steps(rows) == ("z", "a", "m")
    assert steps(()) == ()
    assert np.all([isinstance(step, str) for step in steps(rows)])


def test_numbers_that_are_not_finite_in_one_of_the_files_are_no_difference(header):
    rows = tuple(CutFlowRow("s", step, 1, 1.0) for step in ("generated", "x > 1", "x is finite"))
    one, other = replace(header, cut_flow=rows), replace(header, cut_flow=rows[:2])
    assert differences(one, other) == differences(other, one) == []


def test_references_matter_to_nuisance_benchmarks_alone(header):
    other = replace(header, space=replace(header.space, reference="a"))
    assert differences(header, other) == []
    found = differences(replace(header, nuisance_benchmarks=("up",)), replace(other, nuisance_benchmarks=("up",)))
    assert found == ["reference of the nuisance benchmarks: sm and a"]
