"""Where the hypotheses of a training come from.

What to use when: `FlatPrior` over the range in which limits are wanted; `GaussianPrior` to spend more of the training
near the expected point; `PointsPrior` for given benchmarks or morphing points. Flat and Gaussian hypotheses come from
a scrambled Sobol sequence, which covers the range more evenly than independent draws do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from assay.errors import SamplingError

Array = NDArray[np.float64]


class Prior(Protocol):
    """A distribution of hypotheses theta."""

    @property
    def ranges(self) -> Array:
        """The smallest box that holds every hypothesis, shape (P, 2)."""

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""


@dataclass(frozen=True)
class FlatPrior:
    """Flat in a box.

    Parameters
    ----------
    box
        The range (low, high) of every parameter.
    """

    box: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        _check_box(self.box)

    @property
    def ranges(self) -> Array:
        """The box, shape (P, 2)."""
        return np.asarray(self.box, dtype=np.float64)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        low, high = self.ranges.T
        return np.asarray(low + (high - low) * _uniform(n, len(self.box), rng))


@dataclass(frozen=True)
class GaussianPrior:
    """Independent Gaussians, truncated to a box.

    Parameters
    ----------
    mean, std
        Of every parameter, before truncation.
    box
        The range (low, high) of every parameter.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    box: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        _check_box(self.box)
        if not len(self.mean) == len(self.std) == len(self.box) or min(self.std) <= 0:
            raise SamplingError(
                f"a prior of means {self.mean} and standard deviations {self.std} for {len(self.box)} parameters",
                expected="a mean and a standard deviation above zero for every parameter",
            )

    @property
    def ranges(self) -> Array:
        """The box, shape (P, 2)."""
        return np.asarray(self.box, dtype=np.float64)

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        mean, std = np.asarray(self.mean), np.asarray(self.std)
        low, high = (self.ranges.T - mean) / std
        quantiles = _uniform(n, len(self.box), rng)
        return np.asarray(stats.truncnorm.ppf(quantiles, low, high, loc=mean, scale=std))


@dataclass(frozen=True)
class PointsPrior:
    """Given points, each equally often.

    Parameters
    ----------
    points
        The hypotheses, one tuple of parameter values each.
    """

    points: tuple[tuple[float, ...], ...]

    @property
    def ranges(self) -> Array:
        """The smallest box that holds the points, shape (P, 2)."""
        points = np.asarray(self.points, dtype=np.float64)
        return np.asarray(np.stack([points.min(axis=0), points.max(axis=0)], axis=1))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        chosen = rng.permutation(np.arange(n) % len(self.points))
        return np.asarray(self.points, dtype=np.float64)[chosen, :]


def _uniform(n: int, dimensions: int, rng: np.random.Generator) -> Array:
    sequence = stats.qmc.Sobol(dimensions, rng=rng)
    # a power of two, as the sequence's balance requires, of which the first n are the first n points of the same
    # sequence
    return np.asarray(sequence.random_base2(max(0, int(np.ceil(np.log2(n)))))[:n], dtype=np.float64)


def _check_box(box: tuple[tuple[float, float], ...]) -> None:
    for index, (low, high) in enumerate(box):
        if not low < high:
            raise SamplingError(f"the prior's range of parameter {index} is [{low}, {high}]", expected="low < high")
