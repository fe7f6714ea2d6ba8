"""The section `training` of a study: networks and how they are trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import Name, NonNegative, Positive, Section

Preprocessing = Literal["auto", "standard", "log", "signed_log", "periodic", "mask", "none"]


class TrainingSection(Section):
    """Networks and their training."""

    hidden_layers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=100_000)], ...],
        Field(min_length=1, max_length=100, description="width of every hidden layer"),
    ] = (100, 100, 100)
    activation: Annotated[
        Literal["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"],
        Field(description="a smooth one where a score is learnt: it is a derivative of the network"),
    ] = "silu"
    residual: Annotated[
        bool, Field(description="whether a hidden layer adds to the one before, if they are equally wide")
    ] = False
    preprocessing: Annotated[
        Literal["auto", "standard"] | dict[Name, Preprocessing],
        Field(
            description="of observables before the first layer; standard: mean 0 and standard deviation 1; log, "
            "signed_log: of long tails; periodic: sine and cosine of angles; mask: one value means that there is no "
            "such object; auto, and for observables that are not named: chosen by the training sample"
        ),
    ] = "auto"
    epochs: Annotated[int, Field(ge=1, le=1_000_000, description="passes over the training samples, at most")] = 50
    batch_size: Annotated[int, Field(ge=1, description="samples per step")] = 1024
    learning_rate: Annotated[Positive, Field(description="at the start")] = 3e-3
    final_learning_rate: Annotated[Positive, Field(description="after the last epoch")] = 3e-5
    schedule: Annotated[
        Literal["constant", "cosine", "exponential", "one_cycle", "step"],
        Field(description="from the first to the final learning rate; one_cycle: with a rise at the beginning"),
    ] = "cosine"
    optimiser: Annotated[
        Literal["adam", "adamw", "amsgrad", "sgd"], Field(description="adamw: with decoupled weight decay")
    ] = "adamw"
    momentum: Annotated[float, Field(ge=0, lt=1, description="of sgd")] = 0.9
    weight_decay: Annotated[NonNegative, Field(description="pull on the weights towards zero")] = 0.03
    early_stopping_patience: Annotated[
        int | None, Field(ge=1, description="epochs without improvement; null: never stop early")
    ] = 20
    max_gradient_norm: Annotated[Positive | None, Field(description="clip longer gradients; null: no clipping")] = 10.0
    trim: Annotated[
        Positive | None,
        Field(description="keep joint ratios within exp(-trim) and exp(trim), for rolr and rascal; null: as they are"),
    ] = None
    source: Annotated[
        Literal["samples", "streaming"],
        Field(
            description="samples: those of the stage sample, the same in every epoch; streaming: theta, events drawn "
            "afresh for every epoch"
        ),
    ] = "samples"
    mixed_precision: Annotated[bool, Field(description="networks in bfloat16; for GPUs")] = False
    compile: Annotated[
        bool,
        Field(description="compile networks with torch; not for losses with the joint score of a ratio or density"),
    ] = False
    device: Annotated[Literal["auto", "cpu", "cuda"], Field(description="auto: a GPU if there is one")] = "auto"
