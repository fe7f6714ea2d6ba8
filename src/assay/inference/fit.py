"""The best fit: a continuous maximum of a log likelihood, never a grid point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from assay.errors import InferenceError
from assay.inference.protocols import Array, Likelihood

_EDGE = 1e-6


@dataclass(frozen=True)
class BestFit:
    """Where the likelihood is largest.

    Parameters
    ----------
    theta
        (P,).
    log_likelihood
        Its value there.
    at_edge
        Per parameter, whether the fit stopped at the edge of the range it was given.
    """

    theta: tuple[float, ...]
    log_likelihood: float
    at_edge: tuple[bool, ...]


def maximise(likelihood: Likelihood, starts: Array, bounds: Array, scale: Array) -> BestFit:
    """Maximise from several starting points and keep the best.

    Parameters
    ----------
    likelihood
        With its gradient.
    starts
        (S, P); points at which the hypothesis is not physical are skipped.
    bounds
        (P, 2).
    scale
        A typical distance per start and parameter, (S, P), such as the uncertainty that a parabola suggests.

    Raises
    ------
    InferenceError
        If no starting point is physical.
    """
    values = likelihood.log_likelihood(starts)
    physical = np.isfinite(values)
    if not physical.any():
        raise InferenceError(
            "no starting point of the fit is physical: the predicted rates are negative at all of them",
            mend="move the grid to where the morphed cross sections are positive",
        )
    best_theta, best_value = starts[int(np.argmax(np.where(physical, values, -np.inf)))], float(values[physical].max())
    for start, value, unit in zip(starts[physical], values[physical], scale[physical], strict=True):
        theta = _climb(likelihood, start, float(value), bounds, unit)
        reached = float(likelihood.log_likelihood(theta[None])[0])
        if reached > best_value:
            best_theta, best_value = theta, reached
    width = bounds[:, 1] - bounds[:, 0]
    edge = (best_theta - bounds[:, 0] <= _EDGE * width) | (bounds[:, 1] - best_theta <= _EDGE * width)
    return BestFit(tuple(map(float, best_theta)), best_value, tuple(map(bool, edge)))


def _climb(likelihood: Likelihood, start: Array, value: float, bounds: Array, scale: Array) -> Array:
    """Climb by L-BFGS-B in units of `scale`; points that are not physical are answered with a high wall.

    Networks in single precision have a noise of about 1e-6 in log L: line searches below that are cut short.
    """
    wall = abs(value) + 1e6

    def cost(u: Array) -> tuple[float, Array]:
        theta = u * scale
        here = float(likelihood.log_likelihood(theta[None])[0])
        if not np.isfinite(here):
            return wall, np.zeros_like(u)
        return value - here, -likelihood.gradient(theta) * scale

    options = {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 200, "maxls": 6}
    limits = bounds / scale[:, None]
    found = minimize(cost, start / scale, jac=True, method="L-BFGS-B", bounds=limits, options=options)
    theta: Array = np.clip(found.x * scale, bounds[:, 0], bounds[:, 1])
    return theta


def local_maxima(values: Array, n: int) -> list[int]:
    """Return the flat indices of the n highest local maxima of an array over a grid (compared along each axis)."""
    filled = np.where(np.isfinite(values), values, -np.inf)
    highest = np.isfinite(values)
    for axis in range(values.ndim):
        pad = [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)]
        padded = np.pad(filled, pad, constant_values=-np.inf)
        size = values.shape[axis]
        for offset in (0, 2):
            highest &= filled >= np.take(padded, np.arange(offset, offset + size), axis=axis)
    indices = np.flatnonzero(highest)
    return [int(i) for i in indices[np.argsort(filled.ravel()[indices])[::-1][:n]]]
