"""The study as typed, immutable models; every default that changes physics stands in them and nowhere else.

Each section of `input.yml` is one class, in one of the modules `assay.study.model_...`. What a single value must
satisfy is declared on its field; what values must satisfy together is in `assay.study.checks`. The JSON schema that
editors use and the reference of `input.yml` are generated from these classes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.model_detector import DetectorSection
from assay.study.model_execution import BackendOptions, ExecutionSection, ResourcesSection
from assay.study.model_limits import AxisSection, DataSection, FisherSection, LimitsSection
from assay.study.model_methods import (
    DEFAULT_ALPHA,
    DensityMethod,
    FlowSection,
    HistogramMethod,
    Method,
    RateMethod,
    RatioMethod,
    ScoreMethod,
    Trained,
    TruthMethod,
    Untrained,
)
from assay.study.model_observables import (
    DefaultObservablesSection,
    FourMomentaSection,
    FunctionsSection,
    ObservableSection,
    ObservableSetsSection,
)
from assay.study.model_physics import (
    CardEntrySection,
    FiniteDifferencesSection,
    MorphingSection,
    ParameterSection,
)
from assay.study.model_process import (
    EmbeddedProcess,
    FilesProcess,
    GenerationCuts,
    MadGraphCards,
    MadGraphProcess,
    ProcessSection,
    ScaleSection,
)
from assay.study.model_samples import (
    EfficiencySystematic,
    HessianSystematic,
    NormalisationSystematic,
    ReplicaSystematic,
    SampleSection,
    ScaleSystematic,
    Systematic,
    WeightsSystematic,
)
from assay.study.model_sampling import (
    PRIOR_KINDS,
    FlatPrior,
    FractionsSection,
    GaussianPrior,
    LogUniformPrior,
    Prior,
    SamplingSection,
    Theta,
)
from assay.study.model_simulation import ShowerSection
from assay.study.model_tracking import TrackingSection
from assay.study.model_training import TrainingSection
from assay.study.values import Finite, Interval, Name, NonNegative, Positive, Section

__all__ = [
    "DEFAULT_ALPHA",
    "PRIOR_KINDS",
    "WITH_SCORE",
    "AxisSection",
    "BackendOptions",
    "CardEntrySection",
    "DataSection",
    "DefaultObservablesSection",
    "DensityMethod",
    "DetectorSection",
    "EfficiencySystematic",
    "EmbeddedProcess",
    "ExecutionSection",
    "FilesProcess",
    "Finite",
    "FiniteDifferencesSection",
    "FisherSection",
    "FlatPrior",
    "FlowSection",
    "FourMomentaSection",
    "FractionsSection",
    "FunctionsSection",
    "GaussianPrior",
    "GenerationCuts",
    "HessianSystematic",
    "HistogramMethod",
    "Interval",
    "LimitsSection",
    "LogUniformPrior",
    "MadGraphCards",
    "MadGraphProcess",
    "Method",
    "MorphingSection",
    "Name",
    "NonNegative",
    "NormalisationSystematic",
    "ObservableSection",
    "ObservableSetsSection",
    "ParameterSection",
    "Positive",
    "Prior",
    "ProcessSection",
    "RateMethod",
    "RatioMethod",
    "ReplicaSystematic",
    "ResourcesSection",
    "SampleSection",
    "SamplingSection",
    "ScaleSection",
    "ScaleSystematic",
    "ScoreMethod",
    "Section",
    "ShowerSection",
    "Study",
    "Systematic",
    "Theta",
    "TrackingSection",
    "Trained",
    "TrainingSection",
    "TruthMethod",
    "Untrained",
    "WeightsSystematic",
]

WITH_SCORE = frozenset(DEFAULT_ALPHA)
"""Methods of ratios and densities whose loss has a score term."""


class Study(Section):
    """A whole study, as `input.yml` describes it."""

    assay: Annotated[Literal[1], Field(description="version of the layout of this file")]
    name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=64, description="letters, digits, - and _"),
    ]
    title: Annotated[str, Field(max_length=500, description="for the report")] = ""
    seed: Annotated[int, Field(ge=0, lt=2**63, description="every job's seed derives from it and the job's name")] = 1
    parameters: Annotated[dict[Name, ParameterSection], Field(min_length=1, description="theory parameters, by name")]
    benchmarks: Annotated[
        dict[Name, dict[Name, Finite]],
        Field(min_length=1, description="parameter points, by name; configure adds as many as the morphing needs"),
    ]
    reference: Annotated[
        Name | None, Field(description="the benchmark that ratios and scores refer to; null: the first")
    ] = None
    morphing: Annotated[MorphingSection, Field(description="interpolation between benchmarks")] = MorphingSection()
    process: Annotated[ProcessSection, Field(description="hard process")] = EmbeddedProcess()
    samples: Annotated[
        dict[Name, SampleSection], Field(description="events from files, such as backgrounds, by name")
    ] = Field(default_factory=dict)
    systematics: Annotated[dict[Name, Systematic], Field(description="systematic uncertainties, by name")] = Field(
        default_factory=dict
    )
    shower: Annotated[ShowerSection, Field(description="Pythia 8")] = ShowerSection()
    detector: Annotated[DetectorSection, Field(description="detector simulation")] = DetectorSection()
    functions: Annotated[
        FunctionsSection | None, Field(description="Python of the study's own; null: none, no code is run")
    ] = None
    observable_sets: Annotated[
        ObservableSetsSection, Field(description="observables by the names of sets, before those below")
    ] = ObservableSetsSection()
    observables: Annotated[dict[Name, ObservableSection], Field(min_length=1, description="numbers per event, by name")]
    cuts: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...],
        Field(description="conditions that an event has to meet, of observables and particles"),
    ] = ()
    luminosity: Annotated[Positive, Field(description="fb^-1")]
    sampling: Annotated[SamplingSection, Field(description="augmented data")] = SamplingSection()
    training: Annotated[TrainingSection, Field(description="of all methods without their own")] = TrainingSection()
    methods: Annotated[dict[Name, Method], Field(min_length=1, description="estimators and baselines, by name")]
    limits: Annotated[LimitsSection, Field(description="expected limits")] = LimitsSection()
    tracking: Annotated[TrackingSection, Field(description="MLflow")] = TrackingSection()
    execution: Annotated[ExecutionSection, Field(description="batches, retries, resources")] = ExecutionSection()
