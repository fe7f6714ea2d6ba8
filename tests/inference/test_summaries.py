from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, norm
from tests.inference.test_maximisation import Quadratic, correlated

from assay.errors import InferenceError
from assay.inference.ensemble_limits import spread_of
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.nuisance import Profiled
from assay.inference.results import LimitResult, read_limits, write_limits
from assay.inference.summaries import Exclusion, correlation_of, covariance_at

pytestmark = pytest.mark.fast
GRID = Grid.regular(("a", "b"), [(-6.0, 6.0), (-6.0, 6.0)], 31)


def result_of(centre: tuple[float, float], width: float = 1.0) -> LimitResult:
    likelihood = Quadratic(np.diag([1.0 / width**2, 2.0]), np.array(centre))
    return limits("m", True, likelihood, GRID, DataSet(1.0, 10.0, reference=(0.0, 0.0)))


def test_exclusion_has_the_degrees_of_freedom_of_the_parameters() -> None:
    assert np.isclose(Exclusion.at((0.0,), 4.0).significance, 2.0)
    two = Exclusion.at((0.0, 0.0), 9.0)
    assert np.isclose(two.p_value, chi2.sf(9.0, 2))
    assert np.isclose(two.significance, norm.isf(chi2.sf(9.0, 2) / 2))
    assert two.significance < 3.0
    assert Exclusion.at((0.0,), 0.0).significance == 0.0
    # far beyond what a p-value can hold
    assert np.isclose(Exclusion.at((0.0,), 2500.0).significance, 50.0, rtol=0.01)


def test_limits_say_how_far_the_reference_is_excluded() -> None:
    result = result_of((2.0, -1.0))
    assert result.exclusion is not None
    assert result.exclusion.theta == (0.0, 0.0)
    assert np.isclose(result.exclusion.q, 4.0 + 2.0, rtol=1e-6)


def test_covariance_is_the_inverse_of_the_curvature() -> None:
    likelihood = correlated(3, 4)
    found = covariance_at(likelihood, likelihood.centre, [0.3, 0.1, 2.0])
    assert found is not None
    assert np.allclose(found, np.linalg.inv(likelihood.information))
    assert np.allclose(np.diag(correlation_of(found)), 1.0)
    saddle = Quadratic(np.diag([1.0, -1.0]), np.zeros(2))
    assert covariance_at(saddle, [0.0, 0.0], [1.0, 1.0]) is None


def test_the_spread_of_members_is_that_of_their_limits() -> None:
    members = [result_of((centre, 0.0)) for centre in (-0.2, 0.0, 0.2)]
    spread = spread_of(members)
    assert spread.n_members == 3
    assert np.allclose(spread.lower[:2], 0.2, rtol=1e-3)  # both levels of a
    assert np.allclose(spread.upper[2:], 0.0, atol=1e-6)
    values = np.stack([(GRID.points[:, 0].reshape(GRID.shape) - centre) ** 2 for centre in (-0.2, 0.0, 0.2)])
    assert spread.q is not None
    assert np.allclose(spread.q, values.std(axis=0, ddof=1), atol=1e-6)


def test_ends_at_the_edge_have_no_spread_and_strangers_no_ensemble() -> None:
    open_ended = [result_of((centre, 0.0), width=20.0) for centre in (0.0, 0.1)]
    assert spread_of(open_ended).lower[0] is None
    with pytest.raises(InferenceError, match="limits of 1 members"):
        spread_of(open_ended[:1])
    with pytest.raises(InferenceError, match="limits of 2 members"):
        spread_of([open_ended[0], replace(open_ended[1], parameters=("a", "c"))])


def test_everything_is_written_and_read_back(tmp_path: Path) -> None:
    data = DataSet(1.0, 10.0, (0.1, 0.0), (0.0, 0.0), ("norm", "scale"))
    plain = limits("m", True, Profiled(correlated(4, 5), 2), GRID, data)
    result = replace(plain, ensemble=spread_of([result_of((c, 0.0)) for c in (0.0, 0.1)]))
    write_limits(tmp_path / "limits", result)
    again = read_limits(tmp_path / "limits")
    assert again.exclusion == result.exclusion
    assert again.nuisance == result.nuisance
    assert again.nuisance is not None
    assert again.nuisance.names == ("norm", "scale")
    assert again.ensemble is not None
    assert result.ensemble is not None
    assert np.array_equal(again.ensemble.q, result.ensemble.q)
    assert (again.ensemble.lower, again.ensemble.upper) == (result.ensemble.lower, result.ensemble.upper)
    assert np.array_equal(again.covariance, result.covariance)
    without = replace(result, log_likelihood=None, q=None, points_inside=(), ensemble=None)
    write_limits(tmp_path / "profiles", without)
    assert read_limits(tmp_path / "profiles").q is None
