"""Adaption and integration of all benchmarks at once, on integrands that are known in closed form."""

from dataclasses import dataclass

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.integration import WeightTail, adapt, integrate, shares_of_points
from assay.generation.sampling import Effort, sampling_of

pytestmark = pytest.mark.fast

CENTRES, WIDTH = np.array([0.2, 0.25, 0.8]), 0.02


@dataclass(frozen=True)
class Points:
    accepted: np.ndarray
    values: np.ndarray

    def differential(self, couplings):
        return self.values * couplings[:, 0]


@dataclass(frozen=True)
class Channel:
    share: float
    n_axes: int = 2


@dataclass(frozen=True)
class Peaks:
    """Three benchmarks, each a peak of its own with integral 1; half of the cube is outside of phase space."""

    channels: tuple[Channel, ...] = (Channel(1.0),)

    def evaluate(self, channel, cube):
        accepted = cube[:, 1] < 0.5
        x = cube[accepted, 0]
        peaks = np.exp(-((x[:, None] - CENTRES) ** 2) / (2 * WIDTH**2)) / (np.sqrt(2 * np.pi) * WIDTH)
        return Points(accepted, channel.share * 2.0 * peaks)


COUPLINGS = np.array([[1.0], [2.0], [3.0]])


def test_every_map_finds_its_own_peak():
    rng = np.random.default_rng(1)
    maps, rough = adapt(Peaks(), Channel(1.0), COUPLINGS, rng, n_bins=40, iterations=8, n_points=12_000)
    np.testing.assert_allclose(rough, COUPLINGS[:, 0], rtol=0.05)
    for sampling, centre in zip(maps, CENTRES, strict=True):
        points, _ = sampling.sample(rng.random((20_000, 2)))
        assert np.mean(np.abs(points[:, 0] - centre) < 3 * WIDTH) > 0.9


def test_values_and_errors_are_right():
    """Pulls over 40 seeds, and all benchmarks use all points: neighbours are correlated, strangers are not."""
    found = [
        sampling_of(Peaks(), COUPLINGS, np.random.default_rng(seed), Effort(1_500, 5, 1_500, 20)) for seed in range(40)
    ]
    errors = np.array([np.sqrt(np.diag(each.covariance)) for each in found])
    pulls = (np.array([each.values for each in found]) - COUPLINGS[:, 0]) / errors
    assert np.all(np.abs(pulls.mean(axis=0)) < 0.6)
    assert np.all((pulls.std(axis=0) > 0.6) & (pulls.std(axis=0) < 1.5))
    assert np.all(errors < 0.05 * COUPLINGS[:, 0])
    assert found[0].covariance.shape == (3, 3)


def test_channels_add_up_and_share_the_points():
    process = Peaks((Channel(0.7), Channel(0.25), Channel(0.05)))
    found = sampling_of(process, COUPLINGS, np.random.default_rng(2), Effort(6_000, 5, 9_000, 20))
    errors = np.sqrt(np.diag(found.covariance))
    assert np.all(np.abs(found.values - COUPLINGS[:, 0]) < 4.0 * errors)
    assert found.maximum_weights.shape == (3, 3)
    assert np.all(np.diff(found.maximum_weights, axis=1) < 0.0)


def test_points_go_where_cross_sections_are():
    rough = np.array([[8.0, 1.0], [2.0, 9.0], [0.0, 0.0]])
    shares = shares_of_points(rough)
    np.testing.assert_allclose(shares, np.array([0.8, 0.9, 0.02]) / 1.72)
    with pytest.raises(GenerationError, match="no point"):
        shares_of_points(np.array([[1.0, 0.0]]))


def test_tails_leave_what_they_are_asked_to():
    """Of weights w with shares s, the sum of s (1 - m / w) above m is at most the amount."""
    tail = WeightTail(np.empty(0), np.empty(0))
    weights = np.random.default_rng(3).exponential(1.0, 5_000)
    for part in np.array_split(weights, 3):
        tail.add(part, part / 5_000)
    for amount in (1e-1, 1e-2, 1e-3):
        maximum = tail.maximum(amount)
        above = np.sum(np.where(weights > maximum, (weights - maximum) / 5_000, 0.0))
        assert 0.9 * amount - 1e-3 < above <= amount * (1 + 1e-9)
    assert tail.maximum(0.0) == weights.max()
    assert WeightTail(np.empty(0), np.empty(0)).maximum(1.0) == 0.0


def test_chunks_do_not_change_the_estimate(monkeypatch):
    rng = np.random.default_rng(4)
    maps, _ = adapt(Peaks(), Channel(1.0), COUPLINGS, rng, n_bins=20, iterations=4, n_points=6_000)
    whole = integrate(Peaks(), Channel(1.0), maps, COUPLINGS, np.random.default_rng(5), 5_000)
    monkeypatch.setattr("assay.generation.integration.POINTS_PER_CHUNK", 1_000)
    parts = integrate(Peaks(), Channel(1.0), maps, COUPLINGS, np.random.default_rng(5), 5_000)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-12)
    np.testing.assert_allclose(parts.covariance, whole.covariance, rtol=1e-9, atol=1e-12)
