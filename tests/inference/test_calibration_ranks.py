from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.calibration_ranks import CalibrationRanks, simulation_based_calibration
from assay.inference.posterior import ChainSettings
from assay.inference.priors import Marginal, Prior

pytestmark = pytest.mark.fast

PRIOR = Prior((Marginal("gaussian", -9.0, 9.0, 0.0, 3.0),))
SETTINGS = ChainSettings(6, 100, 40)


class Measured:
    """One measurement of theta with standard deviation 0.5, taken for one with 0.5 / confidence."""

    def __init__(self, value: float, confidence: float) -> None:
        self.value, self.confidence = value, confidence

    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        return -0.5 * ((theta[:, 0] - self.value) * self.confidence / 0.5) ** 2

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -(theta - self.value) * (self.confidence / 0.5) ** 2


def calibrated(confidence: float, n: int = 50) -> CalibrationRanks:
    def data_at(theta: np.ndarray, rng: np.random.Generator) -> Measured:
        return Measured(rng.normal(theta[0], 0.5), confidence)

    return simulation_based_calibration(data_at, PRIOR, ("a",), n, SETTINGS, np.random.default_rng(1))


def test_right_posteriors_pass() -> None:
    found = calibrated(1.0)
    assert found.verdict == "passed"
    for one in found.expected_coverage([0.5, 0.6827, 0.9]):
        assert one.p_value > 0.01
        assert one.n_experiments == 50


def test_posteriors_that_are_too_narrow_fail() -> None:
    found = calibrated(2.5)
    assert found.verdict == "failed"
    (coverage,) = found.expected_coverage([0.6827])
    assert coverage.value < 0.5
    assert coverage.p_value < 0.01
    outer = ((found.ranks < 0.1) | (found.ranks > 0.9)).mean()
    assert outer > 0.35


def test_posteriors_that_are_too_wide_fail() -> None:
    found = calibrated(0.4)
    assert found.verdict == "failed"
    assert found.expected_coverage([0.6827])[0].value > 0.8


def test_failing_experiments_are_counted() -> None:
    def data_at(theta: np.ndarray, rng: np.random.Generator) -> Measured:
        if theta[0] > 1.5:
            raise InferenceError("no data up there")
        return Measured(rng.normal(theta[0], 0.5), 1.0)

    found = simulation_based_calibration(data_at, PRIOR, ("a",), 30, SETTINGS, np.random.default_rng(2))
    assert found.failures[0][0] == "InferenceError: no data up there"
    assert found.failures[0][1] + len(found.ranks) == 30


def test_nothing_but_failures_is_an_error() -> None:
    def data_at(theta: np.ndarray, rng: np.random.Generator) -> Measured:
        raise InferenceError("no data")

    with pytest.raises(InferenceError, match="all 3 experiments failed"):
        simulation_based_calibration(data_at, PRIOR, ("a",), 3, SETTINGS, np.random.default_rng(0))
