from __future__ import annotations

import numpy as np
import pytest

from assay.observables.particles import ParticleList
from assay.observables.reductions import reduced
from assay.observables.values import Values

pytestmark = pytest.mark.fast

NAN = np.nan


@pytest.fixture
def members() -> ParticleList:
    """Two particles in the first event, none in the second, three in the third."""
    pt = np.array([9.0, 5.0, 7.0, 6.0, 4.0])
    return ParticleList(np.array([2, 0, 3]), dict.fromkeys(("pt", "eta", "phi", "m"), pt))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("sum", [14, 0, 17]),
        ("prod", [45, 1, 168]),
        ("min", [5, NAN, 4]),
        ("max", [9, NAN, 7]),
        ("mean", [7, NAN, 17 / 3]),
    ],
)
def test_numbers(members: ParticleList, function: str, expected: list[float]) -> None:
    result = reduced(function, members, Values(members.columns["pt"], np.zeros(5, dtype=bool)))
    np.testing.assert_array_equal(result.missing, np.isnan(expected))
    np.testing.assert_allclose(result.values[~result.missing], np.array(expected)[~result.missing])


@pytest.mark.parametrize(("function", "expected"), [("any", [True, False, True]), ("all", [True, True, False])])
def test_conditions(members: ParticleList, function: str, expected: list[bool]) -> None:
    result = reduced(function, members, Values(members.columns["pt"] > 4.5, np.zeros(5, dtype=bool)))
    np.testing.assert_array_equal(result.values, expected)
    assert not result.missing.any()


def test_a_member_whose_value_is_missing_leaves_the_event_without_one(members: ParticleList) -> None:
    missing = np.array([True, False, False, False, False])
    for function in ("sum", "prod", "min", "max", "mean"):
        found = reduced(function, members, Values(members.columns["pt"], missing))
        np.testing.assert_array_equal(found.missing, [True, function in ("min", "max", "mean"), False])


def test_what_the_known_members_decide_is_known(members: ParticleList) -> None:
    missing = np.array([True, False, True, False, False])
    holds = Values(np.array([False, True, False, False, False]), missing)
    found = reduced("any", members, holds)
    np.testing.assert_array_equal(found.values, [True, False, False])
    np.testing.assert_array_equal(found.missing, [False, False, True])
    found = reduced("all", members, holds)
    np.testing.assert_array_equal(found.values, [False, True, False])
    np.testing.assert_array_equal(found.missing, [True, False, False])


def test_one_value_for_all_members(members: ParticleList) -> None:
    result = reduced("sum", members, Values(np.asarray(2.0), np.asarray(False)))
    np.testing.assert_array_equal(result.values, [4, 0, 6])
