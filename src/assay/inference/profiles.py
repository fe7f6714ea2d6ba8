"""Profile likelihoods over a grid, and the intervals that they give.

The maximum over the other parameters is taken on the grid and then refined: a parabola through the neighbouring grid
points gives the position of the maximum between them, and the likelihood itself is evaluated there. A profile value is
always a value of the likelihood, never an interpolation; its distance from the true maximum is of fourth order in the
grid step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.optimize import brentq
from scipy.stats import chi2

from assay.inference.grid import Grid
from assay.inference.parabolas import fit_parabolas
from assay.inference.protocols import Array, Likelihood, Mask

_SAMPLES_PER_STEP = 40


@dataclass(frozen=True)
class Profile:
    """The likelihood as a function of some parameters, maximised over the others.

    Parameters
    ----------
    parameters
        Names of the parameters kept, D of them.
    axes
        Their values.
    log_likelihood
        Over the axes, (n_1, ..., n_D); minus infinity where nothing physical was found.
    theta
        Where the maximum was found, (n_1, ..., n_D, P).
    q
        -2 [log_likelihood - that of the best fit], same shape as `log_likelihood`.
    """

    parameters: tuple[str, ...]
    axes: tuple[Array, ...]
    log_likelihood: Array
    theta: Array
    q: Array

    @property
    def p_values(self) -> Array:
        """Asymptotic p-values: chi-square with as many degrees of freedom as parameters kept (1007.1727)."""
        values: Array = chi2.sf(self.q, len(self.parameters))
        return values

    def level(self, confidence: float) -> float:
        """Return the value of q on the contour of a confidence level: 2.28 for 68 % in two parameters."""
        return critical_q(confidence, len(self.parameters))


@dataclass(frozen=True)
class Segment:
    """A connected piece of a confidence interval; an end at the edge of the grid is not an end of the interval."""

    lower: float
    upper: float
    lower_at_edge: bool
    upper_at_edge: bool


@dataclass(frozen=True)
class Interval:
    """All values of a parameter that are not excluded at a confidence level."""

    parameter: str
    confidence_level: float
    segments: tuple[Segment, ...]

    @property
    def closed(self) -> bool:
        """Whether the interval ends inside the grid on both sides."""
        return bool(self.segments) and not (self.segments[0].lower_at_edge or self.segments[-1].upper_at_edge)


def critical_q(confidence: float, n_parameters: int) -> float:
    """Return the quantile of the chi-square distribution that bounds a confidence region in n parameters."""
    return float(chi2.ppf(confidence, n_parameters))


def profile(likelihood: Likelihood, grid: Grid, log_likelihood: Array, keep: Sequence[int], best: float) -> Profile:
    """Maximise over all parameters but those at positions `keep`; `best` is the best fit's log likelihood."""
    others = [p for p in range(grid.n_parameters) if p not in keep]
    moved = np.transpose(log_likelihood, [*keep, *others])
    shape = tuple(grid.shape[p] for p in keep)
    rest = tuple(grid.shape[p] for p in others)
    flat = moved.reshape(int(np.prod(shape)), -1)
    highest = flat.argmax(axis=1)
    values = flat.max(axis=1)
    theta = np.empty((len(flat), grid.n_parameters))
    for position, column in zip(keep, np.unravel_index(np.arange(len(flat)), shape), strict=True):
        theta[:, position] = grid.axes[position][column]
    if others:
        centre = np.stack(np.unravel_index(highest, rest), axis=1)
        axes = [grid.axes[p] for p in others]
        theta[:, others] = np.stack([axis[c] for axis, c in zip(axes, centre.T, strict=True)], axis=1)
        candidates = theta.copy()
        candidates[:, others] = fit_parabolas(flat.reshape(len(flat), *rest), axes, centre).maxima
        found = likelihood.log_likelihood(candidates)
        better = found > values
        values, theta = np.where(better, found, values), np.where(better[:, None], candidates, theta)
    reshaped = values.reshape(shape)
    kept_axes = tuple(grid.axes[p] for p in keep)
    names = tuple(grid.parameters[p] for p in keep)
    return Profile(names, kept_axes, reshaped, theta.reshape(*shape, -1), -2.0 * (reshaped - best))


def crossings(axis: Array, q: Array, best: float | None, confidence: float, parameter: str) -> Interval:
    """Return the interval in which a profile q (n,) over `axis` (n,) stays below the chi-square quantile (1 dof).

    q is interpolated by a cubic spline through the grid points and the best fit (where it is 0), so that an interval
    narrower than a step of the grid is found. Infinite q (not physical) is outside of every interval.
    """
    level = critical_q(confidence, 1)
    nodes, values = _with_best_fit(axis, q, best)
    finite = np.isfinite(values)
    segments: list[Segment] = []
    for run in _runs(finite):
        segments.extend(_segments(nodes[run], values[run], level, float(axis[0]), float(axis[-1])))
    return Interval(parameter, confidence, tuple(segments))


def _with_best_fit(axis: Array, q: Array, best: float | None) -> tuple[Array, Array]:
    if best is None:
        return axis, q
    nearest = int(np.argmin(np.abs(axis - best)))
    step = float(np.diff(axis).min())
    if abs(axis[nearest] - best) > 0.05 * step:  # closer nodes would make the spline oscillate
        position = int(np.searchsorted(axis, best))
        return np.insert(axis, position, best), np.insert(q, position, 0.0)
    return axis, q


def _runs(finite: Mask) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], finite.astype(np.int8), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _segments(nodes: Array, values: Array, level: float, first: float, last: float) -> list[Segment]:
    if len(nodes) == 1:
        node = float(nodes[0])
        return [Segment(node, node, node == first, node == last)] if values[0] <= level else []
    spline = make_interp_spline(nodes, values - level, k=min(3, len(nodes) - 1))
    fine = np.unique(np.concatenate([np.linspace(a, b, _SAMPLES_PER_STEP) for a, b in pairwise(nodes)]))
    inside: Mask = np.pad(spline(fine) <= 0, 1, constant_values=False)
    starts, ends = np.flatnonzero(~inside[:-1] & inside[1:]), np.flatnonzero(inside[:-1] & ~inside[1:]) - 1
    segments = []
    for a, b in zip(starts, ends, strict=True):
        lower = float(brentq(spline, fine[a - 1], fine[a], xtol=1e-14)) if a > 0 else float(fine[0])
        upper = float(brentq(spline, fine[b], fine[b + 1], xtol=1e-14)) if b + 1 < len(fine) else float(fine[-1])
        segments.append(
            Segment(lower, upper, bool(a == 0 and lower == first), bool(b + 1 == len(fine) and upper == last))
        )
    return segments
