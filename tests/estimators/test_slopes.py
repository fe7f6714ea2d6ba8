"""Values, slopes and gradients by hand against automatic differentiation, in double precision."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from assay.estimators.activations import CURVES
from assay.estimators.networks import RatioNetwork, Standardisation
from assay.estimators.settings import ActivationName, NetworkSettings
from assay.estimators.slopes import add_gradient, evaluated

pytestmark = pytest.mark.fast


def _network(hidden: tuple[int, ...], activation: ActivationName, residual: bool) -> RatioNetwork:
    torch.manual_seed(1)
    x, theta = (Standardisation(torch.randn(n), torch.rand(n) + 0.5) for n in (3, 2))
    return RatioNetwork(x, theta, NetworkSettings(hidden, activation, residual)).double()


def _loss(log_r: Tensor, t: Tensor) -> Tensor:
    """Something in which both depend on each other and no row is like another."""
    rows = torch.arange(1.0, len(log_r) + 1.0, dtype=torch.float64)
    return (torch.sin(log_r) * rows).sum() + (log_r**2).sum() * (1.0 + (t**2 * rows[: len(t), None]).sum())


def _by_graph(network: RatioNetwork, x: Tensor, theta: Tensor, n: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    theta = theta.clone().requires_grad_()
    log_r = network(x, theta)
    (slope,) = torch.autograd.grad(log_r.sum(), theta, create_graph=True)
    t = (slope * network.theta.scale)[:n]
    gradients = torch.autograd.grad(_loss(log_r, t), list(network.parameters()), allow_unused=True)
    return log_r.detach(), t.detach(), [g for g in gradients if g is not None]


@pytest.mark.parametrize("activation", CURVES)
@pytest.mark.parametrize(
    ("hidden", "residual"), [((7,), False), ((6, 5), False), ((7, 7, 7), True), ((5, 7, 7, 6), True)]
)
@pytest.mark.parametrize("n_slopes", [0, 5, 9])
def test_it_is_what_automatic_differentiation_gives(
    activation: ActivationName, hidden: tuple[int, ...], residual: bool, n_slopes: int
) -> None:
    network = _network(hidden, activation, residual)
    x, theta = torch.randn(9, 3).double(), torch.randn(9, 2).double()
    expected_r, expected_t, expected = _by_graph(network, x, theta, n_slopes)
    weights = network.weights()
    with torch.no_grad():
        log_r, t, tape = evaluated(weights, network.x(x), network.theta(theta), n_slopes)
    torch.testing.assert_close(log_r, expected_r, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(t, expected_t, rtol=1e-12, atol=1e-12)
    log_r.requires_grad_()
    t.requires_grad_()
    bar_r, bar_t = torch.autograd.grad(_loss(log_r, t), (log_r, t))
    with torch.no_grad():
        add_gradient(weights, tape, bar_r, bar_t)
    found = [one.grad for one in network.parameters()]
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_gradients_are_added() -> None:
    network = _network((6, 5), "silu", False)
    x, theta = torch.randn(9, 3).double(), torch.randn(9, 2).double()
    weights = network.weights()
    sums: list[Tensor] = []
    with torch.no_grad():
        for _ in range(2):
            log_r, t, tape = evaluated(weights, network.x(x), network.theta(theta), 4)
            add_gradient(weights, tape, torch.ones_like(log_r), torch.ones_like(t))
            sums.append(torch.cat([one.grad.flatten() for one in network.parameters() if one.grad is not None]))
    torch.testing.assert_close(sums[1], 2.0 * sums[0])
