from __future__ import annotations

from pathlib import Path

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.morphing import MOST_COMPONENTS, basis, finite_differences, morphing_powers, n_generated
from assay.study.model import FiniteDifferencesSection, MorphingSection, ParameterSection

pytestmark = pytest.mark.fast

BENCHMARKS = {"sm": {"c0": 0.0, "c1": 0.5}, "w": {"c0": 1.0, "c1": 0.5}}


def draft(morphing: MorphingSection, *powers: int | tuple[int, ...]) -> Draft:
    parameters = {
        f"c{i}": ParameterSection(lha_id=i, range=(-1.0, 1.0), max_power=power) for i, power in enumerate(powers)
    }
    declared = {"parameters": tuple(parameters), "benchmarks": tuple(BENCHMARKS)}
    return Draft(Path(), declared, parameters, BENCHMARKS, morphing=morphing)


def test_polynomials_that_are_too_long() -> None:
    (finding,) = morphing_powers(draft(MorphingSection(max_overall_power=8), *[4] * 6))
    assert finding.location == ("morphing", "max_overall_power")
    assert f"at most {MOST_COMPONENTS} terms" in finding.expected
    assert not list(morphing_powers(draft(MorphingSection(max_overall_power=8), *[4] * 3)))


def test_a_polynomial_that_is_far_too_long_is_not_written_out() -> None:
    (finding,) = morphing_powers(draft(MorphingSection(max_overall_power=(8, 8, 8, 8)), *[(8, 8, 8, 8)] * 30))
    assert finding.location == ("morphing", "max_overall_power")


@pytest.mark.parametrize(
    ("overall", "powers", "wrong"),
    [
        (2, (2, 2), []),
        (2, (3, 2), ["c0"]),
        ((2, 2), (2, 2), []),
        ((2, 2), ((2, 0), (0, 2)), []),
        ((2, 1), ((2, 1), 2), ["c1"]),
        ((2, 2), ((2, 2, 2), 2), ["c0"]),
        (2, ((2, 2), (2, 2, 2)), ["c0"]),
        (2, ((2, 3), 2), ["c0"]),
    ],
)
def test_powers_in_the_parts_of_the_amplitude(overall, powers, wrong) -> None:  # type: ignore[no-untyped-def]
    findings = list(morphing_powers(draft(MorphingSection(max_overall_power=overall), *powers)))
    assert [finding.location for finding in findings] == [("parameters", name, "max_power") for name in wrong]


@pytest.mark.parametrize(
    ("morphing", "expected"),
    [
        (MorphingSection(), 6),
        (MorphingSection(basis=("w",)), 6),
        (MorphingSection(basis_size=9), 9),
        (MorphingSection(max_overall_power=(2, 2)), 15),
        (MorphingSection(max_overall_power=1), None),
        (MorphingSection(finite_differences=FiniteDifferencesSection(parameters=("c1",), epsilon=2.0)), 3),
    ],
)
def test_number_of_benchmarks_with_events(morphing: MorphingSection, expected: int | None) -> None:
    assert n_generated(draft(morphing, 2, 2)) == expected


@pytest.mark.parametrize(
    ("morphing", "location", "found"),
    [
        (MorphingSection(basis=("sm", "x")), ("morphing", "basis", 1), "unknown benchmark x"),
        (MorphingSection(basis=("sm", "w", "sm")), ("morphing", "basis", 2), "second time"),
        (MorphingSection(basis_size=1), ("morphing", "basis_size"), "2 benchmarks are given"),
        (MorphingSection(basis_size=5), ("morphing", "basis_size"), "polynomial of 6 terms"),
    ],
)
def test_bases_that_cannot_be(morphing: MorphingSection, location: tuple[str | int, ...], found: str) -> None:
    (finding,) = basis(draft(morphing, 2, 2))
    assert finding.location == location
    assert found in finding.found


def test_finite_differences_reach_over_the_range() -> None:
    # the reference sm is at c1 = 0.5, so that -1 is 1.5 away
    for epsilon, wrong in ((1.4, True), (1.5, False)):
        differences = FiniteDifferencesSection(parameters=("c1",), epsilon=epsilon)
        made = draft(MorphingSection(finite_differences=differences), 2)
        parameters = {**made.parameters, "c1": ParameterSection(lha_id=9, range=(-1.0, 1.0))}
        known = {"parameters": ("c0", "c1"), "benchmarks": tuple(BENCHMARKS)}
        found = list(finite_differences(Draft(Path(), known, parameters, BENCHMARKS, morphing=made.morphing)))
        assert [finding.location for finding in found] == [("parameters", "c1", "range")] * wrong


def test_powers_of_what_finite_differences_describe() -> None:
    differences = FiniteDifferencesSection(parameters=("c1", "c7", "c1"), epsilon=2.0)
    found = [
        finding.location for finding in finite_differences(draft(MorphingSection(finite_differences=differences), 2, 2))
    ]
    where = ("morphing", "finite_differences", "parameters")
    assert found == [(*where, 1), (*where, 2), ("parameters", "c1", "max_power")]
