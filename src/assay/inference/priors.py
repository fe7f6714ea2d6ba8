"""Prior densities of parameters, for posteriors: each parameter on its own, within its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from assay.errors import InferenceError
from assay.inference.protocols import Array, as_points

Kind = Literal["flat", "gaussian", "log_uniform"]


@dataclass(frozen=True)
class Marginal:
    """The prior of one parameter, zero beyond its bounds.

    Parameters
    ----------
    kind
        Flat, Gaussian, or flat in the logarithm.
    low, high
        Bounds.
    mean, std
        Of a Gaussian, before it is cut at the bounds.
    """

    kind: Kind
    low: float
    high: float
    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.kind == "log_uniform" and self.low <= 0) or self.std <= 0:
            raise InferenceError(
                f"a {self.kind} prior from {self.low} to {self.high}",
                expected="bounds in order, above zero if flat in the logarithm, and a standard deviation above zero",
            )

    def log_density(self, values: Array) -> Array:
        """Return the logarithm of the normalised density, of the shape of values; minus infinity beyond the bounds."""
        inside = (values >= self.low) & (values <= self.high)
        within = np.clip(values, self.low, self.high)
        if self.kind == "flat":
            density = np.full(np.shape(values), -np.log(self.high - self.low))
        elif self.kind == "log_uniform":
            density = -np.log(within) - np.log(np.log(self.high / self.low))
        else:
            share = ndtr((self.high - self.mean) / self.std) - ndtr((self.low - self.mean) / self.std)
            pull = (within - self.mean) / self.std
            density = -0.5 * pull**2 - np.log(self.std * np.sqrt(2.0 * np.pi) * share)
        return np.where(inside, density, -np.inf)

    def quantile(self, share: Array) -> Array:
        """Return the value below which a share of the probability lies."""
        if self.kind == "flat":
            return self.low + (self.high - self.low) * share
        if self.kind == "log_uniform":
            return np.asarray(self.low * (self.high / self.low) ** share)
        first, last = ndtr((self.low - self.mean) / self.std), ndtr((self.high - self.mean) / self.std)
        return np.asarray(np.clip(self.mean + self.std * ndtri(first + (last - first) * share), self.low, self.high))

    def __str__(self) -> str:
        """Say it as a reader of a result would write it down."""
        box = f"[{self.low:g}, {self.high:g}]"
        if self.kind == "gaussian":
            return f"Gaussian of mean {self.mean:g} and standard deviation {self.std:g} within {box}"
        return f"{'flat' if self.kind == 'flat' else 'flat in the logarithm'} within {box}"


@dataclass(frozen=True)
class Prior:
    """The product of the priors of P parameters."""

    marginals: tuple[Marginal, ...]

    @classmethod
    def flat(cls, bounds: Sequence[Sequence[float]]) -> Prior:
        """Return the flat prior over a box (P, 2)."""
        return cls(tuple(Marginal("flat", float(low), float(high)) for low, high in bounds))

    @property
    def bounds(self) -> Array:
        """(P, 2)."""
        return np.array([(one.low, one.high) for one in self.marginals])

    def log_density(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P); minus infinity beyond the bounds."""
        points = as_points(theta)
        columns = [one.log_density(column) for one, column in zip(self.marginals, points.T, strict=True)]
        total: Array = np.sum(columns, axis=0)
        return total

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """Draw (n, P)."""
        return np.column_stack([one.quantile(rng.random(n)) for one in self.marginals])
