"""Cones around particles, for many events at once.

Particles of all events stand in flat arrays, event after event; `counts` says how many belong to each event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Directions:
    """Flat directions of the particles of many events."""

    counts: Index
    eta: Array
    phi: Array

    @property
    def event(self) -> Index:
        """The event of each particle."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


def pairs_within(first: Directions, second: Directions, cone: float) -> tuple[Index, Index, Array]:
    """Find all pairs of the same event closer than `cone` in eta and phi.

    Returns
    -------
    tuple
        Flat places of the pairs' members in `first` and in `second`, and their distances.
    """
    partners = second.counts[first.event]
    i = np.repeat(np.arange(len(first.eta)), partners)
    starts = (np.cumsum(second.counts) - second.counts)[first.event]
    j = np.arange(len(i)) - np.repeat(np.cumsum(partners) - partners, partners) + np.repeat(starts, partners)
    phi = np.abs(first.phi[i] - second.phi[j])
    distance = np.hypot(first.eta[i] - second.eta[j], np.minimum(phi, 2.0 * np.pi - phi))
    near = distance < cone
    return i[near], j[near], distance[near]


def sum_in_cone(first: Directions, second: Directions, values: Array, cone: float) -> Array:
    """Add, for every particle of `first`, the values of the particles of `second` within a cone around it."""
    i, j, _ = pairs_within(first, second, cone)
    return np.bincount(i, weights=values[j], minlength=len(first.eta)).astype(np.float64)


def counts_of(event: Index, n_events: int) -> Index:
    """Return the number of particles of each event, from the events of particles."""
    return np.bincount(event, minlength=n_events).astype(np.int64)
