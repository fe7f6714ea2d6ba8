"""Train, validation and test events, told apart by a hash of each event.

The partition of an event depends on nothing but its content: not on its position, the order of files or the number
of other events. Identical events always share a partition, so that none that was trained on is ever tested on.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import EventFileError

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Partition(IntEnum):
    """What an event may be used for."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2


def event_hash(rows: ArrayLike, seed: int = 0) -> NDArray[np.uint64]:
    """Hash every row of a table `(n_events, n_columns)` of floats to 64 bits, shape `(n_events,)`.

    The bit patterns are mixed column by column with the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    The two zeros count as equal.

    Raises
    ------
    EventFileError
        If a row holds a value that is not a number: it would not be equal to itself.
    """
    table = np.asarray(rows, dtype=np.float64)
    if np.isnan(table).any():
        bad = int(np.flatnonzero(np.isnan(table).any(axis=1))[0])
        raise EventFileError(
            "an event holds a value that is not a number", where=f"event {bad}", expected="finite values"
        )
    # adding zero turns -0.0 into 0.0
    bits = np.ascontiguousarray((table + 0.0).T).view(np.uint64)
    state = np.full(len(table), (seed * _GOLDEN + table.shape[1]) & _MASK, dtype=np.uint64)
    for column in bits:
        state = _mix((state ^ column) + np.uint64(_GOLDEN))
    return _mix(state + np.uint64(_GOLDEN))


def event_content(x: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what makes an event the same event: observables, and weights up to the normalisation of its run."""
    largest = np.abs(weights).max(axis=1, keepdims=True)
    ratios = weights / np.where(largest > 0.0, largest, 1.0)
    # in single precision, as the normalisation of runs changes the last digits
    return np.concatenate([x, ratios.astype(np.float32)], axis=1)


def partition_of(rows: ArrayLike, fractions: Sequence[float], seed: int = 0) -> NDArray[np.uint8]:
    """Assign every event to one of the partitions.

    Parameters
    ----------
    rows
        The content of the events, shape `(n_events, n_columns)`.
    fractions
        Fractions of train, validation and test events; they add up to one.
    seed
        Another seed gives other partitions.

    Returns
    -------
    The number of the partition of each event, shape `(n_events,)`.

    Raises
    ------
    EventFileError
        If the fractions are negative or do not add up to one, or an event is not a number.
    """
    shares = np.asarray(fractions, dtype=np.float64)
    valid = shares.shape == (len(Partition),) and np.all(shares >= 0.0) and abs(shares.sum() - 1.0) <= 1e-9
    if not valid:
        raise EventFileError(
            f"fractions {list(fractions)} of events",
            expected="three fractions (train, validation, test) of zero or more that add up to one",
        )
    # one number in [0, 1) per event and half-open intervals: every event falls into exactly one
    uniform = (event_hash(rows, seed) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    inner_edges = np.cumsum(shares)[:-1]
    return np.searchsorted(inner_edges, uniform, side="right").astype(np.uint8)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
