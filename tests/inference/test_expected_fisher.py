from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.inference.expectation import Expectation
from assay.inference.expected_fisher import (
    FisherSetting,
    calibrated_fisher,
    histogram_fisher,
    joint_scores,
    score_fisher,
    truth_fisher,
)
from assay.inference.grid import Grid
from assay.inference.measurements import observable_histogram, total_templates

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.4)
THETA = (0.1, -0.2)
NAMES = ("a", "b")


@pytest.fixture
def pool(amplitude_pool: Callable[..., Any]) -> Any:
    return amplitude_pool(60_000, SLOPES)


@pytest.fixture
def setting(pool: Any) -> FisherSetting:
    return FisherSetting(total_templates(pool), THETA, 300.0, NAMES)


def test_joint_scores_are_the_exact_scores_and_average_to_zero(pool: Any, exact_ratio: Callable[..., Any]) -> None:
    exact = exact_ratio(SLOPES).score(pool.x, np.array(THETA))
    joint = joint_scores(pool, THETA)
    weights = pool.weights @ pool.morphing.weights(np.array(THETA))
    assert np.allclose(joint - joint.mean(axis=0), exact - exact.mean(axis=0), atol=1e-6)
    assert np.allclose(weights @ joint / weights.sum(), 0, atol=1e-12)


def test_events_of_weight_zero_have_no_part(pool: Any) -> None:
    pool.weights[:10] = 0.0
    assert np.isfinite(joint_scores(pool, THETA)).all()


def test_all_kinds_agree_for_a_complete_observation(
    pool: Any, setting: FisherSetting, exact_ratio: Callable[..., Any]
) -> None:
    scores = exact_ratio(SLOPES).score(pool.x, np.array(THETA))
    truth = truth_fisher(setting, pool)
    wanted = Expectation(Grid.regular(NAMES, [(-0.5, 0.5)] * 2, 5), THETA, 300.0)
    model = observable_histogram(pool, pool, ("x0", "x1"), 20, wanted, THETA)
    for found in (
        score_fisher(setting, pool, scores, "exact"),
        calibrated_fisher(setting, pool, scores, "exact"),
        histogram_fisher(setting, model.templates, "histogram"),
    ):
        for one, bound in zip(found, truth, strict=True):
            assert one.include_rate == bound.include_rate
            assert np.allclose(one.information, bound.information, rtol=0.04, atol=0.02 * bound.information.max())
    assert truth[0].parton_level
    assert not found[0].parton_level
    assert truth[0].information[0, 0] > truth[1].information[0, 0]


def test_templates_from_a_part_stand_for_the_whole(pool: Any, setting: FisherSetting) -> None:
    wanted = Expectation(Grid.regular(NAMES, [(-0.5, 0.5)] * 2, 5), THETA, 300.0)
    part = pool.part(slice(0, 20_000))  # a third of the cross section
    model = observable_histogram(part, pool, ("x0", "x1"), 8, wanted, THETA)
    whole = observable_histogram(pool, pool, ("x0", "x1"), 8, wanted, THETA)
    for one, other in zip(
        histogram_fisher(setting, model.templates, "part"),
        histogram_fisher(setting, whole.templates, "all"),
        strict=True,
    ):
        assert np.allclose(one.information, other.information, rtol=0.05, atol=10.0)
        assert (one.errors > other.errors)[0, 0]
