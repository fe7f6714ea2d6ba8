from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.inference.binning import equal_count_binning
from assay.inference.expectation import Expectation
from assay.inference.expected import histogram_limits, rate_limits, ratio_limits
from assay.inference.fisher import histogram_information
from assay.inference.grid import Grid
from assay.inference.likelihoods import RateLikelihood
from assay.inference.limits import DataSet, limits
from assay.inference.measurements import (
    estimated_scores,
    observable_histogram,
    score_histogram,
    total_templates,
)
from assay.inference.templates import Templates

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.4)
TRUTH = (0.05, -0.02)
GRID = Grid.regular(("a", "b"), [(-0.2, 0.25), (-0.35, 0.3)], {"a": 25, "b": 21})
WANTED = Expectation(GRID, TRUTH, 300.0, ranges=((-1.0, 1.0), (-1.0, 1.0)))
ORIGIN = (0.0, 0.0)


@pytest.fixture
def parts(amplitude_pool: Callable[..., Any]) -> tuple[Any, Any, Any]:
    pool = amplitude_pool(60_000, SLOPES)
    return pool, pool.part(slice(0, 30_000)), pool.part(slice(30_000, 60_000))


def width(result: Any, name: str) -> float:
    (segment,) = result.interval(name, 0.68).segments
    return float(segment.upper - segment.lower)


def test_histogram_and_exact_ratio_agree_where_bins_are_many(
    parts: tuple[Any, Any, Any], exact_ratio: Callable[..., Any]
) -> None:
    pool, training, test = parts
    model = observable_histogram(pool, training, ("x0", "x1"), 12, WANTED, ORIGIN)
    histogram = histogram_limits(pool, model, WANTED, "histogram")
    ratio = ratio_limits(pool, test, exact_ratio(SLOPES), WANTED, "exact")
    assert [r.include_rate for r in histogram] == [r.include_rate for r in ratio] == [True, False]
    for binned, unbinned in zip(histogram, ratio, strict=True):
        for p, name in enumerate("ab"):
            assert 0.99 < width(binned, name) / width(unbinned, name) < 1.05
            assert np.isclose(binned.best_fit.theta[p], TRUTH[p], atol=1e-5)
            # the Asimov sample of the ratio is finite: 30 000 events for 600
            assert abs(unbinned.best_fit.theta[p] - TRUTH[p]) < 4 * np.sqrt(600 / 30_000) * width(unbinned, name) / 2
        assert not unbinned.warnings


def test_baselines_have_finer_bins_where_their_information_is(parts: tuple[Any, Any, Any]) -> None:
    """Bins of equal counts would make the baseline weaker than it has to be."""
    pool, training, _ = parts
    values, weights = training.x[:, :1], training.weights[:, 0]
    equal = equal_count_binning(("x0",), values, weights, [4])
    templates = [
        Templates.fill(pool.morphing, pool.weights, equal.index(pool.x[:, :1]), 4),
        observable_histogram(pool, training, ("x0",), 4, WANTED, ORIGIN).templates,
    ]
    plain, finer = (
        histogram_information(one, np.zeros(2), 300.0, ("a", "b"), include_rate=False).information[0, 0]
        for one in templates
    )
    exact = 300_000 * pool.weights[:, 0].sum() * 4 * SLOPES[0] ** 2
    assert 1.02 * plain < finer < exact


def test_one_observable_knows_one_parameter(parts: tuple[Any, Any, Any]) -> None:
    pool, training, _ = parts
    model = observable_histogram(pool, training, ("x0",), 20, WANTED, ORIGIN)
    shape = histogram_limits(pool, model, WANTED, "x0")[1]
    assert width(shape, "a") < 0.1
    assert not shape.interval("b", 0.68).closed
    assert any("b (68 %)" in warning for warning in shape.warnings)


def test_score_histogram_is_as_good_as_the_observables(
    parts: tuple[Any, Any, Any], exact_score: Callable[..., Any]
) -> None:
    pool, training, test = parts
    estimator = exact_score(SLOPES)
    scores = estimated_scores(estimator, test), estimated_scores(estimator, training)
    model, axes = score_histogram(test, training, scores, 12, WANTED, ORIGIN)
    assert np.array_equal(axes, np.eye(2))
    (result,) = histogram_limits(pool, model, replace(WANTED, include_rate=(False,)), "sally", test)
    expected = histogram_limits(
        pool, observable_histogram(pool, training, ("x0", "x1"), 12, WANTED, ORIGIN), WANTED, "h"
    )
    assert np.isclose(width(result, "a"), width(expected[1], "a"), rtol=0.03)
    assert result.effective_sample_size is not None
    assert result.effective_sample_size.max() < 30_000


def test_scores_of_many_parameters_are_binned_along_principal_axes(amplitude_pool: Callable[..., Any]) -> None:
    slopes = (0.7, 0.4, 0.6, 0.5)
    pool = amplitude_pool(20_000, slopes)
    wanted = Expectation(Grid.regular(tuple("abcd"), [(-0.3, 0.3)] * 4, 3), (0.0,) * 4, 300.0)
    scores = 2 * pool.x * slopes
    model, axes = score_histogram(pool, pool, (scores, scores), 12, wanted, (0.0,) * 4)
    assert np.allclose(axes.T @ axes, np.eye(4))
    assert len(model.binning.shape) == 4
    assert model.binning.n_bins <= 1000
    assert "in place of 12 x 12 x 12 x 12" in model.notes[0]


def test_rate_limits_know_only_the_cross_section(parts: tuple[Any, Any, Any], sigma_0: float) -> None:
    result = rate_limits(parts[0], WANTED)
    exact = 300_000 * sigma_0 * (1 + 0.49 * TRUTH[0] ** 2 + 0.16 * TRUTH[1] ** 2)
    assert np.isclose(result.n_events, exact, rtol=0.01)
    assert result.include_rate
    assert not result.interval("a", 0.68).closed


def test_a_wrong_cross_section_of_one_benchmark_moves_the_fit_and_is_reported(
    amplitude_pool: Callable[..., Any], sigma_0: float
) -> None:
    """The first of the benchmarks 0, 1, -1 is 20 % too large: sigma(theta) gains 0.2 sigma_0 (1 - theta^2)."""
    pool, true = amplitude_pool(100_000, (0.7,)), 0.9
    wrong = replace(pool, weights=pool.weights * [1.2, 1.0, 1.0])
    grid = Grid.regular(("a",), [(0.0, 1.5)], 61)
    # 1 + 0.49 t^2 + 0.2 (1 - t^2) = 1 + 0.49 true^2
    moved = np.sqrt((0.49 * true**2 - 0.2) / 0.29)
    for events, found in ((pool, true), (wrong, moved)):
        total = total_templates(events)
        rate = RateLikelihood.asimov(total_templates(pool), 3000.0, (true,))
        result = limits("rate", True, replace(rate, total=total), grid, DataSet(3000.0, rate.n, (true,)))
        assert np.isclose(result.best_fit.theta[0], found, atol=0.02)
        assert any("biased" in warning for warning in result.warnings) == (events is wrong)


def test_three_parameters_from_events_to_intervals(
    amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    slopes, true = (0.7, 0.4, 0.5), (0.05, 0.0, -0.04)
    pool = amplitude_pool(40_000, slopes)
    grid = Grid.regular(tuple("abc"), [(-0.15, 0.2), (-0.2, 0.2), (-0.25, 0.2)], {"a": 9, "b": 8, "c": 7})
    wanted = Expectation(grid, true, 300.0)
    ratio = ratio_limits(pool, pool, exact_ratio(slopes), wanted, "exact")[0]
    model = observable_histogram(pool, pool, pool.observables, 10, wanted, (0.0, 0.0, 0.0))
    histogram = histogram_limits(pool, model, wanted, "histogram")[0]
    assert [pair.parameters for pair in ratio.pair_profiles] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert ratio.pair("c", "a").q.shape == (7, 9)
    for p, name in enumerate("abc"):
        assert np.isclose(width(ratio, name), width(histogram, name), rtol=0.06)
        assert abs(ratio.best_fit.theta[p] - true[p]) < 0.02


def test_the_reference_does_not_need_to_be_the_truth(
    parts: tuple[Any, Any, Any], exact_ratio: Callable[..., Any]
) -> None:
    pool, _, test = parts
    shifted = replace(WANTED, theta_true=(-0.1, 0.1))
    result = ratio_limits(pool, test, exact_ratio(SLOPES), shifted, "exact")[1]
    for p in range(2):
        assert abs(result.best_fit.theta[p] - shifted.theta_true[p]) < 0.03
