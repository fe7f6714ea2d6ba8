"""Priors: where hypotheses fall."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from assay.errors import SamplingError
from assay.sampling.priors import FlatPrior, GaussianPrior, PointsPrior

pytestmark = pytest.mark.fast

BOX = ((-1.0, 3.0), (0.5, 0.6), (-20.0, -10.0))


@pytest.mark.parametrize("n", [1, 2, 3, 100, 1000])
def test_flat_hypotheses_fill_the_box_evenly(n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theta = FlatPrior(BOX).draw(n, np.random.default_rng(1))
    low, high = np.asarray(BOX).T
    assert theta.shape == (n, 3)
    assert np.all((theta >= low) & (theta <= high))
    # a low-discrepancy sequence: far more even than the 1/sqrt(n) of independent draws
    unit = (theta - low) / (high - low)
    for column in unit.T:
        assert stats.kstest(column, "uniform").statistic < 3.0 / n


def test_gaussian_hypotheses_are_truncated_gaussians() -> None:
    prior = GaussianPrior((0.0, 0.55, -20.0), (1.0, 0.2, 2.0), BOX)
    theta = prior.draw(4000, np.random.default_rng(2))
    low, high = np.asarray(BOX).T
    assert np.all((theta >= low) & (theta <= high))
    for column, mean, std, bounds in zip(theta.T, prior.mean, prior.std, BOX, strict=True):
        truncated = stats.truncnorm(*((np.asarray(bounds) - mean) / std), loc=mean, scale=std)
        assert stats.kstest(column, truncated.cdf).statistic < 0.005


def test_points_come_equally_often_in_random_order() -> None:
    points = ((0.0, 1.0), (2.0, 3.0), (4.0, 5.0))
    theta = PointsPrior(points).draw(300, np.random.default_rng(3))
    found, counts = np.unique(theta, axis=0, return_counts=True)
    np.testing.assert_array_equal(found, points)
    assert counts.tolist() == [100, 100, 100]
    assert np.any(theta[:3] != theta[3:6])
    np.testing.assert_array_equal(PointsPrior(points).ranges, [[0.0, 4.0], [1.0, 5.0]])


def test_seeds_decide() -> None:
    prior = FlatPrior(BOX)
    first, again, other = (prior.draw(10, np.random.default_rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize("box", [((1.0, 1.0),), ((2.0, 1.0),), ((float("nan"), 1.0),)])
def test_empty_ranges_are_refused(box: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(SamplingError, match="range of parameter 0"):
        FlatPrior(box)


@pytest.mark.parametrize(("mean", "std"), [((0.0,), (1.0, 1.0, 1.0)), ((0.0, 0.0, 0.0), (1.0, 0.0, 1.0))])
def test_gaussians_that_do_not_fit_are_refused(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    with pytest.raises(SamplingError, match="prior of means"):
        GaussianPrior(mean, std, BOX)
