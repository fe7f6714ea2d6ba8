"""Closure in means, and the critic: both pass samples that are the same, and see what differs."""

from __future__ import annotations

import numpy as np
import pytest

from assay.estimators.closure import WeightedRows, closure
from assay.estimators.critic import critic

pytestmark = pytest.mark.fast

N = 6000
NAMES, PARAMETERS = ("x", "y"), ("theta",)


def rows(seed: int, correlation: float = 0.0, weights: np.ndarray | None = None, events: int = 0) -> WeightedRows:
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-1.0, 1.0, (N, 1))
    x = rng.normal(size=(N, 2))
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1.0 - correlation**2) * x[:, 1]
    x[:, 0] += theta[:, 0]
    return WeightedRows(x, theta, np.ones(N) if weights is None else weights, events + np.arange(N))


def test_equal_samples_pass() -> None:
    for seed in range(3):
        pair = rows(seed), rows(100 + seed, events=N)
        assert closure(*pair, NAMES, PARAMETERS).verdict == "passed"
        assert critic(*pair).verdict == "passed"


def test_a_shift_a_width_and_a_dependence_on_theta_are_named() -> None:
    other = rows(2, events=N)
    for change, name in (
        (np.column_stack([np.zeros(N), np.full(N, 0.3)]), "mean of y,"),
        (np.column_stack([np.zeros(N), 0.4 * other.x[:, 1]]), "mean square of y"),
        (np.column_stack([np.zeros(N), other.theta[:, 0]]), "mean of y times theta"),
    ):
        changed = WeightedRows(other.x + change, other.theta, other.weights, other.events)
        result = closure(rows(1), changed, NAMES, PARAMETERS)
        assert result.verdict == "failed"
        assert result.detail.startswith(name)
        assert critic(rows(1), changed).verdict == "failed"


def test_the_critic_sees_a_correlation_that_the_means_do_not() -> None:
    pair = rows(1), rows(2, correlation=0.7, events=N)
    assert closure(*pair, NAMES, PARAMETERS).verdict == "passed"
    assert critic(*pair).verdict == "failed"


def test_weights_can_make_samples_equal() -> None:
    """x ~ N(0.5, 1) with the weights of the overlap with N(0, 1), and the other way round."""
    pair = []
    for label, seed in ((0.5, 3), (0.0, 4)):
        sample = rows(seed, events=seed * N)
        x = sample.x + np.array([0.0, label])
        log_r = 0.5 * x[:, 1] - 0.125
        weights = 1.0 / (1.0 + np.exp(log_r if label else -log_r))
        pair.append(WeightedRows(x, sample.theta, weights, sample.events))
    assert closure(pair[0], pair[1], NAMES, PARAMETERS).verdict == "passed"
    assert critic(pair[0], pair[1]).verdict == "passed"
    bare = [WeightedRows(s.x, s.theta, np.ones(N), s.events) for s in pair]
    assert closure(bare[0], bare[1], NAMES, PARAMETERS).verdict == "failed"
    assert critic(bare[0], bare[1]).verdict == "failed"


def test_errors_count_what_both_samples_share_once() -> None:
    """Two draws of the same events cannot differ by chance as two draws of different ones."""
    shared = rows(5), rows(5)
    assert closure(*shared, NAMES, PARAMETERS).error == 0.0


def test_the_area_under_the_curve_by_hand() -> None:
    """Events that are all the same are told apart by nothing: an area of one half, without error."""
    same = WeightedRows(np.zeros((400, 1)), np.zeros((400, 1)), np.ones(400), np.arange(400))
    other = WeightedRows(np.ones((400, 1)), np.zeros((400, 1)), np.ones(400), 400 + np.arange(400))
    assert critic(same, same).value == pytest.approx(0.5)
    assert critic(same, other).value == pytest.approx(1.0)


def test_too_few_events_fail() -> None:
    one = WeightedRows(np.zeros((1, 1)), np.zeros((1, 1)), np.ones(1), np.zeros(1, dtype=np.int64))
    assert critic(one, one).verdict == "failed"
