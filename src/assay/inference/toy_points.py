"""The true points at which a study asks for toys."""

from __future__ import annotations

import numpy as np

from assay.inference.expectation import Expectation
from assay.inference.from_study import point_of
from assay.inference.grid import Grid
from assay.inference.protocols import Array
from assay.study.model_toys import ToysSection
from assay.theory.parameters import ParameterSpace


def toy_points(section: ToysSection, wanted: Expectation, space: ParameterSpace) -> Array:
    """Return the true points, then the reference if it is not one of them, (K, P): CLs compare with it."""
    if section.points is None:
        points = points_around(wanted.theta_true, wanted.grid)
    else:
        points = np.array([point_of(point, space) for point in section.points])
    reference = np.asarray(space.reference_values, dtype=np.float64)
    if np.isclose(points, reference, rtol=1e-12, atol=0.0).all(axis=1).any() or not wanted.grid.contains(reference):
        return points
    return np.vstack([points, reference])


def points_around(theta: tuple[float, ...], grid: Grid) -> Array:
    """Return theta and one point on either side of it in each parameter, half way to the edge, (1 + 2 P, P)."""
    centre = np.asarray(theta, dtype=np.float64)
    points = [centre]
    for p, edges in enumerate(grid.bounds):
        for edge in edges:
            moved = centre.copy()
            moved[p] = 0.5 * (centre[p] + edge)
            points.append(moved)
    return np.array(points)
