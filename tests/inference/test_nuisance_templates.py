from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.nuisance_information import BinnedEvents
from assay.inference.nuisance_templates import Total, VaryingTemplates, fill_templates, interpolation_error
from assay.inference.templates import Templates

pytestmark = pytest.mark.fast
SLOPES = (0.6, 0.4)


@pytest.fixture
def pool(amplitude_pool: Callable[..., Any]) -> Any:
    plain = amplitude_pool(3000, SLOPES)
    return plain.varying(scale=0.1 + 0.08 * plain.x[:, 0], tilt=0.15 * plain.x[:, 1])


def bins_of(pool: Any) -> np.ndarray:
    return np.digitize(pool.x[:, 0], [-1.0, 0.0, 1.0]) * 2 + (pool.x[:, 1] > 0)


def exact(pool: Any, theta: np.ndarray, nu: np.ndarray) -> np.ndarray:
    weights = (pool.weights @ pool.morphing.weights(theta[None])[0]) * pool.dependence.factors(nu)[:, 0]
    return np.bincount(bins_of(pool), weights=weights, minlength=8)


@pytest.mark.parametrize("nu", [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
def test_one_nuisance_parameter_at_a_time_is_exact_at_any_theta(pool: Any, nu: tuple[int, int]) -> None:
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    for theta in (np.zeros(2), np.array([0.4, -0.7])):
        found = templates.cross_sections([*theta, *nu])[0]
        assert np.allclose(found, exact(pool, theta, np.array(nu, dtype=float)), rtol=1e-12)


def test_between_and_beyond_the_error_is_small_and_known(pool: Any) -> None:
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    theta, nu = np.array([0.2, 0.1]), np.array([0.6, -1.4])
    error = interpolation_error(templates, pool, bins_of(pool), theta, nu)
    direct = templates.cross_sections([*theta, *nu])[0] / exact(pool, theta, nu) - 1.0
    assert np.allclose(error, direct, atol=1e-12)
    assert 0 < np.abs(error).max() < 0.01


def test_events_that_vary_alike_are_exact_everywhere(amplitude_pool: Callable[..., Any]) -> None:
    plain = amplitude_pool(500, SLOPES)
    pool = plain.varying(lumi=np.full(500, 0.05), other=np.full(500, -0.2))
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    theta, nu = np.array([0.3, 0.2]), np.array([2.5, -3.0])
    assert np.allclose(templates.cross_sections([*theta, *nu])[0], exact(pool, theta, nu), rtol=1e-12)


def test_gradients_are_those_of_the_cross_sections(pool: Any) -> None:
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    theta = np.random.default_rng(1).normal(size=(4, 4)) * 0.4
    gradients = templates.gradients(theta)
    assert gradients.shape == (4, 8, 4)
    for p in range(4):
        step = 1e-6 * np.eye(4)[p]
        difference = (templates.cross_sections(theta + step) - templates.cross_sections(theta - step)) / 2e-6
        assert np.allclose(gradients[..., p], difference, rtol=1e-5, atol=1e-10)
    assert np.allclose(templates.gradients(theta[2]), gradients[2], rtol=1e-12)


def test_a_bin_without_a_variation_down_mirrors_the_one_up() -> None:
    from assay.theory.morphing import Morphing, components

    morphing = Morphing.from_basis(components([1], 1), np.array([[0.0], [1.0]]))

    def one(value: float) -> Templates:
        return Templates(morphing, np.array([[value, value]]), np.zeros((1, 2, 2)))

    templates = VaryingTemplates(one(1.0), (one(1.1),), (one(-0.2),))
    assert np.allclose(templates.cross_sections([[0.0, 1.0], [0.0, -1.0]])[:, 0], [1.1, 1 / 1.1])


def test_merging_scaling_and_totals(pool: Any) -> None:
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    groups = np.arange(8) // 4
    at_up = np.array([0.1, 0.2, 1.0, 0.0])
    merged = templates.merged(groups).cross_sections(at_up)[0]
    assert np.allclose(merged, templates.cross_sections(at_up)[0].reshape(2, 4).sum(axis=1))
    assert np.allclose(templates.scaled(3.0).cross_sections(at_up), 3.0 * templates.cross_sections(at_up))
    total = Total(templates)
    assert total.n_bins == 1
    assert np.isclose(total.cross_sections(at_up)[0, 0], templates.cross_sections(at_up).sum())
    assert np.allclose(total.gradients(at_up), templates.gradients(at_up).sum(axis=0))
    assert total.gradients(at_up[None]).shape == (1, 1, 4)


def test_events_without_nuisance_parameters_have_plain_templates(amplitude_pool: Callable[..., Any]) -> None:
    plain = amplitude_pool(100, SLOPES)
    assert isinstance(fill_templates(plain, bins_of(plain), 8), Templates)
    with pytest.raises(InferenceError, match="do not depend"):
        VaryingTemplates.fill(plain, bins_of(plain), 8)


def test_binned_events_are_templates_at_nominal_values_with_their_covariance(pool: Any) -> None:
    """Gradients by nuisance parameters are sums of w a; the covariance is that of a Poisson number of events."""
    events = BinnedEvents(pool, bins_of(pool), 8)
    point = np.array([0.3, -0.2, 0.0, 0.0])
    templates = VaryingTemplates.fill(pool, bins_of(pool), 8)
    assert np.allclose(events.cross_sections(point), templates.cross_sections(point))
    step = 1e-5
    for i in range(2):
        nu = step * np.eye(2)[i]
        slope = (exact(pool, point[:2], nu) - exact(pool, point[:2], -nu)) / (2 * step)
        assert np.allclose(events.gradients(point)[:, 2 + i], slope, rtol=1e-6, atol=1e-12)
    assert np.allclose(events.gradients(point)[:, :2], templates.gradients(point)[:, :2])
    assert np.allclose(events.covariances(point)[:, :3, :3], templates.nominal.covariances(point[:2]))
    merged = events.merged(np.zeros(8, dtype=np.int64)).scaled(2.0)
    assert np.isclose(merged.cross_sections(point)[0, 0], 2 * events.cross_sections(point).sum())
    assert np.allclose(merged.covariances(point)[0], 4 * events.covariances(point).sum(axis=0))
