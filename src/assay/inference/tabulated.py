"""Log likelihood ratios of many data sets at once: a table over a grid, and cubic splines through it.

The log ratio of an event does not depend on the toy that it is in. The ratios of all different events are evaluated
once, on the grid; a toy's log likelihood there is the sum over its events. Between the points of the grid a cubic
spline in all parameters stands for the log likelihood: it is a smooth function, parabolic in the limit of many events,
for which a cubic spline is exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import NdBSpline, make_interp_spline
from scipy.sparse import csr_matrix

from assay.inference.grid import Grid
from assay.inference.protocols import Array, Likelihood, RatioEstimator, as_points

REFINED_UP_TO = 2
"""Parameters, up to which tables are twice as fine as the grid of the scan, for splines that are closer."""
_EVALUATIONS_PER_CHUNK = 4_000_000


@dataclass(frozen=True)
class SplineLikelihood:
    """The log likelihood of one data set by a spline over a grid; minus infinity beyond it."""

    spline: NdBSpline = field(repr=False)
    bounds: Array

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P)."""
        points = as_points(theta)
        inside = ((points >= self.bounds[:, 0]) & (points <= self.bounds[:, 1])).all(axis=1)
        return np.where(inside, self.spline(np.clip(points, *self.bounds.T)), -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        points = np.clip(as_points(theta), *self.bounds.T)
        gradient = np.stack([self.spline(points, nu=list(one)) for one in np.eye(len(self.bounds), dtype=int)], axis=1)
        return gradient.reshape(np.shape(theta))


def spline_likelihoods(grid: Grid, values: Array) -> Iterator[SplineLikelihood]:
    """Yield the likelihoods of N data sets from their values (N, T) at the grid's points."""
    coefficients = values.reshape(len(values), *grid.shape)
    knots, degrees = [], []
    for number, axis in enumerate(grid.axes):
        spline = make_interp_spline(axis, coefficients, k=min(3, len(axis) - 1), axis=1 + number)
        coefficients = np.moveaxis(spline.c, 0, 1 + number)  # the interpolated axis is the first of a spline's
        knots.append(spline.t)
        degrees.append(spline.k)
    for one in coefficients:
        yield SplineLikelihood(NdBSpline(tuple(knots), np.ascontiguousarray(one), tuple(degrees)), grid.bounds)


def tabulated(likelihood: Likelihood, grid: Grid) -> Likelihood:
    """Return a spline in place of a likelihood that will be asked often; the likelihood itself if it is not finite."""
    fine = grid.refined() if grid.n_parameters <= REFINED_UP_TO else grid
    values = likelihood.log_likelihood(fine.points)
    return next(spline_likelihoods(fine, values[None])) if np.isfinite(values).all() else likelihood


def summed_log_ratios(estimator: RatioEstimator, x: Array, multiplicities: csr_matrix, theta: Array) -> Array:
    """Return the summed log ratio of N data sets at T points, (N, T).

    Parameters
    ----------
    estimator
        Of log r(x | theta).
    x
        Observables of U different events, (U, O).
    multiplicities
        How often each event occurs in each data set, (N, U).
    theta
        (T, P).
    """
    sums = np.zeros((multiplicities.shape[0], len(theta)))
    step = max(1, _EVALUATIONS_PER_CHUNK // len(theta))
    columns = multiplicities.tocsc()
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        log_ratios = np.asarray(estimator.log_ratio(x[part], theta), dtype=np.float64)
        with np.errstate(invalid="ignore"):
            sums += columns[:, part] @ log_ratios.T
    return sums
