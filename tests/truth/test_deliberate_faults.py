"""Six deliberate faults, each caught by a check that is named here, and healthy models, on which no check is raised.

All on the linear Gaussian model. Each fault is in the training, validation and test sample alike, as it would be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assay.estimators.diagnostics import Diagnostics, diagnose
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.estimators.verdicts import CheckResult, Verdict
from assay.sampling.samples import DensitySample, RatioSample, Sample, ScoreSample

from .linear_gaussian import (
    RANGE,
    density_sample,
    draw,
    joint_log_ratio,
    joint_score,
    ratio_sample,
    score_sample,
    wrong_joint_score,
)

pytestmark = pytest.mark.slow

NETWORK = NetworkSettings((32, 32), "silu")
TRAINING = TrainingSettings(
    epochs=10, batch_size=250, learning_rate=1e-2, patience=None, alpha=1.0 / RANGE**2, device="cpu"
)
FLOW = FlowSettings("maf", transforms=1)
SIZES = ((16_000, 1), (4000, 2), (30_000, 3))

Fault = Callable[[Sample], Sample]


def check(diagnostics: Diagnostics, name: str) -> CheckResult:
    return next(result for result in diagnostics.checks if result.name == name)


def raised(diagnostics: Diagnostics) -> dict[str, Verdict]:
    return {result.name: result.verdict for result in diagnostics.checks if result.verdict != "passed"}


def diagnosed(
    method: str, samples: tuple[Sample, ...], settings: TrainingSettings = TRAINING, test: Sample | None = None
) -> Diagnostics:
    """Train on the first sample, with the second one for validation, and check on the third, or another."""
    train, validation, own = samples
    estimator = train_estimator(method, train, validation, NETWORK, settings, flow=FLOW).estimator
    return diagnose(estimator, own if test is None else test, train)


@cache
def healthy(method: str) -> Diagnostics:
    draw_sample = {"sally": score_sample, "nde": density_sample, "scandal": density_sample}.get(method, ratio_sample)
    samples: tuple[RatioSample | ScoreSample | DensitySample, ...] = tuple(draw_sample(n, seed) for n, seed in SIZES)
    if method == "rascal":  # whose squared ratios need many more events where these are large
        samples = tuple(narrowed(sample, 1.5) for sample in samples if isinstance(sample, RatioSample))
    return diagnosed(method, samples)


@pytest.mark.parametrize("method", ["alice", "alices", "rascal", "sally", "scandal"])
def test_no_check_is_raised_on_healthy_models(method: str) -> None:
    assert raised(healthy(method)) == {}


def test_a_joint_score_of_the_observable_in_place_of_the_latent_variable() -> None:
    samples = tuple(ratio_sample(n, seed, wrong_joint_score) for n, seed in SIZES)
    diagnostics = diagnosed("alices", samples, replace(TRAINING, alpha=1.0))
    slope = check(diagnostics, "calibration slope against labels")
    assert slope.verdict == "failed"
    assert slope.value < 0.95
    # without the model: the mean of x changes less with theta than this score says
    data = check(diagnostics, "joint score of theta against observables")
    assert (data.verdict, data.value) == ("failed", pytest.approx(1.25, abs=0.1))


def test_the_same_wrong_score_for_a_density() -> None:
    samples = tuple(density_sample(n, seed, wrong_joint_score) for n, seed in SIZES)
    assert check(diagnosed("nde", samples), "joint score of theta against observables").verdict == "failed"


def test_swapped_labels() -> None:
    samples = tuple(replace(s, y=1.0 - s.y) for s in (ratio_sample(n, seed) for n, seed in SIZES))
    diagnostics = diagnosed("carl", samples)
    data = check(diagnostics, "joint ratio against labels")
    assert (data.verdict, data.value) == ("failed", pytest.approx(-1.0, abs=0.1))
    # CARL, which believes the labels, learns the inverse
    assert check(diagnostics, "calibration slope against joint ratios").verdict == "failed"


BENCHMARKS = np.array([-2.0, -1.0, 0.5, 1.0, 2.0])


def at_benchmarks(n: int, seed: int, factors: dict[float, float]) -> RatioSample:
    """Numerators at benchmarks, of which some have weights that are too large by a factor."""
    rng = np.random.default_rng(seed)
    theta0 = rng.choice(BENCHMARKS, n)
    y = (np.arange(n) % 2).astype(float)
    x, z = draw(np.where(y == 0, theta0, 0.0), rng)
    wrong = np.array([factors.get(float(theta), 1.0) for theta in theta0])
    columns = {
        "x": x[:, None],
        "theta0": theta0[:, None],
        "theta1": np.zeros((n, 1)),
        "y": y,
        "r_xz": wrong * np.exp(joint_log_ratio(z, theta0)),
        "t_xz": joint_score(x, z, theta0)[:, None],
    }
    arrays = {name: column.astype(np.float32) for name, column in columns.items()}
    return RatioSample(info=ratio_sample(2, 1).info, **arrays)


def test_one_benchmark_with_weights_scaled() -> None:
    name = "level of joint ratios against labels"
    sizes = (*SIZES[:2], (60_000, 3))
    good = diagnosed("alice", tuple(at_benchmarks(n, seed, {}) for n, seed in sizes))
    assert check(good, name).verdict == "passed"
    diagnostics = diagnosed("alice", tuple(at_benchmarks(n, seed, {1.0: 1.2}) for n, seed in sizes))
    level = check(diagnostics, name)
    assert (level.verdict, level.value) == ("failed", pytest.approx(-np.log(1.2), abs=0.08))
    assert "theta = [1.0]" in level.detail


def test_observables_shuffled_between_events() -> None:
    def shuffled(sample: RatioSample, seed: int) -> RatioSample:
        return replace(sample, x=np.random.default_rng(seed).permutation(sample.x))

    samples = tuple(shuffled(ratio_sample(n, seed), seed) for n, seed in SIZES)
    assert check(diagnosed("alices", samples), "knowledge in the observables").verdict == "failed"
    # only in the training: the test sample says it too
    mixed = (*samples[:2], ratio_sample(*SIZES[2]))
    assert check(diagnosed("alices", mixed), "knowledge in the observables").verdict == "failed"


def test_observables_shuffled_for_scores_and_densities() -> None:
    for method, draw_sample in (("sally", score_sample), ("nde", density_sample)):
        samples = tuple(
            replace(s, x=np.random.default_rng(seed).permutation(s.x))
            for s, seed in ((draw_sample(n, seed), seed) for n, seed in SIZES)
        )
        assert check(diagnosed(method, samples), "knowledge in the observables").verdict == "failed"


def narrowed(sample: RatioSample, limit: float) -> RatioSample:
    """The samples of hypotheses within a limit, with as many of either label."""
    inside = np.abs(sample.theta0[:, 0]) < limit
    rows = [np.flatnonzero(inside & (sample.y == label)) for label in (0.0, 1.0)]
    n = min(map(len, rows))
    chosen = np.sort(np.concatenate([of[:n] for of in rows]))
    arrays = {name: getattr(sample, name)[chosen] for name in sample.arrays}
    return replace(sample, info=replace(sample.info, ranges=((-limit, limit),)), **arrays)


def test_a_training_range_that_is_narrower_than_the_evaluation() -> None:
    samples = tuple(narrowed(ratio_sample(n, seed), 1.0) for n, seed in SIZES)
    name = "hypotheses beyond the training's range"
    assert check(diagnosed("alices", samples), name).verdict == "passed"
    wide = diagnosed("alices", samples, test=ratio_sample(*SIZES[2]))
    hypotheses = check(wide, name)
    assert (hypotheses.verdict, hypotheses.value) == ("failed", pytest.approx(0.75, abs=0.02))


def test_an_overtrained_network() -> None:
    few = ratio_sample(200, 1)
    settings = replace(TRAINING, epochs=300, batch_size=25, weight_decay=0.0)
    diagnostics = diagnosed("carl", (few, few, ratio_sample(*SIZES[2])), settings)
    assert check(diagnostics, "overtraining").verdict == "failed"
    slope = check(diagnostics, "calibration slope against labels")
    assert slope.verdict == "failed"
    assert slope.value < 0.9
