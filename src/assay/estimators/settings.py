"""How a network is built and trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.errors import TrainingError
from assay.estimators.preprocessing import Kind

ActivationName = Literal["elu", "gelu", "leaky_relu", "relu", "sigmoid", "silu", "softplus", "tanh"]
KINKED: tuple[ActivationName, ...] = ("leaky_relu", "relu")
"""Activations whose derivative jumps: a network's score would jump, too."""
OptimiserName = Literal["adam", "adamw", "amsgrad", "sgd"]
ScheduleName = Literal["constant", "cosine", "exponential", "one_cycle", "step"]


@dataclass(frozen=True)
class NetworkSettings:
    """A fully connected network.

    Parameters
    ----------
    hidden
        The width of every hidden layer.
    activation
        The non-linearity. Methods that learn from the joint score train the network's derivative and take smooth ones
        alone.
    residual
        Whether a hidden layer of the width of the one before adds to it, which lets deep networks train.
    preprocessing
        What happens to the observables before the first layer (`assay.estimators.preprocessing`): `standard` or `auto`
        for all, or one kind or `auto` for each. A trained model has one kind for each.
    """

    hidden: tuple[int, ...] = (100, 100, 100)
    activation: ActivationName = "silu"
    residual: bool = False
    preprocessing: Literal["standard", "auto"] | tuple[Kind | Literal["auto"], ...] = "standard"

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise TrainingError(
                f"the network's hidden layers are {list(self.hidden)}",
                expected="one or more layers of at least one node",
            )


@dataclass(frozen=True)
class FlowSettings:
    """A normalising flow, for methods that estimate densities (`assay.estimators.flows`).

    Parameters
    ----------
    kind
        `nsf`: neural spline flow (1906.04032); `maf`: masked affine autoregressive flow (1705.07057).
    transforms
        Number of transformations in a row.
    bins
        Of each spline; not used by `maf`.
    """

    kind: Literal["nsf", "maf"] = "nsf"
    transforms: int = 3
    bins: int = 8

    def __post_init__(self) -> None:
        if self.transforms < 1 or self.bins < 2:
            raise TrainingError(
                f"a flow of {self.transforms} transformations with {self.bins} bins",
                expected="one transformation and two bins, or more",
            )


@dataclass(frozen=True)
class TrainingSettings:
    """A training.

    Parameters
    ----------
    epochs, batch_size
        Passes over the training sample and samples per step.
    learning_rate, final_learning_rate
        At the first and after the last epoch.
    schedule
        How the learning rate goes from one to the other (`assay.estimators.schedules`); `constant` stays at the first.
    optimiser, weight_decay, momentum
        Adam, AMSGrad, AdamW with decoupled weight decay, or stochastic gradient descent with momentum.
    gradient_clip
        Largest norm of a step's gradient; None clips nothing.
    patience
        Epochs without a better validation loss after which training stops; None trains to the end. The weights of the
        best epoch are kept in either case. With a falling learning rate the best epochs are the last ones and early
        ones are noisy: patience below a third of the epochs ends good trainings.
    alpha
        Weight of the score term of CASCAL, RASCAL and ALICES, with the score in units of one over half the parameter
        range, so that its meaning does not depend on the parameters' units; other methods ignore it.
    trim
        Joint ratios are kept within exp(-trim) and exp(trim); None trims nothing. For ROLR and RASCAL, whose losses are
        dominated by the few largest ratios.
    mixed_precision
        Whether networks are evaluated in bfloat16 (the weights stay in single precision); for GPUs.
    compiled
        Whether networks are compiled (torch.compile); not for methods with the joint score, whose second derivatives it
        does not know.
    resident_bytes
        Samples up to this size are read into memory (or onto the GPU) whole; larger ones are read in windows.
    seed
        Decides the initial weights and the order of the samples.
    device
        `cpu`, `cuda`, or `auto`: the GPU if there is one.
    """

    epochs: int = 50
    batch_size: int = 1024
    learning_rate: float = 3e-3
    final_learning_rate: float = 3e-5
    schedule: ScheduleName = "cosine"
    optimiser: OptimiserName = "adamw"
    weight_decay: float = 0.03
    gradient_clip: float | None = 10.0
    patience: int | None = 20
    alpha: float = 0.1
    momentum: float = 0.9
    trim: float | None = None
    mixed_precision: bool = False
    compiled: bool = False
    resident_bytes: int = 2 << 30
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def __post_init__(self) -> None:
        positive = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "final_learning_rate": self.final_learning_rate,
            "gradient_clip": self.gradient_clip,
            "patience": self.patience,
            "trim": self.trim,
            "resident_bytes": self.resident_bytes,
        }
        for name, value in positive.items():
            if value is not None and not value > 0:
                raise TrainingError(f"{name} is {value}", expected="a number above zero")
        if not 0.0 <= self.momentum < 1.0:
            raise TrainingError(f"momentum is {self.momentum}", expected="from 0 to below 1")
        if self.alpha < 0 or self.weight_decay < 0:
            raise TrainingError(
                f"alpha is {self.alpha} and weight_decay is {self.weight_decay}", expected="neither below zero"
            )
