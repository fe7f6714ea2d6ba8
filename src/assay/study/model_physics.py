"""The sections of a study that decide which events there are: theory, process, shower, detector, observables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from assay.study.values import Finite, Interval, Name, NonNegative, Positive, Section


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


class ScaleSection(Section):
    """Factorisation scale."""

    choice: Annotated[
        Literal["fixed", "dynamical"], Field(description="fixed: `value`; dynamical: from each event's momenta")
    ] = "dynamical"
    value: Annotated[Positive, Field(description="GeV; used by the fixed choice")] = 91.188


class GenerationCuts(Section):
    """Cuts on the partons of the hard process."""

    min_jet_pt: Annotated[NonNegative, Field(description="GeV")] = 20.0
    max_jet_eta: Annotated[Positive, Field(description="absolute pseudorapidity")] = 5.0
    min_jet_separation: Annotated[NonNegative, Field(description="Delta R between any two partons")] = 0.4


class ProcessSection(Section):
    """The hard process and how its events are generated."""

    generator: Annotated[Literal["embedded"], Field(description="embedded: comes with Assay")] = "embedded"
    name: Annotated[str, Field(description="a process of the embedded generator")] = "wbf_higgs_w_fusion"
    beam_energy: Annotated[Positive, Field(description="GeV per beam: half of the collision energy")] = 6500.0
    pdf: Annotated[str, Field(description="parton densities, a set that comes with Pythia 8")] = (
        "NNPDF23_lo_as_0130_qed"
    )
    scale: Annotated[ScaleSection, Field(description="factorisation scale")] = ScaleSection()
    cuts: Annotated[GenerationCuts, Field(description="cuts on the partons")] = GenerationCuts()
    decay: Annotated[
        Literal["a a", "stable"],
        Field(description="decay of the Higgs boson; a a: two photons; stable: left to Pythia"),
    ] = "a a"
    branching_ratio: Annotated[
        float | None, Field(gt=0, le=1, description="of the decay; null: the width formula of the model")
    ] = None
    k_factor: Annotated[
        Positive, Field(description="factor on cross section and weights, for what the generator leaves out")
    ] = 1.0
    events_per_benchmark: Annotated[int, Field(ge=1, le=100_000_000, description="generated events")] = 20_000
    jobs_per_benchmark: Annotated[
        int, Field(ge=1, le=10_000, description="jobs that share these events, each with its own seed")
    ] = 1


class ShowerSection(Section):
    """Pythia 8."""

    multiparton_interactions: Annotated[bool, Field(description="underlying event; six times slower")] = False
    hadronisation: Annotated[bool, Field(description="hadrons in place of partons")] = True
    dipole_recoil: Annotated[
        bool, Field(description="initial-state radiation recoils within colour dipoles, as weak-boson fusion needs")
    ] = True
    settings: Annotated[
        tuple[str, ...], Field(description="further Pythia settings, such as TimeShower:alphaSvalue = 0.13")
    ] = ()


class DetectorSection(Section):
    """What turns particles into reconstructed objects."""

    kind: Annotated[
        Literal["parametrised", "none"],
        Field(description="parametrised: smearing, efficiencies and acceptance; none: objects of the generator"),
    ] = "parametrised"
    card: Annotated[
        str | None,
        Field(min_length=1, description="YAML card, relative to this file; null: the card that comes with Assay"),
    ] = None


class ObservableSection(Section):
    """A number per event."""

    expression: Annotated[
        str, Field(min_length=1, max_length=1000, description="formula of particles and of observables above it")
    ]
    required: Annotated[bool, Field(description="drop events in which it does not exist (counted in the cut flow)")] = (
        False
    )
    default: Annotated[Finite | None, Field(description="value where it does not exist")] = None
    unit: Annotated[str, Field(description="for figures, such as GeV")] = ""
    label: Annotated[str | None, Field(description="LaTeX (without $) for figures; null: the name")] = None
