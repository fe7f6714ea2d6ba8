r"""Costly, smooth likelihoods: evaluated at Chebyshev nodes, and interpolated by polynomials that are checked.

The log likelihood of a ratio estimator is a smooth function of theta, so that its polynomial of degree n - 1 in each
parameter through n Chebyshev points, cos(pi k / (n - 1)), converges geometrically (Trefethen, Approximation Theory and
Approximation Practice, chapters 2 and 8). Whether nine points are enough is measured at points of the grid; if not,
every second one of seventeen is known already. If these are not enough either, there is no interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.polynomial import chebyshev

from assay.inference.grid import Grid
from assay.inference.protocols import Array, Likelihood, as_points

TOLERANCE = 2e-4
"""Of log L, at the points at which it is checked: a ten-thousandth of what moves a 68 % contour.

Where log L is lower than the largest value that was found, the same share of the difference is tolerated.
"""
_NODES = (9, 17)  # of a parameter; every second one of the more is one of the fewer
_MOST_PARAMETERS = 3
_CHECKS = 12
_HOPELESS = 300.0  # times the tolerance: more nodes would not mend it
_LARGEST_SHARE = 0.5  # of the grid's points, for it to be worth it


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
    n_parameters, n_points = grid.n_parameters, len(grid.points)
    worth_it = [n for n in _NODES if n**n_parameters + _CHECKS <= _LARGEST_SHARE * n_points]
    if n_parameters > _MOST_PARAMETERS or not worth_it:
        return None
    rng = np.random.default_rng(0)
    checked = grid.points[rng.choice(n_points, size=min(_CHECKS, n_points), replace=False)]
    first = likelihood.log_likelihood(np.concatenate([checked, _nodes(_NODES[0], grid.bounds)]))
    known, values = first[: len(checked)], first[len(checked) :].reshape((_NODES[0],) * n_parameters)
    for n in worth_it:
        if n > len(values):
            values = _at_nodes(likelihood, n, grid.bounds, values)
        if not (np.isfinite(values).all() and np.isfinite(known).all()):
            return None
        candidate = Interpolated(_coefficients(values), grid.bounds, 0.0)
        tolerated = TOLERANCE * (1.0 + max(values.max(), known.max()) - known)
        error = float((np.abs(candidate.log_likelihood(checked) - known) / tolerated).max())
        if error <= 1.0:
            return Interpolated(candidate.coefficients, grid.bounds, error)
        if error > _HOPELESS:
            return None
    return None


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
