"""The section `methods` of a study: what is learnt, and what stands beside it without learning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.model_sampling import Theta
from assay.study.model_scan import ScanSection
from assay.study.model_training import TrainingSection
from assay.study.values import Name, Positive, Section

DEFAULT_ALPHA = {"cascal": 0.1, "rascal": 0.1, "alices": 0.1, "scandal": 1.0}
"""Weight of the score term, with the score in units of one over half the range of each parameter's prior.

In these units the weight does not depend on those of the parameters, unlike in arXiv 1805.00020 and 1808.00973.
"""

Bins = Annotated[int, Field(ge=2, le=1000)]
RatioFamily = Literal["parameterised", "doubly_parameterised", "morphing_aware", "quadratic", "pointwise"]


class RatioMethod(Section):
    """A likelihood-ratio estimator."""

    kind: Annotated[
        Literal["carl", "rolr", "cascal", "rascal", "alice", "alices"], Field(description="the loss function")
    ]
    family: Annotated[
        RatioFamily,
        Field(
            description="how theta enters: a network of observables and theta; of two hypotheses (doubly); the "
            "polynomial of the cross section with learnt coefficients (morphing_aware, and quadratic: positive by "
            "construction); or a network for every point, interpolated between them (pointwise)"
        ),
    ] = "parameterised"
    points: Annotated[
        tuple[Theta, ...] | None,
        Field(
            min_length=1,
            max_length=200,
            description="of pointwise: benchmarks and points; null: sampling.numerator, or a grid over the prior "
            "(9, 25, 27 points for up to three parameters), or the benchmarks",
        ),
    ] = None
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
    calibration: Annotated[
        Literal["none", "histogram", "isotonic"],
        Field(description="of the ratio against labels, over validation samples, by a histogram or monotonically"),
    ] = "none"
    ensemble: Annotated[
        int, Field(ge=1, le=1000, description="trainings that differ by their seeds; their mean is the estimate")
    ] = 1
    scan: Annotated[ScanSection | None, Field(description="null: settings as they stand, no scan")] = None
    training: Annotated[TrainingSection | None, Field(description="null: the study's training section")] = None


class ScoreMethod(Section):
    """An estimator of the score at the reference benchmark; its limits come from a histogram of the estimated score."""

    kind: Annotated[
        Literal["sally", "sallino"],
        Field(description="sallino: sally with a histogram of one number, the component along the way to a hypothesis"),
    ]
    statistic: Annotated[
        Literal["score", "adaptive"],
        Field(
            description="what limits are a histogram of; score: its components; adaptive: for each hypothesis its "
            "component along the way there from the reference, and the rest; sallino has the first of these alone"
        ),
    ] = "score"
    bins: Annotated[int, Field(ge=2, le=1000, description="per score component")] = 12
    ensemble: Annotated[
        int, Field(ge=1, le=1000, description="trainings that differ by their seeds; their mean is the estimate")
    ] = 1
    scan: Annotated[ScanSection | None, Field(description="null: settings as they stand, no scan")] = None
    training: Annotated[TrainingSection | None, Field(description="null: the study's training section")] = None


class FlowSection(Section):
    """A normalising flow, whose networks have the hidden layers and the activation of the training section."""

    kind: Annotated[
        Literal["nsf", "maf"], Field(description="nsf: neural spline flow; maf: masked affine autoregressive flow")
    ] = "nsf"
    transforms: Annotated[int, Field(ge=1, le=100, description="transformations in a row")] = 3
    bins: Annotated[int, Field(ge=2, le=1000, description="of each spline of nsf")] = 8


class DensityMethod(Section):
    """An estimator of the density of the observables; its ratios to the reference give limits."""

    kind: Annotated[Literal["nde", "scandal"], Field(description="the loss function; scandal: with the joint score")]
    alpha: Annotated[
        Positive | None,
        Field(
            description="weight of the score term of scandal, with scores in units of one over half the range of the "
            "prior; null: 1"
        ),
    ] = None
    flow: Annotated[FlowSection, Field(description="the density")] = FlowSection()
    ensemble: Annotated[
        int, Field(ge=1, le=1000, description="trainings that differ by their seeds; their mean is the estimate")
    ] = 1
    scan: Annotated[ScanSection | None, Field(description="null: settings as they stand, no scan")] = None
    training: Annotated[TrainingSection | None, Field(description="null: the study's training section")] = None


class HistogramMethod(Section):
    """A histogram of observables, with finer bins where more of the information at the reference is."""

    kind: Annotated[Literal["histogram"], Field(description="a baseline without training")]
    observables: Annotated[tuple[Name, ...], Field(min_length=1, max_length=3, description="one to three observables")]
    bins: Annotated[Bins | tuple[Bins, ...], Field(description="per observable; or a list with the bins of each")] = 12


class RateMethod(Section):
    """The number of events alone."""

    kind: Annotated[Literal["rate"], Field(description="a baseline without training")]


class TruthMethod(Section):
    """The complete event record: exact where all momenta are observed, a bound that no analysis passes elsewhere."""

    kind: Annotated[Literal["truth"], Field(description="without training")]


Trained = RatioMethod | ScoreMethod | DensityMethod
Untrained = HistogramMethod | RateMethod | TruthMethod

Method = Annotated[
    RatioMethod | ScoreMethod | DensityMethod | HistogramMethod | RateMethod | TruthMethod,
    Field(discriminator="kind"),
]
