"""Limits in many parameters: a minimiser's best fit and profiles by constrained fits, without a full grid.

The best fit starts from many points that fill the range evenly. Profiles are fits of all other parameters at every
value of one or two parameters, all at once (`assay.inference.maximisation`), from the best fit, moved along with the
parameter as the fit's covariance says. A value that a neighbour's parameters surpass is fitted again from there, so
that a profile follows the highest of several maxima.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from assay.errors import InferenceError
from assay.inference.fit import BestFit
from assay.inference.grid import Grid
from assay.inference.intervals import sharpened
from assay.inference.limit_warnings import warnings_of
from assay.inference.limits import DataSet, assembled
from assay.inference.maximisation import maximise_over
from assay.inference.profiles import Profile
from assay.inference.protocols import Array, Likelihood
from assay.inference.results import LimitResult
from assay.inference.summaries import covariance_at

_STARTS_PER_PARAMETER = 16
_CLIMBERS = 8
_FEWEST_POINTS = 25
_EDGE = 1e-6
_SWEEPS = 3
_HIGHER = 1e-6  # of log L: by how much a neighbour must surpass a profile's value


def profile_limits(
    method: str,
    include_rate: bool,
    likelihood: Likelihood,
    grid: Grid,
    data: DataSet,
    confidence_levels: Sequence[float] = (0.68, 0.95),
    *,
    ranges: npt.ArrayLike | None = None,
    notes: Sequence[str] = (),
) -> LimitResult:
    """Return the limits of a likelihood whose gradient takes many points.

    Parameters
    ----------
    method, include_rate, data, ranges, notes
        As of `assay.inference.limits.limits`.
    likelihood
        The log likelihood of the data.
    grid
        Its bounds are where parameters are looked for, its axes the values of profiles in two parameters; those in one
        parameter have at least 25 values.
    confidence_levels
        Of intervals.

    Raises
    ------
    InferenceError
        If nothing within the bounds is physical.
    """
    best = _best_fit(likelihood, grid, data)
    tops = _linear_response(likelihood, grid, best)
    fine = [
        axis if axis.size >= _FEWEST_POINTS else np.linspace(axis[0], axis[-1], _FEWEST_POINTS) for axis in grid.axes
    ]
    singles = tuple(_scan(likelihood, grid, best, tops, (p,), (fine[p],)) for p in range(grid.n_parameters))
    pairs = tuple(
        _scan(likelihood, grid, best, tops, (p, r), (grid.axes[p], grid.axes[r]))
        for p, r in combinations(range(grid.n_parameters), 2)
    )
    best, singles, pairs = _highest(likelihood, grid, best, singles, pairs)
    result = assembled(method, include_rate, likelihood, grid, data, confidence_levels, best, singles, pairs)
    ends = sharpened(likelihood, result.intervals, singles, best)
    result = replace(result, intervals=ends, warnings=tuple(notes))
    return replace(result, warnings=(*result.warnings, *warnings_of(result, grid, ranges)))


def _best_fit(likelihood: Likelihood, grid: Grid, data: DataSet) -> BestFit:
    n, bounds = grid.n_parameters, grid.bounds
    # a power of two: Sobol's sequence is balanced then
    even = qmc.Sobol(n, seed=0).random_base2(int(np.ceil(np.log2(_STARTS_PER_PARAMETER * n))))
    starts = [bounds[:, 0] + even * (bounds[:, 1] - bounds[:, 0]), bounds.mean(axis=1)[None]]
    starts += [np.array([point]) for point in (data.theta_true, data.reference) if point is not None]
    points = np.clip(np.vstack(starts), bounds[:, 0], bounds[:, 1])
    values = likelihood.log_likelihood(points)
    if not np.isfinite(values).any():
        raise InferenceError(
            "no starting point of the fit is physical: the predicted rates are negative at all of them",
            mend="move the ranges to where the morphed cross sections are positive",
        )
    chosen = np.argsort(values)[::-1][:_CLIMBERS]
    reached, found = maximise_over(likelihood, points[chosen], range(n), bounds, grid.steps)
    return _fit_of(found[int(np.argmax(reached))], float(reached.max()), bounds)


def _fit_of(theta: Array, value: float, bounds: Array) -> BestFit:
    width = bounds[:, 1] - bounds[:, 0]
    edge = (theta - bounds[:, 0] <= _EDGE * width) | (bounds[:, 1] - theta <= _EDGE * width)
    return BestFit(tuple(map(float, theta)), value, tuple(map(bool, edge)))


def _linear_response(likelihood: Likelihood, grid: Grid, best: BestFit) -> Array:
    """Return the covariance of the best fit, or a diagonal one where there is none, (P, P)."""
    covariance = covariance_at(likelihood, best.theta, 0.1 * grid.steps)
    return np.diag(grid.steps**2) if covariance is None else covariance


def _scan(
    likelihood: Likelihood, grid: Grid, best: BestFit, covariance: Array, keep: tuple[int, ...], axes: Sequence[Array]
) -> Profile:
    others = [p for p in range(grid.n_parameters) if p not in keep]
    shape = tuple(axis.size for axis in axes)
    values_of = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(keep))
    centre = np.array(best.theta)
    theta = np.tile(centre, (len(values_of), 1))
    theta[:, list(keep)] = values_of
    slope = np.linalg.solve(covariance[np.ix_(keep, keep)], covariance[np.ix_(keep, others)])
    theta[:, others] += (values_of - centre[list(keep)]) @ slope
    bounds = grid.bounds[others]
    scale = np.sqrt(np.diag(covariance))[others]
    values, found = maximise_over(likelihood, theta, others, bounds, scale)
    values, found = values.reshape(shape), found.reshape(*shape, -1)
    for _ in range(_SWEEPS):
        if not _sweep(likelihood, values, found, others, (bounds, scale)):
            break
    names = tuple(grid.parameters[p] for p in keep)
    return Profile(names, tuple(axes), values, found, -2.0 * (values - best.log_likelihood))


def _sweep(likelihood: Likelihood, values: Array, found: Array, others: list[int], box: tuple[Array, Array]) -> bool:
    """Try the neighbours' parameters at every point, in place; return whether any point was raised."""
    raised = False
    for axis in range(values.ndim if others else 0):
        for shift in (1, -1):
            trial = found.copy()
            trial[..., others] = np.roll(found, shift, axis=axis)[..., others]
            edge = [slice(None)] * values.ndim
            edge[axis] = slice(0, 1) if shift == 1 else slice(-1, None)
            heights = likelihood.log_likelihood(trial.reshape(-1, trial.shape[-1])).reshape(values.shape)
            heights[tuple(edge)] = -np.inf
            better = heights > values + _HIGHER
            if better.any():
                new, theta = maximise_over(likelihood, trial[better], others, *box)
                values[better], found[better] = new, theta
                raised = True
    return raised


def _highest(
    likelihood: Likelihood, grid: Grid, best: BestFit, singles: tuple[Profile, ...], pairs: tuple[Profile, ...]
) -> tuple[BestFit, tuple[Profile, ...], tuple[Profile, ...]]:
    """Fit again from a profile's point above the best fit, so that q is never negative."""
    stored = (*singles, *pairs)
    top = max(stored, key=lambda one: float(one.log_likelihood.max()))
    if float(top.log_likelihood.max()) <= best.log_likelihood:
        return best, singles, pairs
    start = top.theta.reshape(-1, grid.n_parameters)[int(top.log_likelihood.argmax())]
    value, theta = maximise_over(likelihood, start, range(grid.n_parameters), grid.bounds, grid.steps)
    best = _fit_of(theta[0], float(value[0]), grid.bounds)
    of = [
        tuple(replace(one, q=-2.0 * (one.log_likelihood - best.log_likelihood)) for one in g) for g in (singles, pairs)
    ]
    return best, of[0], of[1]
