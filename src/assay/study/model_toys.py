"""The sections of a study that go beyond asymptotic limits: toys, and posteriors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.study.model_sampling import Prior, Theta
from assay.study.values import Name, Section


class ToysSection(Section):
    """Experiments repeated in simulation: coverage, Neyman construction, CLs."""

    experiments: Annotated[
        int, Field(ge=20, le=1_000_000, description="for each method and point; coverage is known to 0.47/sqrt of it")
    ] = 500
    points: Annotated[
        tuple[Theta, ...] | None,
        Field(
            min_length=1,
            description="true points, benchmarks or parameter points; null: the true point, and one on either side of "
            "it in each parameter, half way to the edge of the grid",
        ),
    ] = None
    methods: Annotated[tuple[Name, ...] | None, Field(min_length=1, description="null: all methods")] = None
    jobs: Annotated[
        int, Field(ge=1, le=10_000, description="of each method, which share the experiments and run at the same time")
    ] = 1


class PosteriorSection(Section):
    """Posterior of the parameters by Markov chain Monte Carlo (emcee)."""

    prior: Annotated[
        dict[Name, Prior], Field(description="of each parameter; absent: flat over the range of its grid")
    ] = Field(default_factory=dict)
    walkers: Annotated[int, Field(ge=4, le=10_000, description="at least twice as many as parameters")] = 32
    steps: Annotated[int, Field(ge=100, le=10_000_000, description="of each walker, after the burn-in")] = 1000
    burn_in: Annotated[int, Field(ge=10, le=10_000_000, description="steps that are thrown away")] = 300
    calibration: Annotated[
        int, Field(ge=0, le=100_000, description="experiments of simulation-based calibration; 0: none")
    ] = 0
