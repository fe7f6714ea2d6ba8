"""The spread of limits over the members of an ensemble: the uncertainty that comes from training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.errors import InferenceError
from assay.inference.profiles import Interval
from assay.inference.protocols import Array
from assay.inference.results import LimitResult
from assay.inference.summaries import EnsembleSpread


def spread_of(members: Sequence[LimitResult]) -> EnsembleSpread:
    """Return standard deviations over members of q and of the ends of intervals.

    Raises
    ------
    InferenceError
        If there are fewer than two, or they are not of the same parameters, axes and levels.
    """
    first = members[0] if members else None
    if first is None or len(members) < 2 or any(not _alike(first, one) for one in members[1:]):
        raise InferenceError(
            f"limits of {len(members)} members", expected="two or more, of the same parameters, axes and levels"
        )
    grids = [one.q for one in members if one.q is not None]
    lower, upper = _spread([_ends(one.intervals) for one in members]).T
    q = np.std(np.stack(grids), axis=0, ddof=1) if len(grids) == len(members) and _finite(grids) else None
    return EnsembleSpread(len(members), q, _known(lower), _known(upper))


def _alike(first: LimitResult, other: LimitResult) -> bool:
    return (first.parameters, first.confidence_levels, len(first.intervals)) == (
        other.parameters,
        other.confidence_levels,
        len(other.intervals),
    ) and all(np.array_equal(a, b) for a, b in zip(first.axes, other.axes, strict=True))


def _known(values: Array) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _finite(grids: Sequence[Array]) -> bool:
    return all(bool(np.isfinite(grid).all()) for grid in grids)


def _ends(intervals: Sequence[Interval]) -> Array:
    """Return the outer ends of each interval, (I, 2); NaN where it reaches the edge of the grid."""
    ends = np.full((len(intervals), 2), np.nan)
    for row, interval in enumerate(intervals):
        if interval.segments:
            low, high = interval.segments[0], interval.segments[-1]
            ends[row] = (
                np.nan if low.lower_at_edge else low.lower,
                np.nan if high.upper_at_edge else high.upper,
            )
    return ends


def _spread(ends: Sequence[Array]) -> Array:
    spread: Array = np.std(np.stack(ends), axis=0, ddof=1)
    return spread
