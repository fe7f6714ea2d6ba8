"""The sections of a study that decide what is learned: sampling, training, methods, limits, tracking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from assay.study.values import Finite, Interval, Name, NonNegative, Positive, Section


class FractionsSection(Section):
    """Shares of the events for training, validation and test; their sum is one."""

    train: Annotated[Positive, Field(description="share for training")] = 0.6
    validation: Annotated[Positive, Field(description="share that stops the training early")] = 0.2
    test: Annotated[Positive, Field(description="share for limits and diagnostics")] = 0.2


class FlatPrior(Section):
    """Flat between two values."""

    flat: Annotated[Interval, Field(description="lowest and highest value")]


class GaussianPrior(Section):
    """Gaussian with mean and standard deviation, truncated to the parameter's range."""

    gaussian: Annotated[tuple[Finite, Positive], Field(description="mean and standard deviation")]


def _prior_kind(value: Any) -> str | None:
    if isinstance(value, Section):
        return "flat" if isinstance(value, FlatPrior) else "gaussian"
    kinds = [kind for kind in ("flat", "gaussian") if isinstance(value, dict) and kind in value]
    return kinds[0] if len(kinds) == 1 else None


Prior = Annotated[
    Annotated[FlatPrior, Tag("flat")] | Annotated[GaussianPrior, Tag("gaussian")], Discriminator(_prior_kind)
]


class SamplingSection(Section):
    """Augmented data."""

    fractions: Annotated[FractionsSection, Field(description="of the events")] = FractionsSection()
    prior: Annotated[
        dict[Name, Prior],
        Field(description="of the hypotheses, per parameter; absent: flat over its range"),
    ] = Field(default_factory=dict)
    hypotheses: Annotated[int, Field(ge=1, description="distinct parameter points in the training set")] = 1000
    train_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to train on")] = 200_000
    validation_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to validate on")] = 50_000
    test_samples: Annotated[int, Field(ge=2, le=10**9, description="samples to test on")] = 50_000
    min_effective_events: Annotated[Positive, Field(description="refuse hypotheses with fewer effective events")] = 50.0


class TrainingSection(Section):
    """Networks and their training."""

    hidden_layers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100_000)], ...],
        Field(min_length=1, max_length=100, description="width of every hidden layer"),
    ] = (100, 100, 100)
    activation: Annotated[
        Literal["elu", "gelu", "sigmoid", "silu", "softplus", "tanh"],
        Field(description="smooth, since the score is a derivative of the network"),
    ] = "silu"
    epochs: Annotated[int, Field(ge=1, le=1_000_000, description="passes over the training samples, at most")] = 50
    batch_size: Annotated[int, Field(ge=1, description="samples per step")] = 1024
    learning_rate: Annotated[Positive, Field(description="at the start")] = 3e-3
    final_learning_rate: Annotated[Positive, Field(description="after the last epoch")] = 3e-5
    schedule: Annotated[
        Literal["constant", "cosine", "exponential"], Field(description="from the first to the final learning rate")
    ] = "cosine"
    optimiser: Annotated[Literal["adam", "adamw"], Field(description="adamw: with decoupled weight decay")] = "adamw"
    weight_decay: Annotated[NonNegative, Field(description="pull on the weights towards zero")] = 0.03
    early_stopping_patience: Annotated[
        int | None, Field(ge=1, description="epochs without improvement; null: never stop early")
    ] = 20
    max_gradient_norm: Annotated[Positive | None, Field(description="clip longer gradients; null: no clipping")] = 10.0
    device: Annotated[Literal["auto", "cpu", "cuda"], Field(description="auto: a GPU if there is one")] = "auto"


DEFAULT_ALPHA = {"cascal": 0.1, "rascal": 0.1, "alices": 0.1}
"""Weight of the score term, with the score in units of one over half the range of each parameter's prior.

In these units the weight does not depend on those of the parameters, unlike in arXiv 1805.00020 and 1808.00973.
"""


class RatioMethod(Section):
    """A likelihood-ratio estimator."""

    kind: Annotated[
        Literal["carl", "rolr", "cascal", "rascal", "alice", "alices"], Field(description="the loss function")
    ]
    alpha: Annotated[
        Positive | None,
        Field(
            description="weight of the score term, with scores in units of one over half the range of the prior; "
            "null: 0.1 for cascal, rascal and alices; the others have none"
        ),
    ] = None
    normalise: Annotated[
        bool,
        Field(description="divide the ratio by its mean over validation events at the reference, as limits use it"),
    ] = True
    training: Annotated[TrainingSection | None, Field(description="null: the study's training section")] = None


class ScoreMethod(Section):
    """An estimator of the score at the reference benchmark; its limits come from a histogram of the estimated score."""

    kind: Annotated[Literal["sally"], Field(description="the loss function")]
    bins: Annotated[int, Field(ge=2, le=1000, description="per score component")] = 12
    training: Annotated[TrainingSection | None, Field(description="null: the study's training section")] = None


class HistogramMethod(Section):
    """A histogram of observables, with finer bins where more of the information at the reference is."""

    kind: Annotated[Literal["histogram"], Field(description="a baseline without training")]
    observables: Annotated[tuple[Name, ...], Field(min_length=1, max_length=3, description="one to three observables")]
    bins: Annotated[int, Field(ge=2, le=1000, description="per observable")] = 12


class RateMethod(Section):
    """The number of events alone."""

    kind: Annotated[Literal["rate"], Field(description="a baseline without training")]


Method = Annotated[RatioMethod | ScoreMethod | HistogramMethod | RateMethod, Field(discriminator="kind")]


class AxisSection(Section):
    """A parameter's axis of the limit grid."""

    range: Annotated[Interval, Field(description="first and last point")]
    points: Annotated[int, Field(ge=2, le=10_000, description="number of points")]


def _theta_kind(value: Any) -> str | None:
    return "benchmark" if isinstance(value, str) else "point" if isinstance(value, dict) else None


ThetaTrue = Annotated[
    Annotated[Name, Tag("benchmark")] | Annotated[dict[Name, Finite], Tag("point")], Discriminator(_theta_kind)
]


class LimitsSection(Section):
    """Expected limits."""

    theta_true: Annotated[
        ThetaTrue | None, Field(description="a benchmark or a parameter point; null: the reference benchmark")
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


class TrackingSection(Section):
    """MLflow."""

    experiment: Annotated[str | None, Field(min_length=1, description="null: the study's name")] = None
