"""The sections of a study that add to its process: further samples, and systematic uncertainties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from assay.study.model_process import EmbeddedProcess, FilesProcess, MadGraphProcess, ProcessSection
from assay.study.values import Interval, Name, NonNegative, Positive, Section

SIGNAL = "signal"
"""The name of the process's own events among the samples."""

ONE_STANDARD_DEVIATION = 0.6826894921370859

WeightName = Annotated[str, Field(min_length=1, max_length=200)]
Samples = Annotated[tuple[Name, ...], Field(description="samples that it acts on, `signal` for the process; []: all")]


class SampleSection(Section):
    """Events beside those of the process, from a file or generated: a background, unless it says otherwise."""

    events: Annotated[
        str | None,
        Field(
            min_length=1,
            description="file in the study's folder: LHE (.lhe, .lhe.gz), which is showered and simulated like the "
            "process; HepMC (.hepmc, .hepmc.gz), showered already, which is simulated; or events of Assay or MadMiner "
            "(.h5), which are taken as they are; null: see `process`",
        ),
    ] = None
    objects: Annotated[
        str | None,
        Field(
            min_length=1,
            description="with LHE `events`: a ROOT file that Delphes wrote of them, in place of shower and detector; "
            "its events are matched by their numbers",
        ),
    ] = None
    process: Annotated[
        ProcessSection | None,
        Field(description="a process of its own that is generated, with the keys of `process`; in place of `events`"),
    ] = None
    signal: Annotated[
        bool,
        Field(
            description="with `process`. true: the study's process in another region of phase space, such as a tail; "
            "it is generated at all benchmarks, its cross section adds to the others', no event may be of two regions"
        ),
    ] = False
    benchmark: Annotated[
        Name | None,
        Field(
            description="benchmark at which an LHE file's events were drawn, with a weight per benchmark; "
            "null: a background, which does not depend on the parameters"
        ),
    ] = None
    cross_section: Annotated[Positive | None, Field(description="pb, before any cut; null: as the file states")] = None
    k_factor: Annotated[Positive, Field(description="factor on cross section and weights")] = 1.0
    shower: Annotated[
        tuple[str, ...],
        Field(description="settings of Pythia for these events alone, after the study's: JetMatching:merge = on"),
    ] = ()
    normalisation_uncertainty: Annotated[
        Positive | None, Field(description="relative, log-normal, of this sample alone; 0.1: 10 %")
    ] = None
    label: Annotated[str | None, Field(description="LaTeX (without $) for figures; null: the name")] = None


class ScaleSystematic(Section):
    """Renormalisation and factorisation scales that are varied."""

    kind: Annotated[Literal["scale"], Field(description="variation of scales")]
    scale: Annotated[
        Literal["muf", "mur", "mu"], Field(description="muf: factorisation; mur: renormalisation; mu: both together")
    ]
    factors: Annotated[Interval, Field(description="on the scale, at nuisance parameters of -1 and +1")] = (0.5, 2.0)
    envelope: Annotated[
        bool,
        Field(description="per event the largest and smallest weight of all variations; with mu: of both scales apart"),
    ] = False
    samples: Samples = ()


class ReplicaSystematic(Section):
    """Monte Carlo replicas of parton densities, by their principal components."""

    kind: Annotated[Literal["pdf_replicas"], Field(description="a nuisance parameter per principal component")]
    members: Annotated[
        tuple[WeightName, ...],
        Field(min_length=1, description="weights of the replicas, the mean left out; 1001..1100 for a range"),
    ]
    components: Annotated[int, Field(ge=1, le=200, description="principal components that are kept")] = 5
    samples: Samples = ()


class HessianSystematic(Section):
    """A Hessian set of parton densities."""

    kind: Annotated[Literal["pdf_hessian"], Field(description="a nuisance parameter per eigenvector")]
    members: Annotated[
        tuple[WeightName, ...],
        Field(min_length=1, description="weights of the error members, +, -, +, - ...; 1001..1056 for a range"),
    ]
    central: Annotated[
        WeightName | None,
        Field(description="weight of the set's central member; null: the nominal weight is of that member"),
    ] = None
    symmetric: Annotated[bool, Field(description="one member per eigenvector in place of two")] = False
    confidence_level: Annotated[float, Field(gt=0, lt=1, description="of the set's members; 0.9 for sets at 90 %")] = (
        ONE_STANDARD_DEVIATION
    )
    samples: Samples = ()


class NormalisationSystematic(Section):
    """A relative uncertainty of the normalisation, log-normal."""

    kind: Annotated[Literal["normalisation"], Field(description="a factor on the samples")]
    uncertainty: Annotated[Positive, Field(description="relative; 0.025: 2.5 %")]
    samples: Samples = ()


class EfficiencySystematic(Section):
    """An efficiency as a factor on the weights of reconstructed events, with its uncertainty."""

    kind: Annotated[Literal["efficiency"], Field(description="of identification, of a trigger, ...")]
    objects: Annotated[
        Literal["j", "b", "e", "mu", "tau", "l", "a"] | None,
        Field(description="a factor for every object of this list; null: one for the event"),
    ] = None
    leading: Annotated[int | None, Field(ge=1, le=20, description="of the hardest so many alone; null: of all")] = None
    factor: Annotated[
        float | str,
        Field(
            description="a number, or a formula of pt, eta, phi, energy of the object; without objects: of the event"
        ),
    ] = 1.0
    uncertainty: Annotated[
        float | str | None,
        Field(description="relative, of all objects together, log-normal; as factor; null: no nuisance parameter"),
    ] = None
    default: Annotated[
        NonNegative | None, Field(description="factor of events that lack what a formula of the event needs")
    ] = None
    samples: Samples = ()


class WeightsSystematic(Section):
    """Any pair of weights of an LHE file."""

    kind: Annotated[Literal["weights"], Field(description="weights one standard deviation up and down")]
    up: Annotated[WeightName, Field(description="name (id) of a weight")]
    down: Annotated[WeightName | None, Field(description="null: the inverse of up")] = None
    samples: Samples = ()


Systematic = Annotated[
    ScaleSystematic
    | ReplicaSystematic
    | HessianSystematic
    | NormalisationSystematic
    | EfficiencySystematic
    | WeightsSystematic,
    Field(discriminator="kind"),
]


def processes_of(
    process: ProcessSection | None, samples: Mapping[str, SampleSection]
) -> dict[str, EmbeddedProcess | MadGraphProcess | FilesProcess]:
    """Return the processes of a study by the samples that they make: `signal`, and samples with one of their own."""
    own = {name: sample.process for name, sample in samples.items() if sample.process is not None}
    return own if process is None else {SIGNAL: process, **own}


def regions_of(samples: Mapping[str, SampleSection]) -> tuple[str, ...]:
    """Return the samples that are of the signal, as `signal` itself, in regions of phase space of their own."""
    return (SIGNAL, *(name for name, sample in samples.items() if sample.process is not None and sample.signal))


def weight_names(members: Sequence[str]) -> tuple[str, ...]:
    """Return the names of weights with ranges such as `1001..1100` or `pdf_1..pdf_9` written out.

    Raises
    ------
    ValueError
        If a range runs backwards or has different beginnings.
    """
    return tuple(name for member in members for name in _expanded(member))


def _expanded(member: str) -> Iterator[str]:
    first, dots, last = member.partition("..")
    if not dots:
        yield member
        return
    stem, low = _numbered(first)
    other, high = _numbered(last)
    if low > high or other not in ("", stem):
        raise ValueError(f"{member!r} is not a range of weights")
    width = len(first) - len(stem)
    for number in range(low, high + 1):
        yield f"{stem}{number:0{width}d}"


def _numbered(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)(\d+)", name)
    if found is None:
        raise ValueError(f"{name!r} does not end with a number")
    return found[1], int(found[2])
