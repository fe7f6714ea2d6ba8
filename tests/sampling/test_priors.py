"""Priors: where hypotheses fall."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from assay.errors import SamplingError
from assay.sampling.priors import Flat, Gaussian, IndependentPrior, JointPrior, LogUniform, PointsPrior, flat_prior

pytestmark = pytest.mark.fast

BOX = ((-1.0, 3.0), (0.5, 0.6), (-20.0, -10.0))


@pytest.mark.parametrize("n", [1, 2, 3, 100, 1000])
def test_flat_hypotheses_fill_the_box_evenly(n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theta = flat_prior(BOX).draw(n, np.random.default_rng(1))
    low, high = np.asarray(BOX).T
    assert theta.shape == (n, 3)
    assert np.all((theta >= low) & (theta <= high))
    # a low-discrepancy sequence: far more even than the 1/sqrt(n) of independent draws
    unit = (theta - low) / (high - low)
    for column in unit.T:
        assert stats.kstest(column, "uniform").statistic < 3.0 / n


def test_gaussian_hypotheses_are_truncated_gaussians() -> None:
    prior = IndependentPrior(
        tuple(Gaussian(m, s, *box) for m, s, box in zip((0.0, 0.55, -20.0), (1.0, 0.2, 2.0), BOX, strict=True))
    )
    theta = prior.draw(4000, np.random.default_rng(2))
    np.testing.assert_array_equal(prior.ranges, BOX)
    low, high = np.asarray(BOX).T
    assert np.all((theta >= low) & (theta <= high))
    for column, part in zip(theta.T, prior.marginals, strict=True):
        assert isinstance(part, Gaussian)
        bounds = (np.array([part.low, part.high]) - part.mean) / part.std
        truncated = stats.truncnorm(*bounds, loc=part.mean, scale=part.std)
        assert stats.kstest(column, truncated.cdf).statistic < 0.005


def test_log_uniform_hypotheses_are_flat_in_the_logarithm() -> None:
    theta = IndependentPrior((LogUniform(1e-3, 10.0),)).draw(4000, np.random.default_rng(2))
    assert stats.kstest(theta[:, 0], stats.loguniform(1e-3, 10.0).cdf).statistic < 0.005


@pytest.mark.parametrize("sequence", ["sobol", "independent"])
def test_parameters_of_different_kinds_are_not_correlated(sequence: Literal["sobol", "independent"]) -> None:
    prior = IndependentPrior((Flat(-1.0, 1.0), Gaussian(0.0, 1.0, -3.0, 3.0), LogUniform(0.1, 1.0)), sequence)
    n = 4096
    theta = prior.draw(n, np.random.default_rng(5))
    assert np.abs(np.corrcoef(theta.T) - np.eye(3)).max() < 4.0 / np.sqrt(n)


def test_independent_hypotheses_are_as_uneven_as_chance_has_it() -> None:
    even = IndependentPrior((Flat(0.0, 1.0),)).draw(4096, np.random.default_rng(6))
    uneven = IndependentPrior((Flat(0.0, 1.0),), "independent").draw(4096, np.random.default_rng(6))
    assert stats.kstest(even[:, 0], "uniform").statistic < 0.001
    assert 0.003 < stats.kstest(uneven[:, 0], "uniform").statistic < 0.04


def test_priors_side_by_side_are_paired_at_random() -> None:
    points = PointsPrior(((0.0, 1.0), (2.0, 3.0)), ((-1.0, 1.0), (-2.0, 2.0)))
    prior = JointPrior((points, IndependentPrior((Flat(5.0, 6.0),))))
    np.testing.assert_array_equal(prior.ranges, [[-1.0, 2.0], [-2.0, 3.0], [5.0, 6.0]])
    theta = prior.draw(1000, np.random.default_rng(7))
    assert np.count_nonzero(theta[:, 0] == 0.0) == 500
    assert abs(np.corrcoef(theta[:, 0], theta[:, 2])[0, 1]) < 0.13


def test_points_come_equally_often_in_random_order() -> None:
    points = ((0.0, 1.0), (2.0, 3.0), (4.0, 5.0))
    theta = PointsPrior(points).draw(300, np.random.default_rng(3))
    found, counts = np.unique(theta, axis=0, return_counts=True)
    np.testing.assert_array_equal(found, points)
    assert counts.tolist() == [100, 100, 100]
    assert np.any(theta[:3] != theta[3:6])
    np.testing.assert_array_equal(PointsPrior(points).ranges, [[0.0, 4.0], [1.0, 5.0]])


def test_seeds_decide() -> None:
    prior = flat_prior(BOX)
    first, again, other = (prior.draw(10, np.random.default_rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize("box", [((1.0, 1.0),), ((2.0, 1.0),), ((float("nan"), 1.0),)])
def test_empty_ranges_are_refused(box: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(SamplingError, match="a prior's range"):
        flat_prior(box)


@pytest.mark.parametrize(("mean", "std"), [(np.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, np.nan)])
def test_gaussians_without_a_width_are_refused(mean: float, std: float) -> None:
    with pytest.raises(SamplingError, match="Gaussian prior of mean"):
        Gaussian(mean, std, -1.0, 1.0)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_logarithms_of_what_is_not_above_zero_are_refused(low: float) -> None:
    with pytest.raises(SamplingError, match="log-uniform"):
        LogUniform(low, 1.0)


def test_priors_of_nothing_are_refused() -> None:
    with pytest.raises(SamplingError, match="no parameters"):
        IndependentPrior(())
    with pytest.raises(SamplingError, match="points"):
        PointsPrior(())
    with pytest.raises(SamplingError, match="points"):
        PointsPrior(((1.0,), (1.0, 2.0)))
