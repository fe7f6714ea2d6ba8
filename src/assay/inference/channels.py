"""Combinations: several likelihoods with parameters in common.

Channels are independent data sets (two runs of experiments, two decays), or parts of one likelihood that know different
parameters. Parameters are matched by name: those of interest are shared, and a nuisance parameter is shared by the
channels that name it alike. Constraint terms belong to the combination, not to its channels, so that none counts twice:
`Combination(...)` inside of `assay.inference.nuisance.Profiled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import InferenceError
from assay.inference.protocols import Array, Likelihood, as_points


@dataclass(frozen=True)
class Channel:
    """A likelihood and the names of its parameters, in the order of its columns."""

    likelihood: Likelihood
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Combination:
    """The product of the likelihoods of channels, as a function of all `parameters`.

    Parameters
    ----------
    channels
        One or more.
    parameters
        All names, in the order of the columns of theta: those of interest first.
    """

    channels: tuple[Channel, ...]
    parameters: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.parameters)) != len(self.parameters) or not self.channels:
            raise InferenceError(
                f"{len(self.channels)} channels of the parameters {', '.join(self.parameters)}",
                expected="one channel or more, and every parameter once",
            )
        for number, channel in enumerate(self.channels):
            unknown = [name for name in channel.parameters if name not in self.parameters]
            if unknown:
                raise InferenceError(
                    f"the combination lacks {', '.join(unknown)}",
                    where=f"channel {number}",
                    expected=f"channels of {', '.join(self.parameters)}",
                )

    @classmethod
    def of(cls, channels: Sequence[Channel], of_interest: Sequence[str]) -> Combination:
        """Combine channels; parameters other than those of interest follow in the order in which they appear."""
        others = dict.fromkeys(n for channel in channels for n in channel.parameters if n not in of_interest)
        return cls(tuple(channels), (*of_interest, *others))

    def log_likelihood(self, theta: Array) -> Array:
        """Return the sum over channels, (T,), for theta (T, P)."""
        points = as_points(theta)
        total: Array = sum(
            (channel.likelihood.log_likelihood(points[:, columns]) for channel, columns in self._parts),
            start=np.zeros(len(points)),
        )
        return total

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        points = as_points(theta)
        gradient = np.zeros(points.shape)
        for channel, columns in self._parts:
            gradient[:, columns] += channel.likelihood.gradient(points[:, columns])
        return gradient.reshape(np.shape(theta))

    @property
    def _parts(self) -> list[tuple[Channel, list[int]]]:
        return [(channel, [self.parameters.index(name) for name in channel.parameters]) for channel in self.channels]
