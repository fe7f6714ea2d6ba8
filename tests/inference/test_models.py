"""Measurements from events, with an exact ratio, an exact score and nuisance parameters that tilt or scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.expectation import Expectation
from assay.inference.expected import method_limits, ratio_limits
from assay.inference.grid import Grid
from assay.inference.measurements import (
    adaptive_measurement,
    histogram_measurement,
    rate_measurement,
    ratio_measurement,
    score_measurement,
    truth_measurement,
)
from assay.inference.models import Measurement
from assay.inference.nominal import NominalRatio
from assay.inference.nuisance import Profiled
from assay.inference.results import LimitResult

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.5)
ORIGIN = (0.0, 0.0)
GRID = Grid.regular(("a", "b"), [(-0.25, 0.25), (-0.35, 0.35)], 15)
WANTED = Expectation(GRID, ORIGIN, 300.0, reference=ORIGIN)
N_EVENTS = 20_000


@pytest.fixture
def plain(amplitude_pool: Callable[..., Any]) -> Any:
    return amplitude_pool(N_EVENTS, SLOPES)


@pytest.fixture
def varying(plain: Any) -> Any:
    """A tilt that looks like the first parameter, and a normalisation."""
    return plain.varying(tilt=0.15 * np.clip(plain.x[:, 0], -2, 2), norm=np.full(N_EVENTS, 0.08))


def widths(result: LimitResult) -> np.ndarray:
    segments = [result.interval(name, 0.68).segments[0] for name in result.parameters]
    return np.array([segment.upper - segment.lower for segment in segments])


def by_rate(results: tuple[LimitResult, ...]) -> tuple[LimitResult, LimitResult]:
    assert [one.include_rate for one in results] == [True, False]
    return results[0], results[1]


def test_without_nuisance_parameters_nothing_is_profiled(plain: Any, exact_ratio: Callable[..., Any]) -> None:
    measurement = ratio_measurement(plain, plain, exact_ratio(SLOPES), WANTED)
    assert not isinstance(measurement.expected(ORIGIN, True), Profiled)
    for one, other in zip(
        method_limits(measurement, plain, WANTED, "m"),
        ratio_limits(plain, plain, exact_ratio(SLOPES), WANTED, "m"),
        strict=True,
    ):
        assert np.array_equal(one.q, other.q)


def test_truth_and_a_fine_histogram_feel_systematics_alike(varying: Any) -> None:
    """The truth sees more of x0 than bins do, but both lose to the tilt what it takes away of the first parameter."""
    truth = truth_measurement(varying, WANTED, ORIGIN)
    assert truth.nuisance == ("tilt", "norm")
    histogram, _ = histogram_measurement(varying, varying, ("x0", "x1"), 14, WANTED, ORIGIN)
    profiled = [by_rate(method_limits(one, varying, WANTED, "m"))[0] for one in (truth, histogram)]
    fixed = [by_rate(method_limits(one.without("tilt", "norm"), varying, WANTED, "m"))[0] for one in (truth, histogram)]
    assert np.allclose(widths(profiled[0]), widths(profiled[1]), rtol=0.08)
    assert np.allclose(widths(fixed[0]), widths(fixed[1]), rtol=0.08)
    assert (widths(profiled[0]) > [1.3, 0.999] * widths(fixed[0])).all()
    assert profiled[0].nuisance is not None
    assert np.allclose(profiled[0].nuisance.values, 0.0, atol=1e-3)
    assert profiled[0].nuisance.names == ("tilt", "norm")


def test_the_profiled_information_is_the_width(varying: Any) -> None:
    """Near the best fit the truth's interval is that of the joint score's information, profiled with constraints."""
    from assay.inference.expected_fisher import FisherSetting, profiled, truth_fisher
    from assay.inference.nuisance_information import BinnedEvents

    wanted = replace(WANTED, luminosity=20_000.0)
    grid = Grid.regular(("a", "b"), [(-0.03, 0.03), (-0.04, 0.04)], 15)
    result = by_rate(
        method_limits(
            truth_measurement(varying, replace(wanted, grid=grid), ORIGIN), varying, replace(wanted, grid=grid), "m"
        )
    )[0]
    setting = FisherSetting(
        BinnedEvents.total(varying), (0.0,) * 4, 20_000.0, ("a", "b", "tilt", "norm"), ("tilt", "norm")
    )
    (information, _) = profiled(truth_fisher(setting, varying), setting.nuisance)
    covariance = information.parameter_covariance()
    assert result.covariance is not None
    assert np.allclose(result.covariance, covariance, rtol=0.02, atol=0.02 * covariance[0, 0])


def test_nuisance_can_be_fixed_as_a_whole_or_one_by_one(varying: Any) -> None:
    histogram, _ = histogram_measurement(varying, varying, ("x0",), 10, WANTED, ORIGIN)
    bare, _ = histogram_measurement(
        replace(varying, nuisance_names=(), dependence=None), varying, ("x0",), 10, WANTED, ORIGIN
    )
    fixed, _ = histogram_measurement(varying, varying, ("x0",), 10, replace(WANTED, profile_nuisance=False), ORIGIN)
    points = GRID.points[::7]
    expected = bare.expected(ORIGIN, True).log_likelihood(points)
    assert np.allclose(fixed.expected(ORIGIN, True).log_likelihood(points), expected)
    assert np.allclose(histogram.without("tilt", "norm").expected(ORIGIN, True).log_likelihood(points), expected)
    one = histogram.without("norm")
    assert one.nuisance == ("tilt",)
    top = histogram.expected(ORIGIN, True).log_likelihood(points)
    between = one.expected(ORIGIN, True).log_likelihood(points)
    assert (expected <= between + 1e-9).all()
    assert (between <= top + 1e-9).all()


def test_the_rate_knows_a_normalisation(varying: Any) -> None:
    """Profiled, n has the variance n + (0.08 n)^2."""
    (result,) = method_limits(rate_measurement(varying, WANTED), varying, WANTED, "rate")
    likelihood = rate_measurement(varying, WANTED).expected(ORIGIN, True)
    n = rate_measurement(varying, WANTED).n_expected(ORIGIN)
    point = np.array([[0.25, 0.35]])
    found = -2 * (likelihood.log_likelihood(point) - likelihood.log_likelihood(np.zeros((1, 2))))[0]
    more = n * (0.49 * 0.25**2 + 0.25 * 0.35**2)
    assert 0.5 < found / (more**2 / (n + (0.08 * n) ** 2)) < 1.1
    assert result.nuisance is not None


@dataclass(frozen=True)
class KnowsTilt:
    """The exact ratio times exp(0.15 nu clip(x0)), normalised on the pool's events."""

    exact: Any
    pool: Any
    nuisance: tuple[str, ...] = ("tilt",)
    parameters: tuple[str, ...] = ("a", "b", "tilt")
    ranges: tuple[tuple[float, float], ...] = ((-1.0, 1.0), (-1.0, 1.0), (-3.0, 3.0))

    @property
    def observables(self) -> tuple[str, ...]:
        return self.exact.observables

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        tilt = 0.15 * np.clip(x[:, 0], -2, 2)
        weights = self.pool.morphing.weights(theta[:, :2]) @ self.pool.weights.T
        inside = np.exp(0.15 * np.outer(theta[:, 2], np.clip(self.pool.x[:, 0], -2, 2)))
        amplitude = np.log(np.abs(1.0 + (theta[:, :2] * SLOPES) @ x.T))
        norm = np.log((weights * inside).sum(axis=1) / self.pool.weights[:, 0].sum())
        return 2 * amplitude + np.outer(theta[:, 2], tilt) - norm[:, None]

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        step = 1e-5 * np.eye(3)
        points = np.vstack([theta + step, theta - step])
        values = self.log_ratio(x, points)
        return ((values[:3] - values[3:]) / 2e-5).T


def test_a_ratio_that_knows_nuisance_parameters_is_as_good_as_the_truth(
    varying: Any, exact_ratio: Callable[..., Any]
) -> None:
    small = replace(WANTED, grid=Grid.regular(("a", "b"), [(-0.25, 0.25), (-0.35, 0.35)], 7))
    part = varying.part(slice(0, 3000))
    estimator = KnowsTilt(exact_ratio(SLOPES), part)
    ratio = ratio_measurement(part, part, estimator, small)
    assert any("does not know norm" in note for note in ratio.notes)
    assert np.allclose(np.asarray(ratio.ranges)[0], [-3.0, 3.0])
    truth = truth_measurement(part, small, ORIGIN)
    points = np.array([[0.1, 0.0], [-0.15, 0.2], [0.0, 0.0]])
    one, other = (m.expected(ORIGIN, True).log_likelihood(points) for m in (ratio, truth))
    assert np.allclose(one - one[2], other - other[2], atol=1e-3)


def test_an_estimator_of_other_nuisance_parameters_is_refused(plain: Any, exact_ratio: Callable[..., Any]) -> None:
    with pytest.raises(InferenceError, match="nuisance parameters tilt"):
        ratio_measurement(plain, plain, KnowsTilt(exact_ratio(SLOPES), plain), WANTED)


def test_observed_events_are_asimov_data_when_they_have_its_counts(plain: Any, exact_ratio: Callable[..., Any]) -> None:
    measurement = ratio_measurement(plain, plain, exact_ratio(SLOPES), WANTED)
    weights = plain.weights[:, 0]
    counts = measurement.n_expected(ORIGIN) * weights / weights.sum()
    for include_rate in (True, False):
        expected = measurement.expected(ORIGIN, include_rate).log_likelihood(GRID.points)
        found = measurement.observed(plain.x, include_rate, counts).log_likelihood(GRID.points)
        assert np.allclose(found, expected)


def test_observed_events_move_the_fit(plain: Any, exact_ratio: Callable[..., Any]) -> None:
    """500 events drawn at another point are fitted there by ratio and histogram, within errors."""
    rng, true = np.random.default_rng(3), np.array([0.12, 0.15])
    weights = plain.weights @ plain.morphing.weights(true[None])[0]
    drawn = plain.x[rng.choice(len(plain.x), size=700, p=weights / weights.sum())]
    ratio = ratio_measurement(plain, plain, exact_ratio(SLOPES), WANTED)
    histogram, _ = histogram_measurement(plain, plain, ("x0", "x1"), 8, WANTED, ORIGIN)
    for one in (ratio, histogram):
        _, shape = by_rate(method_limits(one, plain, WANTED, "m", drawn))
        assert shape.theta_true is None
        assert shape.n_events == 700
        errors = widths(shape) / 2
        assert (np.abs(np.array(shape.best_fit.theta) - true) < 3.5 * errors).all()
        assert shape.exclusion is not None
        assert shape.exclusion.significance > 1.0


@pytest.mark.parametrize("bins", [(14,), (14, 10)])
def test_sallino_and_adaptive_sally_are_as_good_as_the_score_nearby(
    plain: Any, exact_score: Callable[..., Any], exact_ratio: Callable[..., Any], bins: tuple[int, ...]
) -> None:
    training, test = plain.part(slice(0, 10_000)), plain.part(slice(10_000, 20_000))
    small = replace(WANTED, grid=Grid.regular(("a", "b"), [(-0.2, 0.2), (-0.25, 0.25)], 9), include_rate=(False,))
    adaptive = adaptive_measurement(plain, test, training, exact_score(SLOPES), bins, small, ORIGIN)
    (result,) = method_limits(adaptive, test, small, "sally")
    (exact,) = ratio_limits(plain, test, exact_ratio(SLOPES), small, "exact")
    assert np.allclose(result.best_fit.theta, 0.0, atol=0.02)
    assert np.allclose(widths(result), widths(exact), rtol=0.1)
    moved = np.array([0.1, 0.0])
    drawn = adaptive.expected(moved, False).log_likelihood(np.array([moved, ORIGIN]))
    assert drawn[0] > drawn[1] == 0.0


def test_a_score_with_nuisance_parameters_is_profiled(varying: Any) -> None:
    """Where a tilt imitates a parameter, the histogram is of what is left of its score."""

    class Score:
        observables = ("x0", "x1")

        def score(self, x: np.ndarray) -> np.ndarray:
            tilt = 0.15 * np.clip(x[:, 0], -2, 2)
            return np.column_stack([2 * x * SLOPES, tilt, np.zeros(len(x))])

    training, test = varying.part(slice(0, 10_000)), varying.part(slice(10_000, 20_000))
    measurement, model = score_measurement(varying, test, training, Score(), 12, WANTED, ORIGIN)
    assert len(model.binning.shape) == 2
    assert isinstance(measurement, Measurement)
    found = by_rate(method_limits(measurement, test, WANTED, "sally"))[0]
    truth = by_rate(method_limits(truth_measurement(varying, WANTED, ORIGIN), varying, WANTED, "truth"))[0]
    assert (widths(found) < 1.15 * widths(truth)).all()


def test_a_nominal_ratio_drops_nuisance_parameters(varying: Any, exact_ratio: Callable[..., Any]) -> None:
    part = varying.part(slice(0, 100))
    whole = KnowsTilt(exact_ratio(SLOPES), part)
    nominal, theta = NominalRatio(whole, 1), np.array([[0.1, 0.2]])
    assert np.allclose(nominal.log_ratio(part.x, theta), whole.log_ratio(part.x, np.array([[0.1, 0.2, 0.0]])))
    assert nominal.score(part.x, theta[0]).shape == (100, 2)
