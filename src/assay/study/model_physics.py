"""The theory of a study: parameters, and the polynomial that the cross section is in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from assay.study.values import Interval, Name, Positive, Section


def _number_or_list(value: object) -> str:
    return "list" if isinstance(value, list | tuple) else "number"


_Power = Annotated[int, Field(ge=1, le=8)]
_PowerInPart = Annotated[int, Field(ge=0, le=8)]
ParameterPower = Annotated[
    Annotated[_Power, Tag("number")]
    | Annotated[tuple[_PowerInPart, ...], Field(min_length=1, max_length=4), Tag("list")],
    Discriminator(_number_or_list),
]
"""Of one parameter; a list: in each part of the amplitude, of which it may leave some alone."""
OverallPower = Annotated[
    Annotated[_Power, Tag("number")] | Annotated[tuple[_Power, ...], Field(min_length=1, max_length=4), Tag("list")],
    Discriminator(_number_or_list),
]


class CardEntrySection(Section):
    """An entry of the parameter card that a parameter sets."""

    block: Annotated[str, Field(min_length=1, max_length=64, description="block of the parameter card")] = "dim6"
    id: Annotated[int, Field(ge=0, description="entry in that block")]
    transform: Annotated[
        str | None, Field(max_length=1000, description="its value as a formula in theta; null: theta itself")
    ] = None


class ParameterSection(Section):
    """A theory parameter and where its value goes in a generator's parameter card.

    A parameter that sets one entry of the card has `lha_id` (and `lha_block`, `transform`), one that sets several has
    `lha`, a list of entries.
    """

    lha_block: Annotated[str, Field(min_length=1, max_length=64, description="block of the parameter card")] = "dim6"
    lha_id: Annotated[int | None, Field(ge=0, description="entry in that block; null: see `lha`")] = None
    range: Annotated[Interval, Field(description="lowest and highest value that the study uses")]
    max_power: Annotated[
        ParameterPower,
        Field(description="highest power in the squared matrix element; a list: in production and decay, [2, 2]"),
    ] = 2
    transform: Annotated[
        str | None,
        Field(max_length=1000, description="value in the card, a formula in theta: 16.52*theta; null: theta itself"),
    ] = None
    lha: Annotated[
        tuple[CardEntrySection, ...] | None,
        Field(min_length=1, description="entries of the card, if the parameter sets several; in place of lha_id"),
    ] = None
    label: Annotated[str | None, Field(description="LaTeX (without $) for figures; null: the name")] = None

    @property
    def entries(self) -> tuple[CardEntrySection, ...]:
        """The entries of the parameter card that it sets."""
        if self.lha is not None:
            return self.lha
        if self.lha_id is None:
            return ()
        return (CardEntrySection(block=self.lha_block, id=self.lha_id, transform=self.transform),)


class FiniteDifferencesSection(Section):
    """Parameters in which the cross section is no polynomial: benchmarks beside each of the basis give derivatives."""

    parameters: Annotated[tuple[Name, ...], Field(min_length=1, description="which ones; the others are morphed")]
    epsilon: Annotated[Positive, Field(description="shift of these benchmarks, in units of the parameters")]
    scheme: Annotated[
        Literal["central", "forward"],
        Field(description="central: shifts up and down, error epsilon^2; forward: up alone, as in MadMiner"),
    ] = "central"


class MorphingSection(Section):
    """The polynomial that the squared matrix element is in the parameters, and the benchmarks that determine it."""

    max_overall_power: Annotated[
        OverallPower,
        Field(description="highest sum of powers of all parameters; a list: in production and decay, [2, 2]"),
    ] = 2
    basis: Annotated[
        tuple[Name, ...] | None,
        Field(description="benchmarks that it uses, completed if too few; others get weights alone; null: all"),
    ] = None
    basis_size: Annotated[
        int | None,
        Field(ge=1, le=10_000, description="benchmarks in all; beyond the terms: least squares; null: as needed"),
    ] = None
    max_condition_number: Annotated[
        float, Field(ge=1, allow_inf_nan=False, description="refuse a basis that is worse conditioned")
    ] = 1e6
    finite_differences: Annotated[
        FiniteDifferencesSection | None, Field(description="of parameters that it cannot describe; null: none")
    ] = None
