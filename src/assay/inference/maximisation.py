r"""Maxima of a log likelihood over some of its parameters, at many points at once.

This is what profiling needs: T problems of the same kind, each with K free parameters, none of which may be solved by a
Python loop. They climb together by a quasi-Newton method with bounds: the curvature at the start comes from differences
of gradients, later from BFGS updates (Nocedal and Wright, Numerical Optimization, chapter 6); a step that does not
climb is halved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.protocols import Array, Likelihood, Mask, as_points

_ITERATIONS = 60
_HALVINGS = 12
_GAIN = 1e-14  # of log L, expected of a further step: networks in single precision do not resolve as little
_DIFFERENCE = 0.02  # of the scale, for the first curvature
_SMALLEST_CURVATURE = 1e-6  # of the largest
_LARGEST_STEP = 0.25  # of the width between bounds


def maximise_over(
    likelihood: Likelihood,
    theta: npt.ArrayLike,
    free: Sequence[int],
    bounds: npt.ArrayLike,
    scale: npt.ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Maximise over the parameters at the positions `free`, with all others as in `theta`.

    Parameters
    ----------
    likelihood
        Its gradient takes many points.
    theta
        Where to start, (T, P).
    free
        K positions.
    bounds
        Of the free parameters, (K, 2).
    scale
        Their typical distances, (K,); by default a tenth of the width between the bounds.

    Returns
    -------
    log_likelihood, theta
        (T,) and (T, P): never lower than at the start; minus infinity where the start is not physical.
    """
    points = as_points(theta).copy()
    box = np.broadcast_to(np.asarray(bounds, dtype=np.float64), (len(free), 2))
    if not free:
        return likelihood.log_likelihood(points), points
    if not (box[:, 0] < box[:, 1]).all():
        raise InferenceError(f"bounds {box.tolist()}", expected="lower below upper, one pair for each free parameter")
    width = box[:, 1] - box[:, 0]
    units = 0.1 * width if scale is None else np.broadcast_to(np.asarray(scale, dtype=np.float64), width.shape)
    points[:, list(free)] = np.clip(points[:, list(free)], box[:, 0], box[:, 1])
    values = likelihood.log_likelihood(points)
    alive = np.flatnonzero(np.isfinite(values))
    climb = _Climb(likelihood, tuple(free), box, units)
    values[alive], points[alive] = climb.run(values[alive], points[alive])
    return values, points


@dataclass(frozen=True)
class _Climb:
    """K free parameters of a likelihood between bounds (K, 2), in units of `scale` (K,)."""

    likelihood: Likelihood
    free: tuple[int, ...]
    bounds: Array
    scale: Array

    def run(self, values: Array, points: Array) -> tuple[Array, Array]:
        if not len(points):
            return values, points
        gradient = self._gradient(points)
        curvature = self._curvature(points, gradient)
        active = np.arange(len(points))
        for _ in range(_ITERATIONS):
            step, gain = self._newton(points[active], gradient[active], curvature[active])
            active, step = active[gain > _GAIN], step[gain > _GAIN]
            if not len(active):
                break
            found, reached = self._search(values[active], points[active], step)
            climbed = reached > values[active]
            active, found, reached = active[climbed], found[climbed], reached[climbed]
            if not len(active):
                break
            after = self._gradient(found)
            moved = (found - points[active])[:, list(self.free)] / self.scale
            curvature[active] = _updated(curvature[active], moved, gradient[active] - after)
            values[active], points[active], gradient[active] = reached, found, after
        return values, points

    def _gradient(self, points: Array) -> Array:
        """In units of the scale; zero where it is not finite, so that the climb ends there."""
        gradient = np.asarray(self.likelihood.gradient(points), dtype=np.float64)[:, list(self.free)] * self.scale
        return np.where(np.isfinite(gradient), gradient, 0.0)

    def _curvature(self, points: Array, gradient: Array) -> Array:
        """Return -d^2 log L (T, K, K), made positive, from differences of gradients towards the inside."""
        n_free = len(self.free)
        curvature = np.empty((len(points), n_free, n_free))
        for k, column in enumerate(self.free):
            size = _DIFFERENCE * self.scale[k]
            inward = np.where(points[:, column] + size > self.bounds[k, 1], -size, size)
            shifted = points.copy()
            shifted[:, column] += inward
            physical = np.isfinite(self.likelihood.log_likelihood(shifted))
            difference = gradient - self._gradient(shifted)
            curvature[:, k] = difference / (inward / self.scale[k])[:, None]
            curvature[~physical, k] = np.eye(n_free)[k]
        symmetric = 0.5 * (curvature + curvature.transpose(0, 2, 1))
        found, vectors = np.linalg.eigh(symmetric)
        size_of = np.abs(found)
        floor = np.maximum(_SMALLEST_CURVATURE * size_of.max(axis=1, keepdims=True), np.finfo(float).tiny)
        positive: Array = np.einsum("tik,tk,tjk->tij", vectors, np.maximum(size_of, floor), vectors)
        return positive

    def _newton(self, points: Array, gradient: Array, curvature: Array) -> tuple[Array, Array]:
        """Return steps (T, K), and how much log L grows with each if it is a parabola; pinned parameters stay."""
        here = points[:, list(self.free)]
        pinned = ((here <= self.bounds[:, 0]) & (gradient < 0)) | ((here >= self.bounds[:, 1]) & (gradient > 0))
        slope = np.where(pinned, 0.0, gradient)
        loose = ~pinned
        matrix = np.where(loose[:, :, None] & loose[:, None, :], curvature, 0.0) + pinned[:, :, None] * np.eye(
            len(self.free)
        )
        step = np.linalg.solve(matrix, slope[..., None])[..., 0] * self.scale
        longest = _LARGEST_STEP * (self.bounds[:, 1] - self.bounds[:, 0])
        shrink = np.minimum(1.0, 1.0 / np.maximum((np.abs(step) / longest).max(axis=1), np.finfo(float).tiny))
        gain = 0.5 * np.einsum("tk,tk->t", slope, step / self.scale)
        return step * shrink[:, None], gain

    def _search(self, values: Array, points: Array, step: Array) -> tuple[Array, Array]:
        """Halve the steps that do not climb."""
        found, reached = points.copy(), values.copy()
        open_ = np.arange(len(points))
        factor = 1.0
        for _ in range(_HALVINGS):
            trial = points[open_].copy()
            columns = list(self.free)
            trial[:, columns] = np.clip(trial[:, columns] + factor * step[open_], self.bounds[:, 0], self.bounds[:, 1])
            new = self.likelihood.log_likelihood(trial)
            better: Mask = new > values[open_]
            found[open_[better]], reached[open_[better]] = trial[better], new[better]
            open_ = open_[~better]
            if not len(open_):
                break
            factor *= 0.5
        return found, reached


def _updated(curvature: Array, moved: Array, change: Array) -> Array:
    """Return the BFGS update of curvatures (T, K, K) by steps (T, K) over which the slope fell by `change` (T, K)."""
    product = np.einsum("tij,tj->ti", curvature, moved)
    along, expected = np.einsum("tk,tk->t", moved, change), np.einsum("tk,tk->t", moved, product)
    usable = (along > 1e-10 * np.maximum(expected, np.finfo(float).tiny)) & (expected > 0)
    safe_along, safe_expected = np.where(usable, along, 1.0), np.where(usable, expected, 1.0)
    update = change[:, :, None] * change[:, None, :] / safe_along[:, None, None]
    update -= product[:, :, None] * product[:, None, :] / safe_expected[:, None, None]
    updated: Array = curvature + np.where(usable[:, None, None], update, 0.0)
    return updated
