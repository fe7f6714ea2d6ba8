import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.adaptive_map import AdaptiveMap, uniform_map

pytestmark = pytest.mark.fast


def peak(points):
    """A product of Gaussians of width 0.02 at 0.3, normalised on the real axis."""
    return np.prod(np.exp(-((points - 0.3) ** 2) / (2 * 0.02**2)) / (0.02 * np.sqrt(2 * np.pi)), axis=1)


def adapted(n_iterations, rng):
    sampling = uniform_map(3, 50)
    for _ in range(n_iterations):
        points, inverse_density = sampling.sample(rng.random((20_000, 3)))
        sampling = sampling.refined(points, peak(points) * inverse_density, np.ones(len(points)))
    return sampling


def test_adaption_finds_a_peak_and_leaves_the_integral():
    rng = np.random.default_rng(1)
    weights = {}
    for n in (0, 10):
        points, inverse_density = adapted(n, rng).sample(rng.random((50_000, 3)))
        weights[n] = peak(points) * inverse_density
    error = np.std(weights[10]) / np.sqrt(50_000)
    assert error < 0.01
    assert np.mean(weights[10]) == pytest.approx(1.0, abs=4 * error)
    assert np.std(weights[10]) < np.std(weights[0]) / 20.0


def test_density_is_the_one_of_the_samples():
    rng = np.random.default_rng(2)
    sampling = adapted(5, rng)
    points, inverse_density = sampling.sample(rng.random((10_000, 3)))
    np.testing.assert_allclose(sampling.density(points) * inverse_density, 1.0)
    elsewhere = rng.random((200_000, 3))
    density = sampling.density(elsewhere)
    assert np.mean(density) == pytest.approx(1.0, abs=5 * np.std(density) / np.sqrt(len(density)))


def test_points_of_another_density_train_alike():
    """Points drawn from 2 x on the first axis lead to the map that uniform points lead to."""
    rng = np.random.default_rng(3)
    start, found = uniform_map(2, 20), []
    for power in (1.0, 0.5):
        points = rng.random((400_000, 2))
        points[:, 0] = points[:, 0] ** power
        density = np.ones(len(points)) if power == 1.0 else 2.0 * points[:, 0]
        found.append(start.refined(points, np.exp(-3.0 * points[:, 0]), density).edges)
    np.testing.assert_allclose(found[0], found[1], atol=3e-3)
    assert np.max(np.abs(found[0][0] - start.edges[0])) > 0.03


def test_no_bin_dies_where_the_integrand_vanishes():
    sampling = uniform_map(1, 10)
    points, _ = sampling.sample(np.random.default_rng(3).random((1000, 1)))
    refined = sampling.refined(points, (points[:, 0] > 0.95).astype(float), np.ones(1000))
    assert np.all(np.diff(refined.edges) > 0.0)


def test_nothing_to_adapt_to_is_an_error():
    with pytest.raises(GenerationError, match="no point"):
        uniform_map(2, 10).refined(np.random.default_rng(0).random((10, 2)), np.zeros(10), np.ones(10))


@pytest.mark.parametrize(
    "edges", [[[0.0, 0.5, 0.4, 1.0]], [[0.0, 0.5, 0.9]], [[0.1, 0.5, 1.0]], [[0.0, np.nan, 1.0]], [0.0, 1.0]]
)
def test_damaged_edges_are_refused(edges):
    with pytest.raises(GenerationError, match="damaged"):
        AdaptiveMap(np.array(edges))
