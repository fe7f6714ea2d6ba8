"""The sections of a study that decide what is inferred: limits, observed data, systematics, information."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.model_sampling import Theta
from assay.study.model_toys import PosteriorSection, ToysSection
from assay.study.values import Interval, Name, Section


class AxisSection(Section):
    """A parameter's axis of the limit grid."""

    range: Annotated[Interval, Field(description="first and last point")]
    points: Annotated[int, Field(ge=2, le=10_000, description="number of points")]


class DataSection(Section):
    """Observed (or pretended) data, in place of expected ones."""

    events: Annotated[
        str,
        Field(
            min_length=1,
            description="a file in the study's folder with a column per observable: .csv, .npy or .h5; "
            "its events have passed the cuts",
        ),
    ]


class FisherSection(Section):
    """Fisher information."""

    at: Annotated[
        Theta | None, Field(description="a benchmark or a parameter point; null: the reference benchmark")
    ] = None
    distributions: Annotated[
        tuple[Name, ...], Field(description="observables over which to show where the information is")
    ] = ()
    bins: Annotated[int, Field(ge=2, le=1000, description="of these distributions")] = 20


class LimitsSection(Section):
    """Limits, expected ones unless there are data."""

    theta_true: Annotated[
        Theta | None, Field(description="a benchmark or a parameter point; null: the reference benchmark")
    ] = None
    data: Annotated[DataSection | None, Field(description="null: expected data at theta_true")] = None
    strategy: Annotated[
        Literal["grid", "profiles", "contours"] | None,
        Field(
            description="grid: the likelihood on all points; profiles: fits by a minimiser, profiles in one and two "
            "parameters; contours: a grid, and contours found by few evaluations; null: grid up to three parameters, "
            "profiles beyond"
        ),
    ] = None
    grid: Annotated[
        dict[Name, AxisSection],
        Field(description="per parameter; absent: 25 points (11 for three parameters, 7 for more) over its prior"),
    ] = Field(default_factory=dict)
    confidence_levels: Annotated[
        tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field(min_length=1, max_length=10, description="ascending")
    ] = (0.68, 0.95)
    include_rate: Annotated[
        tuple[bool, ...], Field(min_length=1, max_length=2, description="with and without the number of events")
    ] = (True, False)
    nuisance: Annotated[
        Literal["profile", "fixed"], Field(description="what limits do with nuisance parameters; fixed: at zero")
    ] = "profile"
    impacts: Annotated[
        bool, Field(description="pulls, impacts and widths with and without each systematic uncertainty and background")
    ] = True
    fisher: Annotated[FisherSection, Field(description="Fisher information")] = FisherSection()
    toys: Annotated[ToysSection | None, Field(description="experiments repeated in simulation; null: none")] = None
    posterior: Annotated[PosteriorSection | None, Field(description="Bayesian inference; null: none")] = None
