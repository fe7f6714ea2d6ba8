"""Networks whose dependence on theta is a polynomial: their score, the change of its origin, and the reference."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.estimators.monomial_features import shifted
from assay.estimators.morphing_networks import CoefficientNetwork, MorphingAwareNetwork, QuadraticNetwork
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import NetworkSettings
from assay.sampling.rate import PolynomialRate

pytestmark = pytest.mark.fast

FOURTH = PolynomialRate(
    tuple((i, j) for i in range(5) for j in range(5) if i + j <= 4), (1.0, *np.linspace(-0.05, 0.1, 14).tolist())
)
MIDDLE = torch.tensor([-0.3, 0.4, 0.0, 0.1])


def network(kind: type[CoefficientNetwork], n_nuisance: int, spread: float = 8.0) -> CoefficientNetwork:
    """A network with weights at random; a large spread is far from r = 1."""
    torch.manual_seed(3)
    n = 2 + n_nuisance
    centre, scale = torch.tensor([0.1, -0.2, 0.3, 0.0])[:n], torch.tensor([0.5, 0.7, 1.0, 2.0])[:n]
    parts = Standardisation(torch.zeros(3), torch.ones(3)), Standardisation(centre, scale), FOURTH
    settings = NetworkSettings((16,))
    made = QuadraticNetwork(*parts, settings, MIDDLE[:n]) if kind is QuadraticNetwork else kind(*parts, settings)  # type: ignore[arg-type, call-arg]
    with torch.no_grad():
        made.output.weight.mul_(spread)
    return made


def rows(n_nuisance: int, n: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(n, 3, generator=generator), torch.rand(n, 2 + n_nuisance, generator=generator) - 0.5


@pytest.mark.parametrize("n_nuisance", [0, 2])
@pytest.mark.parametrize("kind", [MorphingAwareNetwork, QuadraticNetwork])
def test_the_score_without_differentiating_is_the_derivative(kind: type[CoefficientNetwork], n_nuisance: int) -> None:
    own, (x, theta) = network(kind, n_nuisance, 30.0), rows(n_nuisance)
    log_r, score = own.with_score(x, theta, 40)
    scored = theta[:40].clone().requires_grad_()
    (expected,) = torch.autograd.grad(own(x[:40], scored).sum(), scored)
    torch.testing.assert_close(log_r, own(x, theta))
    torch.testing.assert_close(score, expected * own.theta.scale, rtol=1e-4, atol=1e-4)
    assert expected.std(dim=0).min() > 0.1
    if kind is MorphingAwareNetwork:  # on both sides of the bend
        density = torch.exp(log_r + own.rate_at(theta))
        assert density.min() < 0.01 < density.max()


def test_a_polynomial_seen_from_elsewhere() -> None:
    powers = np.array([(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0)])
    away, v = np.array([0.3, -0.7]), np.random.default_rng(1).normal(size=(20, 2))
    from_here, from_there = (np.prod(w[:, None, :] ** powers, axis=2) for w in (v, v + away))
    np.testing.assert_allclose(from_here @ shifted(powers, away).T, from_there, atol=1e-12)
    np.testing.assert_array_equal(shifted(powers, np.zeros(2)), np.eye(6))


def test_an_amplitude_that_nearly_vanishes_at_the_reference_needs_no_large_coefficients() -> None:
    """1 + v / d, v from the middle, with -d almost at the reference: r is large everywhere else, and known."""
    own = network(QuadraticNetwork, 0)
    reference = (own.theta.centre - MIDDLE[:2]) / own.theta.scale
    zero = float(reference[0]) * 1.001
    powers = own.monomials.powers.tolist()
    entries = [(k, h) for k in range(len(powers)) for h in range(k, len(powers))]
    coefficients = torch.zeros(1, own.n_terms)
    coefficients[0, entries.index((0, powers.index([1, 0])))] = -1.0 / zero
    theta = torch.tensor([[0.4, 0.3], [-0.4, -0.3]])
    found = own.log_density_grid(coefficients, own.features(theta))[:, 0]
    value = ((theta - MIDDLE[:2]) / own.theta.scale)[:, 0]
    expected = 2.0 * torch.log(torch.abs((1.0 - value / zero) / (1.0 - reference[0] / zero)))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert found.min() > 10.0
    at_reference = own.log_density_grid(coefficients, own.features(own.theta.centre[None]))
    torch.testing.assert_close(at_reference, torch.zeros(1, 1))
