"""Sums over events of polynomial ratios against the networks' own values, event by event."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from assay.estimators.morphing_networks import CoefficientNetwork, MorphingAwareNetwork, QuadraticNetwork
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import NetworkSettings
from assay.inference import coefficient_likelihood
from assay.inference.coefficient_likelihood import CoefficientLikelihood
from assay.sampling.rate import PolynomialRate

pytestmark = pytest.mark.fast

SQUARED = PolynomialRate(((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)), (1.0, 0.3, -0.2, 0.8, 0.1, 0.6))
FOURTH = PolynomialRate(
    tuple((i, j) for i in range(5) for j in range(5) if i + j <= 4), (1.0, *np.linspace(-0.05, 0.1, 14).tolist())
)


def network(kind: type[CoefficientNetwork], rate: PolynomialRate, n_nuisance: int) -> CoefficientNetwork:
    """A network with weights at random, far from r = 1."""
    torch.manual_seed(3)
    n = 2 + n_nuisance
    centre, scale = torch.tensor([0.1, -0.2, 0.3, 0.0])[:n], torch.tensor([0.5, 0.7, 1.0, 2.0])[:n]
    result = kind(
        Standardisation(torch.zeros(3), torch.ones(3)), Standardisation(centre, scale), rate, NetworkSettings((16,))
    )
    with torch.no_grad():
        result.output.weight.mul_(20.0)
    return result


CASES = [
    (kind, rate, n_nuisance)
    for kind in (QuadraticNetwork, MorphingAwareNetwork)
    for rate in (SQUARED, FOURTH)
    for n_nuisance in (0, 2)
]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].__name__}-{len(case[1].powers)}-{case[2]}")
def case(request: pytest.FixtureRequest) -> tuple[CoefficientNetwork, CoefficientLikelihood, np.ndarray, np.ndarray]:
    kind, rate, n_nuisance = request.param
    rng = np.random.default_rng(4)
    own = network(kind, rate, n_nuisance)
    x, counts = rng.normal(size=(300, 3)), rng.uniform(0.0, 2.0, 300)
    return own, CoefficientLikelihood(SimpleNamespace(network=own), x, counts), x, counts  # type: ignore[arg-type]


def row_by_row(own: CoefficientNetwork, x: np.ndarray, counts: np.ndarray, theta: torch.Tensor) -> torch.Tensor:
    values = own(torch.from_numpy(x.astype(np.float32)), theta.expand(len(x), -1))
    return torch.from_numpy(counts) @ values.double()


def points(own: CoefficientNetwork, n: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(-0.8, 0.8, (n, own.theta.n_features)).astype(np.float32).astype(np.float64)


def test_sums_are_those_of_the_network(case) -> None:  # type: ignore[no-untyped-def]
    own, likelihood, x, counts = case
    theta = points(own, 20)
    with torch.no_grad():
        expected = [float(row_by_row(own, x, counts, torch.from_numpy(point).float())) for point in theta]
    np.testing.assert_allclose(likelihood.log_likelihood(theta), expected, rtol=1e-5, atol=2e-3)
    assert np.ptp(expected) > 50.0


def test_gradients_are_those_of_the_network_and_of_the_sums(case) -> None:  # type: ignore[no-untyped-def]
    own, likelihood, x, counts = case
    theta = points(own, 6)
    found = likelihood.gradient(theta)
    for point, gradient in zip(theta, found, strict=True):
        at = torch.from_numpy(point).float().requires_grad_()
        (expected,) = torch.autograd.grad(row_by_row(own, x, counts, at), at)
        np.testing.assert_allclose(gradient, expected.numpy(), rtol=2e-3, atol=0.02)
        steps = 1e-6 * np.eye(len(point))
        values = likelihood.log_likelihood(np.concatenate([point + steps, point - steps])).reshape(2, -1)
        np.testing.assert_allclose(gradient, (values[0] - values[1]) / 2e-6, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(likelihood.gradient(theta[0]), likelihood.gradient(theta[:1])[0])


def test_the_bend_of_the_morphing_aware_ratio_is_met() -> None:
    """Without it the test above would not see the tangent below the smallest density."""
    own = network(MorphingAwareNetwork, SQUARED, 0)
    x = torch.from_numpy(np.random.default_rng(4).normal(size=(300, 3)).astype(np.float32))
    with torch.no_grad():
        theta = torch.from_numpy(points(own, 20)).float()
        density = own.features(theta) @ own.coefficients(x).T + 1.0
    share = float((density < own.smallest).float().mean())
    assert 0.01 < share < 0.9


def test_blocks_do_not_matter(case, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    own, likelihood, _, _ = case
    theta = points(own, 11)
    values, gradients = likelihood.log_likelihood(theta), likelihood.gradient(theta)
    monkeypatch.setattr(coefficient_likelihood, "_EVENTS", 37)
    monkeypatch.setattr(coefficient_likelihood, "_PAIRS", 37 * 4)
    np.testing.assert_allclose(likelihood.log_likelihood(theta), values, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(likelihood.gradient(theta), gradients, rtol=1e-11, atol=1e-8)


def test_inputs_that_are_not_numbers_show(case) -> None:  # type: ignore[no-untyped-def]
    own, _, x, counts = case
    wrong = CoefficientLikelihood(SimpleNamespace(network=own), np.where(x > 2.0, np.nan, x), counts)  # type: ignore[arg-type]
    assert np.isnan(wrong.log_likelihood(points(own, 1))).all()
