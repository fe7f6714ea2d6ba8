r"""Distances in parameter space with the Fisher information as metric (1612.05261, section II).

The distance of two points is the length of the shortest curve between them,

    d(a, b) = min int ds sqrt(theta'_i I_ij(theta) theta'_j):

how many standard deviations the experiment tells them apart, with the information everywhere along the way in place of
that at one point (the local distance sqrt((b - a)^T I(a) (b - a))).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from assay.errors import InferenceError
from assay.inference.protocols import PER_INVERSE_FEMTOBARN, Array, Expectations, WeightedEvents, as_points

Metric = Callable[[Array], Array]
"""From theta (T, P) to Fisher information (T, P, P)."""

_DIFFERENCE = 1e-4  # of a parameter's scale
_COARSE = 8


@dataclass(frozen=True)
class Geodesic:
    """The shortest curve between two points.

    Parameters
    ----------
    path
        Points along it, (M + 1, P), at equal distances from each other.
    distance
        Its length.
    straight
        The length of the straight line between the points: never less.
    local
        The distance with the information of the first point alone.
    """

    path: Array = field(repr=False)
    distance: float
    straight: float
    local: float


def counting_metric(expectations: Expectations, luminosity: float, include_rate: bool = True) -> Metric:
    """Return the information in the counts of bins, or in their shape alone; `luminosity` in fb^-1."""

    def metric(theta: Array) -> Array:
        points = as_points(theta)
        sigma, gradients = expectations.cross_sections(points), expectations.gradients(points)
        information = np.einsum("tni,tnj,tn->tij", gradients, gradients, _inverse(sigma))
        if not include_rate:
            total, slope = sigma.sum(axis=1), gradients.sum(axis=1)
            information -= np.einsum("ti,tj,t->tij", slope, slope, _inverse(total))
        return np.asarray(PER_INVERSE_FEMTOBARN * luminosity * information)

    return metric


def event_metric(events: WeightedEvents, luminosity: float) -> Metric:
    """Return the information in the complete event record, with the rate: an upper bound."""

    def metric(theta: Array) -> Array:
        result = []
        for point in as_points(theta):
            weights = events.weights @ events.morphing.weights(point[None])[0]
            gradients = events.weights @ events.morphing.weight_gradients(point[None])[0]
            result.append(np.einsum("ei,ej,e->ij", gradients, gradients, _inverse(weights)))
        return np.asarray(PER_INVERSE_FEMTOBARN * luminosity * np.array(result))

    return metric


def _inverse(values: Array) -> Array:
    """Return 1 / values, and 0 where there is nothing."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values != 0)


def path_length(metric: Metric, path: Array) -> float:
    """Return the length of a curve through points (M + 1, P), with the metric in the middle of each step."""
    return float(np.sqrt(_squares(metric, path)).sum())


def _squares(metric: Metric, path: Array) -> Array:
    steps = np.diff(path, axis=0)
    squares: Array = np.einsum("mi,mij,mj->m", steps, metric(0.5 * (path[1:] + path[:-1])), steps)
    return np.maximum(squares, 0.0)


def geodesic(metric: Metric, start: npt.ArrayLike, end: npt.ArrayLike, n_steps: int = 32) -> Geodesic:
    """Return the shortest curve between two points (P,).

    The energy sum_m delta_m^T I delta_m of a curve with M steps is minimised, which makes it short and its steps equal;
    first with few steps, then with all. It is a local minimum, the one next to the straight line.

    Raises
    ------
    InferenceError
        If the metric is not finite along the way.
    """
    first, last = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
    fractions = np.linspace(0.0, 1.0, n_steps + 1)[:, None]
    line = first + (last - first) * fractions
    if not np.isfinite(metric(line)).all():
        raise InferenceError("the information is not finite along the way", expected="a region of positive rates")
    separation = last - first
    local = float(np.sqrt(max(0.0, separation @ metric(first[None])[0] @ separation)))
    if not np.any(separation):
        return Geodesic(line, 0.0, 0.0, 0.0)
    straight = path_length(metric, line)
    coarse = _relaxed(metric, line[:: max(1, n_steps // _COARSE)] if n_steps % _COARSE == 0 else line)
    position = np.linspace(0.0, 1.0, len(coarse))
    fine = np.column_stack([np.interp(fractions[:, 0], position, column) for column in coarse.T])
    path = _relaxed(metric, fine)
    length = path_length(metric, path)
    return Geodesic(path, length, straight, local) if length < straight else Geodesic(line, straight, straight, local)


def _relaxed(metric: Metric, path: Array) -> Array:
    """Return the path of least energy with the same ends and as many points."""
    scale = np.maximum(np.abs(path[-1] - path[0]), 0.1 * np.abs(path[-1] - path[0]).max())
    inner = (path[1:-1] / scale).ravel()
    if not len(inner):
        return path
    n_parameters = path.shape[1]

    def full(flat: Array) -> Array:
        points = flat.reshape(-1, n_parameters) * scale
        return np.vstack([path[:1], points, path[-1:]])

    def energy(flat: Array) -> tuple[float, Array]:
        points = full(flat)
        value, gradient = _energy(metric, points, scale)
        return value, (gradient[1:-1] * scale).ravel()

    found = minimize(energy, inner, jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-9})
    return full(found.x)


def _energy(metric: Metric, path: Array, scale: Array) -> tuple[float, Array]:
    """Return the energy of a path and its gradient (M + 1, P); the metric's derivative is a difference."""
    steps, middle = np.diff(path, axis=0), 0.5 * (path[1:] + path[:-1])
    here = metric(middle)
    value = float(np.einsum("mi,mij,mj->", steps, here, steps))
    along = 2.0 * np.einsum("mij,mj->mi", here, steps)
    sideways = 0.5 * np.einsum("mi,mkij,mj->mk", steps, _derivatives(metric, middle, scale), steps)
    gradient = np.zeros_like(path)
    gradient[1:] += along + sideways
    gradient[:-1] += sideways - along
    return value * (len(path) - 1), gradient * (len(path) - 1)


def _derivatives(metric: Metric, theta: Array, scale: Array) -> Array:
    """Return d I_ij / d theta_k, (T, K, P, P)."""
    result = []
    for k, size in enumerate(_DIFFERENCE * scale):
        shift = np.zeros(theta.shape[1])
        shift[k] = size
        result.append((metric(theta + shift) - metric(theta - shift)) / (2.0 * size))
    return np.stack(result, axis=1)


def geodesic_contour(
    metric: Metric, centre: npt.ArrayLike, distance: float, directions: npt.ArrayLike, scale: npt.ArrayLike
) -> Array:
    """Return the points (D, P) at a distance from the centre along the geodesics that start in given directions (D, P).

    Parameters
    ----------
    scale
        Typical sizes of the parameters, (P,), for differences of the metric.
    """
    origin, sizes = np.asarray(centre, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    n_parameters = len(origin)
    here = metric(origin[None])[0]

    def slope(_: float, state: Array) -> Array:
        theta, speed = state[:n_parameters], state[n_parameters:]
        change = _derivatives(metric, theta[None], sizes)[0]  # (K, P, P)
        force = np.einsum("kij,k,j->i", change, speed, speed) - 0.5 * np.einsum("kij,i,j->k", change, speed, speed)
        return np.concatenate([speed, -np.linalg.solve(metric(theta[None])[0], force)])

    ends = []
    for direction in np.asarray(directions, dtype=np.float64):
        length = float(np.sqrt(direction @ here @ direction))
        if not length > 0:
            raise InferenceError(
                f"the experiment is blind in the direction {direction.tolist()}", expected="a positive information"
            )
        state = np.concatenate([origin, direction / length])
        solved = solve_ivp(slope, (0.0, distance), state, rtol=1e-8, atol=1e-10 * float(sizes.min()))
        if not solved.success:
            raise InferenceError(f"the geodesic cannot be followed ({solved.message})", mend="take a shorter distance")
        ends.append(solved.y[:n_parameters, -1])
    return np.array(ends)
