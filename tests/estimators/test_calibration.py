"""Calibration: it mends what is wrong, keeps what is right, and goes with the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from assay.errors import ModelError, TrainingError
from assay.estimators.calibrated import CalibratedRatio
from assay.estimators.calibrating import calibrated, fit_calibration
from assay.estimators.calibration import Calibration
from assay.estimators.calibration_checks import calibration_slope
from assay.estimators.calibration_curve import calibration_curve
from assay.estimators.model_folder import load_estimator, save_estimator
from assay.estimators.ratio_checks import curve_check
from assay.estimators.training import TrainedEstimator
from assay.sampling.samples import RatioSample

pytestmark = pytest.mark.fast

KINDS: tuple[Any, ...] = ("histogram", "isotonic")
# x ~ N(theta, 1) at theta = 1 and 0: log r = x - 1 / 2
N = 60_000
RNG = np.random.default_rng(1)
Y = np.arange(N) % 2
LOG_R = RNG.normal(np.where(Y == 0, 1.0, 0.0), 1.0) - 0.5
LINE = Calibration("isotonic", (-1.0, 0.0, 2.0), (-2.0, 0.0, 1.0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labels", [False, True])
def test_a_wrong_slope_and_level_are_mended(kind: Any, labels: bool) -> None:
    target = Y.astype(float) if labels else 1.0 / (1.0 + np.exp(LOG_R))
    wrong = 1.7 * LOG_R + 0.4
    calibration = fit_calibration(kind, wrong, target)
    inside = np.abs(LOG_R) < 2.0
    error = calibration.apply(wrong) - LOG_R
    assert np.sqrt(np.mean(error[inside] ** 2)) < (0.12 if labels else 0.05)
    assert calibration_slope(wrong, Y).verdict == "failed"
    assert calibration_slope(calibration.apply(wrong), Y).verdict == "passed"


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_ratio_stays_as_it_is(kind: Any) -> None:
    calibration = fit_calibration(kind, LOG_R, 1.0 / (1.0 + np.exp(LOG_R)))
    assert np.mean((calibration.apply(LOG_R) - LOG_R) ** 2) < 2e-3


def test_isotonic_keeps_the_order_and_histograms_need_not() -> None:
    folded = np.abs(LOG_R)
    target = 1.0 / (1.0 + np.exp(-LOG_R))  # of the inverse: falls where it should rise
    assert (np.diff(fit_calibration("isotonic", LOG_R, target).values) > 0).all()
    assert (np.diff(fit_calibration("histogram", LOG_R, target).values) < 0).any()
    assert len(fit_calibration("isotonic", folded, np.full(N, 0.5)).values) == 1


def test_the_line_by_hand() -> None:
    u = np.array([-3.0, -1.0, -0.5, 0.0, 1.0, 2.0, 4.0])
    expected = np.array([-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(LINE.apply(u), expected)
    np.testing.assert_allclose(LINE.slope([-3.0, -0.5, 1.0, 4.0]), [1.0, 2.0, 0.5, 1.0])
    starts, widths, rises = LINE.steps()
    sums = rises @ np.clip((u - starts[:, None]) / widths[:, None], 0.0, 1.0)
    np.testing.assert_allclose(-2.0 + np.minimum(u + 1.0, 0.0) + np.maximum(u - 2.0, 0.0) + sums, expected)
    np.testing.assert_allclose(Calibration("histogram", (0.5,), (1.0,)).apply(u), u + 0.5)


@pytest.mark.parametrize(
    ("knots", "values"), [((), ()), ((0.0, 0.0), (1.0, 2.0)), ((1.0, 0.0), (1.0, 2.0)), ((0.0,), (np.nan,))]
)
def test_points_that_make_no_line_are_refused(knots: Any, values: Any) -> None:
    with pytest.raises(TrainingError, match="a calibration through"):
        Calibration("histogram", knots, values)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(TrainingError, match="a calibration with 100 samples"):
        fit_calibration("isotonic", LOG_R[:100], Y[:100])
    with pytest.raises(TrainingError, match="of which 59999 are finite"):
        fit_calibration("histogram", np.where(np.arange(N) == 7, np.nan, LOG_R), Y)


def test_the_curve() -> None:
    events = np.arange(N)
    curve = calibration_curve(LOG_R, Y, events)
    assert len(curve.found) == 20
    assert np.sqrt(np.mean(((curve.found - curve.estimated) / curve.errors) ** 2)) == pytest.approx(1.0, abs=0.5)
    assert curve_check(curve).verdict == "passed"
    assert curve_check(calibration_curve(1.5 * LOG_R, Y, events)).verdict == "failed"
    # repeated events are no further evidence
    again = calibration_curve(np.tile(LOG_R, 2), np.tile(Y, 2), np.tile(events, 2))
    np.testing.assert_allclose(again.errors, curve.errors, rtol=0.05)
    assert len(calibration_curve(np.zeros(100), Y[:100], events[:100]).found) == 1


class Ratio:
    """log r = theta x, and its gradient."""

    observables, parameters, nuisance, reference = ("x",), ("theta",), (), np.zeros(1)
    ranges = np.array([[-1.0, 1.0]])
    network = None

    def __init__(self, description: Any) -> None:
        self.description = description

    def log_ratio(self, x: Any, theta: Any) -> np.ndarray:
        return np.asarray(theta)[:, :1] * np.asarray(x)[:, 0]

    def paired_log_ratio(self, x: Any, theta: Any) -> np.ndarray:
        return np.asarray(theta)[:, 0] * np.asarray(x)[:, 0]

    def score(self, x: Any, theta: Any) -> np.ndarray:
        return np.asarray(x, dtype=np.float64)


def test_a_calibrated_ratio_by_hand(trained_ratio: TrainedEstimator) -> None:
    ratio: Any = Ratio(trained_ratio.estimator.description)
    estimator = CalibratedRatio(ratio, LINE)
    x, theta = np.array([[-3.0], [-0.5], [1.0]]), np.array([[1.0], [0.5]])
    np.testing.assert_allclose(estimator.log_ratio(x, theta), LINE.apply(theta * x[:, 0]))
    np.testing.assert_allclose(estimator.paired_log_ratio(x[:2], theta), LINE.apply(theta[:, 0] * x[:2, 0]))
    np.testing.assert_allclose(estimator.score(x, [1.0])[:, 0], x[:, 0] * np.array([1.0, 2.0, 0.5]))
    w = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(estimator.summed_log_ratio(x, theta, w), estimator.log_ratio(x, theta) @ w)
    with pytest.raises(ModelError, match="weights of shape"):
        estimator.summed_log_ratio(x, theta, np.ones(2))
    assert estimator.description.calibration == LINE


@pytest.mark.parametrize("kind", KINDS)
def test_a_calibration_goes_with_the_model(
    kind: Any, trained_ratio: TrainedEstimator, make_ratio_sample: Callable[..., RatioSample], tmp_path: Path
) -> None:
    validation, test = make_ratio_sample(3000, 5), make_ratio_sample(500, 6)
    ratio: Any = trained_ratio.estimator
    estimator = calibrated(ratio, kind, validation)
    save_estimator(tmp_path / "model", estimator)
    loaded = load_estimator(tmp_path / "model")
    assert isinstance(loaded, CalibratedRatio)
    assert loaded.calibration == estimator.calibration
    expected = estimator.paired_log_ratio(test.x, test.theta0)
    np.testing.assert_array_equal(loaded.paired_log_ratio(test.x, test.theta0), expected)
    session = onnxruntime.InferenceSession(str(tmp_path / "model" / "model.onnx"))
    exported = session.run(None, {"x": test.x, "theta": test.theta0})[0][:, 0]
    np.testing.assert_allclose(exported, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(expected - ratio.paired_log_ratio(test.x, test.theta0)).max() > 0.01


def test_knots_of_a_model_file_are_checked(trained_ratio: TrainedEstimator, tmp_path: Path) -> None:
    ratio: Any = trained_ratio.estimator
    save_estimator(tmp_path / "model", CalibratedRatio(ratio, LINE))
    path = tmp_path / "model" / "model.json"
    path.write_text(path.read_text().replace('"isotonic"', '"magic"'))
    with pytest.raises(ModelError, match=r"model.json is not as it was written"):
        load_estimator(tmp_path / "model")
