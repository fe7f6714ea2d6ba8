from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from assay.errors import AssayError
from assay.files import write_json
from assay.inference.toy_batch import ToyBatch
from assay.inference.toy_summary import DataStatistics, read_toys, summaries, write_toys

pytestmark = pytest.mark.fast

POINTS = np.array([[0.0], [2.0], [3.5]])
Z = norm.ppf(0.84)


def batches(n: int = 400, failures: int = 0) -> list[ToyBatch]:
    """Measurements of theta with unit error at every point."""
    result = []
    for point, true in enumerate(POINTS[:, 0]):
        values = np.random.default_rng(10 + point).normal(true, 1.0, n)
        result.append(
            ToyBatch(
                method="toy",
                include_rate=True,
                parameters=("a",),
                point=point,
                points=POINTS,
                confidence_levels=(0.68, 0.95),
                n_events=np.ones(n),
                best_fit=values[:, None],
                q=(values[:, None] - POINTS[:, 0]) ** 2,
                widths=np.broadcast_to([2 * Z, 2 * norm.ppf(0.975)], (n, 1, 2)).copy(),
                covers=np.abs(values - true)[:, None, None] < [Z, norm.ppf(0.975)],
                at_edge=np.zeros((n, 1, 2), dtype=bool),
                failures=("broken",) * failures + ("",) * (n - failures),
            )
        )
    return result


DATA = {True: DataStatistics((0.4 - POINTS[:, 0]) ** 2, POINTS[:, 0] ** 2)}


def test_everything_that_toys_say_of_a_gaussian_measurement() -> None:
    (found,) = summaries(batches(), (0.0,), DATA)
    assert not found.flagged
    assert found.n_failed == 0
    for point, true in zip(found.points, POINTS[:, 0], strict=True):
        assert point.theta == (true,)
        assert point.wilks.p_value > 0.01
        assert point.best_fit_mean == pytest.approx((true,), abs=0.25)
        assert point.best_fit_spread == pytest.approx((1.0,), abs=0.2)
        assert [one.value for one in point.critical] == pytest.approx([Z**2, norm.ppf(0.975) ** 2], rel=0.35)
    assert [point.in_region for point in found.points] == [(True, True), (False, True), (False, False)]
    assert found.points[0].cls is None
    for point in found.points[1:]:
        by_toys, formula = point.cls.toys, point.cls.asymptotic
        assert by_toys.cl_sb == pytest.approx(formula.cl_sb, abs=4 * by_toys.cl_sb_error + 1e-3)
        assert by_toys.cl_b == pytest.approx(formula.cl_b, abs=4 * by_toys.cl_b_error + 1e-3)


def test_over_confident_methods_are_flagged() -> None:
    bad = [replace(batch, q=9 * batch.q, covers=np.zeros_like(batch.covers)) for batch in batches()]
    (found,) = summaries(bad, (0.0,))
    assert len(found.flagged) == 6
    assert {one.verdict for _, one in found.flagged} == {"failed"}
    assert all(point.wilks.p_value < 1e-6 for point in found.points)
    assert all(point.cls is None and point.in_region is None for point in found.points)


def test_few_toys_have_no_quantiles_that_they_cannot_bound() -> None:
    (found,) = summaries(batches(10), (0.0,))
    assert [[one.confidence_level for one in point.critical] for point in found.points] == [[0.68]] * 3


def test_points_at_which_all_toys_failed_do_not_lose_the_others() -> None:
    good = batches(50)
    bad = replace(good[1], failures=("broken",) * 50)
    (found,) = summaries([good[0], bad, good[2]], (0.0,), DATA)
    assert found.n_failed == 50
    assert found.points[1].failures == {"broken": 50}
    assert found.points[1].coverage == ()
    assert found.points[1].cls is None
    assert found.points[2].cls is not None


def test_summaries_come_back_as_they_were(tmp_path: Path) -> None:
    # with 20 toys the quantile of 95 % has no upper bound: infinity has to survive JSON
    both = [*batches(20, failures=1), *(replace(batch, include_rate=False) for batch in batches(20))]
    written = summaries(both, (0.0,), DATA)
    assert [one.include_rate for one in written] == [True, False]
    write_toys(tmp_path / "toys.json", written)
    assert read_toys(tmp_path / "toys.json") == written


def test_other_files_are_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "toys.json", {"format": "assay-toy-summary-1", "results": [{}]})
    with pytest.raises(AssayError, match="cannot be read"):
        read_toys(tmp_path / "toys.json")
    write_json(tmp_path / "other.json", {})
    with pytest.raises(AssayError, match="not a summary"):
        read_toys(tmp_path / "other.json")
