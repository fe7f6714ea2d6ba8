from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from assay.errors import InferenceError
from assay.inference.neyman import compare_with_wilks, critical_value, interpolated_critical, neyman_region

pytestmark = pytest.mark.fast


def test_quantile_of_chi_square_within_its_errors() -> None:
    rng = np.random.default_rng(0)
    found = [critical_value(chi2.rvs(2, size=400, random_state=rng), (0.0, 0.0), 0.95) for _ in range(60)]
    exact = chi2.ppf(0.95, 2)
    assert found[0].asymptotic == pytest.approx(exact)
    assert np.mean([one.value for one in found]) == pytest.approx(exact, abs=0.15)
    contained = np.mean([one.lower <= exact <= one.upper for one in found])
    assert 0.5 < contained < 0.87


def test_region_covers_whatever_the_test_statistic_is() -> None:
    """Toys of a likelihood that is far too narrow: its q is nine times too large, and the region covers nonetheless."""
    rng = np.random.default_rng(1)
    q = 9.0 * rng.normal(size=500) ** 2
    critical = critical_value(q, (0.0,), 0.6827)
    new = 9.0 * rng.normal(size=4000) ** 2
    covered = neyman_region(new, np.zeros((4000, 1)), (critical,)).mean()
    assert covered == pytest.approx(0.6827, abs=0.06)
    assert (new <= critical.asymptotic).mean() < 0.35


def test_rank_makes_a_new_toy_as_probable_as_promised() -> None:
    """With 9 toys the 9th of them bounds a tenth one with probability 0.9, and there is no bound for 0.95."""
    assert critical_value(np.arange(9.0), (0.0,), 0.9).value == 8.0
    with pytest.raises(InferenceError, match=r"9 toys for a quantile of 0\.95"):
        critical_value(np.arange(9.0), (0.0,), 0.95)
    assert critical_value(np.arange(9.0), (0.0,), 0.9).upper == np.inf


@pytest.mark.parametrize("n_parameters", [1, 2, 3])
def test_wilks_theorem_is_confirmed_and_refuted(n_parameters: int) -> None:
    q = chi2.rvs(n_parameters, size=800, random_state=np.random.default_rng(2))
    good, bad = compare_with_wilks(q, n_parameters), compare_with_wilks(1.5 * q, n_parameters)
    assert good.p_value > 0.01
    assert good.mean_q == pytest.approx(n_parameters, rel=0.15)
    assert bad.p_value < 1e-6
    with pytest.raises(InferenceError):
        compare_with_wilks([np.nan], 1)


def test_critical_values_between_points() -> None:
    line = tuple(critical_value(np.full(50, value), (x,), 0.68) for x, value in ((1.0, 3.0), (0.0, 2.0)))
    assert interpolated_critical(line, [[0.5], [-1.0], [9.0]]).tolist() == [2.5, 2.0, 3.0]
    corners = tuple(critical_value(np.full(50, 1.0 + x + 2 * y), (x, y), 0.68) for x in (0.0, 1.0) for y in (0.0, 1.0))
    assert interpolated_critical(corners, [[0.25, 0.5], [5.0, 1.0]]) == pytest.approx([2.25, 4.0])
    two = corners[:2]  # no triangle
    assert interpolated_critical(two, [[0.0, 0.1], [0.0, 0.9]]).tolist() == [1.0, 3.0]
