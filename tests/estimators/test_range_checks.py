"""Inputs and hypotheses beyond what an estimator was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from assay.estimators.range_checks import hypotheses_in_range, inputs_in_range, outside

pytestmark = pytest.mark.fast

NAMES = ("pt", "phi")


def test_outside_with_the_rounding_of_single_precision() -> None:
    low, high = -0.1, 0.3
    values = np.array([[low], [high], [np.float32(high)], [high + 1e-3], [low - 1e-3]])
    np.testing.assert_array_equal(outside(values, [(low, high)])[:, 0], [False, False, False, True, True])


def test_more_events_of_the_same_kind_pass_and_others_fail() -> None:
    rng = np.random.default_rng(1)
    train, test = rng.normal(size=(500, 2)), rng.normal(size=(20_000, 2))
    ranges = tuple(zip(train.min(axis=0).tolist(), train.max(axis=0).tolist(), strict=True))
    same = inputs_in_range(test, ranges, NAMES, len(train))
    assert same.verdict == "passed"
    assert same.value > 0.0  # it does happen
    other = inputs_in_range(test + np.array([0.0, 2.0]), ranges, NAMES, len(train))
    assert other.verdict == "failed"
    assert other.detail.endswith("in phi")
    unweighted = inputs_in_range(np.array([[0.0, 0.0], [9.0, 0.0]]), ranges, NAMES, 500)
    weighted = inputs_in_range(np.array([[0.0, 0.0], [9.0, 0.0]]), ranges, NAMES, 500, weights=[999.0, 1.0])
    assert (unweighted.value, weighted.value) == (0.5, 0.001)
    assert weighted.verdict == "passed"


def test_not_a_number_is_beyond_any_range() -> None:
    assert outside([[np.nan]], [(-1.0, 1.0)]).all()


def test_any_hypothesis_beyond_fails_and_is_named() -> None:
    ranges = ((-1.0, 1.0), (-0.5, 0.5))
    assert hypotheses_in_range([[1.0, 0.5], [-1.0, -0.5]], ranges, ("a", "b")).verdict == "passed"
    result = hypotheses_in_range([[0.0, 0.6], *[[0.0, 0.0]] * 99], ranges, ("a", "b"))
    assert (result.verdict, result.value) == ("failed", pytest.approx(0.01))
    assert result.detail == "b from 0 to 0.6, trained from -0.5 to 0.5"
    assert hypotheses_in_range(np.empty((0, 2)), ranges, ("a", "b")).verdict == "passed"
