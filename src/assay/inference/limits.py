"""From a log likelihood to limits: best fit, test statistic, profiles, intervals, in any number of parameters.

q(theta) = -2 [log L(theta) - log L(theta_hat)] with a continuous best fit theta_hat; asymptotic p-values by Wilks'
theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.fit import BestFit, local_maxima, maximise
from assay.inference.grid import Grid
from assay.inference.intervals import intervals_of, sharpened, typical_widths
from assay.inference.limit_warnings import warnings_of
from assay.inference.nuisance import Profiled
from assay.inference.parabolas import fit_parabolas
from assay.inference.profiles import Profile, critical_q, profile
from assay.inference.protocols import Array, Likelihood
from assay.inference.results import LimitResult
from assay.inference.summaries import Exclusion, NuisanceFit, covariance_at

_STARTS = 3


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
    reference
        A point (P,) whose exclusion is of interest, the Standard Model.
    nuisance
        Names of nuisance parameters that are profiled.
    """

    luminosity: float
    n_events: float
    theta_true: tuple[float, ...] | None = None
    reference: tuple[float, ...] | None = None
    nuisance: tuple[str, ...] = ()


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
    result = assembled(method, include_rate, likelihood, grid, data, confidence_levels, best, singles, pairs)
    result = replace(
        result,
        log_likelihood=values,
        q=q,
        effective_sample_size=effective_sample_size,
        points_inside=tuple(int((q <= critical_q(c, grid.n_parameters)).sum()) for c in confidence_levels),
        n_unphysical=int((~np.isfinite(values)).sum()),
        warnings=tuple(notes),
    )
    return replace(result, warnings=(*result.warnings, *warnings_of(result, grid, ranges)))


def assembled(
    method: str,
    include_rate: bool,
    likelihood: Likelihood,
    grid: Grid,
    data: DataSet,
    confidence_levels: Sequence[float],
    best: BestFit,
    singles: tuple[Profile, ...],
    pairs: tuple[Profile, ...],
) -> LimitResult:
    """Return the result of a best fit and profiles, without a full grid and without warnings."""
    intervals = intervals_of(likelihood, singles, best, confidence_levels)
    if grid.n_parameters == 1:
        intervals = sharpened(likelihood, intervals, singles, best)
    return LimitResult(
        method=method,
        include_rate=include_rate,
        parameters=grid.parameters,
        axes=grid.axes,
        log_likelihood=None,
        q=None,
        effective_sample_size=None,
        best_fit=best,
        profiles=singles,
        pair_profiles=pairs,
        intervals=intervals,
        theta_true=data.theta_true,
        q_true=_q_at(likelihood, grid, data.theta_true, best),
        luminosity=data.luminosity,
        n_events=data.n_events,
        confidence_levels=tuple(confidence_levels),
        points_inside=(),
        n_unphysical=0,
        warnings=(),
        covariance=covariance_at(likelihood, best.theta, typical_widths(intervals, grid)),
        exclusion=_exclusion(likelihood, grid, data, best),
        nuisance=nuisance_fit(likelihood, data, best),
    )


def _q_at(likelihood: Likelihood, grid: Grid, theta: Sequence[float] | None, best: BestFit) -> float | None:
    """Return q at a point if it lies in the grid, beyond which estimators are not asked."""
    if theta is None or not grid.contains(theta):
        return None
    value = float(likelihood.log_likelihood(np.array([theta]))[0])
    return -2.0 * (value - best.log_likelihood) if np.isfinite(value) else None


def _exclusion(likelihood: Likelihood, grid: Grid, data: DataSet, best: BestFit) -> Exclusion | None:
    q = _q_at(likelihood, grid, data.reference, best)
    return None if q is None or data.reference is None else Exclusion.at(data.reference, q)


def nuisance_fit(likelihood: Likelihood, data: DataSet, best: BestFit) -> NuisanceFit | None:
    """Return the nuisance parameters at the best fit of a likelihood that profiles them; None of another."""
    if not isinstance(likelihood, Profiled):
        return None
    values = likelihood.nuisance_at([best.theta])[0]
    low, high = np.broadcast_to(np.asarray(likelihood.bounds, dtype=np.float64), (len(values), 2)).T
    names = data.nuisance or tuple(f"nuisance {number}" for number in range(len(values)))
    at_edge = (values <= low) | (values >= high)
    return NuisanceFit(tuple(names), tuple(map(float, values)), tuple(map(bool, at_edge)))


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
