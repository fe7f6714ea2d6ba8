"""Parabolas through the neighbours of grid points: where a maximum lies between them, and how sharp it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.inference.protocols import Array, Integers, Mask


@dataclass(frozen=True)
class Parabolas:
    """Local maxima of K functions of Q parameters.

    Parameters
    ----------
    maxima
        Positions (K, Q), within one step of the grid point; the point itself where no parabola opens downwards.
    hessians
        Second derivatives (K, Q, Q).
    usable
        Where the parabola opens downwards in every direction, (K,).
    """

    maxima: Array
    hessians: Array
    usable: Mask


def fit_parabolas(values: Array, axes: Sequence[Array], centre: Integers) -> Parabolas:
    """Fit the neighbourhoods of points on a grid.

    Parameters
    ----------
    values
        K functions over one grid, (K, n_1, ..., n_Q); may be infinite.
    axes
        Values of each parameter.
    centre
        The highest point of each function, (K, Q) indices.
    """
    inner = np.stack([np.clip(c, 1, max(1, a.size - 2)) for c, a in zip(centre.T, axes, strict=True)], axis=1)
    middle, up, down = _spacing(axes, inner)
    with np.errstate(invalid="ignore", divide="ignore"):
        gradient, hessian = _derivatives(values, inner, up, down)
    maxima = np.stack([axis[c] for axis, c in zip(axes, centre.T, strict=True)], axis=1)
    usable: Mask = np.isfinite(np.concatenate([gradient, hessian.reshape(len(hessian), -1)], axis=1)).all(axis=1)
    usable[usable] = np.linalg.eigvalsh(hessian[usable])[:, -1] < 0
    step = np.linalg.solve(hessian[usable], -gradient[usable][:, :, None])[:, :, 0]
    maxima[usable] = middle[usable] + np.clip(step, -down[usable], up[usable])
    return Parabolas(maxima, hessian, usable)


def _spacing(axes: Sequence[Array], inner: Integers) -> tuple[Array, Array, Array]:
    """Return the points (K, Q) and the distances to their neighbours above and below."""
    at, above, below = (
        np.stack([a[np.clip(i + shift, 0, a.size - 1)] for a, i in zip(axes, inner.T, strict=True)], axis=1)
        for shift in (0, 1, -1)
    )
    return at, above - at, at - below


def _derivatives(values: Array, inner: Integers, up: Array, down: Array) -> tuple[Array, Array]:
    """Return divided differences of first (K, Q) and second order (K, Q, Q)."""
    n_rows, n_dims = inner.shape
    rows, last = np.arange(n_rows), np.array(values.shape[1:]) - 1
    unit = np.eye(n_dims, dtype=np.int64)

    def at(shift: Integers) -> Array:
        found: Array = values[(rows, *np.clip(inner + shift, 0, last).T)]
        return found

    gradient, hessian = np.zeros((n_rows, n_dims)), np.zeros((n_rows, n_dims, n_dims))
    middle = at(0 * unit[0])
    for d in range(n_dims):
        right, left = (at(unit[d]) - middle) / up[:, d], (middle - at(-unit[d])) / down[:, d]
        width = up[:, d] + down[:, d]
        gradient[:, d] = (right * down[:, d] + left * up[:, d]) / width
        hessian[:, d, d] = 2.0 * (right - left) / width
        for e in range(d):
            mixed = at(unit[d] + unit[e]) - at(unit[d] - unit[e]) - at(unit[e] - unit[d]) + at(-unit[d] - unit[e])
            hessian[:, d, e] = hessian[:, e, d] = mixed / (width * (up + down)[:, e])
    return gradient, hessian
