from __future__ import annotations

import numpy as np
import pytest

from assay.inference.parabolas import fit_parabolas

pytestmark = pytest.mark.fast
HESSIAN = np.array([[-4.0, 1.5], [1.5, -3.0]])
AXES = (np.array([-1.0, -0.6, -0.1, 0.3, 1.0]), np.array([-2.0, -1.2, -0.3, 0.2, 0.8, 2.0]))


def quadratic(centre: np.ndarray) -> np.ndarray:
    mesh = np.stack(np.meshgrid(*AXES, indexing="ij"), axis=-1) - centre
    return 0.5 * np.einsum("...i,ij,...j->...", mesh, HESSIAN, mesh)


def test_a_quadratic_is_met_exactly_on_unequal_steps() -> None:
    centres = np.array([[0.1, 0.05], [-0.55, 0.3], [0.2, -0.4]])
    values = np.stack([quadratic(c) for c in centres])
    highest = np.stack(np.unravel_index(values.reshape(3, -1).argmax(axis=1), values.shape[1:]), axis=1)
    found = fit_parabolas(values, AXES, highest)
    assert found.usable.all()
    assert np.allclose(found.hessians[:, 0, 0], -4.0)
    assert np.allclose(found.hessians[:, 1, 1], -3.0)
    assert np.allclose(found.hessians[:, 0, 1], 1.5)
    assert np.allclose(found.maxima, centres, atol=1e-9)


def test_steps_stay_within_a_cell_and_on_the_axes() -> None:
    values = quadratic(np.array([5.0, 5.0]))[None]
    found = fit_parabolas(values, AXES, np.array([[4, 5]]))
    assert found.maxima.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("bad", [np.nan, -np.inf])
def test_without_finite_neighbours_the_point_stays(bad: float) -> None:
    values = quadratic(np.array([0.1, 0.1]))[None].copy()
    values[0, 1, 3] = bad
    found = fit_parabolas(values, AXES, np.array([[2, 3]]))
    assert not found.usable[0]
    assert found.maxima.tolist() == [[-0.1, 0.2]]


def test_a_saddle_is_not_a_maximum() -> None:
    saddle = AXES[0][:, None] ** 2 - AXES[1][None] ** 2
    found = fit_parabolas(saddle[None], AXES, np.array([[2, 2]]))
    assert not found.usable[0]
    assert found.maxima.tolist() == [[-0.1, -0.3]]


def test_axes_of_two_points_have_no_parabola() -> None:
    found = fit_parabolas(np.array([[0.0, 1.0]]), (np.array([0.0, 1.0]),), np.array([[1]]))
    assert not found.usable[0]
    assert found.maxima.tolist() == [[1.0]]
