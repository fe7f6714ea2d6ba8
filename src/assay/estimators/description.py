"""What a trained model is: all that its folder says in `model.json` besides checksums and versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.estimators.settings import NetworkSettings, TrainingSettings

Family = Literal["parameterised_ratio", "local_score"]


@dataclass(frozen=True)
class TrainingRecord:
    """How a model came about.

    Parameters
    ----------
    settings
        The training's.
    train_digest, validation_digest
        SHA-256 of the samples' arrays.
    n_train, n_validation
        Their sizes.
    n_epochs, best_epoch
        Epochs done, and the one whose weights the model has.
    train_loss, validation_loss
        In the best epoch.
    """

    settings: TrainingSettings
    train_digest: str
    validation_digest: str
    n_train: int
    n_validation: int
    n_epochs: int
    best_epoch: int
    train_loss: float
    validation_loss: float


@dataclass(frozen=True)
class ModelDescription:
    """A trained model.

    Parameters
    ----------
    method
        As in the registry.
    family
        What the network takes and gives.
    observables, parameters
        The names of the columns of x and of theta.
    ranges
        (low, high) of every parameter in the training.
    reference
        theta1 of a ratio, theta of a score.
    network
        The architecture.
    training
        How it was trained.
    """

    method: str
    family: Family
    observables: tuple[str, ...]
    parameters: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    network: NetworkSettings
    training: TrainingRecord
