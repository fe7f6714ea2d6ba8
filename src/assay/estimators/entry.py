"""Estimators that users bring, as `assay leaderboard` ranks them beside ours.

An entry is an object with one of

- `log_ratio(x, theta)`: log p(x | theta) / p(x | reference), shape (T, E), for observables x (E, O) and hypotheses
  theta (T, P); if it has `paired_log_ratio(x, theta)`, too, that gives (N,) for N events, each at its own hypothesis,
- `score(x)`: the gradient of log p(x | theta) at the reference, shape (E, P).

Columns are those of `sample.json`. What it returns is checked; what is not known of it is worked out from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ModelError
from assay.estimators.inputs import as_columns
from assay.sampling.info import SampleInfo

Array = NDArray[np.float64]

_STEP = 0.005  # of the range of a parameter, for derivatives by differences
_PAIRS = 2_000_000  # events times hypotheses in one call


@dataclass(frozen=True, eq=False)
class _Entry:
    """A user's estimator, with the columns of the samples."""

    name: str
    estimator: Any
    info: SampleInfo

    @property
    def observables(self) -> tuple[str, ...]:
        """The names of the columns of x."""
        return self.info.observables

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the columns of theta."""
        return self.info.parameters

    @property
    def nuisance(self) -> tuple[str, ...]:
        """The last of the parameters: those that are nuisance parameters."""
        return self.info.nuisance

    def _answer(self, method: str, shape: tuple[int, ...], *arguments: Array) -> Array:
        answer = np.asarray(getattr(self.estimator, method)(*arguments), dtype=np.float64)
        if answer.shape != shape:
            raise ModelError(f"{method} returned shape {answer.shape}", where=self.name, expected=f"shape {shape}")
        return answer


class EntryRatio(_Entry):
    """A user's estimator of log r(x | theta, reference)."""

    @property
    def reference(self) -> Array:
        """The denominator hypothesis, shape (P,)."""
        return np.asarray(self.info.reference, dtype=np.float64)

    @property
    def ranges(self) -> Array:
        """(low, high) of every parameter in the samples, shape (P, 2)."""
        return np.asarray(self.info.ranges, dtype=np.float64)

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r, shape (T, E), for x (E, O) and theta (T, P)."""
        values, points = self._checked(x, theta)
        return self._answer("log_ratio", (len(points), len(values)), values, points)

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r (N,) of events (N, O), each at a hypothesis of its own (N, P)."""
        values, points = self._checked(x, theta)
        if hasattr(self.estimator, "paired_log_ratio"):
            return self._answer("paired_log_ratio", (len(values),), values, points)
        unique, numbers = np.unique(points, axis=0, return_inverse=True)
        order = np.argsort(numbers.ravel(), kind="stable")
        result = np.empty(len(values))
        for point, rows in zip(unique, np.split(order, np.cumsum(np.bincount(numbers.ravel()))[:-1]), strict=True):
            result[rows] = self._answer("log_ratio", (1, len(rows)), values[rows], point[None])[0]
        return result

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta), shape (T,), for weights (E,), in bounded memory."""
        values, points = self._checked(x, theta)
        w = np.asarray(weights, dtype=np.float64)
        step = max(1, _PAIRS // max(1, len(values)))
        parts = [self.log_ratio(values, points[i : i + step]) @ w for i in range(0, len(points), step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r in theta, (E, P), at one theta (P,), by central differences."""
        point = np.asarray(theta, dtype=np.float64)
        steps = _STEP * np.ptp(self.ranges, axis=1)
        shifts = np.diag(steps)
        log_r = self.log_ratio(x, np.concatenate([point + shifts, point - shifts]))
        n = len(steps)
        gradient: Array = ((log_r[:n] - log_r[n:]) / (2.0 * steps[:, None])).T
        return gradient

    def _checked(self, x: ArrayLike, theta: ArrayLike) -> tuple[Array, Array]:
        return (
            as_columns(x, self.observables, "x", ModelError),
            as_columns(theta, self.parameters, "theta", ModelError),
        )


class EntryScore(_Entry):
    """A user's estimator of the score at the reference."""

    def score(self, x: ArrayLike) -> Array:
        """Return t(x | reference), shape (E, P), for x (E, O)."""
        values = as_columns(x, self.observables, "x", ModelError)
        return self._answer("score", (len(values), len(self.parameters)), values)


def entry_kind(estimator: Any, name: str) -> type[EntryRatio] | type[EntryScore]:
    """Return what an entry estimates, by what it has; a ratio if it has both.

    Raises
    ------
    ModelError
        If it has neither.
    """
    kinds: dict[str, type[EntryRatio] | type[EntryScore]] = {"log_ratio": EntryRatio, "score": EntryScore}
    for method, kind in kinds.items():
        if callable(getattr(estimator, method, None)):
            return kind
    raise ModelError(
        "the entry has neither `log_ratio` nor `score`",
        where=name,
        expected="a class with log_ratio(x, theta) or score(x): see docs/leaderboard.md",
    )
