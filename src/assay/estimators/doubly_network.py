"""log r(x | theta0, theta1) for any two hypotheses, antisymmetric in them by construction."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from assay.estimators.networks import Features, RatioNetwork
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import NetworkSettings


class DoublyParameterisedNetwork(nn.Module):
    """log r(x|theta0, theta1) = f(x, theta0, theta1) - f(x, theta1, theta0).

    It is 0 for equal hypotheses, and r(x|theta0, theta1) r(x|theta1, theta0) = 1.

    Parameters
    ----------
    x, theta
        The preprocessing of the observables (O,) and of the parameters (P,).
    settings
        The hidden layers of f.
    """

    def __init__(self, x: Features, theta: Standardisation, settings: NetworkSettings) -> None:
        super().__init__()
        pair = Standardisation(theta.centre.repeat(2), theta.scale.repeat(2))
        self.pairs = RatioNetwork(x, pair, settings)

    @property
    def x(self) -> Features:
        """The preprocessing of the observables."""
        return self.pairs.x

    @property
    def n_parameters(self) -> int:
        """P."""
        return self.pairs.theta.n_columns // 2

    @property
    def scale(self) -> Tensor:
        """Of the parameters, (P,)."""
        return self.pairs.theta.scale[: self.n_parameters]

    def forward(self, x: Tensor, theta0: Tensor, theta1: Tensor) -> Tensor:
        """Return log r, shape (n,), for x (n, O), theta0 and theta1 (n, P), row by row."""
        of_x = self.pairs.first_of_x(x)
        forward = self.pairs.first_of_theta(torch.cat([theta0, theta1], dim=1))
        backward = self.pairs.first_of_theta(torch.cat([theta1, theta0], dim=1))
        return self.pairs.log_ratio(of_x + forward) - self.pairs.log_ratio(of_x + backward)
