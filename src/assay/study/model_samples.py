"""The sections of a study that add to its process: further samples, and systematic uncertainties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import Interval, Name, Positive, Section

SIGNAL = "signal"
"""The name of the process's own events among the samples."""

ONE_STANDARD_DEVIATION = 0.6826894921370859

WeightName = Annotated[str, Field(min_length=1, max_length=200)]
Samples = Annotated[tuple[Name, ...], Field(description="samples that it acts on, `signal` for the process; []: all")]


class SampleSection(Section):
    """Events from a file, beside those of the process: a background, unless a benchmark says otherwise."""

    events: Annotated[
        str,
        Field(
            min_length=1,
            description="file in the study's folder: LHE (.lhe, .lhe.gz), which is showered and simulated like the "
            "process, or events of Assay or MadMiner (.h5), which are taken as they are",
        ),
    ]
    benchmark: Annotated[
        Name | None,
        Field(
            description="benchmark at which an LHE file's events were drawn, with a weight per benchmark; "
            "null: a background, which does not depend on the parameters"
        ),
    ] = None
    cross_section: Annotated[Positive | None, Field(description="pb, before any cut; null: as the file states")] = None
    k_factor: Annotated[Positive, Field(description="factor on cross section and weights")] = 1.0
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


class WeightsSystematic(Section):
    """Any pair of weights of an LHE file."""

    kind: Annotated[Literal["weights"], Field(description="weights one standard deviation up and down")]
    up: Annotated[WeightName, Field(description="name (id) of a weight")]
    down: Annotated[WeightName | None, Field(description="null: the inverse of up")] = None
    samples: Samples = ()


Systematic = Annotated[
    ScaleSystematic | ReplicaSystematic | HessianSystematic | NormalisationSystematic | WeightsSystematic,
    Field(discriminator="kind"),
]


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
