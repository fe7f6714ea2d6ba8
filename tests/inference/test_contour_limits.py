from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError, InferenceError
from assay.files import write_json
from assay.inference.adaptive_contours import ContourSettings
from assay.inference.contour_limits import contour_limits
from assay.inference.contour_results import ContourRecord, read_contours, write_contours
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits

pytestmark = pytest.mark.fast

LEVELS = (0.68, 0.95)
GRID = Grid.regular(("a", "b"), [(-1.0, 1.0), (-2.0, 2.0)], 25)
DATA = DataSet(100.0, 50.0, (0.1, 0.2))


class Bent:
    """A likelihood that counts its evaluations."""

    def __init__(self) -> None:
        self.n_evaluations = 0

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        self.n_evaluations += len(theta)
        a, b = theta.T
        return 7.0 - 0.5 * (((a - 0.1) / 0.25) ** 2 + ((b - 0.2 - a**2) / 0.5) ** 2)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        a, b = np.moveaxis(np.asarray(theta), -1, 0)
        bend = (b - 0.2 - a**2) / 0.25
        return np.stack([-(a - 0.1) / 0.0625 + 2 * a * bend, -bend], axis=-1)


def test_limits_are_those_of_the_likelihood_from_few_evaluations() -> None:
    exact = limits("m", True, Bent(), GRID, DATA, LEVELS)
    likelihood = Bent()
    found, contours = contour_limits("m", True, likelihood, GRID, DATA, LEVELS)
    assert likelihood.n_evaluations == contours.n_evaluations <= 62
    assert found.best_fit.log_likelihood == pytest.approx(exact.best_fit.log_likelihood, abs=0.02)
    assert found.best_fit.theta == pytest.approx(exact.best_fit.theta, abs=0.02)
    for one, other in zip(found.intervals, exact.intervals, strict=True):
        assert one.segments[0].lower == pytest.approx(other.segments[0].lower, abs=0.01)
        assert one.segments[0].upper == pytest.approx(other.segments[0].upper, abs=0.01)
    near = exact.q < 8
    assert np.abs(found.q - exact.q)[near].max() < 0.1


def test_a_search_that_ended_early_is_warned_about() -> None:
    found, contours = contour_limits("m", True, Bent(), GRID, DATA, LEVELS, settings=ContourSettings(9, initial=8))
    assert not contours.converged
    assert "may be wrong by" in found.warnings[-1]


def test_more_than_four_parameters_are_refused() -> None:
    grid = Grid.regular(tuple("abcde"), [(-1.0, 1.0)] * 5, 3)
    with pytest.raises(InferenceError, match="5 parameters"):
        contour_limits("m", True, Bent(), grid, DATA, LEVELS)


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    _, contours = contour_limits("m", True, Bent(), GRID, DATA, LEVELS, settings=ContourSettings(20))
    record = ContourRecord.of("m", True, contours, 625)
    write_contours(tmp_path / "contours", [record])
    (found,) = read_contours(tmp_path / "contours")
    assert np.array_equal(found.theta, contours.theta)
    assert np.array_equal(found.log_likelihood, contours.log_likelihood)
    assert (found.rounds, found.levels, found.n_grid) == (contours.rounds, contours.levels, 625)
    (tmp_path / "contours.h5").unlink()
    with pytest.raises(AssayError, match="cannot be read"):
        read_contours(tmp_path / "contours")
    write_json(tmp_path / "contours.json", {})
    with pytest.raises(AssayError, match="not a file of contours"):
        read_contours(tmp_path / "contours")
