from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits

pytestmark = pytest.mark.fast


class Quadratic:
    def __init__(self, information: np.ndarray, centre: np.ndarray, wall: float = np.inf) -> None:
        self.information, self.centre, self.wall = np.atleast_2d(information), np.asarray(centre), wall

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        d = theta - self.centre
        return np.where(theta[:, 0] > self.wall, -np.inf, -0.5 * np.einsum("ti,ij,tj->t", d, self.information, d))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -self.information @ (theta - self.centre)


ASYMMETRIC = Quadratic(np.array([[100.0, 12.0], [12.0, 4.0]]), np.array([0.02, -0.3]))
GRID = Grid.regular(("a", "b"), [(-0.5, 0.6), (-3.0, 3.0)], {"a": 31, "b": 21})
DATA = DataSet(300.0, 250.0, (0.0, 0.0))


def test_axes_are_not_transposed() -> None:
    result = limits("m", True, ASYMMETRIC, GRID, DATA)
    assert result.q.shape == (31, 21)
    a, b = GRID.axes[0][7], GRID.axes[1][15]
    assert np.isclose(result.q[7, 15], -2 * ASYMMETRIC.log_likelihood(np.array([[a, b]]))[0], atol=1e-9)
    assert np.array_equal(result.pair("b", "a").q, result.pair("a", "b").q.T)
    assert result.pair("b", "a").axes[0] is GRID.axes[1]


def test_best_fit_lies_between_grid_points_and_q_is_never_negative() -> None:
    result = limits("m", True, ASYMMETRIC, GRID, DATA)
    assert np.allclose(result.best_fit.theta, [0.02, -0.3], atol=1e-7)
    assert result.q.min() > 0
    assert all((one.q >= -1e-12).all() for one in (*result.profiles, *result.pair_profiles))


def test_intervals_are_those_of_the_profiled_information() -> None:
    result = limits("m", True, ASYMMETRIC, GRID, DATA, (0.6827, 0.95))
    widths = np.sqrt(np.diag(np.linalg.inv(ASYMMETRIC.information)))
    for name, centre, width in zip("ab", ASYMMETRIC.centre, widths, strict=True):
        (segment,) = result.interval(name, 0.6827).segments
        assert np.allclose([segment.lower, segment.upper], [centre - width, centre + width], atol=2e-4 * width)


def test_points_inside_the_68_percent_region_cover_its_area() -> None:
    fine = Grid.regular(("a", "b"), [(-0.6, 0.64), (-2.4, 1.8)], 201)
    result = limits("m", True, ASYMMETRIC, fine, DATA)
    area = np.pi * result.level(0.68) / np.sqrt(np.linalg.det(ASYMMETRIC.information))
    assert np.isclose(result.points_inside[0] * fine.steps.prod(), area, rtol=0.01)


def test_a_grid_too_coarse_for_the_constraint_is_reported() -> None:
    """The predecessor's default grid, +-20 in steps of 1.67, for constraints of +-0.5."""
    grid = Grid.regular(("a", "b"), [(-20, 20), (-20, 20)], 25)
    result = limits("m", True, Quadratic(np.diag([4.0, 4.0]), np.array([0.0, 0.0])), grid, DATA)
    assert result.points_inside[0] < 10
    assert any("too coarse" in warning for warning in result.warnings)
    fine = limits("m", True, Quadratic(np.diag([0.01, 0.01]), np.array([0.0, 0.0])), grid, DATA)
    assert not any("too coarse" in warning for warning in fine.warnings)


def test_unphysical_points_are_excluded_and_counted() -> None:
    result = limits("m", True, Quadratic(ASYMMETRIC.information, ASYMMETRIC.centre, wall=0.55), GRID, DATA)
    assert result.n_unphysical == 2 * 21
    assert not result.physical[-1].any()
    assert (result.p_values[-1] == 0).all()
    assert np.isfinite(result.best_fit.theta).all()
    assert any("42 of 651 grid points predict a negative rate" in warning for warning in result.warnings)


def test_mismatches_of_grid_truth_and_training_range_are_reported() -> None:
    data = DataSet(300.0, 250.0, (0.0, 5.0))
    sizes = np.full(GRID.shape, 12.0)
    ranges = [(-0.5, 0.5), (-3, 3)]
    result = limits("m", True, ASYMMETRIC, GRID, data, effective_sample_size=sizes, ranges=ranges, notes=("merged",))
    assert result.warnings[0] == "merged"
    text = " ".join(result.warnings)
    assert "outside of the grid" in text
    assert "beyond the range of a," in text
    assert "only 12 effective" in text


def test_a_method_that_excludes_the_truth_of_its_own_data_is_reported() -> None:
    good = limits("m", True, ASYMMETRIC, GRID, DataSet(300.0, 250.0, (0.02, -0.25)))
    assert good.q_true is not None
    assert np.isclose(good.q_true, 0.05**2 * 4.0, atol=1e-8)
    assert not any("biased" in warning for warning in good.warnings)
    biased = limits("m", True, ASYMMETRIC, GRID, DataSet(300.0, 250.0, (0.3, -0.3)))
    assert any("biased" in warning for warning in biased.warnings)
    assert limits("m", True, ASYMMETRIC, GRID, DataSet(300.0, 250.0)).q_true is None


def test_open_intervals_and_fits_at_the_edge_are_reported() -> None:
    result = limits("m", True, Quadratic(np.diag([1.0, 1.0]), np.array([3.0, 0.0])), GRID, DATA)
    text = " ".join(result.warnings)
    assert "edge of the grid in a" in text
    assert "a (68 %)" in text
    assert result.best_fit.at_edge == (True, False)


def test_a_single_parameter_crosses_on_the_likelihood_itself() -> None:
    class Quartic:
        def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
            return -0.5 * (theta[:, 0] ** 2 + 3 * theta[:, 0] ** 4)

        def gradient(self, theta: np.ndarray) -> np.ndarray:
            return -theta - 6 * theta**3

    grid = Grid(("a",), (np.linspace(-2, 2, 11),))
    (segment,) = limits("m", False, Quartic(), grid, DATA, (0.6827,)).interval("a", 0.6827).segments
    q = (-1 + np.sqrt(1 + 12 * 0.99999)) / 6  # theta^2 of q = chi2.ppf(0.6827, 1)
    assert np.isclose(segment.upper, np.sqrt(q), atol=1e-4)
    assert np.isclose(segment.upper**2 + 3 * segment.upper**4, limits_q := segment.lower**2 + 3 * segment.lower**4)
    assert np.isclose(limits_q, 1.0, atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_never_wins_the_best_fit(bad: float) -> None:
    values = ASYMMETRIC.log_likelihood(GRID.points).reshape(GRID.shape)
    values[3, 4] = bad
    with pytest.raises(InferenceError, match="at 1 of 651 points"):
        limits("m", True, ASYMMETRIC, GRID, DATA, log_likelihood=values)


def test_what_cannot_be_a_scan_is_refused() -> None:
    with pytest.raises(InferenceError, match="shape"):
        limits("m", True, ASYMMETRIC, GRID, DATA, log_likelihood=np.zeros((21, 31)))
    with pytest.raises(InferenceError, match="no point of the grid is physical"):
        limits("m", True, ASYMMETRIC, GRID, DATA, log_likelihood=np.full(GRID.shape, -np.inf))
    with pytest.raises(InferenceError, match="confidence levels"):
        limits("m", True, ASYMMETRIC, GRID, DATA, (68.0,))
