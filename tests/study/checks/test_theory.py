from __future__ import annotations

from pathlib import Path

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.theory import card_entries, transforms
from assay.study.model import CardEntrySection, FiniteDifferencesSection, MorphingSection, ParameterSection

pytestmark = pytest.mark.fast


def draft(parameters: dict[str, ParameterSection], morphing: MorphingSection | None = None) -> Draft:
    return Draft(Path(), parameters=parameters, morphing=morphing or MorphingSection(max_overall_power=8))


@pytest.mark.parametrize("transform", ["16.52*theta", "theta", "-theta/3 + 2", "(theta + 1)*1e-6", "1e9*theta"])
def test_linear_transforms(transform: str) -> None:
    assert not list(transforms(draft({"c": ParameterSection(lha_id=1, range=(-1.2, 1.2), transform=transform)})))


@pytest.mark.parametrize(
    ("transform", "found"),
    [
        ("theta**2", "of degree 2: its square has the power 4"),  # the same at both ends of a symmetric range
        ("theta**3", "of degree 3: its square has the power 6"),
        ("1e-3*(theta + 1)*theta", "of degree 2"),
        ("exp(theta)", "no polynomial"),
        ("abs(theta)", "no polynomial"),
        ("1/(theta + 7)", "no polynomial"),
        ("3.0", "does not change"),
        ("theta - theta", "does not change"),
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


@pytest.mark.parametrize(
    ("transform", "max_power", "allowed"),
    [
        ("1.0e-3*theta**2", 4, True),
        ("1.0e-3*theta**2", 3, False),
        ("theta**3", 6, True),
        ("theta**2", (4, 0), True),
        ("theta**2", (4, 2), False),
    ],
)
def test_powers_of_transforms(transform: str, max_power: int | tuple[int, ...], allowed: bool) -> None:
    parameter = ParameterSection(lha_id=1, range=(-1.2, 1.2), transform=transform, max_power=max_power)
    assert allowed == (not list(transforms(draft({"c": parameter}))))


def test_finite_differences_take_any_transform() -> None:
    parameters = {
        name: ParameterSection(lha_id=number, range=(-1.2, 1.2), transform="exp(theta)")
        for number, name in enumerate("cd")
    }
    differences = FiniteDifferencesSection(parameters=("c",), epsilon=1.2)
    (finding,) = transforms(draft(parameters, MorphingSection(finite_differences=differences)))
    assert finding.location == ("parameters", "d", "transform")


def entries(*numbers: int, block: str = "dim6") -> tuple[CardEntrySection, ...]:
    return tuple(CardEntrySection(block=block, id=number, transform="2*theta") for number in numbers)


def test_entries_of_the_card() -> None:
    parameters = {
        "c": ParameterSection(lha=entries(1, 2), range=(-1.0, 1.0)),
        "d": ParameterSection(lha=entries(3, 2, block="DIM6"), range=(-1.0, 1.0)),
        "e": ParameterSection(lha=entries(4, 4), range=(-1.0, 1.0)),
        "f": ParameterSection(range=(-1.0, 1.0)),
        "g": ParameterSection(lha=entries(5), lha_id=6, range=(-1.0, 1.0)),
        "h": ParameterSection(lha_id=7, range=(-1.0, 1.0)),
    }
    found = {finding.location: finding.found for finding in card_entries(draft(parameters))}
    assert set(found) == {
        ("parameters", "d", "lha", 1, "id"),
        ("parameters", "e", "lha", 1, "id"),
        ("parameters", "f"),
        ("parameters", "g", "lha_id"),
    }
    assert "that of c" in found[("parameters", "d", "lha", 1, "id")]
    assert [entry.id for entry in parameters["h"].entries] == [7]


def test_transforms_of_every_entry_are_checked() -> None:
    lha = (CardEntrySection(id=1, transform="theta"), CardEntrySection(id=2, transform="sqrt(theta + 3)"))
    (finding,) = transforms(draft({"c": ParameterSection(lha=lha, range=(-1.0, 1.0))}))
    assert finding.location == ("parameters", "c", "lha", 1, "transform")
