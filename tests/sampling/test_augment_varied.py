"""Joint quantities with nuisance parameters, a background, and a free denominator, against exact densities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.errors import SamplingError
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import SizeLimits, draw_density_sample, draw_ratio_sample, draw_score_sample
from assay.sampling.priors import Flat, Gaussian, IndependentPrior, PointsPrior, flat_prior
from assay.sampling.samples import DensitySample, RatioSample

from .varied import NUISANCE, cross_section, log_density, score, varied_pool

pytestmark = pytest.mark.fast

PRIOR = IndependentPrior((Flat(-0.8, 0.8), Flat(-0.9, 0.9), Gaussian(0.0, 1.0, -3.0, 3.0), Flat(-2.0, 2.0)))
SM = np.zeros(4)


@pytest.fixture(scope="module")
def pool() -> EventPool:
    return varied_pool(4000, 6000)


@pytest.fixture(scope="module")
def doubly(pool: EventPool) -> RatioSample:
    return draw_ratio_sample(pool, 20_000, PRIOR, PRIOR, np.random.default_rng(1), nuisance=NUISANCE, n_hypotheses=300)


def rows(sample: Any, *names: str) -> list[np.ndarray]:
    return [np.asarray(getattr(sample, name), dtype=float) for name in names]


def differences(pool: EventPool, events: np.ndarray, theta: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Finite differences of log [w(theta) / sigma(theta)] of events (N,) at one theta (4,), shape (N, 4)."""

    def logarithm(point: np.ndarray) -> np.ndarray:
        weights = pool.event_weights(point[:2], point[2:])[:, 0]
        return np.asarray(np.log(weights[events] / weights.sum()))

    return np.stack([(logarithm(theta + s) - logarithm(theta - s)) / (2 * step) for s in step * np.eye(4)], axis=1)


def test_a_ratio_with_nuisance_parameters_and_background_is_that_of_the_densities(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 20_000, PRIOR, SM, np.random.default_rng(2), nuisance=NUISANCE, n_hypotheses=300)
    x, theta0, theta1, r_xz, t_xz = rows(sample, "x", "theta0", "theta1", "r_xz", "t_xz")
    exact = log_density(x, theta0) - log_density(x, theta1)
    assert 0.2 < x[:, 2].mean() < 0.8  # signal and background
    # what is left is the error of the cross sections, the same for all events of a theta
    np.testing.assert_allclose(np.log(r_xz), exact, atol=0.03)
    np.testing.assert_allclose(t_xz, score(x, theta0), atol=0.04)
    first = np.all(theta0 == theta0[0], axis=1)
    assert np.ptp(np.log(r_xz[first]) - exact[first]) < 1e-4
    assert np.ptp(t_xz[first] - score(x[first], theta0[first]), axis=0).max() < 1e-3
    assert sample.info.parameters == ("p", "q", *NUISANCE)
    assert sample.info.nuisance == NUISANCE
    assert sample.info.reference == (0.0, 0.0, 0.0, 0.0)
    np.testing.assert_allclose(sample.info.ranges, PRIOR.ranges)


def test_joint_scores_are_finite_differences_of_the_pools_own_weights(pool: EventPool) -> None:
    theta = np.array([0.5, -0.4, 1.2, -0.7])
    prior = PointsPrior((tuple(theta),))
    sample = draw_ratio_sample(pool, 400, prior, SM, np.random.default_rng(3), nuisance=NUISANCE)
    events = sample.x[:, 3].astype(int)
    np.testing.assert_allclose(sample.t_xz, differences(pool, events, theta), atol=1e-5)
    density = draw_density_sample(pool, 200, prior, np.random.default_rng(4), nuisance=NUISANCE)
    np.testing.assert_allclose(density.t_xz, differences(pool, density.x[:, 3].astype(int), theta), atol=1e-5)
    local = draw_score_sample(pool, 200, theta, np.random.default_rng(5), nuisance=NUISANCE)
    np.testing.assert_allclose(local.t_xz, differences(pool, local.x[:, 3].astype(int), theta), atol=1e-5)
    weights = pool.event_weights(np.stack([theta[:2], SM[:2]]), np.stack([theta[2:], SM[2:]]))
    expected = weights[events, 0] / weights[events, 1] * weights[:, 1].sum() / weights[:, 0].sum()
    np.testing.assert_allclose(sample.r_xz, expected, rtol=1e-5)


def test_one_nuisance_parameter_leaves_the_others_nominal(pool: EventPool) -> None:
    theta = np.array([0.5, -0.4, 1.5])
    prior = PointsPrior((tuple(theta),))
    sample = draw_ratio_sample(
        pool, 400, prior, (0.0, 0.0, 0.0), np.random.default_rng(6), nuisance=("tt_normalisation",)
    )
    events, whole = sample.x[:, 3].astype(int), np.array([0.5, -0.4, 0.0, 1.5])
    np.testing.assert_allclose(sample.t_xz, differences(pool, events, whole)[:, [0, 1, 3]], atol=1e-5)
    assert sample.info.parameters == ("p", "q", "tt_normalisation")


def test_without_nuisance_parameters_the_events_are_nominal(pool: EventPool) -> None:
    box = flat_prior(((-0.8, 0.8), (-0.9, 0.9)))
    sample = draw_ratio_sample(pool, 2000, box, SM[:2], np.random.default_rng(7))
    x, theta0 = rows(sample, "x", "theta0")
    full = np.concatenate([theta0, np.zeros_like(theta0)], axis=1)
    np.testing.assert_allclose(np.log(sample.r_xz), log_density(x, full) - log_density(x, 0.0 * full), atol=0.03)
    assert sample.info.nuisance == ()


def test_events_are_drawn_as_their_hypothesis_has_it(pool: EventPool) -> None:
    """Nuisance parameters change what is drawn, not the joint quantities alone."""
    theta = np.array([0.3, 0.2, 2.0, -2.0])
    point = PointsPrior((tuple(theta),))
    sample = draw_density_sample(pool, 300_000, point, np.random.default_rng(8), n_hypotheses=1, nuisance=NUISANCE)
    weights = pool.event_weights(theta[:2], theta[2:])[:, 0]
    copies = np.bincount(sample.x[:, 3].astype(int), minlength=pool.n_events)
    # each of 300 000 equal parts of the cumulated weight has one draw: copies differ by less than two from their mean
    assert np.abs(copies - 300_000 * weights / weights.sum()).max() < 2.0
    nominal = pool.event_weights(theta[:2])[:, 0]
    assert np.abs(copies - 300_000 * nominal / nominal.sum()).max() > 3.0


def test_a_free_denominator_gives_ratios_and_scores_at_both_ends(doubly: RatioSample) -> None:
    x, theta0, theta1, r_xz = rows(doubly, "x", "theta0", "theta1", "r_xz")
    np.testing.assert_allclose(np.log(r_xz), log_density(x, theta0) - log_density(x, theta1), atol=0.04)
    assert doubly.t_xz1 is not None
    np.testing.assert_allclose(doubly.t_xz, score(x, theta0), atol=0.04)
    np.testing.assert_allclose(doubly.t_xz1, score(x, theta1), atol=0.04)
    assert doubly.info.doubly
    assert doubly.info.reference == (0.0, 0.0, 0.0, 0.0)
    assert len(np.unique(theta1, axis=0)) == 300


def test_pairs_of_hypotheses_come_with_both_labels_alike(doubly: RatioSample) -> None:
    pairs = np.concatenate([doubly.theta0, doubly.theta1], axis=1)
    found = [np.unique(pairs[doubly.y == label], axis=0, return_counts=True) for label in (0, 1)]
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


def test_labels_predict_the_joint_ratio_of_pairs(doubly: RatioSample) -> None:
    """p(y = 1 | x, z) = 1 / (1 + r_xz): in bins of it, as many labels as it says."""
    s = 1.0 / (1.0 + doubly.r_xz)
    bins = np.digitize(s, np.quantile(s, np.linspace(0.1, 0.9, 9)))
    for index in range(10):
        inside = bins == index
        error = np.sqrt(s[inside].mean() * (1 - s[inside].mean()) / inside.sum())
        assert abs(doubly.y[inside].mean() - s[inside].mean()) < 4.0 * error


def test_densities_have_hypotheses_of_the_prior_and_scores_without_mean(pool: EventPool) -> None:
    sample = draw_density_sample(pool, 30_000, PRIOR, np.random.default_rng(9), nuisance=NUISANCE, n_hypotheses=500)
    assert isinstance(sample, DensitySample)
    x, theta, t_xz = rows(sample, "x", "theta", "t_xz")
    np.testing.assert_allclose(t_xz, score(x, theta), atol=0.04)
    counts = np.unique(theta, axis=0, return_counts=True)[1]
    assert counts.tolist() == [60] * 500
    # E[t] = 0 at every theta, hence on average
    assert np.all(np.abs(t_xz.mean(axis=0)) < 4.0 * t_xz.std(axis=0) / np.sqrt(len(t_xz)))


def test_effective_sizes_of_all_hypotheses_are_those_of_the_pool(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 400, PRIOR, SM, np.random.default_rng(10), nuisance=NUISANCE, n_hypotheses=50)
    assert sample.sizes is not None
    assert sample.sizes.theta.shape == (51, 4)
    theta = sample.sizes.theta
    np.testing.assert_allclose(sample.sizes.sizes, pool.effective_sample_size(theta[:, :2], theta[:, 2:]), rtol=1e-10)
    summary = sample.info.effective_sample_size
    assert summary is not None
    assert summary.minimum == sample.sizes.sizes.min()
    assert summary.warning is None
    warned = draw_ratio_sample(
        pool, 400, PRIOR, SM, np.random.default_rng(10), nuisance=NUISANCE, limits=SizeLimits(warning=1e9)
    ).info.effective_sample_size
    assert warned is not None
    assert "201 of 201 hypotheses" in str(warned.warning)


def test_the_rate_is_the_cross_section_with_its_background(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 100, PRIOR, SM, np.random.default_rng(11), nuisance=NUISANCE)
    assert sample.info.rate is not None
    theta = np.array([[0.3, -0.2, 0.0, 0.0], [-0.6, 0.7, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    total = pool.cross_section(theta[:, :2])[0]
    np.testing.assert_allclose(sample.info.rate.values(theta), total / total[2], rtol=1e-10)
    np.testing.assert_allclose(
        sample.info.rate.values(theta), cross_section(theta) / cross_section(theta)[2], rtol=0.02
    )


def test_cross_sections_are_those_of_all_events(pool: EventPool) -> None:
    theta = np.array([0.5, -0.4, 1.2, -0.7])
    part = pool.select(Partition.TEST)
    sample = draw_ratio_sample(
        part, 200, PointsPrior((tuple(theta),)), SM, np.random.default_rng(12), nuisance=NUISANCE, normalisation=pool
    )
    np.testing.assert_allclose(sample.t_xz, differences(pool, sample.x[:, 3].astype(int), theta), atol=1e-5)


def test_an_unknown_nuisance_parameter_is_refused(pool: EventPool) -> None:
    with pytest.raises(SamplingError, match="do not depend on muf"):
        draw_ratio_sample(pool, 100, PRIOR, SM, np.random.default_rng(13), nuisance=("shape", "muf"))


def test_hypotheses_of_too_few_columns_are_refused(pool: EventPool) -> None:
    with pytest.raises(SamplingError, match="tt_normalisation"):
        draw_ratio_sample(pool, 100, PRIOR, np.zeros(2), np.random.default_rng(14), nuisance=NUISANCE)
