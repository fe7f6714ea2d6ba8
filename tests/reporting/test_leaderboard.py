from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.inference.information import FisherResult
from assay.reporting.leaderboard import (
    Measure,
    Standing,
    as_markdown,
    information_measures,
    ranked,
    ratio_measures,
    read_leaderboard,
    write_leaderboard,
)
from assay.sampling.info import SampleInfo
from assay.sampling.samples import RatioSample

pytestmark = pytest.mark.fast


def standing(name: str, value: float | None, failed: int = 0, bound: bool = False) -> Standing:
    measures = {} if value is None else {"information": Measure(value, 0.1), "log_loss": Measure(value, 0.1)}
    checks = tuple(f"check {number}" for number in range(failed))
    return Standing(name, "entry", measures, "failed" if failed else "passed", checks, 1.0, bound)


def test_order_and_ranks(tmp_path: Path) -> None:
    given = [
        standing("none", None),
        standing("very wrong", 9.0, failed=3),
        standing("wrong", 5.0, failed=1),
        standing("good", 2.0),
        standing("truth", 4.0, bound=True),
        standing("better", 3.0),
    ]
    board = ranked("a study", given, "information")
    assert [one.name for one in board.standings] == ["truth", "better", "good", "wrong", "very wrong", "none"]
    assert board.ranks == (None, 1, 2, 3, 4, None)
    less = ranked("a study", given, "log_loss")
    assert [one.name for one in less.standings][:2] == ["good", "better"]
    paths = write_leaderboard(tmp_path, board)
    assert read_leaderboard(paths[0]) == board
    assert "| 1 | better | entry | 3 ± 0.1 |" in as_markdown(board)
    assert "very wrong failed: check 0, check 1, check 2" in paths[1].read_text()


def test_log_loss_is_least_for_the_truth() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    theta, y = rng.uniform(-1, 1, (n, 1)), (rng.random(n) < 0.5).astype(float)
    x = rng.normal(size=(n, 1)) + np.where(y < 0.5, theta[:, 0], 0.0)[:, None]
    truth = (theta * x - 0.5 * theta**2)[:, 0]
    info = SampleInfo(("x",), ("a",), ((-1.0, 1.0),), (0.0,))
    arrays = [np.asarray(one, dtype=np.float32) for one in (x, theta, 0 * theta, y, np.exp(truth), x - theta)]
    sample = RatioSample(info, *arrays)
    exact = ratio_measures(truth, sample)
    assert exact["log_loss"].value == pytest.approx(0.0, abs=1e-6)
    assert exact["log_r"].value == pytest.approx(0.0, abs=1e-6)
    for wrong in (0 * truth, 2 * truth, truth + 0.5):
        found = ratio_measures(wrong, sample)
        assert found["log_loss"].value > 5 * (found["log_loss"].error or 0)
    assert ratio_measures(truth + 0.5, sample)["log_r"].value == pytest.approx(0.25, rel=1e-4)
    assert ratio_measures(np.full(n, np.nan), sample) == {}


def test_information_and_its_error() -> None:
    covariance = np.zeros((2, 2, 2, 2))
    covariance[0, 0, 0, 0] = 0.04
    matrix = np.diag([4.0, 9.0])
    result = FisherResult("m", False, ("a", "b"), (0.0, 0.0), 1.0, matrix, covariance, np.zeros((2, 2)))
    found = information_measures([result])["information"]
    assert found.value == pytest.approx(6.0)
    assert found.error == pytest.approx(6.0 / 2 * 0.2 / 4.0)  # d sqrt(4 * 9) / d I_00 = 6 / (2 * 4)
    blind = FisherResult("m", False, ("a", "b"), (0.0, 0.0), 1.0, np.diag([4.0, 0.0]), covariance, np.zeros((2, 2)))
    assert information_measures([blind])["information"].value == 0.0
    assert information_measures([]) == {}
