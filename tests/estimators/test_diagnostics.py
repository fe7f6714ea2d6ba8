"""Diagnostics on the linear Gaussian, whose ratio and score are known: the exact ones pass, wrong ones fail."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.errors import ModelError
from assay.estimators.diagnostics import Diagnostics, ratio_diagnostics, read_comparison, score_diagnostics

pytestmark = pytest.mark.fast

N = 40_000


def ratio_sample() -> Any:
    """Half of x from theta0 in (-1, 1), half from 0; z ~ N(theta, 2), x ~ N(z, 1)."""
    rng = np.random.default_rng(1)
    theta = rng.uniform(-1.0, 1.0, (N, 1))
    y = np.repeat([0.0, 1.0], N // 2)
    z = np.where(y == 0.0, theta[:, 0], 0.0) + rng.normal(0.0, 2.0, N)
    x = z + rng.normal(size=N)
    r_xz = np.exp((2.0 * theta[:, 0] * z - theta[:, 0] ** 2) / 8.0)
    return SimpleNamespace(x=x[:, None], theta0=theta, y=y, r_xz=r_xz)


def ratio_estimator(slope: float = 1.0, shift: float = 0.0) -> Any:
    def paired(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return slope * (theta[:, 0] * x[:, 0] / 5.0 - theta[:, 0] ** 2 / 10.0) + shift

    return SimpleNamespace(paired_log_ratio=paired)


def verdicts(diagnostics: Diagnostics) -> set[str]:
    return {check.verdict for check in diagnostics.checks}


def test_the_exact_ratio_passes_every_check() -> None:
    diagnostics = ratio_diagnostics(ratio_estimator(), ratio_sample())
    assert verdicts(diagnostics) == {"passed"}
    (found,) = diagnostics.agreements
    assert found.correlation == pytest.approx(np.sqrt(0.8), abs=0.02)  # variance of z over that of x


@pytest.mark.parametrize(("slope", "shift"), [(1.3, 0.0), (0.7, 0.0), (1.0, 0.2), (-1.0, 0.0)])
def test_a_wrong_ratio_fails(slope: float, shift: float) -> None:
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(slope, shift), ratio_sample()))


def test_swapped_labels_and_shuffled_events_fail() -> None:
    sample = ratio_sample()
    swapped = SimpleNamespace(**{**vars(sample), "y": 1.0 - sample.y})
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(), swapped))
    shuffled = SimpleNamespace(**{**vars(sample), "x": np.random.default_rng(2).permutation(sample.x)})
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(), shuffled))


def test_scores_and_a_biased_score() -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(0.0, 2.0, N)
    sample = SimpleNamespace(x=(z + rng.normal(size=N))[:, None], t_xz=(z / 4.0)[:, None])
    exact = SimpleNamespace(score=lambda x: x / 5.0, parameters=("theta",))
    biased = SimpleNamespace(score=lambda x: x / 5.0 + 0.05, parameters=("theta",))
    assert verdicts(score_diagnostics(exact, sample)) == {"passed"}  # type: ignore[arg-type]
    assert verdicts(score_diagnostics(biased, sample)) == {"failed"}  # type: ignore[arg-type]


def test_comparisons_go_to_a_file_and_back(tmp_path: Path) -> None:
    diagnostics = ratio_diagnostics(ratio_estimator(), ratio_sample())
    diagnostics.write(tmp_path / "diagnostics.h5")
    quantities, joint, estimated = read_comparison(tmp_path / "diagnostics.h5")
    assert quantities == diagnostics.quantities
    np.testing.assert_array_equal(joint, diagnostics.joint[: len(joint)])
    np.testing.assert_array_equal(estimated, diagnostics.estimated[: len(joint)])
    (tmp_path / "diagnostics.h5").write_bytes(b"broken")
    with pytest.raises(ModelError, match="diagnostics cannot be read"):
        read_comparison(tmp_path / "diagnostics.h5")
