"""What columns of observables and weights look like, from blocks of events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ColumnStatistics:
    """Sums over the finite values of K columns, and counts of the others; all arrays are `(K,)`.

    `smallest` and `largest` are of the absolute values other than zero.
    """

    n_finite: NDArray[np.int64]
    n_bad: NDArray[np.int64]
    n_negative: NDArray[np.int64]
    total: Array
    squares: Array
    lowest: Array
    highest: Array
    smallest: Array
    largest: Array

    @classmethod
    def none(cls, n_columns: int) -> ColumnStatistics:
        """Return what is known of no values."""
        counts, zeros, infinite = np.zeros(n_columns, dtype=np.int64), np.zeros(n_columns), np.full(n_columns, np.inf)
        return cls(counts, counts, counts, zeros, zeros, infinite, -infinite, infinite, zeros)

    def updated(self, values: Array) -> ColumnStatistics:
        """Add rows of values, `(n, K)`."""
        finite = np.isfinite(values)
        known = np.where(finite, values, 0.0)
        size = np.abs(known)
        present = size > 0.0
        return ColumnStatistics(
            self.n_finite + finite.sum(axis=0),
            self.n_bad + (~finite).sum(axis=0),
            self.n_negative + (known < 0.0).sum(axis=0),
            self.total + known.sum(axis=0),
            self.squares + (known**2).sum(axis=0),
            np.minimum(self.lowest, np.min(values, axis=0, initial=np.inf, where=finite)),
            np.maximum(self.highest, np.max(values, axis=0, initial=-np.inf, where=finite)),
            np.minimum(self.smallest, np.min(size, axis=0, initial=np.inf, where=present)),
            np.maximum(self.largest, np.max(size, axis=0, initial=0.0)),
        )

    @property
    def mean(self) -> Array:
        """Mean of the finite values; zero where there are none."""
        return np.asarray(self.total / np.maximum(self.n_finite, 1))

    @property
    def standard_deviation(self) -> Array:
        """Of the finite values."""
        variance = self.squares / np.maximum(self.n_finite, 1) - self.mean**2
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    @property
    def orders_of_magnitude(self) -> Array:
        """How far apart, in powers of ten, the smallest and largest absolute values other than zero are."""
        known = (self.largest > 0.0) & np.isfinite(self.smallest)
        return np.asarray(np.log10(np.where(known, self.largest, 1.0) / np.where(known, self.smallest, 1.0)))
