"""Where the hypotheses of a training come from.

What to use when: `Flat` over the range in which limits are wanted; `Gaussian` to spend more of the training near the
expected point, and for nuisance parameters; `LogUniform` for a parameter whose order of magnitude is open;
`PointsPrior` for given benchmarks or morphing points. Hypotheses come from a scrambled Sobol sequence (`sobol`), which
covers the range more evenly than draws of each on its own (`independent`) do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from assay.errors import SamplingError

Array = NDArray[np.float64]
Sequence = Literal["sobol", "independent"]


@runtime_checkable
class Prior(Protocol):
    """A distribution of hypotheses theta."""

    @property
    def ranges(self) -> Array:
        """The smallest box that holds every hypothesis, shape (P, 2)."""

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""


@dataclass(frozen=True)
class Flat:
    """Flat from `low` to `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_interval(self.low, self.high)

    def values(self, quantiles: Array) -> Array:
        """Return the values at quantiles, of the same shape."""
        return self.low + (self.high - self.low) * quantiles


@dataclass(frozen=True)
class Gaussian:
    """Gaussian of a mean and a standard deviation before it is truncated to `low` to `high`."""

    mean: float
    std: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_interval(self.low, self.high)
        if not (np.isfinite(self.mean) and self.std > 0.0):
            raise SamplingError(
                f"a Gaussian prior of mean {self.mean} and standard deviation {self.std}",
                expected="a finite mean and a standard deviation above zero",
            )

    def values(self, quantiles: Array) -> Array:
        """Return the values at quantiles, of the same shape."""
        low, high = (self.low - self.mean) / self.std, (self.high - self.mean) / self.std
        return np.asarray(stats.truncnorm.ppf(quantiles, low, high, loc=self.mean, scale=self.std))


@dataclass(frozen=True)
class LogUniform:
    """Flat in the logarithm, from `low` to `high`, both above zero."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_interval(self.low, self.high)
        if not self.low > 0.0:
            raise SamplingError(f"a log-uniform prior from {self.low}", expected="a range above zero")

    def values(self, quantiles: Array) -> Array:
        """Return the values at quantiles, of the same shape."""
        return np.asarray(self.low * (self.high / self.low) ** quantiles)


Marginal = Flat | Gaussian | LogUniform


@dataclass(frozen=True)
class IndependentPrior:
    """Parameters that do not depend on each other.

    Parameters
    ----------
    marginals
        The distribution of every parameter.
    sequence
        How hypotheses are drawn.
    """

    marginals: tuple[Marginal, ...]
    sequence: Sequence = "sobol"

    def __post_init__(self) -> None:
        if not self.marginals:
            raise SamplingError("a prior of no parameters", expected="at least one")

    @property
    def ranges(self) -> Array:
        """The box, shape (P, 2)."""
        return np.array([(marginal.low, marginal.high) for marginal in self.marginals])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        shape = (n, len(self.marginals))
        quantiles = rng.random(shape) if self.sequence == "independent" else _sobol(*shape, rng)
        columns = [marginal.values(column) for marginal, column in zip(self.marginals, quantiles.T, strict=True)]
        return np.stack(columns, axis=1)


def flat_prior(box: tuple[tuple[float, float], ...]) -> IndependentPrior:
    """Return the prior that is flat in a box: (low, high) of every parameter."""
    return IndependentPrior(tuple(Flat(low, high) for low, high in box))


@dataclass(frozen=True)
class PointsPrior:
    """Given points, each equally often.

    Parameters
    ----------
    points
        The hypotheses, one tuple of parameter values each.
    box
        A range (low, high) of every parameter in which estimators may be evaluated: it grows to hold the points. None
        is the smallest box that does.
    """

    points: tuple[tuple[float, ...], ...]
    box: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        if not self.points or len({len(point) for point in self.points}) != 1:
            raise SamplingError(
                f"the points {self.points}", expected="at least one, and as many values in every one of them"
            )

    @property
    def ranges(self) -> Array:
        """The box, shape (P, 2)."""
        points = np.asarray(self.points, dtype=np.float64)
        if self.box is not None:
            points = np.concatenate([points, np.asarray(self.box).T])
        return np.asarray(np.stack([points.min(axis=0), points.max(axis=0)], axis=1))

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        chosen = rng.permutation(np.arange(n) % len(self.points))
        return np.asarray(self.points, dtype=np.float64)[chosen, :]


@dataclass(frozen=True)
class JointPrior:
    """Several priors of different parameters side by side, paired at random."""

    parts: tuple[Prior, ...]

    @property
    def ranges(self) -> Array:
        """The box, shape (P, 2)."""
        return np.concatenate([part.ranges for part in self.parts])

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Return `n` hypotheses, shape (n, P)."""
        return np.concatenate([rng.permutation(part.draw(n, rng)) for part in self.parts], axis=1)


def _sobol(n: int, dimensions: int, rng: np.random.Generator) -> Array:
    sequence = stats.qmc.Sobol(dimensions, rng=rng)
    # a power of two, as the sequence's balance requires, of which the first n are the first n points of the same
    # sequence
    return np.asarray(sequence.random_base2(max(0, int(np.ceil(np.log2(n)))))[:n], dtype=np.float64)


def _check_interval(low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise SamplingError(f"a prior's range is [{low}, {high}]", expected="finite, and low < high")
