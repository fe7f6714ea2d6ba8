from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.inference.expected import (
    Expectation,
    estimated_scores,
    histogram_limits,
    observable_histogram,
    rate_limits,
    ratio_limits,
    score_histogram,
)
from assay.inference.grid import Grid

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
    model = score_histogram(test, training, scores, 12, WANTED, ORIGIN)
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
    model = score_histogram(pool, pool, (scores, scores), 12, wanted, (0.0,) * 4)
    assert len(model.binning.shape) == 4
    assert model.binning.n_bins <= 1000
    assert "in place of 12" in model.notes[0]


def test_rate_limits_know_only_the_cross_section(parts: tuple[Any, Any, Any], sigma_0: float) -> None:
    result = rate_limits(parts[0], WANTED)
    exact = 300_000 * sigma_0 * (1 + 0.49 * TRUTH[0] ** 2 + 0.16 * TRUTH[1] ** 2)
    assert np.isclose(result.n_events, exact, rtol=0.01)
    assert result.include_rate
    assert not result.interval("a", 0.68).closed


def test_a_wrong_cross_section_of_one_benchmark_moves_the_fit(parts: tuple[Any, Any, Any]) -> None:
    """Data from good events, templates with a benchmark that is 20 % too large."""
    pool, training, _ = parts
    scaled = replace(pool, weights=pool.weights * np.where(np.arange(6) == 0, 1.2, 1.0))
    model = observable_histogram(pool, training, ("x0", "x1"), 8, WANTED, ORIGIN)
    wrong = observable_histogram(scaled, training, ("x0", "x1"), 8, WANTED, ORIGIN)
    good = model.templates.cross_sections(TRUTH).sum()
    assert np.isclose(good, 0.002 * (1 + 0.49 * 0.0025 + 0.16 * 0.0004), rtol=0.01)
    assert not np.isclose(wrong.templates.cross_sections(TRUTH).sum(), good, rtol=0.1)
    limits = histogram_limits(scaled, model, WANTED, "mixed")
    assert limits[0].best_fit.log_likelihood < limits[1].best_fit.log_likelihood


def test_the_reference_does_not_need_to_be_the_truth(
    parts: tuple[Any, Any, Any], exact_ratio: Callable[..., Any]
) -> None:
    pool, _, test = parts
    shifted = replace(WANTED, theta_true=(-0.1, 0.1))
    result = ratio_limits(pool, test, exact_ratio(SLOPES), shifted, "exact")[1]
    for p in range(2):
        assert abs(result.best_fit.theta[p] - shifted.theta_true[p]) < 0.03
