"""What a trained model is: all that its folder says in `model.json` besides checksums and versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.estimators.calibration import Calibration
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.sampling.rate import PolynomialRate

Family = Literal[
    "parameterised_ratio",
    "doubly_parameterised_ratio",
    "morphing_aware_ratio",
    "quadratic_ratio",
    "pointwise_ratio",
    "local_score",
    "density",
]


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
        The architecture, with the preprocessing of every observable.
    training
        How it was trained.
    x_ranges
        (smallest, largest) value of every observable in the training.
    nuisance
        The last of the parameters: those that are nuisance parameters.
    rate
        sigma(theta) / sigma(reference), which morphing-aware and quadratic ratios divide by.
    points
        theta_k of point-by-point ratios.
    flow
        Of densities.
    discrete
        Which observables a density takes as counts.
    calibration
        What a ratio's estimates were found to mean.
    """

    method: str
    family: Family
    observables: tuple[str, ...]
    parameters: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    network: NetworkSettings
    training: TrainingRecord
    x_ranges: tuple[tuple[float, float], ...] = ()
    nuisance: tuple[str, ...] = ()
    rate: PolynomialRate | None = None
    points: tuple[tuple[float, ...], ...] | None = None
    flow: FlowSettings | None = None
    discrete: tuple[bool, ...] = ()
    calibration: Calibration | None = None
