"""What Fisher information needs of events with nuisance parameters: sums over events, not interpolations.

At nu = 0 the gradients of an event's weight by nuisance parameters are w a (`assay.theory.nuisance`), so that the
gradients of bins, and their statistical covariance, are plain sums.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assay.inference.protocols import Array, Integers, WeightedEvents, as_points


@dataclass(frozen=True)
class BinnedEvents:
    """Events in N bins, with P parameters and K nuisance parameters, all at nominal values.

    Parameters
    ----------
    events
        With their weights.
    bins
        Of each event, (E,).
    n_bins
        N.
    factor
        Of all weights, such as for a part of the events to stand for the whole.
    """

    events: WeightedEvents = field(repr=False)
    bins: Integers = field(repr=False)
    n_bins: int
    factor: float = 1.0

    @classmethod
    def total(cls, events: WeightedEvents) -> BinnedEvents:
        """Return all events in one bin."""
        return cls(events, np.zeros(len(events.weights), dtype=np.int64), 1)

    @property
    def n_nuisance(self) -> int:
        """K."""
        return 0 if self.events.dependence is None else len(self.events.nuisance_names)

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        """Return (T, N) in pb for theta (T, P + K), whose nuisance parameters are zero."""
        points = as_points(theta)[:, : self._n_parameters(theta)]
        weights = self.events.weights @ self.events.morphing.weights(points).T
        return np.stack([self._sums(column) for column in weights.T])

    def gradients(self, theta: npt.ArrayLike) -> Array:
        """Return d sigma_n / d (theta, nu) in pb, (N, P + K), at one point (P + K,)."""
        rows = event_rows(self.events, np.asarray(theta, dtype=np.float64)[: self._n_parameters(theta)])[:, 1:]
        return np.stack([self._sums(column) for column in rows.T], axis=1)

    def covariances(self, theta: npt.ArrayLike) -> Array:
        """Return the covariance of (sigma_n, d sigma_n) from finite simulation, (N, 1 + P + K, 1 + P + K)."""
        rows = event_rows(self.events, np.asarray(theta, dtype=np.float64)[: self._n_parameters(theta)])
        n = rows.shape[1]
        covariances = np.empty((self.n_bins, n, n))
        for i in range(n):
            for j in range(i + 1):
                covariances[:, i, j] = covariances[:, j, i] = self.factor * self._sums(rows[:, i] * rows[:, j])
        return covariances

    def scaled(self, factor: float) -> BinnedEvents:
        """Multiply all weights by a factor."""
        return BinnedEvents(self.events, self.bins, self.n_bins, self.factor * factor)

    def merged(self, groups: Integers) -> BinnedEvents:
        """Add up bins: bin n goes to bin `groups`[n], (N,)."""
        return BinnedEvents(self.events, groups[self.bins], int(groups.max()) + 1, self.factor)

    def _sums(self, values: Array) -> Array:
        sums = np.bincount(self.bins, values, minlength=self.n_bins).astype(np.float64)
        return self.factor * sums

    def _n_parameters(self, theta: npt.ArrayLike) -> int:
        return int(np.shape(theta)[-1]) - self.n_nuisance


def event_rows(events: WeightedEvents, theta: Array) -> Array:
    """Return weights and their gradients by theta and nu, at theta (P,) and nu = 0, (E, 1 + P + K) in pb."""
    point = as_points(theta)
    weights = (events.weights @ events.morphing.weights(point)[0])[:, None]
    rows = [weights, events.weights @ events.morphing.weight_gradients(point)[0]]
    if events.dependence is not None and events.nuisance_names:
        rows.append(weights * events.dependence.linear)
    return np.hstack(rows)
