"""The section `sampling` of a study: augmented data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from assay.study.values import Finite, Interval, Name, Positive, Section


class FractionsSection(Section):
    """Shares of the events for training, validation and test; their sum is one."""

    train: Annotated[Positive, Field(description="share for training")] = 0.6
    validation: Annotated[Positive, Field(description="share that stops the training early")] = 0.2
    test: Annotated[Positive, Field(description="share for limits and diagnostics")] = 0.2


class FlatPrior(Section):
    """Flat between two values."""

    flat: Annotated[Interval, Field(description="lowest and highest value")]


class GaussianPrior(Section):
    """Gaussian, truncated to the parameter's range and to three standard deviations."""

    gaussian: Annotated[tuple[Finite, Positive], Field(description="mean and standard deviation")]


class LogUniformPrior(Section):
    """Flat in the logarithm between two values above zero."""

    log_uniform: Annotated[tuple[Positive, Positive], Field(description="lowest and highest value")]


PRIOR_KINDS: dict[str, type[Section]] = {"flat": FlatPrior, "gaussian": GaussianPrior, "log_uniform": LogUniformPrior}


def _prior_kind(value: Any) -> str | None:
    if isinstance(value, Section):
        return next((kind for kind, model in PRIOR_KINDS.items() if isinstance(value, model)), None)
    kinds = [kind for kind in PRIOR_KINDS if isinstance(value, dict) and kind in value]
    return kinds[0] if len(kinds) == 1 else None


Prior = Annotated[
    Annotated[FlatPrior, Tag("flat")]
    | Annotated[GaussianPrior, Tag("gaussian")]
    | Annotated[LogUniformPrior, Tag("log_uniform")],
    Discriminator(_prior_kind),
]


def _theta_kind(value: Any) -> str | None:
    return "benchmark" if isinstance(value, str) else "point" if isinstance(value, dict) else None


Theta = Annotated[
    Annotated[Name, Tag("benchmark")] | Annotated[dict[Name, Finite], Tag("point")], Discriminator(_theta_kind)
]
"""A benchmark by its name, or a point: a value for every parameter."""


class SamplingSection(Section):
    """Augmented data."""

    fractions: Annotated[FractionsSection, Field(description="of the events")] = FractionsSection()
    prior: Annotated[
        dict[Name, Prior],
        Field(description="of the hypotheses, per parameter; absent: flat over its range"),
    ] = Field(default_factory=dict)
    nuisance: Annotated[
        dict[Name, Prior] | None,
        Field(
            description="the nuisance parameters that hypotheses have, and their priors in units of their constraint; "
            "null: all of them, Gaussian of mean 0 and standard deviation 1; {}: none"
        ),
    ] = None
    sequence: Annotated[
        Literal["sobol", "independent"],
        Field(description="sobol: random hypotheses that cover the prior evenly; independent: each drawn on its own"),
    ] = "sobol"
    hypotheses: Annotated[int, Field(ge=1, description="distinct parameter points in the training set")] = 1000
    numerator: Annotated[
        tuple[Theta, ...] | None,
        Field(min_length=1, description="benchmarks and points in place of random hypotheses; null: random ones"),
    ] = None
    denominator: Annotated[
        Theta | None, Field(description="of ratios: a benchmark or a point; null: the reference benchmark")
    ] = None
    train_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to train on")] = 200_000
    validation_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to validate on")] = 50_000
    test_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to test on")] = 50_000
    min_effective_events: Annotated[
        Positive, Field(description="refuse hypotheses with fewer effective events; below ten times as many, warn")
    ] = 50.0
