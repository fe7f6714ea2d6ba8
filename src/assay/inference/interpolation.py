r"""Costly, smooth likelihoods: evaluated at Chebyshev nodes, and interpolated by polynomials that are checked.

The log likelihood of a ratio estimator is a smooth function of theta, so that its polynomial of degree n - 1 in each
parameter through n Chebyshev points, cos(pi k / (n - 1)), converges geometrically (Trefethen, Approximation Theory and
Approximation Practice, chapters 2 and 8). Whether nine points are enough is measured: at points of the grid, most of
which are far from the maximum if there are many events, and then at the maximum and where contours run. If nine are not
enough, every second one of seventeen is known already. If these are not enough either, there is no interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.polynomial import chebyshev
from scipy.optimize import minimize

from assay.inference.grid import Grid
from assay.inference.protocols import Array, Likelihood, as_points

TOLERANCE = 2e-4
"""Of log L, at the points at which it is checked: a ten-thousandth of what moves a 68 % contour.

Where log L is lower than the largest value that was found, the same share of the difference is tolerated.
"""
_NODES = (9, 17)  # of a parameter; every second one of the more is one of the fewer
_MOST_PARAMETERS = 3
_CHECKS = 6  # points of the grid; around the maximum there are 4 P + 1 more
_HOPELESS = 300.0  # times the tolerance: more nodes would not mend it
_LARGEST_SHARE = 0.5  # of the grid's points, for it to be worth it
_NEAR = 3.0  # below the maximum in log L: a 95 % contour in two parameters is there


@dataclass(frozen=True)
class Interpolated:
    """A polynomial in P parameters, within bounds.

    Parameters
    ----------
    coefficients
        Of products of Chebyshev polynomials, (n, ..., n).
    bounds
        (P, 2).
    error
        Largest difference of log L at the points that were checked, in units of what is tolerated there.
    """

    coefficients: Array
    bounds: Array
    error: float

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P); minus infinity out of bounds."""
        points = as_points(theta)
        values = self._sum(self._polynomials(points, None))
        inside = ((points >= self.bounds[:, 0] - 1e-9) & (points <= self.bounds[:, 1] + 1e-9)).all(axis=1)
        return np.where(inside, values, -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        points = as_points(theta)
        columns = [self._sum(self._polynomials(points, p)) for p in range(points.shape[1])]
        return np.stack(columns, axis=-1).reshape(np.shape(theta))

    def _polynomials(self, points: Array, derived: int | None) -> list[Array]:
        """Return the Chebyshev polynomials of each parameter, (T, n) each; one of them differentiated."""
        n = self.coefficients.shape[0]
        half = 0.5 * (self.bounds[:, 1] - self.bounds[:, 0])
        units = np.clip((points - self.bounds.mean(axis=1)) / half, -1.0, 1.0)
        parts = []
        for p, column in enumerate(units.T):
            if p == derived:
                slopes = chebyshev.chebder(np.eye(n), axis=0)  # of each polynomial, in those of lower degree
                parts.append(chebyshev.chebvander(column, n - 2) @ slopes / half[p])
            else:
                parts.append(chebyshev.chebvander(column, n - 1))
        return parts

    def _sum(self, parts: list[Array]) -> Array:
        """Contract the coefficients with one row of polynomials per parameter and point."""
        total = np.tensordot(parts[0], self.coefficients, axes=1)
        values: Array = reduce(lambda tensor, part: np.einsum("tn...,tn->t...", tensor, part), parts[1:], total)
        return values


def interpolated(likelihood: Likelihood, grid: Grid) -> Interpolated | None:
    """Return a likelihood within the bounds of a grid as a polynomial, or None if it is not one to the tolerance.

    Also None where the grid has too few points for that to be worth it, or a node is not physical.
    """
    n_parameters = grid.n_parameters
    worth_it = [n for n in _NODES if n**n_parameters + _CHECKS <= _LARGEST_SHARE * grid.n_points]
    if n_parameters > _MOST_PARAMETERS or not worth_it:
        return None
    checked = grid.some_points(_CHECKS)
    first = likelihood.log_likelihood(np.concatenate([checked, _nodes(_NODES[0], grid.bounds)]))
    known, values = first[: len(checked)], first[len(checked) :].reshape((_NODES[0],) * n_parameters)
    for n in worth_it:
        if n > len(values):
            values = _at_nodes(likelihood, n, grid.bounds, values)
        if not (np.isfinite(values).all() and np.isfinite(known).all()):
            return None
        candidate = Interpolated(_coefficients(values), grid.bounds, 0.0)
        error = _error(candidate, checked, known, values.max())
        if error > _HOPELESS:
            return None
        if error <= 1.0:
            near = _near_the_maximum(candidate, grid)
            checked = np.concatenate([checked, near])
            known = np.concatenate([known, likelihood.log_likelihood(near)])
            error = _error(candidate, checked, known, values.max())
            if error <= 1.0:
                return Interpolated(candidate.coefficients, grid.bounds, error)
    return None


def _error(candidate: Interpolated, theta: Array, known: Array, largest: float) -> float:
    """Return the largest difference from known values (T,) at theta (T, P), in units of what is tolerated there."""
    tolerated = TOLERANCE * (1.0 + max(largest, known.max()) - known)
    return float((np.abs(candidate.log_likelihood(theta) - known) / tolerated).max())


def _near_the_maximum(candidate: Interpolated, grid: Grid) -> Array:
    """Return points (4 P + 1, P): the maximum of a polynomial, and points where it is at most `_NEAR` lower.

    Around the maximum they lie along the axes of its curvature, at q = 1. As many are points of the grid, wherever
    these are; if there are too few, they are at q = 2 `_NEAR` along the axes.
    """
    low, width = grid.bounds[:, 0], np.ptp(grid.bounds, axis=1)
    points = grid.points
    values = candidate.log_likelihood(points)
    found = minimize(
        lambda unit: -candidate.log_likelihood((low + width * unit)[None])[0],
        (points[np.argmax(values)] - low) / width,
        jac=lambda unit: -width * candidate.gradient(low + width * unit),
        bounds=[(0.0, 1.0)] * len(low),
        method="L-BFGS-B",
    )
    steps = 1e-4 * np.eye(len(low))
    slopes = width * candidate.gradient(low + width * np.concatenate([found.x + steps, found.x - steps]))
    hessian = (slopes[: len(low)] - slopes[len(low) :]) / 2e-4
    curvatures, axes = np.linalg.eigh(-0.5 * (hessian + hessian.T))
    lengths = 1.0 / np.sqrt(np.maximum(curvatures, 4.0))  # at most half of the range
    ellipse = np.concatenate([lengths * axes, -lengths * axes], axis=1).T
    inside = points[values > -found.fun - _NEAR]
    chosen = inside[np.linspace(0, len(inside) - 1, min(len(inside), len(ellipse))).astype(int)]
    units = [found.x[None], found.x + ellipse, found.x + np.sqrt(2 * _NEAR) * ellipse[len(chosen) :]]
    return np.concatenate([low + width * np.clip(np.concatenate(units), 0.0, 1.0), chosen])


def _at_nodes(likelihood: Likelihood, n: int, bounds: Array, fewer: Array) -> Array:
    """Return the log likelihood at all products of n nodes, (n, ..., n), every second of which is known."""
    values = np.full((n,) * len(bounds), np.nan)
    new = np.ones(values.shape, dtype=np.bool_)
    every_second = (slice(None, None, 2),) * len(bounds)
    values[every_second], new[every_second] = fewer, False
    values[new] = likelihood.log_likelihood(_nodes(n, bounds)[new.ravel()])
    return values


def _units(n: int) -> Array:
    units: Array = np.cos(np.pi * np.arange(n) / (n - 1))
    return units


def _nodes(n: int, bounds: Array) -> Array:
    """Return all products of n nodes of each parameter, (n^P, P)."""
    half, centre = 0.5 * (bounds[:, 1] - bounds[:, 0]), bounds.mean(axis=1)
    axes = [c + h * _units(n) for c, h in zip(centre, half, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(bounds))


def _coefficients(values: Array) -> Array:
    """Return the coefficients of products of Chebyshev polynomials through values at the nodes, (n, ..., n)."""
    inverse = np.linalg.inv(chebyshev.chebvander(_units(len(values)), len(values) - 1))
    for axis in range(values.ndim):
        values = np.moveaxis(np.tensordot(inverse, values, axes=(1, axis)), 0, axis)
    return values
