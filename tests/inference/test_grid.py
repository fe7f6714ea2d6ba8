from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.grid import Grid, default_points

pytestmark = pytest.mark.fast


def test_points_reshape_to_the_axes_in_order() -> None:
    grid = Grid.regular(("a", "b", "c"), [(-1, 1), (0, 3), (5, 6)], {"a": 3, "b": 4, "c": 2})
    assert grid.shape == (3, 4, 2)
    assert grid.points.shape == (24, 3)
    cube = grid.points.reshape(*grid.shape, 3)
    assert np.array_equal(cube[:, 0, 0, 0], grid.axes[0])
    assert np.array_equal(cube[0, :, 0, 1], grid.axes[1])
    assert np.array_equal(cube[1, 2, :, 2], grid.axes[2])


def test_bounds_steps_and_contains() -> None:
    grid = Grid.regular(("a", "b"), [(-1, 1), (0, 3)], 5)
    assert np.array_equal(grid.bounds, [[-1, 1], [0, 3]])
    assert np.allclose(grid.steps, [0.5, 0.75])
    assert grid.contains((1.0, 0.0))
    assert not grid.contains((1.0, -0.1))


def test_default_points_keep_the_grid_affordable() -> None:
    assert default_points(2) == 25
    for n_parameters in range(3, 6):
        assert default_points(n_parameters) % 2 == 1
        assert default_points(n_parameters) ** n_parameters <= 1500


@pytest.mark.parametrize("axis", [[0.0], [0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [0.0, np.inf]])
def test_wrong_axes_are_refused(axis: list[float]) -> None:
    with pytest.raises(InferenceError, match="grid of a"):
        Grid(("a",), (np.array(axis),))


def test_an_axis_for_every_parameter() -> None:
    with pytest.raises(InferenceError, match="1 axes for 2"):
        Grid(("a", "b"), (np.array([0.0, 1.0]),))
