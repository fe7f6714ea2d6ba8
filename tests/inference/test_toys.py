from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.expectation import Expectation
from assay.inference.grid import Grid
from assay.inference.measurements import histogram_measurement, rate_measurement, ratio_measurement
from assay.inference.shapes import RatioShape
from assay.inference.toy_batch import merged
from assay.inference.toys import ToySetting, failure_name, run_all_toys, run_toys, toy_likelihoods

pytestmark = pytest.mark.fast

SLOPES = (0.5, 0.4)
GRID = Grid.regular(("a", "b"), [(-1.0, 1.0)] * 2, 13)
WANTED = Expectation(GRID, (0.0, 0.0), 60.0, (0.6827,), (True, False))
POINTS = np.array([[0.0, 0.0], [0.3, -0.2]])


@pytest.fixture
def ratio_setting(amplitude_pool, exact_ratio) -> ToySetting:
    pool = amplitude_pool(20_000, SLOPES)
    measurement = ratio_measurement(pool, pool, exact_ratio(SLOPES), WANTED)
    return ToySetting("ratio", measurement, pool, GRID, POINTS, (0.6827,), (True, False))


def test_toys_are_analysed_as_data_are(ratio_setting) -> None:
    """The table of splines gives what the likelihood of the events themselves gives."""
    ratio_setting = replace(ratio_setting, grid=Grid.regular(("a", "b"), [(-1.0, 1.0)] * 2, 25))
    with_rate, shape = run_toys(ratio_setting, 1, 6, np.random.default_rng(0))
    assert (with_rate.include_rate, shape.include_rate) == (True, False)
    # a shape of another class goes the direct way, event by event
    direct_shape = _Direct(**vars(ratio_setting.measurement.shape))
    direct = replace(ratio_setting, measurement=replace(ratio_setting.measurement, shape=_Wrapped(direct_shape)))
    again, again_shape = run_toys(direct, 1, 6, np.random.default_rng(0))
    for found, expected in ((with_rate, again), (shape, again_shape)):
        assert found.n_events.tolist() == expected.n_events.tolist()
        assert np.allclose(found.best_fit, expected.best_fit, atol=2e-3)
        assert np.allclose(found.q, expected.q, atol=0.02)
        assert np.allclose(found.widths, expected.widths, rtol=0.01)


class _Direct(RatioShape):
    pass


class _Wrapped:
    """A shape that is not a `RatioShape`."""

    def __init__(self, of: RatioShape) -> None:
        self.of = of

    def __getattr__(self, name: str) -> object:
        return getattr(self.of, name)


def test_best_fits_scatter_as_the_information_says(ratio_setting) -> None:
    batch, _ = run_toys(ratio_setting, 0, 80, np.random.default_rng(1))
    assert not batch.failure_counts
    n = batch.n_events.mean()
    sigma = 1 / np.sqrt(4 * n * np.array(SLOPES) ** 2)  # the rate has no slope at 0
    assert np.allclose(batch.best_fit.std(axis=0), sigma, rtol=0.25)
    assert np.abs(batch.best_fit.mean(axis=0) / sigma).max() < 5 / np.sqrt(80)
    assert batch.q_true.mean() == pytest.approx(2.0, abs=5 * 2 / np.sqrt(80))


def test_every_kind_of_measurement_has_toys(amplitude_pool) -> None:
    pool = amplitude_pool(5_000, SLOPES)
    histogram, _ = histogram_measurement(pool, pool, ("x0", "x1"), 3, WANTED, (0.0, 0.0))
    for measurement, n_batches in ((histogram, 2), (rate_measurement(pool, WANTED), 1)):
        setting = ToySetting("m", measurement, pool, GRID, POINTS, (0.6827,), (True, False))
        batches = run_toys(setting, 1, 4, np.random.default_rng(0))
        assert len(batches) == n_batches
        assert all(batch.succeeded.all() and np.isfinite(batch.q).all() for batch in batches)


def test_nuisance_parameters_are_profiled_with_their_auxiliary_measurements(amplitude_pool) -> None:
    """A rate that is known to 20 % alone: best fits of the rate's parameter would not cover with fixed centres."""
    slopes = (1.0,)
    grid = Grid.regular(("a",), [(0.0, 3.0)], 13)
    wanted = Expectation(grid, (1.0,), 300.0, (0.6827,), (True,))
    pool = amplitude_pool(20_000, slopes)
    varied = pool.varying(scale=np.full(20_000, 0.2))
    points = np.array([[1.5]])
    setting = ToySetting("rate", rate_measurement(varied, wanted), varied, grid, points)
    (batch,) = run_toys(setting, 0, 25, np.random.default_rng(2))
    assert batch.succeeded.all()
    without = ToySetting("rate", rate_measurement(pool, wanted), pool, grid, points)
    (narrow,) = run_toys(without, 0, 25, np.random.default_rng(2))
    assert batch.widths.mean() > 1.5 * narrow.widths.mean()
    assert np.abs(batch.best_fit).std() > 1.3 * np.abs(narrow.best_fit).std()


class SometimesBroken:
    """A ratio that is not finite for events far out."""

    def __init__(self, exact: object) -> None:
        self.exact, self.observables = exact, exact.observables

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.where(x[:, 0] > 2.4, np.nan, self.exact.log_ratio(x, theta))

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return self.exact.score(x, theta)


def test_failing_toys_are_counted_and_the_others_go_on(ratio_setting, exact_ratio) -> None:
    shape = replace(ratio_setting.measurement.shape, estimator=SometimesBroken(exact_ratio(SLOPES)))
    setting = replace(ratio_setting, measurement=replace(ratio_setting.measurement, shape=shape))
    batch, _ = run_toys(setting, 0, 25, np.random.default_rng(3))
    failed = (~batch.succeeded).sum()
    assert 0 < failed < 25
    assert batch.failure_counts == {"InferenceError: the log ratio of an event is not finite": failed}
    assert np.isnan(batch.best_fit[~batch.succeeded]).all()
    assert np.isfinite(batch.best_fit[batch.succeeded]).all()
    assert len(batch.q_true) == 25 - failed


def test_failures_are_named_without_the_numbers_of_a_toy() -> None:
    names = {failure_name(InferenceError(f"{n} of 300 events are not finite")) for n in (3, 17)}
    assert names == {"InferenceError: # of # events are not finite"}


def test_same_seed_same_toys_and_batches_merge(ratio_setting) -> None:
    first, again = (run_toys(ratio_setting, 0, 3, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first[0].best_fit, again[0].best_fit)
    other = run_toys(ratio_setting, 1, 2, np.random.default_rng(5))
    more = run_toys(ratio_setting, 0, 2, np.random.default_rng(6))
    together = merged([*first, *other, *more])
    assert [(batch.include_rate, batch.point, len(batch.failures)) for batch in together] == [
        (True, 0, 5),
        (False, 0, 5),
        (True, 1, 2),
        (False, 1, 2),
    ]
    assert np.array_equal(together[0].q, np.concatenate([first[0].q, more[0].q]))


def test_all_points_together_are_each_point_by_itself(ratio_setting) -> None:
    together = run_all_toys(ratio_setting, 3, 8)
    assert [(batch.point, batch.include_rate) for batch in together] == [(0, True), (0, False), (1, True), (1, False)]
    for point in range(2):
        alone = run_toys(ratio_setting, point, 3, np.random.default_rng([8, point]))
        for found, expected in zip(together[2 * point : 2 * point + 2], alone, strict=True):
            assert np.allclose(found.q, expected.q, atol=1e-8)
            assert np.array_equal(found.covers, expected.covers)


def test_batches_of_different_points_are_not_merged(ratio_setting) -> None:
    first = run_toys(ratio_setting, 0, 1, np.random.default_rng(4))[0]
    with pytest.raises(InferenceError, match="do not belong together"):
        merged([first, replace(first, points=first.points + 0.1)])


def test_points_beyond_the_grid_are_refused(ratio_setting) -> None:
    with pytest.raises(InferenceError, match="toys at"):
        replace(ratio_setting, points=np.array([[2.0, 0.0]]))


def test_few_simulated_events_are_noted(ratio_setting, amplitude_pool) -> None:
    setting = replace(ratio_setting, events=amplitude_pool(300, SLOPES))
    batch, _ = run_toys(setting, 0, 1, np.random.default_rng(0))
    assert "share events" in batch.notes[0]
    assert not run_toys(ratio_setting, 0, 1, np.random.default_rng(0))[0].notes


def test_likelihoods_of_toys_are_those_that_are_analysed(ratio_setting) -> None:
    batch, _ = run_toys(ratio_setting, 0, 2, np.random.default_rng(7))
    for number, likelihood in enumerate(toy_likelihoods(ratio_setting, POINTS[0], 2, True, np.random.default_rng(7))):
        q = 2 * (likelihood.log_likelihood(batch.best_fit[number][None]) - likelihood.log_likelihood(POINTS))
        assert np.allclose(q, batch.q[number], atol=1e-6)
