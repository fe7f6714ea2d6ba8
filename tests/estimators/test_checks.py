"""The checks that come with every model: they pass the truth and fail what is deliberately wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from assay.errors import TrainingError
from assay.estimators.calibration_checks import (
    calibration_level,
    calibration_slope,
    joint_ratio_consistency,
    joint_ratio_level,
)
from assay.estimators.checks import (
    agreement,
    excess_information,
    knowledge,
    mean_ratio,
    mean_score,
    overtraining,
    score_knowledge,
)
from assay.estimators.diagnostics import ratio_diagnostics, score_diagnostics
from assay.estimators.training import TrainedEstimator
from assay.estimators.verdicts import CheckResult
from assay.sampling.samples import RatioSample, ScoreSample

pytestmark = pytest.mark.fast

# x ~ N(theta, 1) and z = x: log r(x | theta, 0) = theta x - theta^2 / 2, score x - theta
THETA = 0.8
N = 20_000
RNG = np.random.default_rng(1)
Y = np.arange(N) % 2
X = RNG.normal(np.where(Y == 0, THETA, 0.0), 1.0)
LOG_R = THETA * X - THETA**2 / 2.0
R_XZ = np.exp(LOG_R)
S_XZ = 1.0 / (1.0 + R_XZ)
DENOMINATOR, NUMERATOR = Y == 1, Y == 0


def _ones(mask: np.ndarray) -> np.ndarray:
    return np.ones(int(mask.sum()))


def test_mean_ratio() -> None:
    log_r = LOG_R[DENOMINATOR]
    truth = mean_ratio(log_r, _ones(DENOMINATOR))
    assert truth.verdict == "passed"
    # Var r under the denominator is exp(theta^2) - 1
    assert truth.error == pytest.approx(math.sqrt((math.exp(THETA**2) - 1.0) / DENOMINATOR.sum()), rel=0.1)
    assert abs(truth.pull) < 3.0
    assert mean_ratio(-LOG_R[NUMERATOR], _ones(NUMERATOR)).verdict == "passed"
    assert mean_ratio(log_r + math.log(1.2), _ones(DENOMINATOR)).verdict == "failed"
    # the ratio is not one on average over the events of the numerator
    assert mean_ratio(LOG_R[NUMERATOR], _ones(NUMERATOR)).verdict == "failed"


def test_mean_ratio_with_weights() -> None:
    """Events of the numerator, weighted to the denominator."""
    weights = np.exp(-LOG_R[NUMERATOR])
    assert mean_ratio(LOG_R[NUMERATOR], weights).verdict == "passed"
    first, scaled = (mean_ratio(LOG_R[NUMERATOR], scale * weights) for scale in (1.0, 7.0))
    assert (scaled.value, scaled.error) == pytest.approx((first.value, first.error))


def test_mean_score() -> None:
    t = np.column_stack([X[NUMERATOR] - THETA, 100.0 * (X[NUMERATOR] - THETA)])
    results = mean_score(t, _ones(NUMERATOR), ("p", "q"))
    assert [result.verdict for result in results] == ["passed", "passed"]
    assert [result.name for result in results] == ["mean score of p", "mean score of q"]
    assert results[0].error == pytest.approx(1.0 / math.sqrt(NUMERATOR.sum()), rel=0.05)
    # the same number, whatever the units
    assert results[0].value == pytest.approx(results[1].value)
    shifted = mean_score(t + np.array([0.1, 0.0]), _ones(NUMERATOR), ("p", "q"))
    assert [result.verdict for result in shifted] == ["failed", "passed"]


@pytest.mark.parametrize(("constant", "verdict"), [(0.0, "passed"), (0.1, "failed")])
def test_the_score_of_a_luminosity_has_no_spread_but_that_of_rounding(constant: float, verdict: str) -> None:
    rounding = 3e-16 + 4e-16 * np.random.default_rng(4).normal(size=int(NUMERATOR.sum()))
    t = np.column_stack([X[NUMERATOR] - THETA, constant + rounding])
    results = mean_score(t, _ones(NUMERATOR), ("p", "luminosity"))
    assert [result.verdict for result in results] == ["passed", verdict]


@pytest.mark.parametrize("target", [S_XZ, Y.astype(float)], ids=["joint", "labels"])
def test_calibration_slope(target: np.ndarray) -> None:
    truth = calibration_slope(LOG_R, target)
    assert truth.verdict == "passed"
    assert abs(truth.value - 1.0) <= 4.0 * truth.error + 1e-9
    for factor in (0.8, 1.155, 3.0, -1.0):
        result = calibration_slope(factor * LOG_R, target)
        assert result.value == pytest.approx(truth.value / factor, rel=1e-4)
        assert result.verdict == "failed"
    # a constant is the concern of another check
    assert calibration_slope(LOG_R + 0.5, target).value == pytest.approx(truth.value, rel=1e-6)


def test_slopes_against_joint_ratios_are_sharper_than_against_labels() -> None:
    noisy = LOG_R + np.random.default_rng(2).normal(0.0, 0.1, N)
    assert calibration_slope(noisy, S_XZ).error < 0.5 * calibration_slope(noisy, Y).error


def test_the_error_of_the_slope_is_its_spread() -> None:
    rng = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(60):
        y = np.arange(1000) % 2
        x = rng.normal(np.where(y == 0, THETA, 0.0), 1.0)
        result = calibration_slope(THETA * x - THETA**2 / 2.0, y)
        values.append(result.value)
        errors.append(result.error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.3)
    assert np.mean(values) == pytest.approx(1.0, abs=0.05)


def test_extreme_ratios_do_not_break_the_slope() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(np.where(Y == 0, 12.0, 0.0), 1.0)
    log_r = 12.0 * x - 72.0
    assert calibration_slope(log_r, 1.0 / (1.0 + np.exp(log_r))).value == pytest.approx(1.0, abs=1e-4)


def test_estimates_that_are_all_the_same_are_refused() -> None:
    with pytest.raises(TrainingError, match="all estimates are the same"):
        calibration_slope(np.zeros(10), np.arange(10) % 2)


def test_swapped_labels_and_shuffled_events_are_found_without_a_model() -> None:
    assert joint_ratio_consistency(R_XZ, Y).verdict == "passed"
    swapped = joint_ratio_consistency(R_XZ, 1 - Y)
    assert swapped.verdict == "failed"
    assert swapped.value == pytest.approx(-1.0, abs=0.1)
    shuffled = joint_ratio_consistency(np.random.default_rng(5).permutation(R_XZ), Y)
    assert shuffled.verdict == "failed"
    assert shuffled.value == pytest.approx(0.0, abs=0.1)


def test_impossible_events_are_left_out_of_the_consistency() -> None:
    ratios = R_XZ.copy()
    ratios[np.flatnonzero(DENOMINATOR)[:5]] = 0.0
    assert joint_ratio_consistency(ratios, Y).verdict == "passed"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_fail(bad: float) -> None:
    log_r = LOG_R[DENOMINATOR].copy()
    log_r[0] = bad
    assert mean_ratio(log_r, _ones(DENOMINATOR)).verdict == "failed"


def test_verdicts_are_graded() -> None:
    exact = np.zeros(100)
    verdicts = [mean_ratio(exact + math.log(1.0 + shift), np.ones(100)).verdict for shift in (0.0, 0.019, 0.03, 0.05)]
    assert verdicts == ["passed", "passed", "doubtful", "failed"]


def test_agreement_by_hand() -> None:
    result = agreement([1.0, 3.0, 5.0], [0.0, 1.0, 2.0])
    assert result.mean_squared_error == pytest.approx((1.0 + 4.0 + 9.0) / 3.0)
    assert result.slope == pytest.approx(2.0)
    assert result.correlation == pytest.approx(1.0)
    assert result.n == 3
    weighted = agreement([1.0, 3.0, 9.0], [0.0, 1.0, 2.0], [1.0, 1.0, 0.0])
    assert weighted.mean_squared_error == pytest.approx(2.5)
    assert weighted.slope == pytest.approx(2.0)
    opposite = agreement([1.0, 0.0, -1.0], [0.0, 1.0, 2.0])
    assert opposite.correlation == pytest.approx(-1.0)
    assert math.isnan(agreement([1.0, 1.0], [0.0, 1.0]).correlation)


def test_drawing_an_event_again_is_no_further_evidence() -> None:
    """Errors of a sample in which every event was drawn three times are those of the events."""
    again, events = np.tile(np.arange(N), 3), np.tile(np.arange(N), 3)
    t = X - THETA * (Y == 0)

    def results(rows: np.ndarray, of: np.ndarray | None) -> list[CheckResult]:
        chosen = DENOMINATOR[rows]
        return [
            mean_ratio(LOG_R[rows][chosen], np.ones(int(chosen.sum())), events=None if of is None else of[chosen]),
            mean_score(t[rows][:, None], np.ones(len(rows)), ("p",), events=of)[0],
            calibration_slope(LOG_R[rows], S_XZ[rows], events=of),
            joint_ratio_consistency(R_XZ[rows], Y[rows], events=of),
        ]

    once, thrice, naive = results(np.arange(N), None), results(again, events), results(again, None)
    for one, three, wrong in zip(once, thrice, naive, strict=True):
        assert (three.value, three.error) == pytest.approx((one.value, one.error), rel=1e-6)
        assert wrong.error == pytest.approx(one.error / math.sqrt(3.0), rel=1e-6)


def test_diagnostics_count_every_event_once(
    trained_score: TrainedEstimator,
    trained_ratio: TrainedEstimator,
    make_score_sample: Callable[..., ScoreSample],
    make_ratio_sample: Callable[..., RatioSample],
) -> None:
    for diagnose, estimator, sample in (
        (score_diagnostics, trained_score.estimator, make_score_sample(1000, 3)),
        (ratio_diagnostics, trained_ratio.estimator, make_ratio_sample(1000, 3)),
    ):
        doubled = replace(sample, **{name: np.concatenate([getattr(sample, name)] * 2) for name in sample.arrays})
        for once, twice in zip(diagnose(estimator, sample).checks, diagnose(estimator, doubled).checks, strict=True):
            if once.name in ("classifier two-sample test", "events beyond the training's range"):
                continue  # trees learn more of more rows; rows are counted
            assert twice.error == pytest.approx(once.error, rel=1e-2)


def test_a_mean_of_rare_large_ratios_has_the_error_that_others_tell() -> None:
    log_r = LOG_R[DENOMINATOR]
    blind = mean_ratio(np.minimum(log_r, 1.0), _ones(DENOMINATOR))
    told = mean_ratio(np.minimum(log_r, 1.0), _ones(DENOMINATOR), mean_square=float(np.mean(R_XZ[NUMERATOR])))
    assert told.error > blind.error
    assert told.error == pytest.approx(math.sqrt((math.exp(THETA**2) - told.value**2) / DENOMINATOR.sum()), rel=0.05)


def test_levels_by_hypothesis() -> None:
    """Two hypotheses, one of which has ratios that are too large by a factor of 1.2."""
    hypotheses = np.repeat([[0.0], [1.0]], N // 2, axis=0)
    assert joint_ratio_level(R_XZ, Y, hypotheses).verdict == "passed"
    assert calibration_level(LOG_R, S_XZ, hypotheses).verdict == "passed"
    wrong = np.where(hypotheses[:, 0] == 1.0, 1.2, 1.0)
    level = joint_ratio_level(R_XZ * wrong, Y, hypotheses)
    assert level.verdict == "failed"
    assert level.value == pytest.approx(-math.log(1.2), abs=0.05)
    assert "theta = [1.0]" in level.detail
    estimated = calibration_level(LOG_R + np.log(wrong), S_XZ, hypotheses)
    assert (estimated.verdict, estimated.value) == ("failed", pytest.approx(-math.log(1.2), abs=0.02))
    # the mean over both would be within its tolerance if they erred the other way round
    opposite = np.where(hypotheses[:, 0] == 1.0, 1.2, 1.0 / 1.2)
    assert calibration_level(LOG_R + np.log(opposite), S_XZ, hypotheses).verdict == "failed"
    # many hypotheses are looked at in ranges
    continuous = calibration_level(LOG_R + 0.2 * (X > 1e9), S_XZ, RNG.uniform(size=(N, 2)))
    assert continuous.verdict == "passed"
    assert "furthest out of 10" in continuous.detail


def test_levels_have_the_errors_that_repetition_finds() -> None:
    values, errors = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 500)
        x = rng.normal(np.where(y == 0, THETA, 0.0), 1.0)
        result = calibration_level(THETA * x - THETA**2 / 2.0, y.astype(float), np.zeros((500, 1)))
        values.append(result.value)
        errors.append(result.error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.3)
    assert np.mean(values) == pytest.approx(0.0, abs=0.05)


def test_knowledge() -> None:
    known = knowledge(LOG_R, R_XZ)
    assert (known.verdict, known.value) == ("passed", pytest.approx(1.0))
    shuffled = knowledge(np.random.default_rng(6).permutation(LOG_R), R_XZ)
    assert shuffled.verdict == "failed"
    assert knowledge(np.zeros(N), R_XZ).verdict == "failed"
    # noise upon nothing learned
    assert knowledge(0.02 * RNG.normal(size=N), R_XZ).verdict == "failed"
    assert knowledge(-LOG_R, R_XZ).verdict == "failed"


def test_score_knowledge_and_excess_information() -> None:
    """x = z + noise: E[t_xz | x] is half of x - theta for t_xz = z - theta and noise of the same size."""
    rng = np.random.default_rng(7)
    z = rng.normal(size=(N, 2))
    t = (z + rng.normal(size=(N, 2))) / 2.0
    units = np.array([1.0, 100.0])
    good = score_knowledge(t * units, z * units)
    assert (good.verdict, good.value) == ("passed", pytest.approx(0.5, abs=0.02))
    assert score_knowledge(rng.permutation(t), z).verdict == "failed"
    assert score_knowledge(np.zeros((N, 2)), z).verdict == "failed"
    names = ("p", "q")
    assert [c.verdict for c in excess_information(t * units, z * units, names)] == ["passed", "passed"]
    too_large, fine = excess_information(t * np.array([1.25, 1.0]), z, names)
    assert (too_large.verdict, fine.verdict) == ("failed", "passed")
    assert too_large.value == pytest.approx(1.25 * 0.25 * 0.5, abs=0.02)
    noisy, _ = excess_information(t + np.array([0.5, 0.0]) * rng.normal(size=(N, 2)), z, names)
    assert (noisy.verdict, noisy.value) == ("failed", pytest.approx(0.25, abs=0.02))
    # a component without any joint score has no unit
    assert len(excess_information(t, z * np.array([1.0, 0.0]), names)) == 1


def test_overtraining_is_one_sided() -> None:
    assert overtraining((0.2, 0.001), (0.19, 0.001)).verdict == "passed"
    assert overtraining((0.2, 0.001), (0.25, 0.001)).verdict == "passed"
    assert overtraining((0.2, 0.001), (0.17, 0.001)).verdict == "doubtful"
    assert overtraining((0.2, 0.001), (0.1, 0.001)).verdict == "failed"
    assert overtraining((0.2, 0.1), (0.1, 0.1)).verdict == "passed"
    assert overtraining((0.5, 0.001), (0.2, 0.001), unit=1.0, tolerance=0.05).value == pytest.approx(0.3)
    assert overtraining((0.0, 0.001), (-1.0, 0.001)).verdict == "failed"
    assert overtraining((-0.01, 0.02), (-0.02, 0.02)).verdict == "passed"  # `knowledge` fails


def test_results_are_finite_whatever_was_learned() -> None:
    """They go to JSON."""
    constant = np.zeros((100, 1))
    results = [
        *mean_score(constant, np.ones(100), ("p",)),
        *mean_score(constant + 1.0, np.ones(100), ("p",)),
        score_knowledge(constant, constant),
        knowledge(np.zeros(100), np.ones(100)),
        mean_ratio(np.full(100, 1e6), np.ones(100)),
        overtraining((0.0, 0.0), (0.0, 0.0)),
    ]
    assert [result.verdict for result in results] == ["passed", "failed", "failed", "failed", "failed", "passed"]
    assert all(math.isfinite(result.value) and math.isfinite(result.error) for result in results)
    assert results[4].detail == "not a finite number"
