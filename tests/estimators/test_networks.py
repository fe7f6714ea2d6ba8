"""Networks: scaling, layers, activations, derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from assay.errors import TrainingError
from assay.estimators.networks import ACTIVATIONS, RatioNetwork, ScoreNetwork, Standardisation
from assay.estimators.settings import ActivationName, NetworkSettings

pytestmark = pytest.mark.fast

X = Standardisation(torch.tensor([5.0, -1.0, 300.0]), torch.tensor([2.0, 0.5, 100.0]))
THETA = Standardisation(torch.tensor([0.5, 10.0]), torch.tensor([0.1, 40.0]))


def _network(hidden: tuple[int, ...] = (8, 6), activation: ActivationName = "silu") -> RatioNetwork:
    torch.manual_seed(3)
    return RatioNetwork(X, THETA, NetworkSettings(hidden, activation)).double()


def _inputs(n: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    x = X.centre + X.scale * torch.randn(n, 3, generator=generator)
    theta = THETA.centre + THETA.scale * torch.randn(n, 2, generator=generator)
    return x.double(), theta.double()


FORMULAE: dict[str, Callable[[float], float]] = {
    "elu": lambda v: v if v > 0 else math.exp(v) - 1.0,
    "gelu": lambda v: 0.5 * v * (1.0 + math.erf(v / math.sqrt(2.0))),
    "leaky_relu": lambda v: v if v > 0 else 0.01 * v,
    "relu": lambda v: max(v, 0.0),
    "sigmoid": lambda v: 1.0 / (1.0 + math.exp(-v)),
    "silu": lambda v: v / (1.0 + math.exp(-v)),
    "softplus": lambda v: math.log1p(math.exp(v)),
    "tanh": math.tanh,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_what_their_names_say(name: ActivationName) -> None:
    values = [-3.0, -0.5, 0.0, 0.7, 4.0]
    computed = ACTIVATIONS[name](torch.tensor(values, dtype=torch.float64)).tolist()
    assert computed == pytest.approx([FORMULAE[name](value) for value in values])


def test_standardisation_is_part_of_the_network() -> None:
    network = _network()
    x, theta = _inputs()
    plain = RatioNetwork(
        Standardisation(torch.zeros(3), torch.ones(3)),
        Standardisation(torch.zeros(2), torch.ones(2)),
        NetworkSettings((8, 6)),
    ).double()
    weights = {name: value for name, value in network.state_dict().items() if not name.startswith(("x.", "theta."))}
    plain.load_state_dict(weights, strict=False)
    scaled_x, scaled_theta = (x - X.centre) / X.scale, (theta - THETA.centre) / THETA.scale
    torch.testing.assert_close(network(x, theta), plain(scaled_x, scaled_theta))
    assert not torch.allclose(network(scaled_x, scaled_theta), plain(scaled_x, scaled_theta))


def test_a_constant_column_is_not_divided_by_zero() -> None:
    scaling = Standardisation(torch.tensor([3.0]), torch.tensor([0.0]))
    assert scaling(torch.tensor([[3.0]])).item() == 0.0


def test_layers_are_those_asked_for() -> None:
    network = _network((8, 6, 4))
    assert [layer.out_features for layer in network.hidden] == [6, 4]  # type: ignore[union-attr]
    n = sum(parameter.numel() for parameter in network.parameters())
    assert n == (3 + 2) * 8 + 8 + (8 + 1) * 6 + (6 + 1) * 4 + (4 + 1)


def test_ratio_network_by_hand() -> None:
    network = _network((8,), "tanh")
    x, theta = _inputs()
    scaled_x, scaled_theta = (x - X.centre) / X.scale, (theta - THETA.centre) / THETA.scale
    first = scaled_x @ network.from_x.weight.T + network.from_x.bias + scaled_theta @ network.from_theta.weight.T
    expected = torch.tanh(first) @ network.output.weight.T + network.output.bias
    torch.testing.assert_close(network(x, theta), expected[:, 0])


def test_derivative_with_respect_to_theta_is_in_its_units() -> None:
    network = _network()
    x, theta = _inputs()
    theta.requires_grad_()
    (gradient,) = torch.autograd.grad(network(x, theta).sum(), theta)
    for column, step in enumerate((1e-6, 1e-4)):
        shift = step * torch.eye(2).double()[column]
        difference = (network(x, theta + shift) - network(x, theta - shift)) / (2.0 * step)
        torch.testing.assert_close(gradient[:, column], difference, rtol=1e-5, atol=1e-8)


def test_score_network_is_in_the_scores_units() -> None:
    torch.manual_seed(5)
    score = Standardisation(torch.tensor([7.0, 0.0]), torch.tensor([100.0, 0.01]))
    network = ScoreNetwork(X, score, NetworkSettings((8,), "tanh")).double()
    x, _ = _inputs()
    first = torch.tanh((x - X.centre) / X.scale @ network.from_x.weight.T + network.from_x.bias)
    raw = first @ network.output.weight.T + network.output.bias
    torch.testing.assert_close(network(x), raw * score.scale + score.centre)


@pytest.mark.parametrize("hidden", [(), (10, 0), (-1,)])
def test_networks_without_nodes_are_refused(hidden: tuple[int, ...]) -> None:
    with pytest.raises(TrainingError, match="hidden layers"):
        NetworkSettings(hidden)
