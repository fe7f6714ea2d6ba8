"""The ratio estimator: blocks against the plain network, units, ranges, and inputs that do not fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from assay.errors import ModelError
from assay.estimators import ratio
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.training import TrainedEstimator
from assay.sampling.samples import RatioSample

pytestmark = pytest.mark.fast

RNG = np.random.default_rng(1)
X = np.column_stack([500.0 + 40.0 * RNG.normal(size=(23, 2)), RNG.normal(size=23)])
THETA = np.column_stack([RNG.uniform(-1.0, 1.0, 11), RNG.uniform(-100.0, 100.0, 11)])


@pytest.fixture
def estimator(trained_ratio: TrainedEstimator) -> ParameterisedRatio:
    assert isinstance(trained_ratio.estimator, ParameterisedRatio)
    return trained_ratio.estimator


def _plainly(estimator: ParameterisedRatio) -> np.ndarray:
    """The network itself, one hypothesis at a time."""
    x = torch.from_numpy(X.astype(np.float32))
    with torch.no_grad():
        return np.stack(
            [estimator.network(x, torch.from_numpy(theta.astype(np.float32)).expand(len(x), 2)) for theta in THETA]
        )


@pytest.mark.parametrize(("events", "rows"), [(512, 4096), (4, 12), (7, 1), (100, 10_000), (1, 3)])
def test_blocks_do_not_matter(
    estimator: ParameterisedRatio, events: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratio, "_EVENTS", events)
    monkeypatch.setattr(ratio, "_ROWS_CPU", rows)
    computed = estimator.log_ratio(X, THETA)
    assert computed.shape == (11, 23)
    np.testing.assert_allclose(computed, _plainly(estimator), atol=1e-5)


def test_sums_are_those_of_the_ratios(estimator: ParameterisedRatio) -> None:
    weights = np.random.default_rng(2).uniform(0.0, 3.0, 23)
    np.testing.assert_allclose(
        estimator.summed_log_ratio(X, THETA, weights), estimator.log_ratio(X, THETA) @ weights, rtol=1e-6
    )


def test_paired_ratios_are_the_diagonal(estimator: ParameterisedRatio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratio, "_ROWS_PER_CHUNK", 4)
    paired = estimator.paired_log_ratio(X[:11], THETA)
    np.testing.assert_allclose(paired, np.diag(estimator.log_ratio(X[:11], THETA)), atol=1e-5)
    with pytest.raises(ModelError, match="23 events and 11 hypotheses"):
        estimator.paired_log_ratio(X, THETA)


def test_score_is_the_gradient(estimator: ParameterisedRatio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratio, "_ROWS_PER_CHUNK", 10)
    point = np.array([0.3, -20.0])
    score = estimator.score(X, point)
    assert score.shape == (23, 2)
    for column, step in enumerate((1e-2, 1.0)):
        shift = step * np.eye(2)[column]
        up, down = estimator.log_ratio(X, np.stack([point + shift, point - shift]))
        np.testing.assert_allclose(score[:, column], (up - down) / (2.0 * step), rtol=0.02, atol=1e-3 / step)


def test_evaluation_scales_theta_as_training_does(
    estimator: ParameterisedRatio, make_ratio_sample: Callable[..., RatioSample], trained_ratio: TrainedEstimator
) -> None:
    """The validation loss of the training, computed anew through the public method in the callers' units."""
    sample = make_ratio_sample(1000, 2)
    log_r = estimator.paired_log_ratio(sample.x, sample.theta0)
    s = 1.0 / (1.0 + sample.r_xz.astype(float))
    alice = np.mean(np.logaddexp(0.0, log_r) - (1.0 - s) * log_r)
    numerator = sample.y == 0
    rows = np.flatnonzero(numerator)[:40]
    t = np.concatenate([estimator.score(sample.x[i : i + 1], sample.theta0[i]) for i in rows])
    error = np.sum(((t - sample.t_xz[rows]) * [1.0, 100.0]) ** 2, axis=1)
    score_term = (
        trained_ratio.history.best.validation_loss - alice
    ) / trained_ratio.estimator.description.training.settings.alpha
    # the mean over all samples, of which half have no score
    assert abs(score_term - error.mean() / 2.0) < 4.0 * error.std() / 2.0 / np.sqrt(len(rows))
    assert 0.5 < score_term < 2.0


def test_empty_inputs_give_empty_answers(estimator: ParameterisedRatio) -> None:
    nothing = np.empty((0, 3))
    assert estimator.log_ratio(nothing, THETA).shape == (11, 0)
    assert estimator.log_ratio(X, THETA[:0]).shape == (0, 23)
    assert estimator.score(nothing, THETA[0]).shape == (0, 2)
    assert estimator.paired_log_ratio(nothing, THETA[:0]).shape == (0,)
    np.testing.assert_array_equal(estimator.summed_log_ratio(nothing, THETA, np.empty(0)), np.zeros(11))


def test_the_range_of_the_training_is_known(estimator: ParameterisedRatio) -> None:
    theta = [[0.0, 0.0], [1.0, -100.0], [1.01, 0.0], [0.0, -120.0]]
    assert estimator.inside(theta).tolist() == [True, True, False, False]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(estimator: ParameterisedRatio, bad: float) -> None:
    """One NaN event must neither vanish nor spoil all others."""
    x, theta = X.copy(), THETA.copy()
    x[4, 1], theta[2, 0] = bad, bad
    for call in (estimator.log_ratio, estimator.paired_log_ratio):
        with pytest.raises(ModelError, match="row 4, column x1"):
            call(x, THETA)
    with pytest.raises(ModelError, match="row 4, column x1"):
        estimator.score(x, THETA[0])
    with pytest.raises(ModelError, match="row 2, column p"):
        estimator.log_ratio(X, theta)


def test_columns_that_do_not_fit_are_refused(estimator: ParameterisedRatio) -> None:
    with pytest.raises(ModelError, match=r"`x` has shape \(23, 2\)") as error:
        estimator.log_ratio(X[:, :2], THETA)
    assert "x0, x1, noise" in str(error.value)
    with pytest.raises(ModelError, match="`theta` has shape"):
        estimator.log_ratio(X, THETA[0])
    with pytest.raises(ModelError, match="weights"):
        estimator.summed_log_ratio(X, THETA, np.ones(3))
