"""Confidence intervals of single parameters from their profiles.

The ends lie where the profile crosses the quantile of chi-square with one degree of freedom. They are found on a spline
through the profile first, and then on the likelihood itself, maximised over all other parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.optimize import brentq

from assay.inference.fit import BestFit
from assay.inference.grid import Grid
from assay.inference.maximisation import maximise_over
from assay.inference.profiles import Interval, Profile, Segment, critical_q, crossings
from assay.inference.protocols import Array, Likelihood


def intervals_of(
    likelihood: Likelihood, singles: Sequence[Profile], best: BestFit, confidence_levels: Sequence[float]
) -> tuple[Interval, ...]:
    """Return the intervals of each parameter at each level, from splines through profiles over all of the range."""
    return tuple(
        crossings(one.axes[0], one.q, best.theta[index], level, one.parameters[0])
        for (index, one), level in product(enumerate(singles), confidence_levels)
    )


def sharpened(
    likelihood: Likelihood, intervals: Sequence[Interval], singles: Sequence[Profile], best: BestFit
) -> tuple[Interval, ...]:
    """Return the intervals with their ends on the likelihood itself, maximised over all other parameters."""
    bounds = np.array([(one.axes[0][0], one.axes[0][-1]) for one in singles])
    names = [one.parameters[0] for one in singles]
    result = []
    for interval in intervals:
        index = names.index(interval.parameter)
        critical = critical_q(interval.confidence_level, 1)
        excess = _Excess(likelihood, index, singles[index], best, bounds, critical)
        result.append(replace(interval, segments=tuple(_sharpened(excess, segment) for segment in interval.segments)))
    return tuple(result)


def typical_widths(intervals: Sequence[Interval], grid: Grid) -> Array:
    """Return half the width of each parameter's narrowest interval, or a step of the grid where it has none, (P,)."""
    widths = []
    for name, step in zip(grid.parameters, grid.steps, strict=True):
        found = [sum(s.upper - s.lower for s in i.segments) for i in intervals if i.parameter == name]
        positive = [width for width in found if width > 0]
        widths.append(0.5 * min(positive) if positive else float(step))
    return np.array(widths)


@dataclass(frozen=True)
class _Excess:
    """q of one parameter's profile, less the critical value."""

    likelihood: Likelihood
    index: int
    profile: Profile
    best: BestFit
    bounds: Array
    critical: float

    def __call__(self, value: float) -> float:
        others = [p for p in range(len(self.best.theta)) if p != self.index]
        axis = self.profile.axes[0]
        start = np.array([[np.interp(value, axis, column) for column in self.profile.theta.T]])
        start[0, self.index] = value
        top, _ = maximise_over(
            self.likelihood, start, others, self.bounds[others], 0.05 * np.ptp(self.bounds[others], 1)
        )
        return -2.0 * (float(top[0]) - self.best.log_likelihood) - self.critical

    def sharpen(self, end: float, at_edge: bool) -> float:
        """Return the crossing near the spline's."""
        axis = self.profile.axes[0]
        width = 0.25 * float(np.diff(axis).min())
        low, high = max(float(axis[0]), end - width), min(float(axis[-1]), end + width)
        if at_edge:
            return end
        ends = (self(low), self(high))
        if not np.isfinite(ends).all() or ends[0] * ends[1] > 0:
            return end
        return float(brentq(self, low, high, xtol=1e-10))


def _sharpened(excess: _Excess, segment: Segment) -> Segment:
    return replace(
        segment,
        lower=excess.sharpen(segment.lower, segment.lower_at_edge),
        upper=excess.sharpen(segment.upper, segment.upper_at_edge),
    )
