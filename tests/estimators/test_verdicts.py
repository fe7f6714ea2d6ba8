"""Verdicts: what passes, what fails, one-sided rules, and the worst of several."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.estimators.verdicts import CheckResult, by_event, judge, weighted_mean, worst_of

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (1.02, 0.0, "passed"),
        (1.03, 0.0, "doubtful"),
        (1.05, 0.0, "failed"),
        (1.29, 0.1, "passed"),
        (0.71, 0.1, "passed"),
        (1.4, 0.1, "doubtful"),
        (0.49, 0.1, "failed"),
        (math.nan, 0.1, "failed"),
        (1.0, math.nan, "failed"),
        (1.0, math.inf, "failed"),
    ],
)
def test_tolerances_and_standard_deviations(value: float, error: float, verdict: str) -> None:
    assert judge("a", value, error, 1.0, 0.02).verdict == verdict


def test_one_sided_rules() -> None:
    assert judge("a", -5.0, 0.1, 0.0, 0.1, rule="at most").verdict == "passed"
    assert judge("a", 0.35, 0.1, 0.0, 0.1, rule="at most").verdict == "doubtful"
    assert judge("a", 0.6, 0.1, 0.0, 0.1, rule="at most").verdict == "failed"
    assert [judge("a", v, 0.1, 0.0, 0.0, rule="above").verdict for v in (0.6, 0.4, 0.2, -1.0)] == [
        "passed",
        "doubtful",
        "failed",
        "failed",
    ]
    assert judge("a", math.nan, 0.1, 0.0, 0.0, rule="above").verdict == "failed"


def test_the_worst_of_many_is_allowed_more() -> None:
    assert judge("a", 0.35, 0.1, 0.0, 0.0).verdict == "doubtful"
    assert judge("a", 0.35, 0.1, 0.0, 0.0, n_looks=100).verdict == "passed"
    rng = np.random.default_rng(1)
    labels = tuple(str(k) for k in range(50))
    raised = sum(
        worst_of("a", rng.normal(size=50), np.ones(50), labels, 0.0, 0.0).verdict != "passed" for _ in range(2000)
    )
    assert raised <= 20  # 0.27 % are expected


def test_the_worst_is_named_and_a_number_that_is_not_finite_is_the_worst() -> None:
    result = worst_of("a", np.array([0.1, -0.5, 0.2]), np.full(3, 0.01), ("x", "y", "z"), 0.0, 0.02)
    assert (result.value, result.verdict) == (-0.5, "failed")
    assert result.detail == "y, the furthest out of 3"
    assert worst_of("a", np.array([0.0, math.nan]), np.zeros(2), ("x", "y"), 0.0, 0.1).verdict == "failed"
    # what counts is the deviation in units of what is allowed
    assert worst_of("a", np.array([0.3, 0.2]), np.array([1.0, 0.01]), ("x", "y"), 0.0, 0.0).detail.startswith("y")


def test_weighted_means_by_hand() -> None:
    mean, error = weighted_mean(np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    assert (mean, error) == (1.5, pytest.approx(math.hypot(3.0 * 0.5, 1.5) / 4.0))
    _, one_event = weighted_mean(np.array([1.0, 3.0]), np.ones(2), np.array([0, 0]))
    assert one_event == 0.0
    np.testing.assert_array_equal(by_event(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1])), [[2.0], [5.0]])


def test_pulls() -> None:
    assert CheckResult("a", 1.2, 0.1, 1.0, 0.0, "passed").pull == pytest.approx(2.0)
    assert CheckResult("a", 1.2, 0.0, 1.0, 0.0, "passed").pull == math.inf
