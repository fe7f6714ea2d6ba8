"""Fully connected networks for ratios and scores, with the scaling of their inputs inside.

The scaling is part of the network, so that training and evaluation cannot differ in it: callers pass observables and
parameters in their own units, always.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.estimators.settings import ActivationName, NetworkSettings

ACTIVATIONS: dict[ActivationName, Callable[[Tensor], Tensor]] = {
    "elu": functional.elu,
    "gelu": functional.gelu,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "softplus": functional.softplus,
    "tanh": torch.tanh,
}


class Standardisation(nn.Module):
    """(value - centre) / scale, by column, in float32.

    Parameters
    ----------
    centre, scale
        Shape (n,). A scale of zero (a constant column carries no information) is taken as one.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, centre: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("centre", centre.to(torch.float32))
        self.register_buffer("scale", torch.where(scale > 0, scale, 1.0).to(torch.float32))

    def forward(self, value: Tensor) -> Tensor:
        """Return the standardised value, shape (..., n)."""
        return (value - self.centre) / self.scale


class RatioNetwork(nn.Module):
    """log r(x | theta0, theta1) for a fixed theta1, as a network of observables and theta0.

    The first layer is kept as two matrices, W_x x + W_theta theta, so that a grid of hypotheses shares the first half
    for each event and the second for each hypothesis.

    Parameters
    ----------
    x, theta
        The scaling of the observables (O,) and of the parameters (P,).
    settings
        The hidden layers.
    """

    def __init__(self, x: Standardisation, theta: Standardisation, settings: NetworkSettings) -> None:
        super().__init__()
        self.x = x
        self.theta = theta
        self.activation = ACTIVATIONS[settings.activation]
        first, *widths = settings.hidden
        self.from_x = nn.Linear(len(x.centre), first)
        self.from_theta = nn.Linear(len(theta.centre), first, bias=False)
        self.hidden = _linears([first, *widths])
        self.output = nn.Linear(settings.hidden[-1], 1)

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log r, shape (n,), for x (n, O) and theta (n, P), row by row."""
        return self.after_first(self.first_of_x(x) + self.first_of_theta(theta))

    def first_of_x(self, x: Tensor) -> Tensor:
        """Return the observables' part of the first layer, before its activation: (n, O) -> (n, H)."""
        result: Tensor = self.from_x(self.x(x))
        return result

    def first_of_theta(self, theta: Tensor) -> Tensor:
        """Return the parameters' part of the first layer, before its activation: (n, P) -> (n, H)."""
        result: Tensor = self.from_theta(self.theta(theta))
        return result

    def after_first(self, first: Tensor) -> Tensor:
        """Return log r (n,) from the first layer before its activation (n, H)."""
        return _propagate(first, self.activation, self.hidden, self.output)[:, 0]


class ScoreNetwork(nn.Module):
    """t(x | theta) at a fixed theta, as a network of observables.

    Parameters
    ----------
    x
        The scaling of the observables (O,).
    score
        The scaling of the score (P,): the network's output times the scale, plus the centre.
    settings
        The hidden layers.
    """

    def __init__(self, x: Standardisation, score: Standardisation, settings: NetworkSettings) -> None:
        super().__init__()
        self.x = x
        self.score = score
        self.activation = ACTIVATIONS[settings.activation]
        self.from_x = nn.Linear(len(x.centre), settings.hidden[0])
        self.hidden = _linears(list(settings.hidden))
        self.output = nn.Linear(settings.hidden[-1], len(score.centre))

    def forward(self, x: Tensor) -> Tensor:
        """Return the score, shape (n, P), in one over the parameters' units, for x (n, O)."""
        raw = _propagate(self.from_x(self.x(x)), self.activation, self.hidden, self.output)
        return raw * self.score.scale + self.score.centre


def _linears(widths: list[int]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(n, m) for n, m in pairwise(widths))


def _propagate(
    first: Tensor, activation: Callable[[Tensor], Tensor], hidden: nn.ModuleList, output: nn.Module
) -> Tensor:
    value = activation(first)
    for layer in hidden:
        value = activation(layer(value))
    result: Tensor = output(value)
    return result
