"""Fully connected networks for ratios and scores, with the preprocessing of their inputs inside.

The preprocessing is part of the network, so that training and evaluation cannot differ in it: callers pass observables
and parameters in their own units, always.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from assay.estimators.activations import CURVES
from assay.estimators.preprocessing import Preprocessing, Standardisation
from assay.estimators.settings import ActivationName, NetworkSettings
from assay.estimators.slopes import Weights

__all__ = ["ACTIVATIONS", "Features", "Perceptron", "RatioNetwork", "ScoreNetwork", "Standardisation"]

Features = Standardisation | Preprocessing

ACTIVATIONS: dict[ActivationName, Callable[[Tensor], Tensor]] = {name: one.value for name, one in CURVES.items()}


class Perceptron(nn.Module):
    """From observables (n, O) to K numbers (n, K).

    Parameters
    ----------
    x
        The preprocessing of the observables.
    n_outputs
        K.
    settings
        The hidden layers.
    """

    def __init__(self, x: Features, n_outputs: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.x = x
        self.activation = ACTIVATIONS[settings.activation]
        self.residual = settings.residual
        self.from_x = nn.Linear(x.n_features, settings.hidden[0])
        self.hidden = _linears(list(settings.hidden))
        self.output = nn.Linear(settings.hidden[-1], n_outputs)

    def outputs(self, x: Tensor) -> Tensor:
        """Return the output layer, shape (n, K)."""
        return self.after_first(self.from_x(self.x(x)))

    def after_first(self, first: Tensor) -> Tensor:
        """Return the output layer (n, K) from the first hidden layer before its activation (n, H)."""
        value = self.activation(first)
        for layer in self.hidden:
            following = self.activation(layer(value))
            value = value + following if self.residual and following.shape == value.shape else following
        result: Tensor = self.output(value)
        return result


class RatioNetwork(Perceptron):
    """log r(x | theta0, theta1) for a fixed theta1, as a network of observables and theta0.

    The first layer is kept as two matrices, W_x x + W_theta theta, so that a grid of hypotheses shares the first half
    for each event and the second for each hypothesis.

    Parameters
    ----------
    x, theta
        The preprocessing of the observables (O,) and of the parameters (P,).
    settings
        The hidden layers.
    """

    def __init__(self, x: Features, theta: Standardisation, settings: NetworkSettings) -> None:
        super().__init__(x, 1, settings)
        self.theta = theta
        self.curve = CURVES[settings.activation]
        self.from_theta = nn.Linear(theta.n_features, settings.hidden[0], bias=False)

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log r, shape (n,), for x (n, O) and theta (n, P), row by row."""
        return self.log_ratio(self.first_of_x(x) + self.first_of_theta(theta))

    def weights(self) -> Weights:
        """Return the parameters, by which `slopes` evaluates and differentiates without a graph."""
        layers = [layer for layer in self.hidden if isinstance(layer, nn.Linear)]
        return Weights(
            x=self.from_x.weight,
            bias=self.from_x.bias,
            theta=self.from_theta.weight,
            hidden=tuple((layer.weight, layer.bias) for layer in layers),
            skips=tuple(self.residual and layer.in_features == layer.out_features for layer in layers),
            out=self.output.weight,
            out_bias=self.output.bias,
            activation=self.curve,
        )

    def first_of_x(self, x: Tensor) -> Tensor:
        """Return the observables' part of the first layer, before its activation: (n, O) -> (n, H)."""
        result: Tensor = self.from_x(self.x(x))
        return result

    def first_of_theta(self, theta: Tensor) -> Tensor:
        """Return the parameters' part of the first layer, before its activation: (n, P) -> (n, H)."""
        result: Tensor = self.from_theta(self.theta(theta))
        return result

    def log_ratio(self, first: Tensor) -> Tensor:
        """Return log r (n,) from the first layer before its activation (n, H)."""
        return self.after_first(first)[:, 0]


class ScoreNetwork(Perceptron):
    """t(x | theta) at a fixed theta, as a network of observables.

    Parameters
    ----------
    x
        The preprocessing of the observables (O,).
    score
        The scaling of the score (P,): the network's output times the scale, plus the centre.
    settings
        The hidden layers.
    """

    def __init__(self, x: Features, score: Standardisation, settings: NetworkSettings) -> None:
        super().__init__(x, score.n_features, settings)
        self.score = score

    def forward(self, x: Tensor) -> Tensor:
        """Return the score, shape (n, P), in one over the parameters' units, for x (n, O)."""
        return self.outputs(x) * self.score.scale + self.score.centre


def _linears(widths: list[int]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(n, m) for n, m in pairwise(widths))
