from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.study.checks.draft import Draft
from assay.study.checks.theory import MOST_COMPONENTS, morphing_powers, n_components, transforms
from assay.study.model import MorphingSection, ParameterSection

pytestmark = pytest.mark.fast


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 8))
def test_number_of_components(max_powers: list[int], overall: int) -> None:
    monomials = [powers for powers in product(*(range(power + 1) for power in max_powers)) if sum(powers) <= overall]
    assert n_components(max_powers, overall) == len(monomials)


def test_known_numbers_of_components() -> None:
    assert n_components([2, 2], 2) == 6
    assert n_components([2, 2, 2], 2) == 10
    assert n_components([4, 4], 4) == 15


def draft(parameters: dict[str, ParameterSection], overall: int = 8) -> Draft:
    return Draft(Path(), parameters=parameters, morphing=MorphingSection(max_overall_power=overall))


def test_polynomials_that_are_too_long() -> None:
    parameters = {f"c{i}": ParameterSection(lha_id=i, range=(-1.0, 1.0), max_power=4) for i in range(6)}
    (finding,) = morphing_powers(draft(parameters))
    assert finding.location == ("morphing", "max_overall_power")
    assert f"at most {MOST_COMPONENTS} terms" in finding.expected
    assert not list(morphing_powers(draft(dict(list(parameters.items())[:3]))))


@pytest.mark.parametrize("transform", ["16.52*theta", "theta", "-theta/3 + 2", "(theta + 1)*1e-6", "1e9*theta"])
def test_linear_transforms(transform: str) -> None:
    assert not list(transforms(draft({"c": ParameterSection(lha_id=1, range=(-1.2, 1.2), transform=transform)})))


@pytest.mark.parametrize(
    ("transform", "found"),
    [
        ("theta**2", "not linear"),  # the same at both ends of a symmetric range
        ("theta**3", "not linear"),
        ("exp(theta)", "not linear"),
        ("abs(theta)", "not linear"),
        ("3.0", "does not change"),
        ("log(theta)", "not finite"),
        ("theta +", "not a formula"),
        ("16.52 theta", "not a formula"),
        ("j[0].pt", ""),
    ],
)
def test_other_transforms(transform: str, found: str) -> None:
    (finding,) = transforms(draft({"c": ParameterSection(lha_id=1, range=(-1.2, 1.2), transform=transform)}))
    assert finding.location == ("parameters", "c", "transform")
    assert found in finding.found
