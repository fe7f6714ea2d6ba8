"""From a log likelihood to limits: best fit, test statistic, profiles, intervals, in any number of parameters.

q(theta) = -2 [log L(theta) - log L(theta_hat)] with a continuous best fit theta_hat; asymptotic p-values by Wilks'
theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from assay.errors import InferenceError
from assay.inference.fit import BestFit, local_maxima, maximise
from assay.inference.grid import Grid
from assay.inference.parabolas import fit_parabolas
from assay.inference.profiles import Interval, Profile, Segment, critical_q, crossings, profile
from assay.inference.protocols import Array, Likelihood
from assay.inference.results import LimitResult

_STARTS = 3
_FEW_POINTS = 10
_FEW_EVENTS = 50.0
_TRUTH_LEVEL = 0.68


@dataclass(frozen=True)
class DataSet:
    """What the data are.

    Parameters
    ----------
    luminosity
        fb^-1.
    n_events
        Number of events, an expectation for Asimov data.
    theta_true
        Parameters of the Asimov data (P,); None for observed data.
    """

    luminosity: float
    n_events: float
    theta_true: tuple[float, ...] | None = None


def scan(likelihood: Likelihood, grid: Grid) -> Array:
    """Return the log likelihood over the grid, in its shape."""
    return likelihood.log_likelihood(grid.points).reshape(grid.shape)


def limits(
    method: str,
    include_rate: bool,
    likelihood: Likelihood,
    grid: Grid,
    data: DataSet,
    confidence_levels: Sequence[float] = (0.68, 0.95),
    *,
    log_likelihood: Array | None = None,
    effective_sample_size: Array | None = None,
    ranges: npt.ArrayLike | None = None,
    notes: Sequence[str] = (),
) -> LimitResult:
    """Return the limits of a likelihood.

    Parameters
    ----------
    method, include_rate
        Recorded in the result.
    likelihood
        The log likelihood of the data.
    grid
        Where to evaluate it; the best fit stays within its bounds.
    data
        Recorded in the result, and checked against the grid.
    confidence_levels
        Of intervals and regions.
    log_likelihood
        `scan(likelihood, grid)` if it is known already.
    effective_sample_size
        Effective number of simulated events at the grid's points, in its shape.
    ranges
        Ranges of the parameters (P, 2) in which estimators were trained; a larger grid is warned about.
    notes
        Warnings to hand on.

    Raises
    ------
    InferenceError
        If values are NaN, no point of the grid is physical, or a confidence level is not between 0 and 1.
    """
    values = scan(likelihood, grid) if log_likelihood is None else log_likelihood
    _check(values, grid, confidence_levels)
    best = _best_fit(likelihood, grid, values)
    singles, pairs = _profiles(likelihood, grid, values, best)
    best, singles, pairs = _highest(likelihood, grid, best, singles, pairs)
    q = -2.0 * (values - best.log_likelihood)
    result = LimitResult(
        method=method,
        include_rate=include_rate,
        parameters=grid.parameters,
        axes=grid.axes,
        log_likelihood=values,
        q=q,
        effective_sample_size=effective_sample_size,
        best_fit=best,
        profiles=singles,
        pair_profiles=pairs,
        intervals=_intervals(likelihood, singles, best, confidence_levels),
        theta_true=data.theta_true,
        q_true=_q_true(likelihood, grid, data, best),
        luminosity=data.luminosity,
        n_events=data.n_events,
        confidence_levels=tuple(confidence_levels),
        points_inside=tuple(int((q <= critical_q(c, grid.n_parameters)).sum()) for c in confidence_levels),
        n_unphysical=int((~np.isfinite(values)).sum()),
        warnings=tuple(notes),
    )
    return replace(result, warnings=(*result.warnings, *_warnings(result, grid, ranges)))


def _q_true(likelihood: Likelihood, grid: Grid, data: DataSet, best: BestFit) -> float | None:
    """Return q at the true point if it lies in the grid, beyond which estimators are not asked."""
    if data.theta_true is None or not grid.contains(data.theta_true):
        return None
    value = float(likelihood.log_likelihood(np.array([data.theta_true]))[0])
    return -2.0 * (value - best.log_likelihood) if np.isfinite(value) else None


def _check(values: Array, grid: Grid, confidence_levels: Sequence[float]) -> None:
    if values.shape != grid.shape:
        raise InferenceError(f"the scan has shape {values.shape}", expected=f"the grid's, {grid.shape}")
    if np.isnan(values).any() or (values == np.inf).any():
        bad = int((np.isnan(values) | (values == np.inf)).sum())
        raise InferenceError(
            f"the log likelihood is NaN or plus infinity at {bad} of {values.size} points",
            expected="finite or minus infinity",
        )
    if not np.isfinite(values).any():
        raise InferenceError(
            "no point of the grid is physical: predicted rates are negative everywhere",
            mend="choose a grid around the benchmarks; look at the morphing's condition number",
        )
    if not confidence_levels or not all(0 < level < 1 for level in confidence_levels):
        raise InferenceError(
            f"confidence levels {tuple(confidence_levels)}", expected="values between 0 and 1, such as 0.68"
        )


def _best_fit(likelihood: Likelihood, grid: Grid, values: Array) -> BestFit:
    """Climb from the highest local maxima of the grid, placed between its points by parabolas."""
    highest = np.array(local_maxima(values, _STARTS))
    centre = np.stack(np.unravel_index(highest, grid.shape), axis=1)
    parabolas = fit_parabolas(np.broadcast_to(values, (len(centre), *grid.shape)), grid.axes, centre)
    curvature = -np.einsum("kii->ki", parabolas.hessians)
    scale = np.broadcast_to(grid.steps, curvature.shape).copy()
    scale[parabolas.usable] = 1.0 / np.sqrt(curvature[parabolas.usable])
    higher = likelihood.log_likelihood(parabolas.maxima) > values.ravel()[highest]
    starts = np.where(higher[:, None], parabolas.maxima, grid.points[highest])
    return maximise(likelihood, starts, grid.bounds, scale)


def _profiles(
    likelihood: Likelihood, grid: Grid, values: Array, best: BestFit
) -> tuple[tuple[Profile, ...], tuple[Profile, ...]]:
    top = best.log_likelihood
    singles = tuple(profile(likelihood, grid, values, (p,), top) for p in range(grid.n_parameters))
    pairs = (profile(likelihood, grid, values, pair, top) for pair in combinations(range(grid.n_parameters), 2))
    return singles, tuple(pairs)


def _highest(
    likelihood: Likelihood, grid: Grid, best: BestFit, singles: tuple[Profile, ...], pairs: tuple[Profile, ...]
) -> tuple[BestFit, tuple[Profile, ...], tuple[Profile, ...]]:
    """Fit again from a profile's point that lies above the best fit, so that q is never negative."""
    stored = (*singles, *pairs)
    heights = [float(one.log_likelihood.max()) for one in stored]
    if max(heights) > best.log_likelihood:
        top = stored[int(np.argmax(heights))]
        start = top.theta.reshape(-1, grid.n_parameters)[int(top.log_likelihood.argmax())]
        best = maximise(likelihood, start[None], grid.bounds, grid.steps[None])
        singles, pairs = (
            tuple(replace(one, q=-2.0 * (one.log_likelihood - best.log_likelihood)) for one in group)
            for group in (singles, pairs)
        )
    return best, singles, pairs


def _intervals(
    likelihood: Likelihood, singles: Sequence[Profile], best: BestFit, confidence_levels: Sequence[float]
) -> tuple[Interval, ...]:
    pairs = product(enumerate(singles), confidence_levels)
    return tuple(_interval(likelihood, one, best, index, level) for (index, one), level in pairs)


def _interval(likelihood: Likelihood, one: Profile, best: BestFit, index: int, confidence: float) -> Interval:
    found = crossings(one.axes[0], one.q, best.theta[index], confidence, one.parameters[0])
    if len(best.theta) > 1:
        return found
    return replace(
        found, segments=tuple(_sharpened(likelihood, s, one.axes[0], best, confidence) for s in found.segments)
    )


def _sharpened(likelihood: Likelihood, segment: Segment, axis: Array, best: BestFit, confidence: float) -> Segment:
    """With a single parameter the crossing is found on the likelihood itself, around the spline's."""

    def excess(theta: float) -> float:
        value = float(likelihood.log_likelihood(np.array([[theta]]))[0])
        return -2.0 * (value - best.log_likelihood) - critical_q(confidence, 1)

    def sharpen(end: float, at_edge: bool) -> float:
        width = 0.25 * float(np.diff(axis).min())
        low, high = max(float(axis[0]), end - width), min(float(axis[-1]), end + width)
        ends = (excess(low), excess(high))
        if at_edge or not np.isfinite(ends).all() or ends[0] * ends[1] > 0:
            return end
        return float(brentq(excess, low, high, xtol=1e-12))

    return replace(
        segment,
        lower=sharpen(segment.lower, segment.lower_at_edge),
        upper=sharpen(segment.upper, segment.upper_at_edge),
    )


def _warnings(result: LimitResult, grid: Grid, ranges: npt.ArrayLike | None) -> list[str]:
    found = []
    if result.n_unphysical:
        found.append(f"{result.n_unphysical} of {result.q.size} grid points predict a negative rate and are excluded")
    edges = [name for name, edge in zip(grid.parameters, result.best_fit.at_edge, strict=True) if edge]
    if edges:
        found.append(f"the best fit is at the edge of the grid in {', '.join(edges)}")
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
    if ranges is not None:
        found.extend(_beyond(grid, np.asarray(ranges, dtype=np.float64)))
    if result.effective_sample_size is not None:
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
