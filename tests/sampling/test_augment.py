"""Augmented data against the densities from which the events were drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from assay.errors import SamplingError
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import SizeLimits, draw_observables, draw_ratio_sample, draw_score_sample
from assay.sampling.priors import PointsPrior, flat_prior

pytestmark = pytest.mark.fast

BOX = flat_prior(((-0.8, 0.8), (-0.9, 0.9)))
SM = np.zeros(2)


def density(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """dsigma/dz at one theta per event, written out anew."""
    real = 1.0 + (0.3 + theta[:, 0]) * z[:, 0]
    imaginary = 0.4 * theta[:, 1] * (z[:, 1] + 0.5)
    return real**2 + imaginary**2


def log_density(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """log p(z | theta), normalised exactly."""
    sigma = 4.0 * (1.0 + (0.3 + theta[:, 0]) ** 2 / 3.0 + 0.16 * theta[:, 1] ** 2 * 7.0 / 12.0)
    return np.log(density(z, theta) / sigma)


def exact_score(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Central differences of `log_density`, in every parameter."""
    step = 1e-5
    shifts = step * np.eye(2)
    return np.stack([(log_density(z, theta + s) - log_density(z, theta - s)) / (2 * step) for s in shifts], axis=1)


def test_joint_ratio_and_score_are_those_of_the_density(make_pool: Callable[..., EventPool]) -> None:
    pool = make_pool(8000)
    sample = draw_ratio_sample(pool, 20_000, BOX, SM, np.random.default_rng(1))
    z, theta0 = sample.x[:, :2].astype(float), sample.theta0.astype(float)
    exact = log_density(z, theta0) - log_density(z, np.zeros_like(theta0))
    # what is left is the error of the cross sections, the same for all events of a theta, of some 0.3 %
    np.testing.assert_allclose(np.log(sample.r_xz), exact, atol=0.015)
    np.testing.assert_allclose(sample.t_xz, exact_score(z, theta0), atol=0.03)
    # within one hypothesis, differences between events are exact
    first = np.all(sample.theta0 == sample.theta0[0], axis=1)
    np.testing.assert_allclose(np.ptp(np.log(sample.r_xz[first]) - exact[first]), 0.0, atol=1e-4)


def test_samples_are_labelled_by_where_they_come_from(pool: EventPool) -> None:
    theta0 = np.array([0.7, -0.6])
    sample = draw_ratio_sample(pool, 40_000, PointsPrior((tuple(theta0),)), SM, np.random.default_rng(2))
    weights = pool.event_weights(np.stack([theta0, SM]))
    assert np.count_nonzero(sample.y) == 20_000
    for label in (0, 1):
        expected = np.average(pool.x[:, 0], weights=weights[:, label])
        assert abs(sample.x[sample.y == label, 0].mean() - expected) < 0.01
    # the two means are far enough apart for the labels to matter
    assert abs(sample.x[sample.y == 0, 0].mean() - sample.x[sample.y == 1, 0].mean()) > 0.05


def test_expectations_of_joint_ratio_and_score(pool: EventPool) -> None:
    theta0 = np.array([0.4, 0.5])
    sample = draw_ratio_sample(pool, 40_000, PointsPrior((tuple(theta0),)), SM, np.random.default_rng(3))
    numerator, denominator = sample.y == 0, sample.y == 1
    assert abs(sample.r_xz[denominator].mean() - 1.0) < 0.01
    assert abs((1.0 / sample.r_xz[numerator]).mean() - 1.0) < 0.01
    assert np.all(np.abs(sample.t_xz[numerator].mean(axis=0)) < 0.02)
    # the score at theta0 has no reason to vanish on events of theta1
    assert np.any(np.abs(sample.t_xz[denominator].mean(axis=0)) > 0.1)


def test_labels_predict_the_joint_ratio(pool: EventPool) -> None:
    """p(y = 1 | x, z) = 1 / (1 + r_xz): in bins of it, as many labels as it says."""
    sample = draw_ratio_sample(pool, 60_000, BOX, SM, np.random.default_rng(4))
    s = 1.0 / (1.0 + sample.r_xz)
    bins = np.digitize(s, np.quantile(s, np.linspace(0.1, 0.9, 9)))
    for index in range(10):
        inside = bins == index
        error = np.sqrt(s[inside].mean() * (1 - s[inside].mean()) / inside.sum())
        assert abs(sample.y[inside].mean() - s[inside].mean()) < 4.0 * error


def test_hypotheses_are_shared_alike_and_paired_with_both_labels(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 1000, BOX, SM, np.random.default_rng(5), n_hypotheses=7)
    for label in (0, 1):
        theta, counts = np.unique(sample.theta0[sample.y == label], axis=0, return_counts=True)
        assert len(theta) == 7
        assert set(counts) == {71, 72}
    assert len(np.unique(sample.theta0, axis=0)) == 7
    assert np.all(sample.theta1 == 0.0)
    low, high = BOX.ranges.T
    assert np.all((sample.theta0 >= low) & (sample.theta0 <= high))


def test_arrays_are_single_precision_and_described(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 100, BOX, SM, np.random.default_rng(6))
    assert {getattr(sample, name).dtype for name in sample.arrays} == {np.dtype(np.float32)}
    assert sample.x.shape == (100, 4)
    assert sample.theta0.shape == sample.theta1.shape == sample.t_xz.shape == (100, 2)
    assert sample.y.shape == sample.r_xz.shape == (100,)
    assert sample.info.observables == ("z0", "z1", "x0", "x1")
    assert sample.info.parameters == ("p", "q")
    assert sample.info.ranges == ((-0.8, 0.8), (-0.9, 0.9))
    assert sample.info.reference == (0.0, 0.0)


def test_the_seed_decides(pool: EventPool) -> None:
    first, again, other = (draw_ratio_sample(pool, 100, BOX, SM, np.random.default_rng(s)) for s in (7, 7, 8))
    assert first.digest() == again.digest() != other.digest()


def test_order_is_random(pool: EventPool) -> None:
    sample = draw_ratio_sample(pool, 2000, BOX, SM, np.random.default_rng(9))
    assert 400 < np.count_nonzero(sample.y[:1000]) < 600


def test_partitions_share_no_event(pool: EventPool) -> None:
    seen: list[set[bytes]] = []
    for partition in Partition:
        part = pool.select(partition)
        ratio = draw_ratio_sample(part, 4000, BOX, SM, np.random.default_rng(10), normalisation=pool)
        score = draw_score_sample(part, 4000, SM, np.random.default_rng(11), normalisation=pool)
        seen.append({row.tobytes() for row in np.concatenate([ratio.x, score.x])})
        assert len(seen[-1]) > 500
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_cross_sections_are_those_of_all_events(pool: EventPool) -> None:
    part = replace(pool.select(Partition.TEST), weights=3.0 * pool.select(Partition.TEST).weights)
    theta = PointsPrior(((0.5, 0.5),))
    sample = draw_ratio_sample(part, 1000, theta, SM, np.random.default_rng(12), normalisation=pool)
    sigma = pool.cross_section(np.array([[0.5, 0.5], [0.0, 0.0]]))[0]
    z, theta0 = sample.x[:, :2].astype(float), sample.theta0.astype(float)
    expected = density(z, theta0) / density(z, 0.0 * theta0) * sigma[1] / sigma[0]
    np.testing.assert_allclose(sample.r_xz, expected, rtol=1e-4)


def test_score_samples_are_those_of_the_density(make_pool: Callable[..., EventPool]) -> None:
    pool = make_pool(8000)
    theta = np.array([0.2, -0.3])
    sample = draw_score_sample(pool, 10_000, theta, np.random.default_rng(13))
    points = np.tile(theta, (len(sample), 1))
    np.testing.assert_allclose(sample.t_xz, exact_score(sample.x[:, :2].astype(float), points), atol=0.01)
    np.testing.assert_allclose(sample.theta, points, rtol=1e-6)
    assert np.all(np.abs(sample.t_xz.mean(axis=0)) < 0.02)


def test_observables_are_of_the_hypothesis(pool: EventPool) -> None:
    x = draw_observables(pool, 20_000, (0.7, 0.0), np.random.default_rng(14))
    weights = pool.event_weights(np.array([[0.7, 0.0]]))[:, 0]
    np.testing.assert_allclose(x.mean(axis=0), np.average(pool.x, axis=0, weights=weights), atol=0.02)


def test_small_effective_samples_are_counted_then_refused(pool: EventPool) -> None:
    rng = np.random.default_rng(15)
    sizes = draw_ratio_sample(pool, 200, BOX, SM, rng, limits=SizeLimits(warning=1e6)).info.effective_sample_size
    assert sizes is not None
    assert sizes.n_hypotheses == sizes.n_below_warning == 101  # the denominator included
    expected = pool.effective_sample_size(np.array([sizes.theta_of_minimum]))[0]
    assert sizes.minimum == pytest.approx(expected)
    assert sizes.minimum <= sizes.median
    with pytest.raises(SamplingError, match=r"is worth .* unweighted events"):
        draw_ratio_sample(pool, 200, BOX, SM, rng, limits=SizeLimits(refusal=1e6))
    with pytest.raises(SamplingError, match="unweighted events"):
        draw_score_sample(pool, 200, SM, rng, limits=SizeLimits(refusal=1e6))


def test_one_heavy_event_is_refused(pool: EventPool) -> None:
    weights = pool.weights.copy()
    weights[3] *= 1e6
    with pytest.raises(SamplingError, match="unweighted events"):
        draw_ratio_sample(replace(pool, weights=weights), 200, BOX, SM, np.random.default_rng(16))


def test_denominator_without_support_is_refused(pool: EventPool) -> None:
    weights = pool.weights.copy()
    weights[:200, 0] = 0.0  # impossible at the Standard Model, possible near the other benchmarks
    with pytest.raises(SamplingError, match="joint ratio is infinite"):
        draw_ratio_sample(
            replace(pool, weights=weights), 20_000, PointsPrior(((0.8, 0.0),)), SM, np.random.default_rng(17)
        )


@pytest.mark.parametrize("n", [0, 1, 7])
def test_odd_numbers_of_samples_are_refused(pool: EventPool, n: int) -> None:
    with pytest.raises(SamplingError, match=f"{n} samples"):
        draw_ratio_sample(pool, n, BOX, SM, np.random.default_rng(18))


def test_a_denominator_of_other_parameters_is_refused(pool: EventPool) -> None:
    with pytest.raises(SamplingError, match="hypothesis"):
        draw_ratio_sample(pool, 10, BOX, np.zeros(3), np.random.default_rng(19))
