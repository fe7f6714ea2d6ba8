"""What all trained estimators have: a network, and a description of its columns and its origin."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from assay.estimators.description import ModelDescription

Network = TypeVar("Network", bound=nn.Module)


class Described:
    """What has a description: by it, columns and a reference."""

    description: ModelDescription

    @property
    def observables(self) -> tuple[str, ...]:
        """The names of the columns of x."""
        return self.description.observables

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the columns of theta, or of the components of the score."""
        return self.description.parameters

    @property
    def nuisance(self) -> tuple[str, ...]:
        """The last of the parameters: those that are nuisance parameters."""
        return self.description.nuisance

    @property
    def reference(self) -> NDArray[np.float64]:
        """The hypothesis that a ratio is relative to, or at which a score is estimated, shape (P,)."""
        return np.asarray(self.description.reference, dtype=np.float64)


class DescribedEstimator(Described, Generic[Network]):
    """A trained network with its description.

    Parameters
    ----------
    network
        Trained, in evaluation mode.
    description
        Its columns and its origin.
    """

    def __init__(self, network: Network, description: ModelDescription) -> None:
        self.network = network
        self.description = description
