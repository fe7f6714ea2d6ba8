"""Diagnostics on the linear Gaussian, whose ratio and score are known: the exact ones pass, wrong ones fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.errors import ModelError
from assay.estimators.diagnostics import (
    Diagnostics,
    diagnose,
    ratio_diagnostics,
    read_comparison,
    read_curve,
    score_diagnostics,
)
from assay.estimators.verdicts import CheckResult
from assay.sampling.samples import RatioSample, SampleInfo, ScoreSample

pytestmark = pytest.mark.fast

N = 20_000
INFO = SampleInfo(("x",), ("theta",), ((-1.0, 1.0),), (0.0,))
DESCRIPTION = SimpleNamespace(
    family="parameterised_ratio",
    observables=("x",),
    parameters=("theta",),
    ranges=((-1.0, 1.0),),
    x_ranges=((-12.0, 12.0),),
    training=SimpleNamespace(n_train=N),
)


def ratio_sample() -> RatioSample:
    """Half of x from theta0 in (-1, 1), half from 0; z ~ N(theta, 2), x ~ N(z, 1)."""
    rng = np.random.default_rng(1)
    theta = rng.uniform(-1.0, 1.0, (N, 1))
    y = np.repeat([0.0, 1.0], N // 2)
    z = np.where(y == 0.0, theta[:, 0], 0.0) + rng.normal(0.0, 2.0, N)
    x = z + rng.normal(size=N)
    r_xz = np.exp((2.0 * theta[:, 0] * z - theta[:, 0] ** 2) / 8.0)
    columns = {"x": x[:, None], "theta0": theta, "theta1": 0.0 * theta, "y": y, "r_xz": r_xz}
    return RatioSample(INFO, **columns, t_xz=(z[:, None] - theta) / 4.0)


def ratio_estimator(slope: float = 1.0, shift: float = 0.0) -> Any:
    def paired(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return slope * (theta[:, 0] * x[:, 0] / 5.0 - theta[:, 0] ** 2 / 10.0) + shift

    return SimpleNamespace(paired_log_ratio=paired, observables=("x",), parameters=("theta",), description=DESCRIPTION)


def found(diagnostics: Diagnostics, name: str) -> CheckResult:
    return next(check for check in diagnostics.checks if check.name == name)


def verdicts(diagnostics: Diagnostics) -> set[str]:
    return {check.verdict for check in diagnostics.checks}


def test_the_exact_ratio_passes_every_check() -> None:
    diagnostics = ratio_diagnostics(ratio_estimator(), ratio_sample())
    assert verdicts(diagnostics) == {"passed"}
    (compared,) = diagnostics.agreements
    assert compared.correlation == pytest.approx(np.sqrt(0.8), abs=0.02)  # variance of z over that of x


@pytest.mark.parametrize(("slope", "shift"), [(1.3, 0.0), (0.7, 0.0), (1.0, 0.2), (-1.0, 0.0)])
def test_a_wrong_ratio_fails(slope: float, shift: float) -> None:
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(slope, shift), ratio_sample()))


def test_swapped_labels_and_shuffled_events_fail() -> None:
    sample = ratio_sample()
    swapped = replace(sample, y=1.0 - sample.y)
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(), swapped))
    shuffled = replace(sample, x=np.random.default_rng(2).permutation(sample.x))
    assert "failed" in verdicts(ratio_diagnostics(ratio_estimator(), shuffled))


def test_scores_and_a_biased_score() -> None:
    rng = np.random.default_rng(3)
    z = rng.normal(0.0, 2.0, N)
    x = (z + rng.normal(size=N))[:, None]
    sample = ScoreSample(INFO, x=x, theta=0.0 * x, t_xz=(z / 4.0)[:, None])
    description = SimpleNamespace(**{**vars(DESCRIPTION), "family": "local_score"})
    exact = SimpleNamespace(score=lambda x: x / 5.0, parameters=("theta",), description=description)
    biased = SimpleNamespace(score=lambda x: x / 5.0 + 0.05, parameters=("theta",), description=description)
    assert verdicts(score_diagnostics(exact, sample)) == {"passed"}
    assert found(score_diagnostics(biased, sample), "mean score of theta").verdict == "failed"


def test_comparisons_go_to_a_file_and_back(tmp_path: Path) -> None:
    diagnostics = ratio_diagnostics(ratio_estimator(), ratio_sample())
    diagnostics.write(tmp_path / "diagnostics.h5")
    quantities, joint, estimated = read_comparison(tmp_path / "diagnostics.h5")
    assert quantities == diagnostics.quantities
    np.testing.assert_array_equal(joint, diagnostics.joint[: len(joint)])
    np.testing.assert_array_equal(estimated, diagnostics.estimated[: len(joint)])
    curve = read_curve(tmp_path / "diagnostics.h5")
    assert curve is not None
    assert diagnostics.curve is not None
    np.testing.assert_array_equal(curve.found, diagnostics.curve.found)
    replace(diagnostics, curve=None).write(tmp_path / "diagnostics.h5")
    assert read_curve(tmp_path / "diagnostics.h5") is None
    (tmp_path / "diagnostics.h5").write_bytes(b"broken")
    with pytest.raises(ModelError, match="calibration curve cannot be read"):
        read_curve(tmp_path / "diagnostics.h5")
    with pytest.raises(ModelError, match="diagnostics cannot be read"):
        read_comparison(tmp_path / "diagnostics.h5")


def test_hypotheses_and_inputs_beyond_the_training() -> None:
    wide = ratio_diagnostics(ratio_estimator(), ratio_sample(), hypotheses=[[-1.0], [2.0]])
    check = found(wide, "hypotheses beyond the training's range")
    assert (check.verdict, check.value) == ("failed", 0.5)
    sample = ratio_sample()
    shifted = replace(sample, x=sample.x + 12.0)
    assert (
        found(ratio_diagnostics(ratio_estimator(), shifted), "events beyond the training's range").verdict == "failed"
    )


def test_ratios_that_are_not_finite_fail_without_an_error() -> None:
    estimator = ratio_estimator()
    estimator.paired_log_ratio = lambda x, theta: np.full(len(x), np.nan)
    assert found(ratio_diagnostics(estimator, ratio_sample()), "finite estimates").verdict == "failed"


def test_a_constant_estimate_has_learned_nothing() -> None:
    diagnostics = ratio_diagnostics(ratio_estimator(slope=0.0), ratio_sample())
    assert found(diagnostics, "knowledge in the observables").verdict == "failed"


def test_samples_of_two_kinds_are_refused() -> None:
    sample = ratio_sample()
    other = ScoreSample(INFO, x=sample.x, theta=sample.theta1, t_xz=sample.t_xz)
    with pytest.raises(ModelError, match="a score sample beside a ratio sample"):
        diagnose(ratio_estimator(), sample, other)
