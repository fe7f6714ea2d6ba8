"""What a reader has to know before believing limits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from assay.inference.grid import Grid
from assay.inference.protocols import Array
from assay.inference.results import LimitResult

_FEW_POINTS = 10
_FEW_EVENTS = 50.0
_TRUTH_LEVEL = 0.68


def warnings_of(result: LimitResult, grid: Grid, ranges: npt.ArrayLike | None) -> list[str]:
    """Return warnings about a result, whose estimators were trained in `ranges` (P, 2)."""
    found = []
    if result.n_unphysical and result.q is not None:
        found.append(f"{result.n_unphysical} of {result.q.size} grid points predict a negative rate and are excluded")
    edges = [name for name, edge in zip(grid.parameters, result.best_fit.at_edge, strict=True) if edge]
    if edges:
        found.append(f"the best fit is at the edge of the grid in {', '.join(edges)}")
    if result.points_inside:
        smallest, level = min(zip(result.points_inside, result.confidence_levels, strict=True))
        if smallest < _FEW_POINTS:
            found.append(
                f"only {smallest} grid points lie inside the {100 * level:g} % region: "
                "the grid is too coarse for the constraint"
            )
    open_ends = sorted({f"{i.parameter} ({100 * i.confidence_level:g} %)" for i in result.intervals if not i.closed})
    if open_ends:
        found.append(f"intervals that reach the edge of the grid: {', '.join(open_ends)}")
    if result.theta_true is not None and not grid.contains(result.theta_true):
        found.append("the true point lies outside of the grid")
    if result.q_true is not None and result.q_true > result.level(_TRUTH_LEVEL):
        found.append(
            f"the true point lies outside of the {100 * _TRUTH_LEVEL:g} % region of its own expected data "
            f"(q = {result.q_true:.2f}): the method is biased, or its simulated events are too few"
        )
    if result.nuisance is not None and any(result.nuisance.at_edge):
        names = [name for name, edge in zip(result.nuisance.names, result.nuisance.at_edge, strict=True) if edge]
        found.append(f"the best fit is at the edge of the range of the nuisance parameters {', '.join(names)}")
    if ranges is not None:
        found.extend(_beyond(grid, np.asarray(ranges, dtype=np.float64)))
    if result.effective_sample_size is not None and result.q is not None:
        inside = result.q <= result.level(max(result.confidence_levels))
        fewest = float(result.effective_sample_size[inside].min()) if inside.any() else np.inf
        if fewest < _FEW_EVENTS:
            found.append(f"only {fewest:.0f} effective simulated events stand behind a point within the contours")
    return found


def _beyond(grid: Grid, ranges: Array) -> list[str]:
    tolerance = 1e-9 * (ranges[:, 1] - ranges[:, 0])
    outside = (grid.bounds[:, 0] < ranges[:, 0] - tolerance) | (grid.bounds[:, 1] > ranges[:, 1] + tolerance)
    names = [name for name, bad in zip(grid.parameters, outside, strict=True) if bad]
    return [f"the grid goes beyond the range of {', '.join(names)}, where estimators were not trained"] if names else []
