"""Bins of equal shares of weights in one or more dimensions, with everything below and above in the outer bins.

In several dimensions the bins are nested: the second observable is cut at its own quantiles within each slice of the
first, and so on. All bins then hold the same share, so none is empty however correlated the observables are. With the
events' weights these are bins of equal expected counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import InferenceError
from assay.inference.protocols import Array, Integers

_CELLS_PER_CHUNK = 4_000_000


@dataclass(frozen=True)
class Binning:
    """Inner edges per dimension; the outer bins are open, so that under- and overflow are included.

    Parameters
    ----------
    names
        What is binned, one name per dimension.
    edges
        Of dimension d: (slices of the dimensions before, bins_d - 1).
    """

    names: tuple[str, ...]
    edges: tuple[Array, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Bins per dimension."""
        return tuple(edge.shape[1] + 1 for edge in self.edges)

    @property
    def n_bins(self) -> int:
        """Bins in all."""
        return int(np.prod(self.shape))

    def index(self, values: Array) -> Integers:
        """Return the bin number (E,) of events with `values` (E, D).

        Raises
        ------
        InferenceError
            If a value is not finite; says how many events are affected.
        """
        require_finite(values, self.names)
        bins = np.zeros(len(values), dtype=np.int64)
        for column, edges in zip(values.T, self.edges, strict=True):
            bins = bins * (edges.shape[1] + 1) + _digitise(column, edges, bins)
        return bins


def _digitise(column: Array, edges: Array, slices: Integers) -> Integers:
    if len(edges) == 1:
        return np.searchsorted(edges[0], column, side="right").astype(np.int64)
    inner = np.empty(len(column), dtype=np.int64)
    step = max(1, _CELLS_PER_CHUNK // max(1, edges.shape[1]))
    for start in range(0, len(column), step):
        part = slice(start, start + step)
        inner[part] = (column[part, None] >= edges[slices[part]]).sum(axis=1)
    return inner


def equal_count_binning(names: Sequence[str], values: Array, weights: Array, bins: Sequence[int]) -> Binning:
    """Return nested bins that hold equal shares of the weights.

    Parameters
    ----------
    names
        What is binned, one per dimension.
    values
        (E, D), of the training events.
    weights
        (E,), at the reference point.
    bins
        Bins per dimension, (D,).
    """
    require_finite(values, names)
    if len(values) < int(np.prod(bins)):
        raise InferenceError(
            f"{len(values)} events cannot fill {int(np.prod(bins))} bins",
            where=", ".join(names),
            mend="ask for fewer bins",
        )
    slices = np.zeros(len(values), dtype=np.int64)
    n_slices, edges = 1, []
    for column, n_bins in zip(values.T, bins, strict=True):
        fractions = np.arange(1, n_bins) / n_bins
        order = np.lexsort((column, slices))
        ends = np.searchsorted(slices[order], np.arange(n_slices + 1))
        parts = [order[ends[s] : ends[s + 1]] for s in range(n_slices)]
        edge = np.stack([_weighted_quantiles(column[part], weights[part], fractions) for part in parts])
        edges.append(edge)
        slices = slices * n_bins + _digitise(column, edge, slices)
        n_slices *= n_bins
    return Binning(tuple(names), tuple(edges))


def _weighted_quantiles(ordered: Array, weights: Array, fractions: Array) -> Array:
    """Return values below which the given fractions of the weights lie; infinite in a slice without events (ties)."""
    cumulated = np.cumsum(weights)
    if not len(ordered) or cumulated[-1] <= 0:
        return np.full(len(fractions), np.inf)
    first = np.searchsorted(cumulated, fractions * cumulated[-1], side="left")
    here = np.minimum(first, len(ordered) - 1)
    after = np.minimum(here + 1, len(ordered) - 1)
    quantiles: Array = 0.5 * (ordered[here] + ordered[after])
    return quantiles


def require_finite(values: Array, names: Sequence[str]) -> None:
    """Raise an error that names the affected columns and the number of events if a value is not finite."""
    bad = ~np.isfinite(values)
    if bad.any():
        columns = [name for name, column in zip(names, bad.T, strict=True) if column.any()]
        raise InferenceError(
            f"{int(bad.any(axis=1).sum())} of {len(values)} events are not finite in {', '.join(columns)}",
            expected="finite values for every event",
            mend="make the observable required or give it a default; look at the training of an estimator",
        )
