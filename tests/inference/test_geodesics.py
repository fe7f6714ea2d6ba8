from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.geodesics import counting_metric, event_metric, geodesic, geodesic_contour, path_length
from assay.inference.templates import Templates

pytestmark = pytest.mark.fast


def poisson(theta: np.ndarray) -> np.ndarray:
    """A counting experiment of which theta is the expectation."""
    return (1.0 / theta)[..., None]


def normal(theta: np.ndarray) -> np.ndarray:
    """A normal distribution of unknown mean and standard deviation."""
    inverse = theta[..., 1] ** -2
    return inverse[..., None, None] * np.diag([1.0, 2.0])


def distance_of_normals(a: np.ndarray, b: np.ndarray) -> float:
    """Fisher and Rao: the half plane of Poincare in closed form."""
    (m, s), (n, t) = a, b
    return float(np.sqrt(2) * np.arccosh(1 + ((m - n) ** 2 / 2 + (s - t) ** 2) / (2 * s * t)))


def test_distance_of_two_counting_experiments() -> None:
    found = geodesic(poisson, [4.0], [25.0], n_steps=64)
    assert found.distance == pytest.approx(2 * (5 - 2), rel=1e-3)
    assert found.local == pytest.approx(21 / 2)
    assert found.distance <= found.straight


@pytest.mark.parametrize("end", [(3.0, 1.0), (1.0, 2.5), (-2.0, 0.5)])
def test_distance_of_two_normal_distributions(end: tuple[float, float]) -> None:
    found = geodesic(normal, [0.0, 1.0], end, n_steps=64)
    exact = distance_of_normals(np.array([0.0, 1.0]), np.array(end))
    assert found.distance == pytest.approx(exact, rel=2e-3)
    assert found.straight > exact * (1 + 1e-3)
    lengths = [path_length(normal, found.path[i : i + 2]) for i in range(64)]
    assert np.allclose(lengths, found.distance / 64, rtol=0.02)


def test_no_distance_of_a_point_from_itself() -> None:
    assert geodesic(normal, [0.5, 1.0], [0.5, 1.0]).distance == 0.0


def test_contour_is_at_its_distance_along_geodesics() -> None:
    directions = np.array([[1.0, 0.0], [-1.0, 0.3], [0.0, 1.0], [0.2, -1.0]])
    contour = geodesic_contour(normal, [0.0, 1.0], 1.5, directions, [1.0, 1.0])
    for point in contour:
        assert distance_of_normals(np.array([0.0, 1.0]), point) == pytest.approx(1.5, rel=1e-5)


def test_blind_directions_are_refused() -> None:
    def blind(theta: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.diag([1.0, 0.0]), (len(theta), 2, 2))

    with pytest.raises(InferenceError, match="blind"):
        geodesic_contour(blind, [0.0, 0.0], 1.0, [[0.0, 1.0]], [1.0, 1.0])


def test_information_that_is_not_finite_is_refused() -> None:
    with np.errstate(divide="ignore"), pytest.raises(InferenceError, match="not finite"):
        geodesic(poisson, [0.0], [1.0], n_steps=8)


def test_metric_of_a_histogram_with_an_event_in_each_bin_is_that_of_the_events(amplitude_pool) -> None:
    pool = amplitude_pool(50, (0.5, 0.3))
    bins = np.arange(50)
    whole = counting_metric(Templates.fill(pool.morphing, pool.weights, bins, 50), 100.0)
    theta = np.array([[0.2, -0.1], [0.0, 0.0]])
    assert np.allclose(whole(theta), event_metric(pool, 100.0)(theta), rtol=1e-9)


def test_metric_without_rate_is_less(amplitude_pool) -> None:
    pool = amplitude_pool(2000, (0.5, 0.3))
    templates = Templates.fill(pool.morphing, pool.weights, (pool.x[:, 0] > 0).astype(np.int64), 2)
    theta = np.array([[0.3, 0.2]])
    rate = counting_metric(templates.merged(np.zeros(2, dtype=np.int64)), 100.0)(theta)
    both, shape = counting_metric(templates, 100.0)(theta), counting_metric(templates, 100.0, False)(theta)
    assert np.allclose(both, rate + shape, rtol=1e-9)
