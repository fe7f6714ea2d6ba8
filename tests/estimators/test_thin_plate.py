"""Thin-plate interpolation: against scipy's, cardinal, exact for linear functions, its slopes by differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator

from assay.errors import ModelError
from assay.estimators.thin_plate import ThinPlate

pytestmark = pytest.mark.fast

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_weights_are_those_of_an_independent_implementation(dimension: int) -> None:
    nodes, points = RNG.uniform(size=(12, dimension)), RNG.uniform(size=(30, dimension))
    expected = RBFInterpolator(nodes, np.eye(12), kernel="thin_plate_spline", degree=1)(points)
    plate = ThinPlate(nodes)
    np.testing.assert_allclose(plate.weights(points), expected, atol=1e-8)
    np.testing.assert_allclose(plate.weights(nodes), np.eye(12), atol=1e-9)
    direction = RNG.normal(size=dimension)
    np.testing.assert_allclose(plate.weights(points) @ (nodes @ direction + 0.3), points @ direction + 0.3, atol=1e-9)


def test_slopes_are_derivatives_also_at_a_node() -> None:
    plate = ThinPlate(RNG.uniform(size=(9, 2)))
    for point in (np.array([0.3, 0.6]), plate.nodes[4]):
        for found, step in zip(plate.slopes(point), 1e-6 * np.eye(2), strict=True):
            ends = plate.weights(np.stack([point + step, point - step]))
            np.testing.assert_allclose(found, (ends[0] - ends[1]) / 2e-6, atol=2e-4)


def test_points_on_a_line_are_refused() -> None:
    for nodes in ([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]], [[0.0, 0.0], [1.0, 0.3]]):
        with pytest.raises(ModelError, match="span"):
            ThinPlate(np.array(nodes)).weights(np.array([[0.1, 0.2]]))
