"""The sections of a study that decide which events there are: theory, process, shower, detector, observables."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import Finite, Interval, NonNegative, Positive, Section


class ParameterSection(Section):
    """A theory parameter and where its value goes in a generator's parameter card."""

    lha_block: Annotated[str, Field(min_length=1, max_length=64, description="block of the parameter card")] = "dim6"
    lha_id: Annotated[int, Field(ge=0, description="entry in that block")]
    range: Annotated[Interval, Field(description="lowest and highest value that the study uses")]
    max_power: Annotated[int, Field(ge=1, le=8, description="highest power in the squared matrix element")] = 2
    transform: Annotated[
        str | None,
        Field(
            max_length=1000, description="value in the card, linear in theta, such as 16.52*theta; null: theta itself"
        ),
    ] = None
    label: Annotated[str | None, Field(description="LaTeX (without $) for figures; null: the name")] = None


class MorphingSection(Section):
    """The polynomial that the squared matrix element is in the parameters."""

    max_overall_power: Annotated[int, Field(ge=1, le=8, description="highest sum of powers of all parameters")] = 2
    max_condition_number: Annotated[
        float, Field(ge=1, allow_inf_nan=False, description="refuse a basis that is worse conditioned")
    ] = 1e6


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
