"""Test statistics between grid points: smooth lines from a grid that is coarse for the eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline, make_interp_spline

from assay.inference.profiles import Profile

Array = NDArray[np.float64]
Range = tuple[float, float]
_FINE = 241
_SMOOTH = 4


def fine_curve(profile: Profile) -> tuple[Array, Array]:
    """Return the parameter's values (n,) and q (n,) of a profile in one parameter, interpolated."""
    axis, q = profile.axes[0], profile.q
    if len(axis) < _SMOOTH or not np.isfinite(q).all():
        return axis, np.where(np.isfinite(q), q, np.nan)
    fine = np.linspace(axis[0], axis[-1], 4 * _FINE)
    return fine, np.asarray(make_interp_spline(axis, q, k=3)(fine))


def fine_surface(profile: Profile) -> tuple[Array, Array, Array]:
    """Return x (n,), y (m,) and q (n, m) of a profile in two parameters, q[i, j] belonging to (x[i], y[j])."""
    (x, y), q = profile.axes, profile.q
    if min(q.shape) < _SMOOTH or not np.isfinite(q).all():
        return x, y, np.where(np.isfinite(q), q, np.nan)
    fine_x, fine_y = np.linspace(x[0], x[-1], _FINE), np.linspace(y[0], y[-1], _FINE)
    return fine_x, fine_y, np.asarray(RectBivariateSpline(x, y, q, kx=3, ky=3)(fine_x, fine_y))


def q_at(profile: Profile, point: Sequence[float]) -> float:
    """Return q at a point (2,), interpolated; infinite outside of the grid or where no hypothesis is physical."""
    (x, y), q = profile.axes, profile.q
    if not (x[0] <= point[0] <= x[-1] and y[0] <= point[1] <= y[-1]):
        return float("inf")
    if min(q.shape) < _SMOOTH or not np.isfinite(q).all():
        nearest = (int(np.argmin(np.abs(x - point[0]))), int(np.argmin(np.abs(y - point[1]))))
        return float(q[nearest])
    return float(RectBivariateSpline(x, y, q, kx=3, ky=3)(point[0], point[1])[0, 0])


def extent(profile: Profile, level: float) -> tuple[Range, Range]:
    """Return the box ((x_low, x_high), (y_low, y_high)) of the region q <= level; the whole grid if it has no point."""
    x, y, q = fine_surface(profile)
    inside = np.nan_to_num(q, nan=np.inf) <= level
    if not inside.any():
        return (float(x[0]), float(x[-1])), (float(y[0]), float(y[-1]))
    rows, columns = x[inside.any(axis=1)], y[inside.any(axis=0)]
    return (float(rows[0]), float(rows[-1])), (float(columns[0]), float(columns[-1]))


def view(regions: Sequence[Range], grid: Range, margin: float = 0.15) -> Range:
    """Return what to show of an axis: all regions that end inside the grid, with a margin; the grid if none does.

    A method that is blind to a parameter would otherwise shrink what all others have to say.
    """
    step = 1e-6 * (grid[1] - grid[0])
    closed = [(low, high) for low, high in regions if low > grid[0] + step and high < grid[1] - step]
    if not closed:
        return grid
    low, high = min(low for low, _ in closed), max(high for _, high in closed)
    space = margin * (high - low) + step
    return max(low - space, grid[0]), min(high + space, grid[1])
