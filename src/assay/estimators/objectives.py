"""What a training minimises: an objective packs samples to rows of numbers and returns the loss of a batch of them.

A sample is packed into one matrix per label, so that a batch is one look-up per label, and the samples with y = 0,
which alone need the network's derivative, come apart from the others at no cost. Each kind of estimator has its own
objective: `ratio_objective`, `doubly_objective`, `score_objective`, `density_objective`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.sampling.mapped import chunks
from assay.sampling.samples import Sample

Groups = tuple[Tensor, ...]


class AnyObjective(Protocol):
    """A network and the loss of a batch; `pack` takes samples of its own kind."""

    @property
    def network(self) -> nn.Module:
        """The network to be trained."""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The names of the columns of each group of packed rows."""

    def pack(self, sample: Any) -> Groups:
        """Return a sample's rows in single precision, a matrix for each group."""

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss of a batch of packed rows; `differentiable` if its gradient will be asked for."""


@runtime_checkable
class ByHand(Protocol):
    """An objective that can differentiate without a graph, if `by_hand` says so."""

    @property
    def by_hand(self) -> bool:
        """Whether it can with its network."""

    def loss_with_gradient(self, groups: Groups) -> Tensor:
        """Return the mean loss of a batch and add its gradient to the parameters'."""


def check_finite(sample: Sample, where: str) -> None:
    """Refuse a sample with values that are not finite, naming the column and the first row.

    Raises
    ------
    TrainingError
        If there is one.
    """
    for name in sample.arrays:
        first = 0
        for part in chunks(getattr(sample, name)):
            bad = ~np.isfinite(part.reshape(len(part), -1))
            if bad.any():
                row, column = (int(index) for index in np.argwhere(bad)[0])
                raise TrainingError(
                    f"{int(bad.any(axis=1).sum())} rows of {_column(sample, name, column)} are not finite, "
                    f"as row {first + row}",
                    where=where,
                    expected="finite numbers",
                    mend="look at the observable's definition for these events, or at the weights of the event file",
                )
            first += len(part)


def _column(sample: Sample, name: str, column: int) -> str:
    names: Iterable[str] = sample.info.observables if name == "x" else sample.info.parameters
    return f"`{name}` ({list(names)[column]})" if getattr(sample, name).ndim == 2 else f"`{name}`"
